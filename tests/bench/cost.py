"""docs/cost.md: what a million calls of each endpoint cost, beside the least that they could."""

import itertools
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from referrals.edge import clock
from tests import stripe_payloads
from tests.bench.figures import Figure, table
from tests.bench.ground import DOCS
from tests.bench.programme import Requests, in_this_process
from tests.bench.progress import shown
from tests.functions.client import Context, handler_of
from tests.functions.identity_provider import IdentityProvider
from tests.store.bill import Bill, billed
from tests.tables import ministack_table

# Dollars in US East (N. Virginia) in November 2025, without the free tiers.
WRITE_UNIT = 0.625e-6
READ_UNIT = 0.125e-6
API_REQUEST = 1.00e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 13.3334e-6
MEMORY_GB = 0.5
# What a call is billed for, by and large: its own work, and each wait for DynamoDB.
OWN_SECONDS = 0.010
TRIP_SECONDS = 0.005
MILLION = 1_000_000


@dataclass(frozen=True)
class Least:
    """The least that the data model allows, what it consists of, and reads for each item told."""

    writes: float
    reads: float
    trips: int
    why: str
    per_item: float = 0


_CHARGE = "the charge (1 W)"
_GRANT = (
    "a transaction (2 W each) of the attribution, two ledger entries, two balances, the month, "
    "three counts and two lines of the trail, and the index by status (2 W)"
)
LEAST = {
    "capture_click": Least(
        2, 0, 2, "the click and the count of its address (1 W each); its code is remembered"
    ),
    "follow_link": Least(
        3,
        0,
        2,
        "the click with its entry in the local index, by which visits are found in time, and the "
        "count of its address (1 W each); its code is remembered",
    ),
    "attribute_signup": Least(
        17,
        3,
        3,
        f"{_CHARGE}, a transaction (2 W each) of the attribution, the check that the user was not "
        "erased, two pointers and three counts, of which one tells whether the code was "
        "disabled, two indexes (1 W each); the click, and whether the user is known or was "
        "erased, read (1 R each)",
    ),
    "stripe_webhook": Least(
        25,
        6,
        5,
        f"the fact (1 W), {_GRANT}; the customer's facts read twice, before the attribution, which "
        "they lead to, and after it, both sides of the referral (1 R each)",
    ),
    "approve_referral": Least(25, 1, 3, f"{_CHARGE}, {_GRANT}; the attribution read (1 R)"),
    "reject_referral": Least(
        13,
        1,
        3,
        f"{_CHARGE}, a transaction (2 W each) of the attribution, three counts and a line of "
        "the trail, and the index by status (2 W); the attribution read (1 R)",
    ),
    "decide_referrals": Least(
        27,
        1,
        5,
        f"of one: {_CHARGE}, what the key stands for and the answer (1 W each), {_GRANT}; the "
        "attribution read (1 R)",
    ),
    "recover_grants": Least(1, 8, 2, f"{_CHARGE}, sixteen empty lanes of an index (0.5 R each)"),
    "list_referrals": Least(
        1, 8, 3, f"{_CHARGE}, a page of keys of each lane (1 R each), the items (0.5 R each)", 0.5
    ),
    "get_referral": Least(
        1,
        9,
        4,
        f"{_CHARGE}, the attribution with its trail (1 R), then both sides of it, the referrer's "
        "month and signups of the day and two bookings, then what Stripe told (1 R each)",
    ),
    "referral_stats": Least(
        1,
        45,
        4,
        f"{_CHARGE}, two series of counts and how far they go (1 R each), eight lanes of what is "
        "not folded and two looks at how often it was (1 R each), and for each of two broken hours "
        "eight shards of clicks and eight lanes of members (1 R each)",
    ),
    "referral_series": Least(
        1,
        46,
        4,
        f"{_CHARGE}, what stats reads, of two months where days are told",
    ),
    "rank_referrers": Least(
        1,
        9,
        3,
        f"{_CHARGE}, eight lanes of ranks and how far they go (1 R each); of each referrer nine: "
        "the code, and eight lanes of counts",
        9,
    ),
    "get_health": Least(
        1,
        8,
        2,
        f"{_CHARGE}, what ran, which kinds of events came, the last and what was not signed "
        "(1 R each), eight lanes of what is owed (0.5 R each)",
    ),
    "rank_campaigns": Least(
        1,
        47,
        5,
        f"{_CHARGE}, what stats reads of one campaign, of every campaign instead of all together, "
        "and then how far clicks are counted and those of the campaigns that are shown",
    ),
    "disable_code": Least(
        133,
        1,
        3,
        f"{_CHARGE}, a transaction (2 W each) of the code, a line of its trail and a mark on each "
        "of the 64 shards where signups look; the code read (1 R)",
    ),
    "my_referrals": Least(
        0,
        11,
        2,
        "code, account and pointers, eight lanes of counts (1 R each), each referral (1 R)",
        1,
    ),
    "my_referral_events": Least(
        0, 2, 2, "the own attribution and the pointers (1 R each), each referral (1 R)", 1
    ),
    "get_account": Least(
        1,
        12,
        3,
        f"{_CHARGE}, account, ledger, eight lanes of a key's use, which code is theirs, and then "
        "the code (1 R each)",
    ),
    "change_plan": Least(2, 1, 3, f"{_CHARGE}, the plan (1 W), the account as it is then (1 R)"),
}
_ORDER = tuple(LEAST)
_NOON = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
COST = DOCS / "cost.md"


def measure() -> list[Figure]:
    """Bill one warm call of each endpoint, write the document, and return the dollars."""
    found = bills()
    COST.write_text(document(found))
    return [
        Figure("cost", name, "$ per million", (_dollars(bill),))
        for name, (bill, _) in found.items()
    ]


def bills() -> dict[str, tuple[Bill, Least]]:
    """What one warm call of each endpoint is billed, and the least that it could be."""
    bills: dict[str, tuple[Bill, Least]] = {}
    identity, store = IdentityProvider(), ministack_table()
    try:
        with in_this_process(store, identity) as programme, pytest.MonkeyPatch.context() as patch:
            # How many hours of clicks are open depends on the minute.
            patch.setattr(clock, "now", lambda: _NOON)
            # Nor are ids longer where other tests have made some: an item is a unit a kilobyte.
            patch.setattr(stripe_payloads, "_numbers", itertools.count(1))
            requests = Requests(programme, identity)
            for signup in requests.of("attribute_signup", 25):
                _answer("attribute_signup", signup)
            for name in shown(_ORDER, "costs"):
                first, second = requests.of(name, 2)
                # The first call looks up the key and the code, which are then remembered.
                _answer(name, first)
                with billed(store, patch) as bill:
                    told = _answer(name, second)
                least = LEAST[name]
                items = least.per_item * len(told.get("items", ()))
                bills[name] = bill, replace(least, reads=least.reads + items)
    finally:
        identity.stop()
    return bills


def _answer(name: str, event: dict) -> dict:
    answer = handler_of(name)(event, Context())
    if answer["statusCode"] == 302 and answer["cookies"]:
        return {}
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{name}: {answer['body']}")
    return json.loads(answer["body"])["data"]


def _dollars(bill: Bill | Least) -> float:
    return sum(_shares(bill)) * MILLION


def _shares(bill: Bill | Least) -> tuple[float, float, float]:
    """Dollars of one call: DynamoDB, Lambda, API Gateway."""
    writes = bill.writes + getattr(bill, "index_writes", 0)
    seconds = OWN_SECONDS + bill.trips * TRIP_SECONDS
    running = LAMBDA_REQUEST + seconds * MEMORY_GB * LAMBDA_GB_SECOND
    return writes * WRITE_UNIT + bill.reads * READ_UNIT, running, API_REQUEST


def document(bills: dict[str, tuple[Bill, Least]]) -> str:
    """docs/cost.md."""
    heads = [
        *("Endpoint", "Write units", "Read units", "Round trips"),
        *("DynamoDB", "Lambda", "API Gateway", "Together", "Least"),
    ]
    rows = []
    for name, (bill, least) in bills.items():
        dollars = [f"{share * MILLION:.2f}" for share in _shares(bill)]
        rows.append(
            [
                f"`{name}`",
                f"{bill.writes + bill.index_writes:g} ({least.writes:g})",
                f"{bill.reads:g} ({least.reads:g})",
                f"{bill.trips} ({least.trips})",
                *dollars,
                f"**{_dollars(bill):.2f}**",
                f"{_dollars(least):.2f}",
            ]
        )
    reasons = "\n".join(f"- `{name}`: {least.why}." for name, least in LEAST.items())
    return f"""# What a call costs

Written by `python -m tests.bench cost`, which sends each endpoint a warm request on in-process
MiniStack and adds up what DynamoDB would bill; do not edit. In brackets: the least that the data
model allows. Dollars are for a million calls. All is as `template.yaml` deploys it by default: with
a limit on the clicks of one address (`ClicksPerMinute`), which is the second write of a click.

{table(heads, rows)}
Prices: US East (N. Virginia), on demand, November 2025, without free tiers. A million write units
{WRITE_UNIT * MILLION:.3f}, a million read units {READ_UNIT * MILLION:.3f}, a million HTTP API
requests {API_REQUEST * MILLION:.2f}, a million Lambda requests {LAMBDA_REQUEST * MILLION:.2f}, a
GB-second on arm64 {LAMBDA_GB_SECOND:.7f}. A call is taken to last {1000 * OWN_SECONDS:.0f} ms and
{1000 * TRIP_SECONDS:.0f} ms for each round trip, at {1024 * MEMORY_GB:.0f} MB; logs and metrics
come on top. Reads side by side are one round trip.

## The least

{reasons}

A charge to an account is one write and one round trip of every call with a key. A write in a
transaction costs two units. Recovery is billed here with nothing to do; erasure is not billed, for
it rewrites what names the person, however much that is.
"""

"""The money properties of the design, checked over the base items as they are stored.

Nothing here asks the code under test what an item means: a wrong reading would hide a wrong write.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from referrals.dynamodb.table import Table
from referrals.rules.programme import Programme
from tests.tables import everything

Item = dict[str, Any]

# Between a period and the digits of its part.
_BEFORE = {0: "", 4: "-", 7: "-", 10: "T", 13: ":"}
# So many campaigns of a code count by name in a minute, and the rest under one.
MOST_CAMPAIGNS, OTHER = 20, "(other)"
# A period's first number holds three of them, its second the others.
_KINDS = "px"
_COUNTS = ("attributed", "qualified", "rewarded", "review_required", "capped", "rejected")


class _Items:
    """The items by what they are."""

    def __init__(self, items: list[Item]) -> None:
        self.attributions = [item for item in items if item["sk"] == "ATTRIBUTION"]
        self.ledger = [item for item in items if item["sk"].startswith("LEDGER#")]
        accounts = (item for item in items if item["sk"] == "CREDITS")
        self.accounts = {item["pk"].removeprefix("ACCOUNT#"): item for item in accounts}
        self.months = {
            (item["pk"], item["sk"]): item["qualified"]
            for item in items
            if item["sk"].startswith("REWARDS#")
        }
        self.of_codes = [item for item in items if item["pk"].startswith("REFERRER#")]
        self.ranks = [item for item in items if item["sk"] == "RANK"]
        self.ranked = [item for item in items if item["sk"] == "RANKED"]
        self.cohorts = [item for item in items if item["sk"].startswith("COHORTS#")]
        self.places = {(item["pk"], item["sk"]) for item in items}
        self.clicks = [item for item in items if item["pk"].startswith("CLICK#")]
        self.counted = [item for item in items if item["pk"].startswith("CLICKS#")]
        self.marks = [item for item in items if item["sk"] == "ROLLED_UP"]
        self.audit = defaultdict[str, list[Item]](list)
        for item in items:
            if item["sk"].startswith("AUDIT#"):
                self.audit[item["pk"]].append(item)


def violations(table: Table, programme: Programme) -> list[str]:
    """Every broken property in a sentence; none for a sound table."""
    items = _Items(everything(table))
    return [
        *_accounts(items),
        *_grants(items),
        *_statuses(items),
        *_caps(items, programme),
        *_one_each(items),
        *_funnel(items),
        *_referrers(items),
        *_ranks(items),
        *_clicks(items),
        *_audit(items),
    ]


def _accounts(items: _Items) -> Iterator[str]:
    booked: Counter[str] = Counter()
    for entry in items.ledger:
        # What is kept outside is in no balance here.
        if "backend" not in entry:
            booked[entry["pk"].removeprefix("USER#")] += entry["credits"]
    for owner in items.accounts.keys() | booked.keys():
        account = items.accounts.get(owner, {})
        balance, spent = account.get("balance", 0), account.get("spent", 0)
        if not isinstance(balance, int) or balance < 0:
            yield f"{owner}: the balance is {balance!r}"
        elif balance + spent != booked[owner]:
            yield f"{owner}: balance {balance} + spent {spent}, but {booked[owner]} booked"


def _grants(items: _Items) -> Iterator[str]:
    entries = {(entry["pk"], entry["sk"]): entry for entry in items.ledger}
    taken, missed = Counter[str](), Counter[str]()
    for entry in items.ledger:
        if entry["kind"] != "grant":
            reward_id = entry["sk"].split(":")[1]
            taken[reward_id] -= entry["credits"]
            missed[reward_id] += entry.get("shortfall", 0)
    known = set()
    for one, role, reward in _rewards(items):
        name = f"{one['id'].replace('attr_', 'reward_')}_{role}"
        owner = one[f"{role}_user_id"]
        entry = entries.get((f"USER#{owner}", f"LEDGER#{name}"))
        known.add((f"USER#{owner}", f"LEDGER#{name}"))
        if (entry is None) is ("credits_granted_at" in reward):
            yield f"{name}: credits_granted_at and the ledger disagree"
        owed = reward.get("credits", 0)
        if entry and entry["credits"] != owed:
            yield f"{name}: {owed} owed, {entry['credits']} booked"
        if not 0 <= taken[name] <= owed * (entry is not None):
            yield f"{name}: {taken[name]} credits were reversed"
        if (taken[name], missed[name]) != (
            reward.get("reversed_credits", 0),
            reward.get("shortfall", 0),
        ):
            yield f"{name}: reversals and the ledger disagree"
    per_attribution = Counter(e["attribution_id"] for e in items.ledger if e["kind"] == "grant")
    yield from (f"{one}: {n} grants" for one, n in per_attribution.items() if n > 2)
    for place, entry in entries.items():
        if entry["kind"] == "grant" and place not in known:
            yield f"{place}: a grant that no reward knows"


def _rewards(items: _Items) -> Iterator[tuple[Item, str, Item]]:
    for one in items.attributions:
        for role, reward in one.get("rewards", {}).items():
            yield one, role, reward


def _statuses(items: _Items) -> Iterator[str]:
    for one in items.attributions:
        rewards, status = one.get("rewards", {}), one["status"]
        pending = [role for role, reward in rewards.items() if "credits_granted_at" not in reward]
        # What was ordered outside is carried through, and then reversed.
        ordered = [role for role in pending if "order" in rewards[role]]
        claimed = ["next_attempt_at" in one for one in rewards.values() if "backend" in one]
        owing = status in ("qualified", "failed", "capped") and bool(pending)
        owing = owing or bool(ordered) or any(claimed)
        if ("pending" in one) is not owing:
            yield f"{one['id']}: {status} with {pending} pending, but the index says otherwise"
        if set(pending) - set(ordered) and status not in ("qualified", "failed", "capped"):
            yield f"{one['id']}: {status} and {pending} still owed"
        if status == "rewarded" and len(rewards) < 2:
            yield f"{one['id']}: rewarded with {list(rewards)} alone"
        if status == "qualified" and not pending:
            yield f"{one['id']}: qualified with nothing owed"
        if (status == "capped") is not (one.get("skip_reason") == "capped" and status != "failed"):
            yield f"{one['id']}: {status} because {one.get('skip_reason')}"
        if status in ("attributed", "expired") and rewards:
            yield f"{one['id']}: {status} with rewards"


def _caps(items: _Items, programme: Programme) -> Iterator[str]:
    taken = Counter(
        (f"USER#{one['referrer_user_id']}", f"REWARDS#{one['cap_month']}")
        for one in items.attributions
        if "cap_month" in one
    )
    for one, role, reward in _rewards(items):
        if role == "referrer" and "credits_granted_at" in reward and "cap_month" not in one:
            yield f"{one['id']}: granted outside of the cap"
    for month in taken.keys() | items.months.keys():
        if taken[month] != items.months.get(month, 0):
            yield f"{month}: {items.months.get(month)} counted, {taken[month]} slots in use"
        if taken[month] > programme.monthly_cap:
            yield f"{month}: {taken[month]} rewarded over a cap of {programme.monthly_cap}"


def _one_each(items: _Items) -> Iterator[str]:
    users = Counter(one["referred_user_id"] for one in items.attributions)
    yield from (f"{user}: {number} attributions" for user, number in users.items() if number > 1)
    for one in items.attributions:
        at, name = one["created_at"], one["id"]
        for place in (
            (f"COHORT#{crc32(name.encode()) % 8}", f"REFERRAL#{at}#{name}"),
            (f"USER#{one['referrer_user_id']}", f"REFERRAL#{at}#{name}"),
        ):
            if place not in items.places:
                yield f"{name}: missing at {place}"


def _funnel(items: _Items) -> Iterator[str]:
    recount, stored = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for one in items.attributions:
        counted = ["attributed"]
        counted += ["qualified"] if "qualified_at" in one else []
        counted += [one["status"]] if one["status"] in _COUNTS[2:] else []
        for campaign in {"*", one.get("utm_campaign", "*")}:
            for name in counted:
                recount[campaign, one["created_at"][:16], name] += 1
    recount = _summed(recount)
    for (campaign, period, kind), number in _stored_counts(items).items():
        for place, name in zip((0, 9, 18), _COUNTS[_KINDS.index(kind) * 3 :], strict=False):
            stored[campaign, period, name] += number // 10**place % 10**9
    for place in recount.keys() | stored.keys():
        if recount[place] != stored[place]:
            yield f"funnel {place}: {stored[place]} stored, {recount[place]} recounted"


def _referrers(items: _Items) -> Iterator[str]:
    recount, stored = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in items.attributions:
        counted = ["attributed"]
        counted += ["qualified"] if "qualified_at" in one else []
        counted += [one["status"]] if one["status"] in (*_COUNTS[2:], "expired") else []
        recount.update((one["code"], name) for name in counted)
    for item in items.of_codes:
        code, _ = item["pk"].removeprefix("REFERRER#").split("#")
        for name in item.keys() - {"pk", "sk", "disabled"}:
            stored[code, name] += item[name]
    for place in recount.keys() | stored.keys():
        if recount[place] != stored[place]:
            yield f"referrer {place}: {stored[place]} stored, {recount[place]} recounted"


def _ranks(items: _Items) -> Iterator[str]:
    """A code stands in one place: with its signups of when it was ranked, and none is left out."""
    stands = {item["pk"].removeprefix("RANK#"): item["signups"] for item in items.ranks}
    wanted = {
        (f"RANKS#{crc32(code.encode()) % 8}", f"{number:09}#{code}")
        for code, number in stands.items()
    }
    found = {place for place in items.places if place[0].startswith("RANKS#")}
    yield from (f"{place}: a place that no code stands in" for place in found - wanted)
    yield from (f"{place}: a place that is not there" for place in wanted - found)
    closed = max((item.get("closed", "") for item in items.ranked), default="")
    came = Counter(one["code"] for one in items.attributions)
    due = Counter(one["code"] for one in items.attributions if one["created_at"] < closed)
    for code in came.keys() | stands.keys():
        if not due[code] <= stands.get(code, 0) <= came[code]:
            yield (
                f"{code}: ranked with {stands.get(code, 0)} signups, while {came[code]} came, "
                f"{due[code]} of them before {closed}"
            )


def _summed(minutes: Counter[tuple[str, str, str]]) -> Counter[tuple[str, str, str]]:
    """What minutes add up to: themselves, and the hours, days, months and years that hold them."""
    sums = Counter[tuple[str, str, str]]()
    for (campaign, minute, name), number in minutes.items():
        for length in (4, 7, 10, 13, 16):
            sums[campaign, minute[:length], name] += number
    return sums


def _stored_counts(items: _Items) -> Counter[tuple[str, str, str]]:
    """Sums, and shards that were not added to them yet, by campaign, period and which number."""
    numbers, minutes = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for item in items.cohorts:
        found = {name: item[name] for name in item if re.fullmatch(r"[px]\d+", name)}
        period, campaign = item["pk"].removeprefix("FUNNEL#"), item["sk"].removeprefix("COHORTS#")
        if item["pk"].startswith("COUNTS#"):
            campaign, day, _ = campaign.rsplit("#", 2)
            for name, number in found.items():
                minutes[campaign, f"{day}T{name[1:3]}:{name[3:]}", name[0]] += number
        else:
            before = _BEFORE[len(period)]
            for name, number in found.items():
                numbers[campaign, f"{period}{before}{name[1:]}", name[0]] += number
    numbers.update(_summed(minutes))
    return numbers


def _clicks(items: _Items) -> Iterator[str]:
    """Up to the last hour that was closed what is stored is a recount of the raw clicks.

    The hour after may be summed and not yet closed: whoever did may have died in between.
    """
    for mark in items.marks:
        closed = _hour_of(mark["closed"])
        after = _hour_of(str(datetime.fromisoformat(closed) + timedelta(hours=1)))
        recount, at_most = (_recounted_clicks(items, before) for before in (closed, after))
        stored = Counter[tuple[str, str, str]]()
        for item in items.counted:
            holder = item["pk"].removeprefix("CLICKS#")
            for name in item.keys() - {"pk", "sk"}:
                period = f"{holder}{_BEFORE[len(holder)]}{name[1:]}"
                if len(holder) < 13 or period < closed:
                    stored[item["sk"], period, "n"] += item[name]
        for place in at_most.keys() | stored.keys():
            if not recount[place] <= stored[place] <= at_most[place]:
                yield f"clicks {place}: {stored[place]} stored, {recount[place]} recounted"


def _recounted_clicks(items: _Items, before: str) -> Counter[tuple[str, str, str]]:
    """What the raw clicks that came before an hour add up to."""
    minutes = Counter[tuple[str, str, str]]()
    came = [click for click in items.clicks if click["clicked_at"] < before]
    for click, campaign in by_campaign(came):
        for name in {"*", campaign or "*"}:
            minutes[name, click["clicked_at"][:16], "n"] += 1
    return _summed(minutes)


def by_campaign(came: Iterable[Item]) -> Iterator[tuple[Item, str | None]]:
    """Each click of these minutes and the campaign that it counts for.

    Of one code's campaigns in a minute those with the most clicks count by name.
    """
    groups = defaultdict[tuple[str, str], list[Item]](list)
    for click in came:
        groups[click["clicked_at"][:16], click["code"]].append(click)
    for clicks in groups.values():
        numbers = Counter(click["utm_campaign"] for click in clicks if "utm_campaign" in click)
        named = sorted(numbers, key=lambda campaign: (-numbers[campaign], campaign))[
            :MOST_CAMPAIGNS
        ]
        for click in clicks:
            campaign = click.get("utm_campaign")
            yield click, campaign if campaign in (None, *named) else OTHER


def _hour_of(time: str) -> str:
    return f"{time[:10]}T{time[11:13]}:00"


def _audit(items: _Items) -> Iterator[str]:
    for one in items.attributions:
        trail = items.audit[one["pk"]]
        statuses = ["attributed", *(entry["to_status"] for entry in trail)]
        if statuses[-1] != one["status"]:
            yield f"{one['id']}: {one['status']}, but the audit trail ends in {statuses[-1]}"
        for before, entry in zip(statuses, trail, strict=False):
            if entry["from_status"] != before:
                yield f"{one['id']}: from {entry['from_status']} while it was {before}"

"""The history of a programme that keeps its pace: ten times as many referrals is ten times as old.

So the newest day is the same in every table, and the same answer must come from each. Items are
those that the store itself writes; of the clicks there are the raw ones where stats read them, and
for every other hour the count that the roll-up leaves.
"""

import hashlib
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ulid import ULID

from referrals.dynamodb.values import dynamodb_values
from referrals.rules.attribution import Actor, Attribution, Change, Status
from referrals.rules.clicks import Click
from referrals.rules.ids import attribution_id, ip_hash
from referrals.rules.periods import Period, holders, hour_of
from referrals.rules.programme import Programme
from referrals.rules.rewards import grant
from referrals.rules.times import hour_floor, minute_floor, timestamp
from referrals.store import attributions, clicks, keys
from release.transformed import TEMPLATE
from tests.bench import ground
from tests.bench.programme import HASHING_SECRET
from tests.bench.progress import shown
from tests.bench.seeking import SeekingStore
from tests.bench.written import Written, folded, qualified
from tests.functions.running import CODE

NOW = datetime(2026, 11, 20, 12, 34, 56, 789000, tzinfo=UTC)
# Stats are asked for from here on: a broken minute, whose clicks are read one by one.
SINCE = NOW - timedelta(hours=20)
A_DAY = 1_000
CLICKS_EACH = 10
# The roll-up ran a minute ago.
COUNTED_UNTIL = datetime(2026, 11, 20, 12, 33, tzinfo=UTC)
# What is owed at any time is a matter of the pace, not of the age.
OWED = 40

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_SECRET = HASHING_SECRET.encode()
_CAMPAIGNS = ("spring", "partners", "newsletter", "conference", None)
_STATUSES = {0: Status.REVIEW_REQUIRED, 1: Status.CAPPED, 2: Status.REJECTED, 3: Status.EXPIRED}
_OF_TWENTY, _QUALIFIED, _REWARDED = 20, 4, range(5, 11)
_PROGRAMME = Programme()


def user_of(number: int) -> str:
    """A referrer with 25 referrals, all of one day."""
    return f"user-referrer-{number // A_DAY}-{number % 40}"


@dataclass(frozen=True)
class Crowd:
    """Who came beside the others: clicks in the open hour, signups in the hour that a bound breaks.

    They came in the minutes that are counted: of those that are not, each click and signup is read,
    two minutes of clicks at most and what a broken minute holds.
    """

    clicks: int
    signups: int

    def __str__(self) -> str:
        return f"{self.clicks:,} clicks and {self.signups:,} signups"


def kept(number: int, crowd: Crowd | None = None) -> SeekingStore:
    """A table with so many attributions, made once and kept under .bench."""
    beside = f"-{crowd.clicks}-{crowd.signups}" if crowd else ""
    path = ground.BENCH / f"history-{number}{beside}.sqlite3"
    path.parent.mkdir(exist_ok=True)
    sources = [
        TEMPLATE,
        Path(__file__),
        *map(Path(__file__).with_name, ("seeking.py", "written.py")),
    ]
    for part in ("acts", "dynamodb", "rules", "store"):
        sources += sorted((ground.LAYER_SOURCE / "python" / "referrals" / part).glob("*.py"))
    content = b"".join(source.read_bytes() for source in sources)
    if ground.stale(path.stem, content) or not path.exists():
        path.unlink(missing_ok=True)
        store = SeekingStore(path)
        store.fill(_items(number, crowd))
        store.close()
        ground.fresh(path.stem, content)
    return SeekingStore(path)


def _items(number: int, crowd: Crowd | None) -> Iterator[dict[str, Any]]:
    table = Written()
    born = itertools.chain(map(_attribution, range(number)), _crowd_of_signups(number, crowd))
    for one in shown([*born], f"history of {number:,}{f' and {crowd}' if crowd else ''}"):
        attributions.commit(table, Change(before=None, after=one), monthly_cap=sys.maxsize)
        yield from table.taken()
    first = NOW - _DAY * number / A_DAY
    _count_clicks(table, first)
    yield from _crowd_of_clicks(table, crowd)
    for key, sums in folded(table).items():
        yield dynamodb_values({"pk": key.pk, "sk": key.sk, **sums})
    key, until = keys.ROLLED_UP, COUNTED_UNTIL
    marks = {"until": timestamp(until), "closed": timestamp(hour_floor(NOW))}
    yield dynamodb_values({"pk": key.pk, "sk": key.sk, **marks})
    broken = minute_floor(SINCE)
    for start, end in ((broken, broken + _MINUTE), (until, NOW)):
        for click in _clicks(start, end):
            at = click.clicked_at
            clicks.record_minted(table, click, _ulid(at), timedelta(days=90))
    yield from table.taken()


def _attribution(number: int, at: datetime | None = None) -> Attribution:
    """The newest has number 0; whatever it is follows from its number."""
    at = at or NOW - _DAY * (number + 0.5) / A_DAY
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    place, user_id = number % _OF_TWENTY, f"user-{number:08d}"
    born = Attribution(
        id=attribution_id(_SECRET, user_id),
        code=CODE,
        referrer_user_id=user_of(number),
        referred_user_id=user_id,
        status=_STATUSES.get(place, Status.ATTRIBUTED),
        created_at=at,
        expires_at=at + _PROGRAMME.window,
        click_id=clicks.mint(_ulid(at)),
        landing_path="/pricing",
        utm_campaign=_CAMPAIGNS[number // _OF_TWENTY % len(_CAMPAIGNS)],
        utm_medium="mail",
        ip_hash=ip_hash(_SECRET, f"198.51.{number // 250 % 250}.{number % 250 + 1}"),
        attributed_by="service-backend",
        stripe_customer_id=f"cus_{number:08d}",
    )
    owed = place == _QUALIFIED and number < OWED * _OF_TWENTY
    return _paid(born, owed=owed) if owed or place in _REWARDED else born


def _paid(born: Attribution, *, owed: bool) -> Attribution:
    paid = qualified(born)
    actor = Actor(name="stripe", at=born.created_at)
    return paid if owed else grant(paid, paid.rewards, actor).after


def _count_clicks(table: Written, first: datetime) -> None:
    """What the roll-up would have stored: a click a minute of every campaign, for years or days."""
    hour, names = hour_floor(first), [*filter(None, _CAMPAIGNS), keys.EVERY_CAMPAIGN]
    while hour <= hour_floor(NOW):
        parts = [part for _, part in holders(hour_of(hour))] if hour < hour_floor(NOW) else []
        sums = [(part, 60) for part in parts]
        if hour >= hour_floor(SINCE):
            sums += [(Period(hour_of(hour), f"{minute:02}"), 1) for minute in range(60)]
        for part, number in sums:
            for name in names:
                place = keys.Key(keys.clicks_of(part.holder), name)
                table.sums[place][f"n{part.name}"] += number
        hour += _HOUR


def _crowd_of_signups(number: int, crowd: Crowd | None) -> Iterator[Attribution]:
    """All by one referrer, after the bound's minute and before the hour is over."""
    start = minute_floor(SINCE) + _MINUTE
    span = hour_floor(SINCE) + _HOUR - start
    for one in range(crowd.signups if crowd else 0):
        born = _attribution(number + one, start + span * one / crowd.signups)
        yield replace(born, referrer_user_id=user_of(0))


def _crowd_of_clicks(table: Written, crowd: Crowd | None) -> Iterator[dict[str, Any]]:
    """Raw clicks, and of their minutes the counts that the roll-up makes of them."""
    if crowd is None:
        return
    start = hour_floor(NOW)
    span, place = COUNTED_UNTIL - start, keys.clicks_of(hour_of(start))
    for name in (*filter(None, _CAMPAIGNS), keys.EVERY_CAMPAIGN):
        table.sums.pop(keys.Key(place, name))
    (like,) = itertools.islice(_clicks(start, NOW), 1)
    clicks.record_minted(table, like, _ulid(start), timedelta(days=90))
    (item,) = table.taken()
    for one in shown(range(crowd.clicks), f"{crowd}: clicks"):
        at, campaign = start + span * one / crowd.clicks, _CAMPAIGNS[one % len(_CAMPAIGNS)]
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        ulid = str(_ulid(at))
        own = {"pk": keys.click(start, ulid).pk, "sk": ulid, "clicked_at": timestamp(at)}
        own |= {"click_id": clicks.mint(ulid)} | ({"utm_campaign": campaign} if campaign else {})
        click = {**item, **dynamodb_values(own)}
        if campaign is None:
            del click["utm_campaign"]
        yield click
        for name in filter(None, (keys.EVERY_CAMPAIGN, campaign)):
            table.sums[keys.Key(place, name)][f"n{at:%M}"] += 1


def _clicks(start: datetime, end: datetime) -> Iterator[Click]:
    between = _DAY / A_DAY / CLICKS_EACH
    for number in range(int((end - start) / between)):
        at = start + between * number
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        address = ip_hash(_SECRET, f"198.51.100.{number % 250 + 1}")
        yield Click(
            click_id=clicks.mint(_ulid(at)),
            code=CODE,
            clicked_at=at,
            landing_path="/pricing",
            utm_campaign=_CAMPAIGNS[number % len(_CAMPAIGNS)],
            utm_medium="mail",
            ip_hash=address,
            user_agent_hash=address,
        )


def _ulid(at: datetime) -> ULID:
    """Of this time, and of nothing but this time."""
    chance = hashlib.sha256(timestamp(at).encode()).digest()[:10]
    return ULID.from_bytes(int(at.timestamp() * 1000).to_bytes(6, "big") + chance)

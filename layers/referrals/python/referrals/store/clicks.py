"""Clicks: immutable, one write each; an id chosen by the caller has an alias that finds it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from referrals.dynamodb.parts import Part, Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.clicks import Click
from referrals.rules.ids import MINTED_PREFIX, minted_ulid, visit_of
from referrals.rules.times import hour_floor, timestamp
from referrals.store import keys

if TYPE_CHECKING:
    # Loaded by the first request that reads or mints one: every start is shorter for it.
    from ulid import ULID

_COUNTED = ("code", "utm_campaign")
_OPTIONAL = (
    "landing_path",
    "utm_campaign",
    "utm_medium",
    "utm_source",
    "ip_hash",
    "user_agent_hash",
)


def find(table: Table, click_id: str) -> Click | None:
    """The click of an id, minted here or chosen by a caller; None for an unknown one."""
    ulid = minted_ulid(click_id)
    if ulid is not None:
        item = table.get(_minted_key(ulid))
        if item is not None and item["click_id"] == click_id:
            return click_from(item)
    visit = visit_of(click_id)
    if visit is not None:
        item = table.get(keys.click_visit(*visit))
        if item is not None:
            return click_from(item)
    item = table.get(keys.click_alias(click_id))
    return click_from(item) if item else None


def record_minted(table: Table, click: Click, ulid: "ULID", kept: timedelta) -> None:
    """Store a click under the id that was minted for it: one write."""
    _count_from(table, click.clicked_at)
    table.write(_put_click(table, click, ulid, kept))


def record_given(table: Table, click: Click, ulid: "ULID", kept: timedelta) -> Click:
    """Store a click under the caller's id, or return the click that has the id already."""
    _count_from(table, click.clicked_at)
    alias = keys.click_alias(click.click_id)
    try:
        table.transact(
            [
                table.put(
                    "alias",
                    {**_click_item(click, kept), "pk": alias.pk, "sk": alias.sk},
                    unless="attribute_not_exists(pk)",
                ),
                _put_click(table, click, ulid, kept),
            ]
        )
    except Refused:
        standing = find(table, click.click_id)
        if standing is not None:
            return standing
        raise
    return click


def record_visit(table: Table, click: Click, kept: timedelta) -> bool:
    """Store the click of a followed link; False where this hour's visit stands already.

    One conditional put decides: the click's id says which visitor, link and hour it is.
    """
    visit = visit_of(click.click_id)
    assert visit is not None
    _count_from(table, click.clicked_at)
    key = keys.click_visit(*visit)
    item = _click_item(click, kept)
    item |= {"pk": key.pk, "sk": key.sk, "visited_at": item["clicked_at"]}
    try:
        table.write(table.put("visit", item, unless="attribute_not_exists(pk)"))
    except Refused:
        return False
    return True


def _count_from(table: Table, first: datetime) -> None:
    """Leave a mark before the first click, so that counting knows where to start."""
    if keys.ROLLED_UP.sk in table.seen:
        return
    until = timestamp(hour_floor(first) - timedelta(hours=1))
    mark = {"pk": keys.ROLLED_UP.pk, "sk": keys.ROLLED_UP.sk, "until": until, "closed": until}
    with suppress(Refused):
        table.write(table.put("mark", mark, unless="attribute_not_exists(pk)"))
    table.seen.add(keys.ROLLED_UP.sk)


def mint(ulid: "ULID") -> str:
    """The click id of a ULID."""
    return f"{MINTED_PREFIX}{ulid}"


class Seen(NamedTuple):
    """What is counted of a click: its time as it is stored, its code and its campaign."""

    at: str
    code: str
    campaign: str | None


def seen(table: Table, spans: Sequence[tuple[datetime, datetime]]) -> Iterator[Seen]:
    """The clicks of spans from a time (inclusive) to another, each within one hour.

    All shards of all spans are read side by side. A click is in the order of its id's time, or,
    where the id follows from the visitor, in that of the local index.
    """
    reads = [
        read
        for start, end in spans
        for shard in range(keys.CLICK_SHARDS)
        for read in _reads(table, keys.click_hour(hour_floor(start), shard), start, end)
    ]
    for found in side_by_side(lambda read: read(), reads):
        yield from found


def _reads(
    table: Table, pk: str, start: datetime, end: datetime
) -> tuple[Callable[[], list[Seen]], ...]:
    low, high = _lowest_ulid(start), _lowest_ulid(end)
    since, until = timestamp(start), timestamp(end)

    def minted() -> list[Seen]:
        items = table.query(pk, between=(low, high), only=("sk", "clicked_at", *_COUNTED))
        return [_seen(item, "clicked_at") for item in items if item["sk"] != high]

    def visits() -> list[Seen]:
        index = keys.BY_VISIT_TIME, "visited_at"
        only = ("visited_at", *_COUNTED)
        items = table.query(pk, index=index, between=(since, until), only=only)
        return [_seen(item, "visited_at") for item in items if item["visited_at"] != until]

    return minted, visits


def _seen(item: Item, at: str) -> Seen:
    return Seen(item[at], item["code"], item.get("utm_campaign"))


def _lowest_ulid(at: datetime) -> str:
    from ulid import ULID

    return str(ULID.from_bytes(int(at.timestamp() * 1000).to_bytes(6, "big") + bytes(10)))


def _minted_key(ulid: str) -> Key:
    from ulid import ULID

    at = ULID.from_str(ulid).datetime.astimezone(UTC)
    return keys.click(hour_floor(at), ulid)


def _put_click(table: Table, click: Click, ulid: "ULID", kept: timedelta) -> Part:
    key = keys.click(hour_floor(click.clicked_at), str(ulid))
    return table.put("click", {**_click_item(click, kept), "pk": key.pk, "sk": key.sk})


def _click_item(click: Click, kept: timedelta) -> Item:
    item: Item = {
        "click_id": click.click_id,
        "code": click.code,
        "clicked_at": timestamp(click.clicked_at),
        "expires_epoch": int((click.clicked_at + kept).timestamp()),
    }
    for name in _OPTIONAL:
        value = getattr(click, name)
        if value is not None:
            item[name] = value
    return item


def click_from(item: Item) -> Click:
    return Click(
        click_id=item["click_id"],
        code=item["code"],
        clicked_at=datetime.fromisoformat(item["clicked_at"]),
        **{name: item[name] for name in _OPTIONAL if name in item},
    )

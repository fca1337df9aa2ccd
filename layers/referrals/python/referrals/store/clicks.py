"""Clicks: immutable, one write each; an id chosen by the caller has an alias that finds it."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ulid import ULID

from referrals.rules.clicks import Click
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import MINTED_PREFIX, is_click_id, minted_ulid, normalized_code
from referrals.rules.times import hour_floor, timestamp
from referrals.store import codes, keys
from referrals.store.table import Item, Part, Refused, Table, side_by_side

_OPTIONAL = (
    "landing_path",
    "utm_campaign",
    "utm_medium",
    "utm_source",
    "ip_hash",
    "user_agent_hash",
)


def capture(
    table: Table, visit: Click, ulid: ULID, *, code: str, given_id: str | None, kept: timedelta
) -> Click:
    """Store a visit through a code, once. The click as stored, or as it was stored before.

    An id known for this code is the same click again; one known for another code is left to
    it, and a new id is minted. Raises InvalidRequest for a malformed id or an unusable code.
    """
    owner = usable_code(table, code)
    if given_id is not None:
        if not is_click_id(given_id):
            raise InvalidRequest.field("click_id", "must be 6 to 64 of A-Z a-z 0-9 _ -")
        standing = find(table, given_id) or record_given(
            table, replace(visit, click_id=given_id, code=owner.code), ulid, kept
        )
        if standing.code == owner.code:
            return standing
    minted = replace(visit, click_id=mint(ulid), code=owner.code)
    record_minted(table, minted, ulid, kept)
    return minted


def usable_code(table: Table, code: str) -> codes.Code:
    """The code that a visit came through. InvalidRequest for an unknown or disabled one."""
    known_code = normalized_code(code)
    owner = codes.get_recent(table, known_code) if known_code else None
    if owner is None or owner.disabled:
        raise InvalidRequest.field("code", "unknown or disabled referral code")
    return owner


def find(table: Table, click_id: str) -> Click | None:
    """The click of an id, minted here or chosen by a caller; None for an unknown one."""
    ulid = minted_ulid(click_id)
    if ulid is not None:
        item = table.get(_minted_key(ulid))
        if item is not None and item["click_id"] == click_id:
            return _click_from(item)
    item = table.get(keys.click_alias(click_id))
    return _click_from(item) if item else None


def record_minted(table: Table, click: Click, ulid: ULID, kept: timedelta) -> None:
    """Store a click under the id that was minted for it: one write."""
    _count_from(table, click.clicked_at)
    table.write(_put_click(table, click, ulid, kept))


def record_given(table: Table, click: Click, ulid: ULID, kept: timedelta) -> Click:
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


def _count_from(table: Table, first: datetime) -> None:
    """Leave a mark before the first click, so that counting knows where to start."""
    if keys.ROLLED_UP.sk in table.seen:
        return
    until = timestamp(hour_floor(first) - timedelta(hours=1))
    mark = {"pk": keys.ROLLED_UP.pk, "sk": keys.ROLLED_UP.sk, "until": until}
    with suppress(Refused):
        table.write(table.put("mark", mark, unless="attribute_not_exists(pk)"))
    table.seen.add(keys.ROLLED_UP.sk)


def mint(ulid: ULID) -> str:
    """The click id of a ULID."""
    return f"{MINTED_PREFIX}{ulid}"


def count_hour(
    table: Table, hour: datetime, start: datetime | None = None, end: datetime | None = None
) -> Counter[str | None]:
    """The clicks of an hour (or of [start, end) within it) by campaign, None for no campaign."""
    low = "0" if start is None else _lowest_ulid(start)
    high = "Z" if end is None else _lowest_ulid(end)
    partitions = [keys.click_hour(hour, shard) for shard in range(keys.CLICK_SHARDS)]

    def count(pk: str) -> Counter[str | None]:
        return Counter(
            item.get("utm_campaign")
            for item in table.query(pk, between=(low, high))
            if item["sk"] != high
        )

    return sum(side_by_side(count, partitions), Counter())


def _lowest_ulid(at: datetime) -> str:
    return str(ULID.from_bytes(int(at.timestamp() * 1000).to_bytes(6, "big") + bytes(10)))


def _minted_key(ulid: str) -> keys.Key:
    at = ULID.from_str(ulid).datetime.astimezone(UTC)
    return keys.click(hour_floor(at), ulid)


def _put_click(table: Table, click: Click, ulid: ULID, kept: timedelta) -> Part:
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


def _click_from(item: Item) -> Click:
    return Click(
        click_id=item["click_id"],
        code=item["code"],
        clicked_at=datetime.fromisoformat(item["clicked_at"]),
        **{name: item[name] for name in _OPTIONAL if name in item},
    )

"""How far the events of each referral have come to each endpoint: one sender at a time.

A sender claims the pair, sends what is new in its order, and notes each event that arrived; so a
later one waits for an earlier one, and one that arrived is not sent again. A claim ends by itself,
for its sender may have died; whoever was too slow can note nothing any more.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from referrals.dynamodb.clearing import cleared
from referrals.dynamodb.parts import Busy, Refused
from referrals.dynamodb.side_by_side import side_by_side
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item, Key
from referrals.rules.events import NOWHERE, Place, click_id_of
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys
from referrals.store.items import place_from, place_text

# Longer than a try takes, and what is read and written around it.
CLAIM = timedelta(minutes=1)
# Longer than a click is tried for.
_CLICKS_KNOWN = timedelta(days=30)

_OURS = "holder = :me"
# A write that was given up may still come, after those that followed it.
_NOT_BACK = "(attribute_not_exists(sent) OR sent <= :sent)"
_GIVEN_UP = "given_up#"
_FAILURE = "tries, problem, failing_since"
# The third: a write that is repeated because its answer was lost.
_FREE = "(attribute_not_exists(holder) OR held_until < :now OR holder = :me)"
_NOT_WAITING = "(attribute_not_exists(due_in) OR next_attempt_at <= :now)"


class Lost(Exception):
    """Another sender has taken over."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A referral's events on their way to an endpoint: the last that arrived, and what failed."""

    endpoint_id: str
    attribution_id: str
    holder: str | None = None
    held_until: datetime | None = None
    sent: Place = NOWHERE
    tries: int = 0
    failing_since: datetime | None = None
    next_attempt_at: datetime | None = None
    problem: str | None = None
    given_up: bool = False

    def is_seen_to(self, now: datetime) -> bool:
        """Whether somebody has it, or will: by the clock, or by a replay where it was given up."""
        held = self.held_until is not None and self.held_until >= now
        return held or self.next_attempt_at is not None

    @property
    def key(self) -> Key:
        """Where it is kept."""
        return keys.delivery(self.endpoint_id, self.attribution_id)


def claim(
    table: Table, endpoint_id: str, attribution_id: str, holder: str, now: datetime
) -> Delivery | None:
    """The delivery, for `holder` alone; None where another has it, or it waits for its next try.

    Another who has it hears that there is more. One write, and no more where nobody is in the way.
    """
    place = keys.delivery(endpoint_id, attribution_id)
    for _ in table.waits():
        ends, values = _ending(attribution_id, now)
        values |= {":me": holder, ":until": timestamp(now + CLAIM), ":now": timestamp(now)}
        expression = f"SET holder = :me, held_until = :until{ends} REMOVE more"
        condition = f"{_FREE} AND {_NOT_WAITING}"
        taken = table.update("claim", place, expression, values, condition=condition, told=True)
        try:
            item = table.write(taken)
        except Refused:
            if _told_to_another(table, place, now):
                return None
            continue
        assert item is not None
        return _delivery_from(item)
    raise Busy(f"{attribution_id}: others kept sending its events")


def _ending(attribution_id: str, now: datetime) -> tuple[str, Item]:
    """What has DynamoDB forget a click's delivery: it has no second event, and there are many."""
    if click_id_of(attribution_id) is None:
        return "", {}
    return ", expires_epoch = :ends", {":ends": int((now + _CLICKS_KNOWN).timestamp())}


def _told_to_another(table: Table, place: Key, now: datetime) -> bool:
    """Whether its holder, or its next try, will see to what is new."""
    stored = table.get(place) or {}
    if _waits(stored, now):
        return True
    if "holder" not in stored:
        return False
    # Should the holder be dead, the claim's end is when it is looked for.
    values = {":yes": True, ":lane": _lane(place), ":now": timestamp(now)}
    expression = "SET more = :yes, due_in = :lane, next_attempt_at = held_until"
    try:
        table.write(table.update("more", place, expression, values, condition="held_until >= :now"))
    except Refused:
        return False
    return True


def _lane(place: Key) -> str:
    """Where the endpoint's due deliveries are listed."""
    return place.pk.removeprefix(keys.DELIVERY_PREFIX)


def _given_up(lane: str) -> str:
    """Where those of a lane are listed that nobody tries again by the clock."""
    return f"{_GIVEN_UP}{lane}"


def _waits(stored: Item, now: datetime) -> bool:
    return "due_in" in stored and stored["next_attempt_at"] > timestamp(now)


def arrived(table: Table, held: Delivery, place: Place, now: datetime) -> Delivery:
    """Note that an event arrived, and go on. Lost."""
    values = {":sent": place_text(place), ":until": timestamp(now + CLAIM)}
    expression = f"SET sent = :sent, held_until = :until REMOVE {_FAILURE}"
    _write(table, held, expression, values, and_also=_NOT_BACK)
    return _fresh(held, place)


def finished(table: Table, held: Delivery, place: Place, now: datetime) -> Delivery | None:
    """Note that the last one arrived, and let go; the delivery where there is more. Lost."""
    values = {":sent": place_text(place)}
    expression = f"SET sent = :sent REMOVE holder, held_until, due_in, next_attempt_at, {_FAILURE}"
    try:
        done = f"attribute_not_exists(more) AND {_NOT_BACK}"
        _write(table, held, expression, values, and_also=done)
    except Lost:
        values[":until"] = timestamp(now + CLAIM)
        _write(
            table,
            held,
            "SET sent = :sent, held_until = :until "
            f"REMOVE more, due_in, next_attempt_at, {_FAILURE}",
            values,
            and_also=_NOT_BACK,
        )
        return _fresh(held, place)
    return None


def failed(table: Table, held: Delivery, problem: str, now: datetime, again_at: datetime) -> None:
    """Note a failed try, and let go until the next. Lost."""
    values: Item = {
        ":tries": held.tries + 1,
        ":problem": problem,
        ":since": timestamp(held.failing_since or now),
        ":lane": _lane(held.key),
        ":at": timestamp(again_at),
    }
    expression = (
        "SET tries = :tries, problem = :problem, failing_since = :since, "
        "due_in = :lane, next_attempt_at = :at REMOVE holder, held_until, more"
    )
    _write(table, held, expression, values)


def postponed(table: Table, held: Delivery, again_at: datetime) -> None:
    """Let go until later, for a reason that is not the receiver's. Lost."""
    expression = "SET due_in = :lane, next_attempt_at = :at REMOVE holder, held_until, more"
    _write(table, held, expression, {":lane": _lane(held.key), ":at": timestamp(again_at)})


def given_up(table: Table, held: Delivery, problem: str, now: datetime) -> None:
    """Let go for good. What did not arrive stays the next to be sent, whenever that is. Lost."""
    values = {
        ":problem": problem,
        ":since": timestamp(held.failing_since or now),
        ":lane": _given_up(_lane(held.key)),
        ":now": timestamp(now),
    }
    expression = (
        "SET problem = :problem, failing_since = :since, due_in = :lane, next_attempt_at = :now "
        "REMOVE tries, holder, held_until, more"
    )
    _write(table, held, expression, values)


def put_off(
    table: Table, endpoint_id: str, attribution_id: str, now: datetime, again_at: datetime
) -> None:
    """Have a referral looked at later that nobody has begun with; nothing where somebody has."""
    place = keys.delivery(endpoint_id, attribution_id)
    values = {":lane": _lane(place), ":at": timestamp(again_at), ":now": timestamp(now)}
    expression = "SET due_in = :lane, next_attempt_at = :at"
    free = f"(attribute_not_exists(holder) OR held_until < :now) AND {_NOT_WAITING}"
    try:
        table.write(table.update("later", place, expression, values, condition=free))
    except Refused:
        _told_to_another(table, place, now)


def rewound(
    table: Table, endpoint_id: str, attribution_id: str, place: Place, now: datetime
) -> None:
    """Have what follows a place sent again, now; also by whoever is sending: they lose the claim.

    What had not come so far stays the next to be sent.
    """
    key = keys.delivery(endpoint_id, attribution_id)
    values: Item = {":lane": _lane(key), ":now": timestamp(now)}
    afresh = f"due_in = :lane, next_attempt_at = :now REMOVE holder, held_until, more, {_FAILURE}"
    back = {**values, ":place": place_text(place)}
    try:
        table.write(
            table.update(
                "back", key, f"SET sent = :place, {afresh}", back, condition="sent > :place"
            )
        )
    except Refused:
        table.write(table.update("due", key, f"SET {afresh}", values))


def reached(
    table: Table, endpoint_id: str, attribution_id: str, place: Place, now: datetime
) -> None:
    """Note how far a referral's events are in the order that is asked for; never less far."""
    key, (ends, values) = keys.delivery(endpoint_id, attribution_id), _ending(attribution_id, now)
    values[":sent"] = place_text(place)
    further = "attribute_not_exists(sent) OR sent < :sent"
    with suppress(Refused):
        told = f"SET sent = :sent{ends}"
        table.write(table.update("reached", key, told, values, condition=further))


def seen_to(table: Table, endpoint_id: str, attribution_id: str, now: datetime) -> None:
    """What was due is in the order that is asked for, by who began at `now`."""
    key, values = keys.delivery(endpoint_id, attribution_id), {":now": timestamp(now)}
    expression = f"REMOVE holder, held_until, due_in, next_attempt_at, {_FAILURE}"
    with suppress(Refused):
        table.write(
            table.update("seen to", key, expression, values, condition="next_attempt_at <= :now")
        )


def due(table: Table, endpoint_id: str, now: datetime) -> Iterator[str]:
    """The referrals whose next try at an endpoint has come, lane by lane, the oldest first."""
    for lane in range(keys.LANES):
        found = table.query_index(
            keys.DUE_DELIVERIES,
            ("due_in", keys.in_lane(endpoint_id, lane)),
            sort=("next_attempt_at", "<=", timestamp(now)),
        )
        yield from (item["sk"] for item in found)


def stuck(table: Table, endpoint_id: str, limit: int) -> tuple[list[Delivery], bool]:
    """What did not arrive at an endpoint, with what was given up, and whether there is more.

    In the order of the next try; what was given up has its last one there. Two round trips.
    """

    def read(lane: str) -> list[Item]:
        found = table.query_index(keys.DUE_DELIVERIES, ("due_in", lane), page=limit + 1)
        return list(islice(found, limit + 1))

    lanes = [keys.in_lane(endpoint_id, lane) for lane in range(keys.LANES)]
    found = [item for some in side_by_side(read, [*lanes, *map(_given_up, lanes)]) for item in some]
    found.sort(key=lambda item: str(item["next_attempt_at"]))
    places = [Key(item["pk"], item["sk"]) for item in found[:limit]]
    stored = table.get_many(places)
    return [_delivery_from(stored[one]) for one in places if one in stored], len(found) > limit


def get(table: Table, endpoint_id: str, attribution_id: str) -> Delivery | None:
    """How far a referral's events have come; None where none was ever sent."""
    item = table.get(keys.delivery(endpoint_id, attribution_id))
    return _delivery_from(item) if item else None


def get_many(table: Table, endpoint_id: str, ids: Sequence[str]) -> dict[str, Delivery]:
    """How far the events of some referrals have come, for those of which any was sent."""
    found = table.get_many([keys.delivery(endpoint_id, one) for one in ids])
    return {place.sk: _delivery_from(item) for place, item in found.items()}


def forget(table: Table, endpoint_id: str) -> bool:
    """Delete all that is known of an endpoint, while there is time; whether it was all."""
    lanes = range(keys.LANES)
    return all(cleared(table, keys.deliveries(endpoint_id, lane)) for lane in lanes)


def _fresh(held: Delivery, place: Place) -> Delivery:
    return replace(
        held, sent=place, tries=0, failing_since=None, next_attempt_at=None, problem=None
    )


def _write(
    table: Table, held: Delivery, expression: str, values: Item, *, and_also: str = ""
) -> None:
    condition = f"{_OURS} AND {and_also}" if and_also else _OURS
    part = table.update(
        "delivery", held.key, expression, {**values, ":me": held.holder}, condition=condition
    )
    try:
        table.write(part)
    except Refused:
        raise Lost(held.attribution_id) from None


def _delivery_from(item: Item) -> Delivery:
    endpoint_id = item["pk"].removeprefix(keys.DELIVERY_PREFIX).rpartition("#")[0]
    times = {
        name: parse_timestamp(item[name])
        for name in ("held_until", "failing_since", "next_attempt_at")
        if name in item
    }
    return Delivery(
        endpoint_id=endpoint_id,
        attribution_id=item["sk"],
        holder=item.get("holder"),
        sent=place_from(item["sent"]) if "sent" in item else NOWHERE,
        tries=item.get("tries", 0),
        problem=item.get("problem"),
        given_up=item.get("due_in", "").startswith(_GIVEN_UP),
        **times,
    )

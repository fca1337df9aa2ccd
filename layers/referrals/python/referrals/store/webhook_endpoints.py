"""Who listens for events: where, for which, since when, and by which salts they know us."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.errors import InvalidRequest, NotFound
from referrals.rules.events import EventType, Step
from referrals.rules.times import parse_timestamp, timestamp
from referrals.store import keys

# Every event is a request to each: beyond this a bus serves better.
MOST = 16
# How long a receiver has to take up a new secret.
OVERLAP = timedelta(hours=24)

# The account's own bus, of which there is one, has a known id, and this for a URL.
BUS, BUS_ID = "eventbus", "we_bus"
# Shards of the stream are read side by side: what others begin with may be a little older.
_SIDE_BY_SIDE = timedelta(minutes=1)

_TIMES = ("since", "created_at", "old_until", "disabled_at", "arrived_at", "silent_until")
_THERE = "attribute_exists(pk)"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A receiver. It hears of what happens from `since` on; no `types` are all but clicks.

    Without a `url` it is sent nothing, and asks; BUS is the account's own bus.
    """

    id: str
    url: str | None
    types: frozenset[EventType]
    since: datetime
    created_at: datetime
    salt: str
    old_salt: str | None = None
    old_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    arrived_at: datetime | None = None
    # It gave no answer lately.
    silent_until: datetime | None = None

    @property
    def is_bus(self) -> bool:
        """Whether it is the account's own bus."""
        return self.url == BUS

    @property
    def enabled(self) -> bool:
        """Whether it is sent anything."""
        return self.disabled_at is None

    def is_silent(self, now: datetime) -> bool:
        """Whether to wait for its answer is likely to be in vain."""
        return self.silent_until is not None and now < self.silent_until

    def hears(self, step: Step) -> bool:
        """Whether a step is for it: of its types, and since it listens."""
        asked = not self.types and step.type is not EventType.CLICKED
        return step.at >= self.since and (asked or step.type in self.types)

    def salts(self, now: datetime) -> tuple[str, ...]:
        """Of the secrets in force, the newest first."""
        if self.old_salt is None or self.old_until is None or now >= self.old_until:
            return (self.salt,)
        return self.salt, self.old_salt


def create(table: Table, endpoint: Endpoint) -> None:
    """Store a new endpoint. InvalidRequest where there are too many; Refused for a known id."""
    if len(every(table)) >= MOST:
        raise InvalidRequest(f"{MOST} endpoints listen already")
    _put(table, endpoint)


def meet_bus(table: Table, first: datetime, now: datetime) -> Endpoint:
    """Have the bus listen from what is met first: what it is, where it was met by another."""
    bus = Endpoint(
        id=BUS_ID,
        url=BUS,
        types=frozenset(),
        since=min(first, now) - _SIDE_BY_SIDE,
        created_at=now,
        salt="",
    )
    try:
        _put(table, bus)
    except Refused:
        return next(one for one in every(table) if one.is_bus)
    return bus


def _put(table: Table, endpoint: Endpoint) -> None:
    key = keys.webhook_endpoint(endpoint.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "since": timestamp(endpoint.since),
        "created_at": timestamp(endpoint.created_at),
        "salt": endpoint.salt,
    }
    if endpoint.url:
        item["url"] = endpoint.url
    if endpoint.types:
        item["types"] = {name.value for name in endpoint.types}
    table.write(table.put("endpoint", item, unless="attribute_not_exists(pk)"))


def every(table: Table) -> tuple[Endpoint, ...]:
    """All of them, the oldest first, in one read."""
    found = map(_endpoint_from, table.query(keys.WEBHOOKS, prefix=keys.ENDPOINT_PREFIX))
    return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))


def get(table: Table, endpoint_id: str) -> Endpoint | None:
    """The endpoint, or None."""
    item = table.get(keys.webhook_endpoint(endpoint_id))
    return _endpoint_from(item) if item else None


def known(table: Table, endpoint_id: str) -> Endpoint:
    """The endpoint. NotFound."""
    found = get(table, endpoint_id)
    if found is None:
        raise NotFound("no such webhook endpoint")
    return found


def sent_to(table: Table, endpoint_id: str) -> Endpoint:
    """The endpoint, which has a URL. NotFound, InvalidRequest."""
    found = known(table, endpoint_id)
    if found.url is None:
        raise InvalidRequest("it asks for its events: nothing is sent to it")
    return found


def asking(table: Table, endpoint_id: str) -> Endpoint:
    """The endpoint, which has no URL. NotFound, InvalidRequest."""
    found = known(table, endpoint_id)
    if found.url is not None:
        raise InvalidRequest("its events are sent to its url: it has none to ask for")
    return found


def delete(table: Table, endpoint_id: str, now: datetime) -> None:
    """Forget the endpoint, if it is there; what came to it is left to be cleared."""
    place = keys.deleted_endpoint(endpoint_id)
    mark: Item = {"pk": place.pk, "sk": place.sk, "deleted_at": timestamp(now)}
    table.write(table.put("mark", mark))
    table.write(table.delete("endpoint", keys.webhook_endpoint(endpoint_id)))


def deleted_before(table: Table, at: datetime) -> list[str]:
    """The endpoints that were deleted before a time, and have not been cleared."""
    found = list(table.query(keys.WEBHOOKS, prefix=keys.DELETED_PREFIX))
    there = {one.id for one in every(table)} if found else set()
    gone = [item for item in found if parse_timestamp(item["deleted_at"]) < at]
    return [one for item in gone if (one := _id_of(item, keys.DELETED_PREFIX)) not in there]


def cleared(table: Table, endpoint_id: str) -> None:
    """Nothing is left of a deleted endpoint."""
    table.write(table.delete("mark", keys.deleted_endpoint(endpoint_id)))


def _id_of(item: Item, prefix: str) -> str:
    return str(item["sk"].removeprefix(prefix))


def rotate(table: Table, endpoint_id: str, salt: str, now: datetime) -> Endpoint:
    """Give it another secret; the old one goes on for OVERLAP. NotFound, InvalidRequest.

    While two are in force it is as it was rotated: a third would end one that is in use.
    """
    before = sent_to(table, endpoint_id)
    if before.is_bus:
        raise InvalidRequest("what goes to the event bus is not signed")
    if len(before.salts(now)) > 1:
        return before
    values = {":new": salt, ":old": before.salt, ":until": timestamp(now + OVERLAP)}
    expression = "SET salt = :new, old_salt = :old, old_until = :until"
    place = keys.webhook_endpoint(endpoint_id)
    # Whoever rotated in between has shown their secret to somebody.
    with suppress(Refused):
        table.write(table.update("rotated", place, expression, values, condition="salt = :old"))
    return known(table, endpoint_id)


def listen_from(table: Table, endpoint_id: str, since: datetime) -> None:
    """Have it hear of what happened from a time on, if not earlier, and be sent events again.

    NotFound.
    """
    place, again = keys.webhook_endpoint(endpoint_id), "REMOVE disabled_at, disabled_why"
    from_then = {":since": timestamp(since)}
    earlier = table.update(
        "since", place, f"SET since = :since {again}", from_then, condition="since > :since"
    )
    try:
        table.write(earlier)
    except Refused:
        try:
            table.write(table.update("again", place, again, {}, condition=_THERE))
        except Refused:
            raise NotFound("no such webhook endpoint") from None


def _endpoint_from(item: Item) -> Endpoint:
    times = {name: parse_timestamp(item[name]) for name in _TIMES if name in item}
    return Endpoint(
        id=_id_of(item, keys.ENDPOINT_PREFIX),
        url=item.get("url"),
        types=frozenset(map(EventType, item.get("types", ()))),
        salt=item["salt"],
        old_salt=item.get("old_salt"),
        disabled_why=item.get("disabled_why"),
        **times,
    )

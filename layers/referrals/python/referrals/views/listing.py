"""The list for support staff: newest first, filters that combine, pages that never end early."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, groupby, islice

from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Attribution, Status
from referrals.rules.ids import attribution_id
from referrals.rules.times import timestamp
from referrals.store import attributions, keys, pending

# A page's place: the creation time and id of its last item.
Place = tuple[str, str]

_SMALLEST_READ = 25


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What to list; None lets everything through. `user_id` is either side."""

    user_id: str | None = None
    status: Status | None = None
    campaign: str | None = None
    pending_grant: bool | None = None

    def match(self, attribution: Attribution) -> bool:
        """Whether the attribution passes every filter."""
        sides = (attribution.referrer_user_id, attribution.referred_user_id)
        return (
            (self.user_id is None or self.user_id in sides)
            and (self.status is None or attribution.status is self.status)
            and (self.campaign is None or attribution.utm_campaign == self.campaign)
            and (
                self.pending_grant is None
                or bool(attribution.pending_rewards) is self.pending_grant
            )
        )


def page(
    table: Table, secret: bytes, filters: Filters, limit: int, after: Place | None
) -> tuple[list[Attribution], Place | None]:
    """Up to `limit` matches after a place, and the place to go on from where there are more."""
    places = _places(table, secret, filters, after, limit + 1)
    found: list[Attribution] = []
    while chunk := list(islice(places, max(limit + 1 - len(found), _SMALLEST_READ))):
        ids = [identity for _, identity in chunk]
        stored = attributions.get_many(table, ids, consistent=False)
        found += [stored[i] for i in ids if i in stored and filters.match(stored[i])]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (timestamp(last.created_at), last.id)
    return found, None


def _places(
    table: Table, secret: bytes, filters: Filters, after: Place | None, page: int
) -> Iterator[Place]:
    """Where the index entries of every filter meet, newest first, after a place."""
    until = after[0] if after else None
    streams = []
    if filters.user_id is not None:
        streams.append(_of_user(table, secret, filters.user_id, until, page))
    if filters.pending_grant:
        streams.append(_pending(table))
    if filters.campaign is not None:
        partition = ("in_campaign", filters.campaign)
        streams.append(_newest(table, keys.BY_CAMPAIGN, partition, until, page))
    if filters.status is not None:
        partition = ("in_status", filters.status.value)
        streams.append(_newest(table, keys.BY_STATUS, partition, until, page))
    if not streams:
        streams.append(_everybody(table, until, page))
    return (place for place in _meeting(streams) if after is None or place < after)


def _newest(
    table: Table, index: str, partition: tuple[str, str], until: str | None, page: int
) -> Iterator[Place]:
    """An index's lanes, which are each in order of time, and of places only here."""
    sort = ("created_at", "<=", until) if until else None

    def entries(lane: int) -> Iterator[Place]:
        one = partition[0], keys.in_lane(partition[1], lane)
        # One more than is wanted: a group of the same millisecond ends where the next one begins.
        found = table.query_index(index, one, sort=sort, newest_first=True, page=page + 1)
        for _, alike in groupby(found, key=lambda entry: entry["created_at"]):
            yield from sorted(map(_place_of, alike), reverse=True)

    return _merged([entries(lane) for lane in range(keys.LANES)])


def _everybody(table: Table, until: str | None, page: int) -> Iterator[Place]:
    lanes = range(keys.LANES)
    return _merged([_pointed(table, keys.cohort(lane), until, page) for lane in lanes])


def _merged(lanes: Sequence[Iterator[Place]]) -> Iterator[Place]:
    """The places of all lanes in falling order; the first page of each is read side by side."""
    heads = side_by_side(lambda lane: next(lane, None), lanes)
    streams = (
        chain([head], lane) for head, lane in zip(heads, lanes, strict=True) if head is not None
    )
    yield from merge(*streams, reverse=True)


def _pending(table: Table) -> Iterator[Place]:
    """What is owed at any time is little, and its index is in the order of the next attempt."""
    yield from sorted(map(_place_of, pending.entries(table)), reverse=True)


def _pointed(table: Table, partition: str, until: str | None, page: int) -> Iterator[Place]:
    """Referrals by their pointers in the base table."""
    first = keys.REFERRAL_PREFIX
    # The last character that an id could have follows all of a time, or of all times.
    last = f"{first}{until}#~" if until else f"{first}~"
    for item in table.query(partition, between=(first, last), newest_first=True, page=page + 1):
        yield item["sk"].split("#")[1], item["id"]


def _of_user(
    table: Table, secret: bytes, user_id: str, until: str | None, page: int
) -> Iterator[Place]:
    """Referrals that the user made, with the one by which they came."""
    made = _pointed(table, keys.user(user_id), until, page)
    latest, own = together(
        lambda: next(made, None),
        lambda: attributions.get(table, attribution_id(secret, user_id)),
    )
    came_by = [(timestamp(own.created_at), own.id)] if own else []
    yield from merge(came_by, chain([latest] if latest else [], made), reverse=True)


def _meeting(streams: list[Iterator[Place]]) -> Iterator[Place]:
    """The places that all streams hold; each stream is in falling order."""
    if len(streams) == 1:
        yield from streams[0]
        return
    heads = side_by_side(lambda stream: next(stream, None), streams)
    while None not in heads:
        lowest = min(head for head in heads if head is not None)
        if all(head == lowest for head in heads):
            yield lowest
            heads = [next(stream, None) for stream in streams]
        else:
            heads = [
                head if head == lowest else next(stream, None)
                for head, stream in zip(heads, streams, strict=True)
            ]


def _place_of(entry: Item) -> Place:
    return entry["created_at"], keys.attribution_id_of(entry["pk"])

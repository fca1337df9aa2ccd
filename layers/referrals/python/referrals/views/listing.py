"""The list for support staff: in order of time, filters that combine, no page ends early."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from heapq import merge
from itertools import chain, groupby, islice

from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Attribution, Status
from referrals.rules.ids import attribution_id
from referrals.rules.times import timestamp
from referrals.store import attributions, keys, pending
from referrals.views.search import Meant, meant

# A page's place: the creation time and id of its last item.
Place = tuple[str, str]

_SMALLEST_READ = 25


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What to list; None lets everything through. `user_id` is either side, `q` any exact id."""

    q: str | None = None
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


@dataclass(frozen=True)
class Walk:
    """In which order the list is walked, after which place, and how many are wanted at a time."""

    newest_first: bool = True
    after: Place | None = None
    page: int = _SMALLEST_READ

    @property
    def since(self) -> str | None:
        """The time from which on entries are read."""
        return self.after[0] if self.after else None

    def is_ahead(self, place: Place) -> bool:
        """Whether the place is still to come."""
        if self.after is None:
            return True
        return place < self.after if self.newest_first else place > self.after

    def reaches(self, place: Place, aim: Place) -> bool:
        """Whether the place is the aim or comes later."""
        return place <= aim if self.newest_first else place >= aim

    def ordered(self, places: Iterable[Place]) -> list[Place]:
        """The places in the walk's order."""
        return sorted(places, reverse=self.newest_first)

    def merged(self, streams: Iterable[Iterable[Place]]) -> Iterator[Place]:
        """Streams in the walk's order as one."""
        return merge(*streams, reverse=self.newest_first)

    def last(self, places: Iterable[Place]) -> Place:
        """The one of these that the walk comes to last."""
        return min(places) if self.newest_first else max(places)


def page(
    table: Table,
    secret: bytes,
    filters: Filters,
    limit: int,
    after: Place | None,
    *,
    newest_first: bool = True,
) -> tuple[list[Attribution], Place | None]:
    """Up to `limit` matches after a place, and the place to go on from where there are more."""
    sought = meant(table, secret, filters.q) if filters.q is not None else None
    places = _places(table, secret, filters, sought, Walk(newest_first, after, limit + 1))
    found: list[Attribution] = []
    while chunk := list(islice(places, max(limit + 1 - len(found), _SMALLEST_READ))):
        ids = [identity for _, identity in chunk]
        stored = attributions.get_many(table, ids, consistent=False)
        found += [
            stored[i]
            for i in ids
            if i in stored
            and filters.match(stored[i])
            and (sought is None or sought.match(stored[i]))
        ]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], (timestamp(last.created_at), last.id)
    return found, None


def _places(
    table: Table, secret: bytes, filters: Filters, sought: Meant | None, walk: Walk
) -> Iterator[Place]:
    """Where the index entries of every filter meet, in the walk's order, after its place."""
    streams: list[Callable[[Walk], Iterator[Place]]] = []
    if sought is not None:
        streams.append(partial(_sought, table, secret, sought))
    if filters.user_id is not None:
        streams.append(partial(_of_user, table, secret, filters.user_id))
    if filters.pending_grant:
        streams.append(partial(_pending, cache(lambda: _owed(table))))
    if filters.campaign is not None:
        streams.append(
            partial(_indexed, table, keys.BY_CAMPAIGN, ("in_campaign", filters.campaign))
        )
    if filters.status is not None:
        streams.append(
            partial(_indexed, table, keys.BY_STATUS, ("in_status", filters.status.value))
        )
    if not streams:
        streams.append(partial(_everybody, table))
    return filter(walk.is_ahead, _meeting([_Stream(one, walk) for one in streams], walk))


class _Stream:
    """The places of one filter in the walk's order, of which a part can be leapt over."""

    def __init__(self, opened: Callable[[Walk], Iterator[Place]], walk: Walk) -> None:
        self._opened, self._walk = opened, walk
        self._places = opened(walk)

    def next(self) -> Place | None:
        """The next place, or None at the end."""
        return next(self._places, None)

    def reach(self, aim: Place) -> Place | None:
        """The first place that is the aim or later: by what was read already, or by a new start."""
        for place in islice(self._places, self._walk.page):
            if self._walk.reaches(place, aim):
                return place
        self._places = self._opened(replace(self._walk, after=aim))
        return next((one for one in self._places if self._walk.reaches(one, aim)), None)


def _indexed(table: Table, index: str, partition: tuple[str, str], walk: Walk) -> Iterator[Place]:
    """An index's lanes, which are each in order of time, and of places only here."""
    bound = "<=" if walk.newest_first else ">="
    sort = ("created_at", bound, walk.since) if walk.since else None

    def entries(lane: int) -> Iterator[Place]:
        one = partition[0], keys.in_lane(partition[1], lane)
        # One more than is wanted: a group of the same millisecond ends where the next one begins.
        found = table.query_index(
            index, one, sort=sort, newest_first=walk.newest_first, page=walk.page + 1
        )
        for _, alike in groupby(found, key=lambda entry: entry["created_at"]):
            yield from walk.ordered(map(_place_of, alike))

    return _merged([entries(lane) for lane in range(keys.LANES)], walk)


def _everybody(table: Table, walk: Walk) -> Iterator[Place]:
    lanes = range(keys.LANES)
    return _merged([_pointed(table, keys.cohort(lane), walk) for lane in lanes], walk)


def _merged(lanes: Sequence[Iterator[Place]], walk: Walk) -> Iterator[Place]:
    """The places of all lanes in order; the first page of each is read side by side."""
    heads = side_by_side(lambda lane: next(lane, None), lanes)
    streams = (
        chain([head], lane) for head, lane in zip(heads, lanes, strict=True) if head is not None
    )
    yield from walk.merged(streams)


def _pending(owed: Callable[[], Sequence[Place]], walk: Walk) -> Iterator[Place]:
    yield from walk.ordered(owed())


def _owed(table: Table) -> list[Place]:
    """What is owed at any time is little, and its index is in the order of the next attempt."""
    return [_place_of(entry) for entry in pending.entries(table)]


def _pointed(table: Table, partition: str, walk: Walk) -> Iterator[Place]:
    """Referrals by their pointers in the base table."""
    prefix, newest_first = keys.REFERRAL_PREFIX, walk.newest_first
    # The last character that an id could have follows all of a time, or of all times.
    last = f"{prefix}{walk.since}#~" if walk.since and newest_first else f"{prefix}~"
    first = f"{prefix}{walk.since}" if walk.since and not newest_first else prefix
    for item in table.query(
        partition, between=(first, last), newest_first=newest_first, page=walk.page + 1
    ):
        yield item["sk"].split("#")[1], item["id"]


def _of_user(table: Table, secret: bytes, user_id: str, walk: Walk) -> Iterator[Place]:
    """Referrals that the user made, with the one by which they came."""
    made = _pointed(table, keys.user(user_id), walk)
    head, own = together(
        lambda: next(made, None),
        lambda: attributions.get(table, attribution_id(secret, user_id)),
    )
    came_by = [(timestamp(own.created_at), own.id)] if own else []
    yield from walk.merged([came_by, chain([head] if head else [], made)])


def _sought(table: Table, secret: bytes, sought: Meant, walk: Walk) -> Iterator[Place]:
    """What an id may mean, each once."""
    named = attributions.get_many(table, sorted(sought.ids)) if sought.ids else {}
    single = iter(walk.ordered((timestamp(one.created_at), one.id) for one in named.values()))
    of_users = [_of_user(table, secret, user, walk) for user in sorted(sought.users)]
    for place, _ in groupby(_merged([single, *of_users], walk)):
        yield place


def _meeting(streams: Sequence[_Stream], walk: Walk) -> Iterator[Place]:
    """The places that all streams hold. Who is behind leaps to where the furthest is."""
    heads = side_by_side(_Stream.next, streams)
    while None not in heads:
        furthest = walk.last(head for head in heads if head is not None)
        if all(head == furthest for head in heads):
            yield furthest
            heads = [stream.next() for stream in streams]
        else:
            heads = [
                head if head == furthest else stream.reach(furthest)
                for head, stream in zip(heads, streams, strict=True)
            ]


def _place_of(entry: Item) -> Place:
    return entry["created_at"], keys.attribution_id_of(entry["pk"])

"""A user's own view: their code, and their referrals on either side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution, Role, Status
from referrals.rules.credits import Account
from referrals.rules.errors import NotFound
from referrals.rules.ids import attribution_id, tombstone
from referrals.rules.risk import Person
from referrals.store import attributions, codes, keys, profiles
from referrals.store.codes import CodeTaken
from referrals.store.metering import account_of

_CODE_TRIES = 5


@dataclass(frozen=True)
class Membership:
    """All referrals of a user: those they made, and the one that they came by."""

    made: tuple[Attribution, ...]
    came_by: Attribution | None

    def newest(self, limit: int) -> list[tuple[Role, Attribution]]:
        """The latest on either side, newest first."""
        sides = [(Role.REFERRER, one) for one in self.made]
        if self.came_by is not None:
            sides.append((Role.REFERRED, self.came_by))
        sides.sort(key=lambda side: (side[1].created_at, side[1].id), reverse=True)
        return sides[:limit]

    def stats(self) -> dict[str, int]:
        """The referrals that the user made; `qualified` counts all that ever did."""
        counted = (
            Status.REVIEW_REQUIRED,
            Status.REWARDED,
            Status.CAPPED,
            Status.EXPIRED,
            Status.REJECTED,
        )
        return {
            "attributed": len(self.made),
            "qualified": sum(one.qualified_at is not None for one in self.made),
            **{status.value: sum(one.status is status for one in self.made) for status in counted},
        }


def membership(table: Table, secret: bytes, user_id: str) -> Membership:
    """Every referral of a user, read from the table itself: exact at any moment."""
    ids, came_by = together(
        lambda: [item["id"] for item in _pointers(table, user_id)],
        lambda: attributions.get(table, attribution_id(secret, user_id)),
    )
    return Membership(_read(table, ids), came_by)


def newest(table: Table, secret: bytes, user_id: str, limit: int) -> list[tuple[Role, Attribution]]:
    """The user's latest referrals on either side, without reading the older ones."""
    prefix = keys.REFERRAL_PREFIX
    pointers, came_by = together(
        lambda: table.query_newest(keys.user(user_id), prefix=prefix, limit=limit),
        lambda: attributions.get(table, attribution_id(secret, user_id)),
    )
    made = _read(table, [item["id"] for item in pointers])
    return Membership(made, came_by).newest(limit)


@dataclass(frozen=True)
class Overview:
    """A user's code, referrals and credits."""

    code: str
    membership: Membership
    account: Account


def overview(
    table: Table,
    secret: bytes,
    user_id: str,
    now: datetime,
    new_code: Callable[[], str],
    ip_hash: str | None,
) -> Overview:
    """All that is a user's own, read side by side; their code is made on first use. NotFound."""
    return Overview(
        *together(
            lambda: code_of(table, secret, user_id, new_code, ip_hash),
            lambda: membership(table, secret, user_id),
            lambda: account_of(table, user_id, now),
        )
    )


def code_of(
    table: Table, secret: bytes, user_id: str, new_code: Callable[[], str], ip_hash: str | None
) -> str:
    """The user's code, made on first use; where it was made is remembered for the risk rules.

    NotFound for an erased person, whose token may outlive them.
    """
    own = codes.of_user(table, user_id)
    if own is not None:
        return own
    if table.get(keys.tombstone(tombstone(secret, user_id))):
        raise NotFound("no such user")
    if ip_hash:
        profiles.note(table, user_id, Person(ips=frozenset({ip_hash})), Person())
    for _ in range(_CODE_TRIES):
        try:
            return codes.create(table, user_id, new_code())
        except CodeTaken:
            continue
    raise CodeTaken("no free code was found")


def _pointers(table: Table, user_id: str) -> list[dict[str, str]]:
    return list(table.query(keys.user(user_id), prefix=keys.REFERRAL_PREFIX))


def _read(table: Table, ids: Sequence[str]) -> tuple[Attribution, ...]:
    return tuple(attributions.get_many(table, ids).values())

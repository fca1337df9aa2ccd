"""A user's own view: their code, and their referrals on either side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution, Role
from referrals.rules.credits import Account
from referrals.rules.errors import NotFound
from referrals.rules.ids import attribution_id, tombstone
from referrals.rules.risk import Person
from referrals.store import attributions, codes, keys, profiles, referrer_counts
from referrals.store.codes import CodeTaken
from referrals.store.metering import account_of

_CODE_TRIES = 5


# On which side of a referral the user is.
Side = tuple[Role, Attribution]


def newest(table: Table, secret: bytes, user_id: str, limit: int) -> list[Side]:
    """The user's latest referrals on either side, newest first, without reading the older ones."""
    prefix = keys.REFERRAL_PREFIX
    pointers, came_by = together(
        lambda: table.query_newest(keys.user(user_id), prefix=prefix, limit=limit),
        lambda: attributions.get(table, attribution_id(secret, user_id)),
    )
    made = attributions.get_many(table, [item["id"] for item in pointers])
    sides = [(Role.REFERRER, one) for one in made.values()]
    if came_by is not None:
        sides.append((Role.REFERRED, came_by))
    sides.sort(key=lambda side: (side[1].created_at, side[1].id), reverse=True)
    return sides[:limit]


@dataclass(frozen=True)
class Overview:
    """A user's code, what its referrals count for, the latest on either side, and credits."""

    code: str
    figures: dict[str, int]
    latest: list[Side]
    account: Account


def overview(
    table: Table,
    secret: bytes,
    user_id: str,
    now: datetime,
    new_code: Callable[[], str],
    ip_hash: str | None,
    limit: int,
) -> Overview:
    """All that is a user's own, read side by side; their code is made on first use. NotFound."""

    def code_and_figures() -> tuple[str, dict[str, int]]:
        code = code_of(table, secret, user_id, new_code, ip_hash)
        return code, referrer_counts.of_code(table, code)

    (code, figures), latest, account = together(
        code_and_figures,
        lambda: newest(table, secret, user_id, limit),
        lambda: account_of(table, user_id, now),
    )
    return Overview(code, figures, latest, account)


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

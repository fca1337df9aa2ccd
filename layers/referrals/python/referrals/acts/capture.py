"""Capturing a click: a visit through a code, stored once."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from referrals.dynamodb.table import Table
from referrals.rules.clicks import Click
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import is_click_id, normalized_code, visit_click_id
from referrals.store import clicks, codes

if TYPE_CHECKING:
    from ulid import ULID


def capture(
    table: Table, visit: Click, ulid: "ULID", *, code: str, given_id: str | None, kept: timedelta
) -> Click:
    """Store a visit through a code, once. The click as stored, or as it was stored before.

    An id known for this code is the same click again; one known for another code is left to
    it, and a new id is minted. Raises InvalidRequest for a malformed id or an unusable code.
    """
    owner = usable_code(table, code)
    if given_id is not None:
        if not is_click_id(given_id):
            raise InvalidRequest.field("click_id", "must be 6 to 64 of A-Z a-z 0-9 _ -")
        standing = clicks.find(table, given_id) or clicks.record_given(
            table, replace(visit, click_id=given_id, code=owner.code), ulid, kept
        )
        if standing.code == owner.code:
            return standing
    minted = replace(visit, click_id=clicks.mint(ulid), code=owner.code)
    clicks.record_minted(table, minted, ulid, kept)
    return minted


def capture_visit(
    table: Table, secret: bytes, visit: Click, *, code: str, kept: timedelta
) -> tuple[Click, bool]:
    """Store the click of a followed link, and whether it is new. InvalidRequest for a code.

    One visitor of one link in one hour is one click, however often and at once they come.
    """
    owner = usable_code(table, code)
    hour = f"{visit.clicked_at:%Y%m%d%H}"
    visitor = visit.ip_hash or "", visit.user_agent_hash or ""
    click_id = visit_click_id(secret, hour, owner.code, *visitor)
    click = replace(visit, click_id=click_id, code=owner.code)
    return click, clicks.record_visit(table, click, kept)


def usable_code(table: Table, code: str) -> codes.Code:
    """The code that a visit came through. InvalidRequest for an unknown or disabled one."""
    known_code = normalized_code(code)
    owner = codes.get_recent(table, known_code) if known_code else None
    if owner is None or owner.disabled:
        raise codes.unusable()
    return owner

"""Disabling a code: from then on nobody is referred by it, until a person enables it again."""

from referrals.dynamodb.parts import Refused
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor
from referrals.rules.errors import NotFound, StateConflict
from referrals.rules.ids import TOMBSTONE_FORM, normalized_code
from referrals.store import codes
from referrals.store.codes import Standing


def disable(table: Table, code: str, actor: Actor) -> Standing:
    """No signup is attributed by the code any more, also none under way. NotFound, StateConflict.

    Clicks are refused within the minute for which a code is remembered. Again changes nothing.
    """
    return _decide(table, code, actor, disabled=True)


def enable(table: Table, code: str, actor: Actor) -> Standing:
    """Signups are attributed by it again. NotFound, StateConflict for the code of an erased user.

    What was refused meanwhile stays refused. Again changes nothing.
    """
    return _decide(table, code, actor, disabled=False)


def _decide(table: Table, code: str, actor: Actor, *, disabled: bool) -> Standing:
    known = _standing(table, code)
    if known.code.disabled == disabled:
        return known
    if TOMBSTONE_FORM.fullmatch(known.code.user_id):
        raise StateConflict("the owner of the code was erased", "erased")
    try:
        return codes.decide(table, known, actor, disabled=disabled)
    except Refused:
        # Others were first, perhaps this very request the moment before.
        known = _standing(table, code)
        if known.code.disabled != disabled:
            state = "disabled" if known.code.disabled else "enabled"
            raise StateConflict(f"the code was {state} meanwhile", state) from None
        return known


def _standing(table: Table, code: str) -> Standing:
    normalized = normalized_code(code)
    known = codes.standing(table, normalized) if normalized else None
    if known is None:
        raise NotFound("no such code")
    return known

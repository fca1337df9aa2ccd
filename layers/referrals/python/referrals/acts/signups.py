"""Attributing a signup: a code or a click becomes the one attribution of the new user."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from referrals.acts.granting import Outcome
from referrals.dynamodb.parts import Refused
from referrals.dynamodb.side_by_side import together
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor, Attribution, Change, Status
from referrals.rules.clicks import Click
from referrals.rules.errors import InvalidRequest, StateConflict
from referrals.rules.ids import TOMBSTONE_FORM, attribution_id, tombstone
from referrals.rules.programme import Programme
from referrals.rules.times import CLOCK_SKEW
from referrals.store import attributions, clicks, codes, keys, profiles
from referrals.store.attributions import CODE, ERASED
from referrals.store.items import attribution_from


@dataclass(frozen=True, kw_only=True)
class Signup:
    """A new user as the product tells of them; the e-mail address only as a keyed hash.

    `flags` are the risk flags that only the raw request could show; `came_at` is since when they
    are known to have come, where that is not now.
    """

    user_id: str
    click_id: str | None = None
    code: str | None = None
    stripe_customer_id: str | None = None
    email_hash: str | None = None
    flags: tuple[str, ...] = ()
    came_at: datetime | None = None


def attribute(
    table: Table, secret: bytes, signup: Signup, programme: Programme, actor: Actor
) -> Outcome:
    """The user's attribution: the one that stands, or a new one to the owner of the code.

    A code that comes with the click of another code is what the person typed, and wins.
    Raises InvalidRequest for a tombstone's id, an unknown or disabled code, an unknown or expired
    click, or a self-referral, and StateConflict where another referrer has the user already.
    """
    if TOMBSTONE_FORM.fullmatch(signup.user_id):
        # Whoever is called so would share an erased person's account.
        raise InvalidRequest.field("user_id", "erased_ and 24 hex digits are kept for the erased")
    own = keys.attribution(attribution_id(secret, signup.user_id))
    own_profile = keys.profile(signup.user_id)
    erased = {tombstone(secret, signup.user_id), signup.email_hash} - {None}
    tombstones = [keys.tombstone(one) for one in erased if one]
    click, typed, standing = together(
        lambda: clicks.find(table, signup.click_id) if signup.click_id else None,
        lambda: codes.get(table, signup.code) if signup.code else None,
        lambda: table.get_many([own, own_profile, *tombstones]),
    )
    if not standing.keys().isdisjoint(tombstones):
        raise _was_erased()
    known = attribution_from(standing[own]) if own in standing else None
    if known is None or (signup.code or (click and click.code)) != known.code:
        code = typed if signup.code else _code_of(table, click)
        done = _match(known, code) or _create(
            table, secret, signup, click, _eligible(signup, code), programme, actor
        )
    else:
        done = Outcome(known)
    if signup.stripe_customer_id:
        return _linked(table, secret, signup, signup.stripe_customer_id, done, programme, actor)
    if known is None and profiles.person_from(standing.get(own_profile)).customers:
        # Stripe was faster than the product: a payment may be waiting.
        from referrals.acts.settlement import settle_attribution

        return done.then(settle_attribution(table, secret, done.attribution, programme, actor))
    return done


def _linked(
    table: Table,
    secret: bytes,
    signup: Signup,
    customer_id: str,
    done: Outcome,
    programme: Programme,
    actor: Actor,
) -> Outcome:
    """The user is the customer from here on, and what the customer did counts for them."""
    # Loaded by the first signup that names a customer: every start is shorter for it.
    from referrals.acts.settlement import settle_customer
    from referrals.rules.facts import CustomerLinked
    from referrals.store import facts

    facts.link(table, CustomerLinked(customer_id=customer_id, user_id=signup.user_id))
    settled = settle_customer(table, secret, customer_id, programme, actor)
    done = reduce(Outcome.then, settled, done)
    standing = attributions.get(table, attribution_id(secret, signup.user_id))
    return replace(done, attribution=standing or done.attribution)


def _code_of(table: Table, click: Click | None) -> codes.Code | None:
    if click is None:
        raise InvalidRequest.field("click_id", "unknown click")
    return codes.get_recent(table, click.code)


def _match(known: Attribution | None, code: codes.Code | None) -> Outcome | None:
    if known is None:
        return None
    if code is None:
        raise codes.unusable()
    if known.referrer_user_id != code.user_id:
        raise StateConflict("the user is attributed to another referrer", known.status)
    return Outcome(known)


def _eligible(signup: Signup, code: codes.Code | None) -> codes.Code:
    if code is None or code.disabled:
        raise codes.unusable()
    if code.user_id == signup.user_id:
        raise InvalidRequest.field("user_id", "a user cannot refer themselves")
    return code


def _create(
    table: Table,
    secret: bytes,
    signup: Signup,
    click: Click | None,
    code: codes.Code,
    programme: Programme,
    actor: Actor,
) -> Outcome:
    if click is not None and click.code != code.code:
        click = None
    came_at = signup.came_at or actor.at
    if click is not None and came_at > click.clicked_at + programme.window + CLOCK_SKEW:
        raise InvalidRequest.field("click_id", "click expired")
    attribution = Attribution(
        id=attribution_id(secret, signup.user_id),
        code=code.code,
        referrer_user_id=code.user_id,
        referred_user_id=signup.user_id,
        status=Status.ATTRIBUTED,
        created_at=actor.at,
        expires_at=actor.at + programme.window,
        click_id=click.click_id if click else None,
        landing_path=click.landing_path if click else None,
        utm_campaign=click.utm_campaign if click else None,
        utm_medium=click.utm_medium if click else None,
        utm_source=click.utm_source if click else None,
        ip_hash=click.ip_hash if click else None,
        attributed_by=actor.name,
        stripe_customer_id=signup.stripe_customer_id,
        email_hash=signup.email_hash,
        signup_flags=signup.flags,
    )
    birth = Change(before=None, after=attribution)
    try:
        born = attributions.commit(table, birth, monthly_cap=programme.monthly_cap)
    except Refused as refused:
        if ERASED in refused.parts:
            raise _was_erased() from refused
        if refused.parts == {CODE}:
            raise codes.unusable() from refused
        # Someone was first, perhaps this very request the moment before: what stands is read.
        standing = attributions.get(table, attribution.id)
        if standing is None:
            raise
        if standing.referrer_user_id != code.user_id:
            raise StateConflict(
                "the user is attributed to another referrer", standing.status
            ) from refused
        return Outcome(standing)
    return Outcome(born, (birth,))


def _was_erased() -> StateConflict:
    return StateConflict("the person was erased and is not referred again", "erased")

"""POST /referrals/signups: the product tells that a visitor became a user."""

from referrals.acts.signups import Signup, attribute
from referrals.edge import clock, emails, service
from referrals.edge.auth import ADMIN, SERVICE, allow, caller
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.attributions import AttributionView
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.signups import SignupRequest
from referrals.edge.settings import settings
from referrals.edge.telemetry import count_outcomes
from referrals.rules.attribution import Actor
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import normalized_code
from referrals.store.codes import unusable

app = api()


@app.post(f"{PREFIX}/referrals/signups")
def attribute_signup(signup: SignupRequest) -> Envelope[AttributionView]:
    if not signup.click_id and not signup.code:
        raise InvalidRequest.field("code", "a click_id or a code is required")
    code = normalized_code(signup.code) if signup.code else None
    if signup.code and code is None:
        raise unusable()
    secret = service.hashing_secret(derives_ids=True)
    actor = Actor(name=caller(app).name, at=clock.now(), why="signup")
    outcome = attribute(
        service.table(),
        secret,
        Signup(
            user_id=signup.user_id,
            click_id=signup.click_id,
            code=code,
            stripe_customer_id=signup.stripe_customer_id,
            email_hash=emails.hashed(secret, signup.email),
            flags=emails.flags(signup.email),
        ),
        settings().programme,
        actor,
    )
    count_outcomes([outcome])
    return Envelope(data=AttributionView.model_validate(outcome.attribution))


handler = serve(app, allow(SERVICE, ADMIN))

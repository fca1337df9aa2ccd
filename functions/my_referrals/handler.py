"""GET /referrals/me: a user's code, what it earns, and how their referrals fare."""

from referrals.edge import clock, service, visitors
from referrals.edge.auth import allow_user, caller
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.accounts import AccountView
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.members import Member, MemberEvent, MemberStats
from referrals.edge.settings import settings
from referrals.views.members import overview

LATEST = 20

app = api()


@app.get(f"{PREFIX}/referrals/me")
def my_referrals() -> Envelope[Member]:
    user_id, programme = caller(app).user_id, settings().programme
    secret = service.hashing_secret()
    ip_hash = visitors.of(app, secret).ip_hash
    own = overview(service.table(), secret, user_id, clock.now(), clock.new_code, ip_hash, LATEST)
    return Envelope(
        data=Member(
            code=own.code,
            share_path=f"/r/{own.code}",
            share_url=settings().link.share_url(own.code),
            attribution_window_days=programme.window_days,
            monthly_referrer_reward_cap=programme.monthly_cap,
            reward_credits=programme.referrer_credits,
            referred_reward_credits=programme.referred_credits,
            stats=MemberStats(**own.figures),
            credits=AccountView.of(user_id, own.account),
            items=[MemberEvent.of(role, one) for role, one in own.latest],
        )
    )


handler = serve(app, allow_user)

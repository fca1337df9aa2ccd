"""POST /referrals/click: a visitor followed a referral link."""

from referrals.acts.capture import capture, usable_code
from referrals.dynamodb.sending import in_one_piece
from referrals.edge import clock, service, visitors
from referrals.edge.auth import allow_anyone
from referrals.edge.direct import directly
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.clicks import ClickAnswer, ClickRequest
from referrals.edge.models.envelope import Envelope
from referrals.edge.settings import in_lambda, settings
from referrals.edge.telemetry import Metric, count
from referrals.rules.clicks import Click, sanitized_label, sanitized_path
from referrals.store import click_limit

PATH = f"{PREFIX}/referrals/click"

app = api()


@app.post(PATH)
def capture_click(click: ClickRequest) -> Envelope[ClickAnswer]:
    visitor, now = visitors.of(app, service.hashing_secret(derives_ids=True)), clock.now()
    # First, so that a refused click leaves no trace, not even in the limit's count.
    usable_code(service.table(), click.code)
    if visitor.ip_hash and settings().clicks_per_minute:
        click_limit.take(service.table(), visitor.ip_hash, settings().clicks_per_minute, now)
    captured = capture(
        service.table(),
        given_id=click.click_id,
        code=click.code,
        visit=Click(
            click_id="",
            code="",
            clicked_at=now,
            landing_path=sanitized_path(click.landing_path),
            utm_campaign=sanitized_label(click.utm_campaign),
            utm_medium=sanitized_label(click.utm_medium),
            utm_source=sanitized_label(click.utm_source),
            ip_hash=visitor.ip_hash,
            user_agent_hash=visitor.user_agent_hash,
        ),
        ulid=clock.new_ulid(now),
        kept=settings().clicks_kept,
    )
    count(Metric.CLICKS)
    return Envelope(data=ClickAnswer(click_id=captured.click_id, code=captured.code))


if in_lambda():
    in_one_piece(service.table().client, service.table().unrepeated)

directly_captured = directly(app, f"POST {PATH}", ClickRequest, capture_click)
handler = serve(app, allow_anyone, resolve=directly_captured)

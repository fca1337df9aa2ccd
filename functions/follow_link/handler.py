"""GET /r/{code}: a visitor follows a referral link, and goes on to the landing page."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from referrals.acts.capture import capture_visit, usable_code
from referrals.dynamodb.sending import in_one_piece
from referrals.edge import clock, service, visitors
from referrals.edge.crawlers import sent_by_a_person
from referrals.edge.http import api, serve
from referrals.edge.settings import in_lambda, settings
from referrals.edge.telemetry import Metric, count, logger
from referrals.rules.clicks import Click, sanitized_label, sanitized_path
from referrals.rules.errors import NotFound, ReferralError
from referrals.rules.landing import campaign_of
from referrals.store import click_limit

app = api()


@app.route("/r/<code>", method=["GET", "HEAD"])
def follow_link(code: str) -> Response[str]:
    landing, request = settings().link.landing, app.current_event.raw_event
    if landing is None:
        raise NotFound("no landing page is configured")
    query = request.get("rawQueryString", "")
    person = sent_by_a_person(request["requestContext"]["http"]["method"], request["headers"])
    path = sanitized_path(landing.address(query, None))
    click_id = _captured(code, query, path) if person else None
    return Response(
        status_code=HTTPStatus.FOUND,
        body="",
        headers={"Location": landing.address(query, click_id), "Cache-Control": "no-store"},
        cookies=[_cookie(click_id)] if click_id else [],
    )


def _captured(code: str, query: str, landing_path: str | None) -> str | None:
    """The id of the click; None where there is none: nobody stands before an error page for it."""
    now, labels = clock.now(), campaign_of(query)
    try:
        secret = service.hashing_secret(derives_ids=True)
        visitor = visitors.of(app, secret)
        usable_code(service.table(), code)
        if visitor.ip_hash and settings().clicks_per_minute:
            click_limit.take(service.table(), visitor.ip_hash, settings().clicks_per_minute, now)
        click, new = capture_visit(
            service.table(),
            secret,
            code=code,
            visit=Click(
                click_id="",
                code="",
                clicked_at=now,
                landing_path=landing_path,
                ip_hash=visitor.ip_hash,
                user_agent_hash=visitor.user_agent_hash,
                **{name: sanitized_label(label) for name, label in labels.items()},
            ),
            kept=settings().clicks_kept,
        )
    except ReferralError:
        return None
    except Exception:
        logger.exception("the click was not kept")
        return None
    count(Metric.CLICKS, int(new))
    return click.click_id


def _cookie(click_id: str) -> Cookie:
    return Cookie(
        name=settings().link.cookie_name,
        value=click_id,
        path="/",
        domain=settings().link.cookie_domain,
        max_age=settings().programme.window_days * 24 * 60 * 60,
        secure=True,
        http_only=True,
        same_site=SameSite.LAX_MODE,
    )


if in_lambda():
    in_one_piece(service.table().client, service.table().unrepeated)

handler = serve(app)

"""POST /webhooks/stripe: Stripe tells what was paid, refunded and disputed."""

import time

from referrals.acts.intake import take_in
from referrals.edge import clock, service
from referrals.edge.http import PREFIX, APIGatewayHttpResolver, Event, api, body_bytes, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhooks import WebhookAnswer
from referrals.edge.settings import settings
from referrals.edge.stripe_api import completed
from referrals.edge.stripe_events import facts_of
from referrals.edge.stripe_signature import verified_event
from referrals.edge.telemetry import Metric, count, count_outcomes
from referrals.rules.attribution import Actor
from referrals.rules.errors import InvalidRequest

# Stripe's invoices with many lines are far larger than what people send.
LARGEST_EVENT = 1024 * 1024

app = api()


def signed_by_stripe(app: APIGatewayHttpResolver, event: Event) -> None:
    """A guard that lets only events pass that Stripe signed, over the bytes that it signed."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        verified = verified_event(
            body_bytes(event, LARGEST_EVENT),
            headers.get("stripe-signature", ""),
            settings().stripe.signing_secrets,
            time.time(),
        )
    except InvalidRequest:
        # The alarm asks for both, and finds no number where none was told.
        count(Metric.WEBHOOK_SIGNATURE_FAILURES)
        count(Metric.SIGNED_WEBHOOKS, 0, always=True)
        raise
    count(Metric.SIGNED_WEBHOOKS)
    app.append_context(stripe_event=verified)


@app.post(f"{PREFIX}/webhooks/stripe")
def stripe_webhook() -> Envelope[WebhookAnswer]:
    event, secret = app.context["stripe_event"], settings().hashing_secret
    told = facts_of(event, secret)
    if told is None:
        return Envelope(data=WebhookAnswer(handled=False))
    api_key = settings().stripe.api_key
    if api_key:
        told = completed(told, api_key, secret)
    actor = Actor(name="stripe", at=clock.now(), why=f"{event['type']} {event['id']}")
    count_outcomes(take_in(service.table(), secret, told, settings().programme, actor))
    return Envelope(data=WebhookAnswer(handled=True))


handler = serve(app, signed_by_stripe, largest_body=LARGEST_EVENT)

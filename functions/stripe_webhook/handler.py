"""POST /webhooks/stripe: Stripe tells what was paid, refunded and disputed."""

import time

from referrals.acts.granting import Outcome
from referrals.acts.intake import take_in, unmatched
from referrals.edge import clock, service
from referrals.edge.http import PREFIX, APIGatewayHttpResolver, Event, api, body_bytes, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.webhooks import WebhookAnswer
from referrals.edge.settings import settings
from referrals.edge.stripe_api import looked_up
from referrals.edge.stripe_events import Told, told_by
from referrals.edge.stripe_signature import verify
from referrals.edge.telemetry import Metric, count, count_outcomes, logger
from referrals.rules.attribution import Actor
from referrals.rules.errors import InvalidRequest, UnreadableEvent
from referrals.rules.facts import CustomerCameBy
from referrals.store import event_kinds

# Stripe's invoices with many lines are far larger than what people send.
LARGEST_EVENT = 1024 * 1024

app = api()


def signed_by_stripe(app: APIGatewayHttpResolver, event: Event) -> None:
    """A guard that lets only what Stripe signed pass, over the bytes that it signed."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    payload = body_bytes(event, LARGEST_EVENT)
    try:
        signature, secrets = headers.get("stripe-signature", ""), settings().stripe.signing_secrets
        verify(payload, signature, secrets, time.time())
    except InvalidRequest:
        # The alarm asks for both, and finds no number where none was told.
        count(Metric.WEBHOOK_SIGNATURE_FAILURES)
        count(Metric.SIGNED_WEBHOOKS, 0, always=True)
        _note_unsigned()
        raise
    count(Metric.SIGNED_WEBHOOKS)
    app.append_context(payload=payload)


def _note_unsigned() -> None:
    """For staff to see; whoever sent it is refused all the same."""
    try:
        event_kinds.note_unsigned(service.table(), clock.now())
    except Exception:
        logger.warning("a bad signature could not be noted", exc_info=True)


@app.post(f"{PREFIX}/webhooks/stripe")
def stripe_webhook() -> Envelope[WebhookAnswer]:
    try:
        told = told_by(app.context["payload"], settings().stripe_scope, service.hashing_secret())
    except UnreadableEvent as error:
        count(Metric.UNREADABLE_EVENTS)
        logger.warning("unreadable event", extra={"fields": error.errors})
        raise
    if told is None:
        return Envelope(data=WebhookAnswer(handled=False))
    count_outcomes(_taken_in(told))
    event_kinds.note(service.table(), told.kind, told.api_version, clock.now().date())
    event_kinds.note_arrival(service.table(), clock.now())
    return Envelope(data=WebhookAnswer(handled=bool(told.facts)))


def _taken_in(told: Told) -> list[Outcome]:
    """What the event came to; a claim that no event places is asked of Stripe, where we may."""
    attributes = any(isinstance(fact, CustomerCameBy) for fact in told.facts)
    secret = service.hashing_secret(derives_ids=attributes)
    table, programme = service.table(), settings().programme
    actor = Actor(name="stripe", at=clock.now(), why=f"{told.kind} {told.event_id}")
    outcomes = take_in(table, secret, told.facts, programme, actor)
    claims = unmatched(table, told.facts)
    api_key = settings().stripe.api_key
    if claims and api_key:
        answers = looked_up(claims, api_key, told.at, secret)
        outcomes += take_in(table, secret, answers, programme, actor)
        claims = unmatched(table, told.facts)
    count(Metric.UNMATCHED_CLAIMS, len(claims))
    return outcomes


handler = serve(app, signed_by_stripe, guard_reads_body=True)

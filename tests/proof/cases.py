"""For each function a request that does all that it can do, and what comes before it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from referrals.rules.ids import attribution_id
from referrals.rules.retries import Answer
from referrals.store import webhook_endpoints
from referrals.store.webhook_endpoints import Endpoint
from tests import stripe_payloads
from tests.functions.client import event as request_event
from tests.proof.sweep import Case, Deed, Invoke, Request
from tests.simulation.acts import Deliver, Sending, SignUp
from tests.simulation.plan import AFTER_THE_WINDOW, CODES, NOON
from tests.simulation.world import SECRET
from tests.stripe_payloads import BASIL, OLD, Payload, Sale

USER = "u1"
CUSTOMER = "cus_u1"
SALE = Sale(customer=CUSTOMER, number=USER, paid_at=int(NOON.timestamp()), shape=OLD)
NEW = replace(SALE, shape=BASIL)
REFERRAL = attribution_id(SECRET.encode(), USER)
_NOW = timedelta()


def _signed_up(**body: str) -> SignUp:
    body = {"user_id": USER, "click_id": "click_spring"} | body
    return SignUp(name="signs up", at=_NOW, body=body)


def _told(payload: Payload) -> Deliver:
    return Deliver(name=payload["type"], at=_NOW, payload=payload | {"id": "evt_1"})


LINKED = _signed_up(stripe_customer_id=CUSTOMER)
THROW_AWAY = _signed_up(stripe_customer_id=CUSTOMER, email="sam@mailinator.com")
PAID = _told(stripe_payloads.invoice_paid(SALE))
PARTLY_REFUNDED = _told(stripe_payloads.charge_refunded(SALE, 1000))
_INVOICE = PAID.payload["data"]["object"]["id"]
HELD = {"REWARD_HOLD_DAYS": "2"}


def _webhook(payload: Payload, *before: Deed) -> Case:
    return Case("stripe_webhook", _told(payload), before)


def _admin(function: str, method: str, path: str, *before: Deed, **details: object) -> Case:
    request = Request(function, method, f"/admin{path}", details)
    return Case(function, request, before, priced=True)


def _user(function: str, path: str, *before: Deed) -> Case:
    details = {"key": None, "token": "a token"}
    return Case(function, Request(function, "GET", path, details), before)


@dataclass(frozen=True)
class Fetch:
    """What a browser fetches, until it has it."""

    function: str
    path: str
    status: int

    def do(self, sending: Sending) -> None:
        for _ in range(3):
            event = request_event("GET", "")
            event |= {"rawPath": self.path, "rawQueryString": "utm_campaign=spring"}
            answer = sending.actor.invoke(self.function, event)
            if answer is not None and answer["statusCode"] == self.status:
                return
        sending.answers.unanswered.append(self)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Until:
    """Nothing, until so long after noon."""

    passed: timedelta

    def do(self, sending: Sending) -> None:
        sending.actor.world.scheduler.now = NOON + self.passed


@dataclass(frozen=True)
class Listen:
    """Somebody listens for events, or asks for them."""

    id: str = "we_1"
    url: str | None = "https://hooks.example.com/"

    def do(self, sending: Sending) -> None:
        one = Endpoint(
            id=self.id, url=self.url, types=frozenset(), since=NOON, created_at=NOON, salt="salt"
        )
        webhook_endpoints.create(sending.actor.process.table, one)


@dataclass(frozen=True)
class Publish:
    """What the stream tells is handed on to who delivers."""

    def do(self, sending: Sending) -> None:
        Invoke("publish_events", NEWS).do(sending)
        handed_on = [payload for _, payload in sending.actor.world.started]
        if {"endpoint": "we_1", "referrals": [REFERRAL]} not in handed_on:
            sending.answers.unanswered.append(self)  # type: ignore[arg-type]


@dataclass(frozen=True)
class DeliverInVain:
    """A receiver that fails for now."""

    def do(self, sending: Sending) -> None:
        receiving = sending.actor.world.receiving
        receiving.answer = Answer(500)
        DELIVERY.do(sending)
        receiving.answer = Answer(200)


_RECORD = {
    "pk": {"S": f"ATTRIBUTION#{REFERRAL}"},
    "sk": {"S": "AUDIT#000002.0"},
    "at": {"S": "2026-11-20T12:00:00.000Z"},
    "by": {"S": "stripe"},
    "to_status": {"S": "qualified"},
    "why": {"S": "paid"},
}
NEWS = {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": _RECORD}}]}
DELIVERY = Invoke("deliver_events", {"endpoint": "we_1", "referrals": [REFERRAL]})
IN_ORDER = Invoke("deliver_events", {"endpoint": "we_asks", "referrals": [REFERRAL]})
LISTENING, ASKING = Listen(), Listen("we_asks", None)
_ENDPOINT = "/webhook-endpoints/we_1"
DELETION = Request("delete_webhook_endpoint", "DELETE", f"/admin{_ENDPOINT}")
_NO_MORE_ASKING = Request("delete_webhook_endpoint", "DELETE", "/admin/webhook-endpoints/we_asks")
_CLICK = {"key": None, "body": {"code": CODES["metered"], "click_id": "click_new"}}
CLICK = Request("capture_click", "POST", "/referrals/click", _CLICK)
ROLL_UP = Invoke("roll_up_clicks")
_ASKED = {"endpoint": "we_asks"}
_BOUNDS = {"from": "2026-11-20T11:30:00Z", "to": "2026-11-20T12:00:30.500Z"}

CASES: dict[str, Case] = {
    "a click": Case("capture_click", CLICK),
    "a script": Case("serve_embed", Fetch("serve_embed", "/referrals.js", 200)),
    "the card": Case("serve_card", Fetch("serve_card", "/referral-card.js", 200)),
    "the console": Case("serve_console", Fetch("serve_console", "/console", 200)),
    "a followed link": Case("follow_link", Fetch("follow_link", f"/r/{CODES['metered']}", 302)),
    "a signup": Case("attribute_signup", _signed_up(), priced=True, by_service=True),
    "a signup after the payment": Case(
        "attribute_signup", LINKED, (PAID,), priced=True, by_service=True
    ),
    "a first payment": _webhook(PAID.payload, LINKED),
    "a first payment, held": Case("stripe_webhook", PAID, (LINKED,), HELD),
    "a payment that waited for its customer": _webhook(
        stripe_payloads.customer_event(SALE, metadata={"user_id": USER}), _signed_up(), PAID
    ),
    "a click that Stripe is told of, after the payment": _webhook(
        stripe_payloads.checkout_completed(
            SALE, metadata={"user_id": USER, "referral_click_id": "click_spring"}
        ),
        PAID,
    ),
    "a refund in part": _webhook(stripe_payloads.charge_refunded(SALE, 1000), LINKED, PAID),
    "a refund": _webhook(stripe_payloads.charge_refunded(SALE), LINKED, PAID),
    "a dispute": _webhook(stripe_payloads.dispute_created(SALE), LINKED, PAID),
    "a dispute won": _webhook(
        stripe_payloads.dispute_closed(SALE, "won"),
        LINKED,
        PAID,
        _told(stripe_payloads.dispute_created(SALE)),
    ),
    "a refund that failed": _webhook(
        stripe_payloads.later(stripe_payloads.refund_failed(SALE), 60),
        LINKED,
        PAID,
        _told(stripe_payloads.charge_refunded(SALE)),
    ),
    "which payment paid it, after its refund": _webhook(
        stripe_payloads.invoice_payment_paid(NEW),
        LINKED,
        _told(stripe_payloads.invoice_paid(NEW)),
        _told(stripe_payloads.charge_refunded(NEW)),
    ),
    "a fraud warning lifted": _webhook(
        stripe_payloads.later(stripe_payloads.fraud_warning_updated(SALE), 60),
        _told(stripe_payloads.fraud_warning(SALE)),
        LINKED,
        PAID,
    ),
    "an approval": _admin(
        "approve_referral", "POST", f"/referrals/{REFERRAL}/approve", THROW_AWAY, PAID, body={}
    ),
    "a rejection": _admin(
        "reject_referral", "POST", f"/referrals/{REFERRAL}/reject", THROW_AWAY, PAID, body={}
    ),
    "decisions": _admin(
        "decide_referrals",
        "POST",
        "/referrals/decisions",
        THROW_AWAY,
        PAID,
        body={
            "idempotency_key": "decisions-1",
            "decisions": [
                {"id": REFERRAL, "verdict": "approve"},
                {"id": "attr_unknown", "verdict": "reject"},
            ],
        },
    ),
    "a code disabled": _admin(
        "disable_code", "POST", f"/codes/{CODES['metered']}/disable", body={}
    ),
    "a code enabled": _admin(
        "enable_code",
        "POST",
        f"/codes/{CODES['metered']}/enable",
        Request("disable_code", "POST", f"/admin/codes/{CODES['metered']}/disable", {"body": {}}),
        body={},
    ),
    "recovery by schedule": Case(
        "recover_grants", Invoke("recover_grants"), (LINKED, PAID), HELD, timedelta(days=3)
    ),
    "recovery by hand": Case(
        "recover_grants",
        Request("recover_grants", "POST", "/admin/referrals/recover"),
        (LINKED, PAID),
        HELD,
        timedelta(days=3),
        priced=True,
    ),
    "expiry": Case(
        "expire_attributions", Invoke("expire_attributions"), (LINKED,), later=AFTER_THE_WINDOW
    ),
    "reconciliation": Case("reconcile", Invoke("reconcile"), (LINKED, PAID)),
    "an erasure": _admin("erase_user", "POST", f"/users/{USER}/erase", LINKED, PAID, body={}),
    "a list": _admin("list_referrals", "GET", "/referrals", LINKED, PAID),
    "a list of what an invoice means": _admin(
        "list_referrals", "GET", "/referrals", LINKED, PAID, query={"q": _INVOICE}
    ),
    "an export": _admin("export_referrals", "GET", "/referrals.csv", LINKED, PAID),
    "a referral": _admin("get_referral", "GET", f"/referrals/{REFERRAL}", LINKED, PAID),
    "stats": _admin("referral_stats", "GET", "/referrals/stats", LINKED, PAID, query=_BOUNDS),
    "a series": _admin(
        "referral_series",
        "GET",
        "/referrals/series",
        LINKED,
        PAID,
        query=_BOUNDS | {"grain": "hour"},
    ),
    "health": _admin("get_health", "GET", "/health", LINKED, PAID),
    "referrers": _admin(
        "rank_referrers",
        "GET",
        "/referrers",
        LINKED,
        Until(timedelta(minutes=1)),
        ROLL_UP,
    ),
    "campaigns": _admin("rank_campaigns", "GET", "/campaigns", LINKED, PAID, query=_BOUNDS),
    "an account": _admin("get_account", "GET", "/accounts/metered", LINKED, PAID),
    "a plan": _admin(
        "change_plan", "POST", f"/accounts/{USER}/plan", body={"plan": "pro", "overage": True}
    ),
    # Sent again it makes another: who listens is told of both, and deletes one.
    "a receiver": replace(
        _admin(
            "create_webhook_endpoint",
            "POST",
            "/webhook-endpoints",
            body={"url": "https://hooks.example.com/"},
        ),
        one_end=False,
    ),
    "receivers": _admin("list_webhook_endpoints", "GET", "/webhook-endpoints", LISTENING),
    "a receiver deleted": _admin("delete_webhook_endpoint", "DELETE", _ENDPOINT, LISTENING),
    "a secret rotated": _admin("rotate_webhook_secret", "POST", f"{_ENDPOINT}/rotate", LISTENING),
    "a test event": _admin("send_test_event", "POST", f"{_ENDPOINT}/test", LISTENING),
    "a replay": _admin(
        "replay_events",
        "POST",
        f"{_ENDPOINT}/replay",
        LISTENING,
        LINKED,
        PAID,
        query={"from": "2026-11-20T00:00:00Z"},
    ),
    "events that did not arrive": _admin(
        "list_deliveries",
        "GET",
        f"{_ENDPOINT}/deliveries",
        LISTENING,
        LINKED,
        PAID,
        DeliverInVain(),
    ),
    "news": Case("publish_events", Publish(), (LISTENING, LINKED, PAID)),
    "events sent": Case("deliver_events", DELIVERY, (LISTENING, LINKED, PAID)),
    "events that nobody handed on": Case(
        "check_deliveries",
        Invoke("check_deliveries"),
        (LISTENING, LINKED, PAID),
        later=timedelta(hours=1),
    ),
    "what deleted receivers left": Case(
        "check_deliveries",
        Invoke("check_deliveries"),
        (LISTENING, ASKING, LINKED, PAID, DELIVERY, IN_ORDER, DELETION, _NO_MORE_ASKING),
        later=timedelta(hours=2),
    ),
    "events sent again": Case(
        "deliver_events",
        Invoke("deliver_events"),
        (LISTENING, LINKED, PAID, DeliverInVain()),
        later=timedelta(hours=1),
    ),
    "events put in order": Case("deliver_events", IN_ORDER, (ASKING, LINKED, PAID)),
    "events asked for": _admin(
        "pull_events", "GET", "/events", ASKING, LINKED, PAID, IN_ORDER, query=_ASKED
    ),
    "a user's own view": _user("my_referrals", "/referrals/me", LINKED, PAID),
    "a user's own events": _user("my_referral_events", "/referrals/me/events", LINKED, PAID),
    # The click of a minute that is over, and the last minute of an hour that is closed.
    "clicks rolled up": Case(
        "roll_up_clicks",
        ROLL_UP,
        (Until(timedelta(minutes=74)), ROLL_UP, CLICK),
        later=timedelta(minutes=75, seconds=16),
    ),
    "counts folded": Case(
        "roll_up_clicks",
        ROLL_UP,
        (Until(timedelta(minutes=59)), ROLL_UP, LINKED, PAID),
        later=timedelta(minutes=60),
    ),
    # Invoked again it makes another key: the operator revokes what they never saw.
    "a new key": Case(
        "create_api_key",
        Invoke("create_api_key", {"user_id": "metered", "role": "admin", "plan": "pro"}),
        one_end=False,
    ),
    "what Stripe sends": Case("check_stripe", Invoke("check_stripe"), (LINKED, PAID)),
    "a key revoked": Case(
        "revoke_api_key", Invoke("revoke_api_key", {"user_id": "metered", "id": "key_metered"})
    ),
}

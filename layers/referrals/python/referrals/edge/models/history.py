"""All that happened to a referral."""

from pydantic import BaseModel, ConfigDict

from referrals.edge.models.attributions import AttributionView
from referrals.edge.models.envelope import Time
from referrals.edge.models.ledger import LedgerView
from referrals.edge.models.referrals import RewardView
from referrals.rules.attribution import Status
from referrals.rules.facts import LONG_AGO, Kept
from referrals.rules.risk import Finding
from referrals.views.story import Story


class Part(BaseModel):
    """A part of the story: built when the first of its kind is told, for a start pays for each."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class ClickView(Part):
    """When the visitor came, for as long as raw clicks are kept."""

    click_id: str
    clicked_at: Time


class RewardStory(RewardView):
    """A reward with what became of it: tries, the next one, and what claims took back."""

    attempts: int
    next_attempt_at: Time | None = None
    reversed_credits: int
    shortfall: int


class AuditView(Part):
    """One step of an attribution's life."""

    at: Time
    by: str
    from_status: Status | None = None
    to_status: Status
    why: str


class BookingView(LedgerView):
    """One booking of credits for a reward, and whose it is."""

    user_id: str


class FactView(Part):
    """What Stripe told of one of its objects; amounts are in the currency's minor units.

    `kind` is invoice, charge, payment (of an invoice), refund, dispute or warning; `state` is
    Stripe's word, or what follows from it.
    """

    customer_id: str
    kind: str
    id: str
    at: Time | None = None
    state: str
    amount: int | None = None
    refunded: int | None = None
    currency: str | None = None
    billing_reason: str | None = None
    event_id: str | None = None
    invoice_id: str | None = None
    charge_id: str | None = None
    payment_intent_id: str | None = None

    @classmethod
    def of(cls, customer_id: str, fact: Kept) -> "FactView":
        """The view of one fact of a customer's; neither card nor address is in it."""
        at = next((told for name in _TIMES if (told := getattr(fact, name, None))), LONG_AGO)
        amounts = (getattr(fact, name, None) for name in ("amount_paid", "amount"))
        return cls(
            customer_id=customer_id,
            kind=fact.kind.lower(),
            id=fact.id,
            at=None if at == LONG_AGO else at,
            state=_state(fact),
            amount=next((one for one in amounts if one is not None), None),
            currency=getattr(fact, "currency", "") or None,
            **{name: getattr(fact, name, None) for name in _SHOWN},
        )


_TIMES = ("paid_at", "created_at", "told_at")
_SHOWN = (
    *("refunded", "billing_reason", "event_id"),
    *("invoice_id", "charge_id", "payment_intent_id"),
)


def _state(fact: Kept) -> str:
    match fact.kind:
        case "INVOICE":
            return "paid"
        case "CHARGE":
            return "paid no invoice" if getattr(fact, "one_off", False) else "charged"
        case "DISPUTE":
            won = "won" if getattr(fact, "won", False) else "lost"
            return won if getattr(fact, "closed", False) else "open"
        case "WARNING":
            return "actionable" if getattr(fact, "actionable", False) else "lifted"
    return str(getattr(fact, "status", ""))


class FindingView(Part):
    """One risk rule: whether it held the referral, whether it holds now, and what it sees.

    Numbers alone: how much is known of either side, and how much of it is the same.
    """

    rule: str
    enabled: bool
    flagged: bool
    holds: bool
    referrer: int | None = None
    referred: int | None = None
    shared: int | None = None
    signups: int | None = None
    limit: int | None = None

    @classmethod
    def of(cls, finding: Finding, enabled: frozenset[str], flags: tuple[str, ...]) -> "FindingView":
        """The view of what a rule finds, beside what it had found."""
        return cls(enabled=finding.rule in enabled, flagged=finding.rule in flags, **vars(finding))


class ClaimView(Part):
    """A refund, dispute or warning of the referred user's that is on no known invoice."""

    kind: str
    id: str
    amount: int | None = None
    currency: str | None = None
    charge_id: str | None = None
    payment_intent_id: str | None = None


class ReferralHistory(BaseModel):
    """An attribution with its rewards, all that happened to it, in order, and what may yet.

    `paid_amount` and `claimed_amount` are of the first paid invoice, in minor units; a reward is
    not granted before `held_until`.
    """

    attribution: AttributionView
    rewards: list[RewardStory]
    paid_amount: int
    claimed_amount: int
    held_until: Time | None = None
    click: ClickView | None = None
    facts: list[FactView]
    findings: list[FindingView]
    audit: list[AuditView]
    ledger: list[BookingView]
    unmatched_claims: list[ClaimView]

    @classmethod
    def of_story(cls, story: Story, enabled: frozenset[str]) -> "ReferralHistory":
        """The view of a referral's story; `enabled` are the risk rules in force."""
        one = story.attribution
        return cls(
            attribution=AttributionView.model_validate(one),
            rewards=[
                RewardStory.model_validate(reward, from_attributes=True) for reward in one.rewards
            ],
            paid_amount=one.paid_amount,
            claimed_amount=one.claimed_amount,
            held_until=one.held_until,
            click=ClickView.model_validate(story.click) if story.click else None,
            facts=_facts(story),
            findings=[FindingView.of(found, enabled, one.risk_flags) for found in story.findings],
            audit=[AuditView.model_validate(entry) for entry in story.audit],
            ledger=[BookingView.model_validate(entry) for entry in story.bookings],
            unmatched_claims=[ClaimView.model_validate(claim) for claim in story.unmatched_claims],
        )


def _facts(story: Story) -> list[FactView]:
    """In the order of their times; those without one last."""
    views = [
        FactView.of(customer.customer_id, fact) for customer in story.told for fact in customer.told
    ]
    return sorted(views, key=lambda view: (view.at is None, view.at or LONG_AGO, view.kind))

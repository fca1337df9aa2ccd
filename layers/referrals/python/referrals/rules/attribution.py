"""The attribution with its two rewards, and the states that it may pass through."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from referrals.rules.outside import Order


class Status(StrEnum):
    """Where an attribution stands."""

    ATTRIBUTED = "attributed"
    REVIEW_REQUIRED = "review_required"
    QUALIFIED = "qualified"
    REWARDED = "rewarded"
    CAPPED = "capped"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


class Role(StrEnum):
    """Which side of the referral a reward is for."""

    REFERRER = "referrer"
    REFERRED = "referred"


S = Status
TRANSITIONS: dict[Status, frozenset[Status]] = {
    S.ATTRIBUTED: frozenset({S.REVIEW_REQUIRED, S.QUALIFIED, S.CAPPED, S.EXPIRED, S.REJECTED}),
    # A sweep may run before a payment made in time is heard of: expiry is not the last word.
    S.EXPIRED: frozenset({S.REVIEW_REQUIRED, S.QUALIFIED, S.CAPPED, S.REJECTED}),
    S.REVIEW_REQUIRED: frozenset({S.QUALIFIED, S.CAPPED, S.REJECTED}),
    S.QUALIFIED: frozenset({S.REWARDED, S.FAILED, S.REVIEW_REQUIRED, S.REJECTED}),
    S.FAILED: frozenset({S.REWARDED, S.CAPPED, S.REVIEW_REQUIRED, S.REJECTED}),
    S.CAPPED: frozenset({S.FAILED, S.REVIEW_REQUIRED, S.REJECTED}),
    S.REWARDED: frozenset({S.REJECTED}),
    # Only a rejection for a claim that was withdrawn afterwards is taken back, unless a reviewer
    # has made it their own.
    S.REJECTED: frozenset({S.REVIEW_REQUIRED, S.QUALIFIED, S.CAPPED, S.REWARDED, S.REJECTED}),
}

CAPPED_REASON = "capped"
REFUNDED_REASON = "refunded"
DISPUTED_REASON = "disputed"
CLAIM_REASONS = frozenset({REFUNDED_REASON, DISPUTED_REASON})


@dataclass(frozen=True, kw_only=True)
class Reward:
    """Credits for one side. Claims took back `reversed_credits`, and missed the `shortfall`.

    `backend` is where they are granted, None for the ledger. There, `outside_id` of `customer` is
    what holds them, worth `amount`; `order` is what is under way, `gone` are customers that were
    deleted, and `unlinked` says that it waits for one.
    """

    id: str
    attribution_id: str
    role: Role
    user_id: str
    credits: int
    created_at: datetime
    stripe_invoice_id: str | None = None
    credits_granted_at: datetime | None = None
    credits_grant_error: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    reversed_credits: int = 0
    shortfall: int = 0
    reversals: int = 0
    backend: str | None = None
    customer: str | None = None
    outside_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    order: Order | None = None
    gone: tuple[str, ...] = ()
    unlinked: bool = False

    @property
    def credits_grant_key(self) -> str:
        """The key that makes a second grant impossible: the reward's own id."""
        return self.id

    @property
    def pending(self) -> bool:
        """Whether the credits are still owed."""
        return self.credits_granted_at is None


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """One referred user's referral: a consistency boundary, one item, one version."""

    id: str
    code: str
    referrer_user_id: str
    referred_user_id: str
    status: Status
    created_at: datetime
    expires_at: datetime
    click_id: str | None = None
    landing_path: str | None = None
    utm_campaign: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    qualified_at: datetime | None = None
    rewarded_at: datetime | None = None
    first_paid_invoice_id: str | None = None
    stripe_event_id: str | None = None
    risk_flags: tuple[str, ...] = ()
    review_reason: str | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    skip_reason: str | None = None
    error: str | None = None
    rewards: tuple[Reward, ...] = ()
    # What the rules need and no answer shows.
    version: int = 0
    attributed_by: str | None = None
    stripe_customer_id: str | None = None
    email_hash: str | None = None
    ip_hash: str | None = None
    signup_flags: tuple[str, ...] = ()
    paid_amount: int = 0
    claimed_amount: int = 0
    held_until: datetime | None = None
    cap_month: str | None = None

    @property
    def stripe_invoice_id(self) -> str | None:
        """The invoice that the rewards are for: the first paid one."""
        return self.first_paid_invoice_id

    @property
    def pending_rewards(self) -> tuple[Reward, ...]:
        """The rewards whose credits are still owed: once it is rejected, only those ordered."""
        lapsed = self.status in (Status.REJECTED, Status.REVIEW_REQUIRED)
        return tuple(one for one in self.rewards if one.pending and (one.order or not lapsed))

    @property
    def granted_rewards(self) -> tuple[Reward, ...]:
        """The rewards whose credits were booked."""
        return tuple(reward for reward in self.rewards if not reward.pending)

    @property
    def committed_rewards(self) -> tuple[Reward, ...]:
        """Those booked or ordered: no decision undoes them any more, only a reversal does."""
        return tuple(one for one in self.rewards if one.order or not one.pending)

    @property
    def unsettled_rewards(self) -> tuple[Reward, ...]:
        """The rewards for which recovery has something to do, at their `next_attempt_at`."""
        settled = (one for one in self.granted_rewards if one.next_attempt_at)
        return (*self.pending_rewards, *settled)

    @property
    def next_attempt_at(self) -> datetime | None:
        """When recovery should look at it; None when nothing is owed."""
        due = [one.next_attempt_at for one in self.unsettled_rewards if one.next_attempt_at]
        if not due:
            return None
        earliest = min(due)
        return max(earliest, self.held_until) if self.held_until else earliest

    @property
    def reviewed(self) -> bool:
        """Whether a person decided on it."""
        return self.reviewed_at is not None

    def with_reward(self, changed: Reward) -> "Attribution":
        """The same attribution with one of its rewards replaced."""
        rewards = tuple(changed if old.id == changed.id else old for old in self.rewards)
        return replace(self, rewards=rewards)

    def with_flags(self, *flags: str) -> "Attribution":
        """The same attribution with flags added; their order never depends on what came first."""
        return replace(self, risk_flags=tuple(sorted({*self.risk_flags, *flags})))


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who moved an attribution, when, from which status to which, and why."""

    at: datetime
    by: str
    from_status: Status | None
    to_status: Status
    why: str


def birth(attribution: Attribution) -> AuditEntry:
    """How it began, of which no line is kept: the attribution itself tells it."""
    return AuditEntry(
        at=attribution.created_at,
        by=attribution.attributed_by or "",
        from_status=None,
        to_status=Status.ATTRIBUTED,
        why="signup",
    )


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """A booking of credits (negative for a reversal); its key can be booked once."""

    key: str
    user_id: str
    credits: int
    kind: str
    attribution_id: str
    at: datetime
    shortfall: int = 0
    # Where the credits are, and what holds them there; the ledger itself holds what has none.
    backend: str | None = None
    outside_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CapUse:
    """A slot of the referrer's month taken (+1) or given back (-1)."""

    user_id: str
    month: str
    slots: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one act does to an attribution, to be stored in one transaction or not at all."""

    before: Attribution | None
    after: Attribution
    audit: tuple[AuditEntry, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    cap: CapUse | None = None

    def then(self, later: "Change | None") -> "Change":
        """Both acts as one."""
        if later is None:
            return self
        return Change(
            before=self.before,
            after=later.after,
            audit=self.audit + later.audit,
            ledger=self.ledger + later.ledger,
            cap=later.cap or self.cap,
        )


@dataclass(frozen=True, kw_only=True)
class Actor:
    """In whose name, when and why an act is done; part of the audit trail."""

    name: str
    at: datetime
    why: str = field(default="")


def move(attribution: Attribution, to: Status, actor: Actor, **changes: object) -> Change:
    """The act of going to another status; ValueError for a step that TRANSITIONS does not hold."""
    if to not in TRANSITIONS[attribution.status]:
        raise ValueError(f"no transition from {attribution.status} to {to}")
    entry = AuditEntry(
        at=actor.at, by=actor.name, from_status=attribution.status, to_status=to, why=actor.why
    )
    after = replace(attribution, status=to, **changes)  # type: ignore[arg-type]
    return Change(before=attribution, after=after, audit=(entry,))

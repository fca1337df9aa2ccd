"""How the service fares, as an on-call person reads it: no secrets."""

from datetime import date

from pydantic import BaseModel

from referrals.edge.models.envelope import Time
from referrals.edge.settings import Settings
from referrals.store.runs import Runs, Schedule
from referrals.views.health import Health


class RunsView(BaseModel):
    """A schedule's last run that was done, with its numbers, and the last that failed."""

    name: Schedule
    last_done_at: Time | None = None
    figures: dict[str, int] | None = None
    last_failed_at: Time | None = None
    error: str | None = None

    @classmethod
    def of(cls, schedule: Schedule, runs: Runs) -> "RunsView":
        """The view of a schedule."""
        return cls(
            name=schedule,
            last_done_at=runs.done_at,
            figures=dict(runs.figures) if runs.done_at else None,
            last_failed_at=runs.failed_at,
            error=runs.error,
        )


class OwedView(BaseModel):
    """The referral whose reward is tried next."""

    attribution_id: str
    next_attempt_at: Time


class PendingGrantsView(BaseModel):
    """What is owed; without `oldest` nothing is."""

    oldest: OwedView | None = None


class ReconcileView(BaseModel):
    """What the last reconciliation found, as far as it has come; `differences` are the first."""

    finished_at: Time
    done: bool
    items: int
    difference_count: int
    differences: list[str]

    @classmethod
    def of(cls, runs: Runs) -> "ReconcileView | None":
        """The view of the last; None before the first."""
        if runs.done_at is None:
            return None
        return cls(
            finished_at=runs.done_at,
            done=bool(runs.figures["done"]),
            items=runs.figures["items"],
            difference_count=runs.figures["difference_count"],
            differences=list(runs.differences),
        )


class KindView(BaseModel):
    """A kind of event, the day on which it last came, and in which version."""

    kind: str
    last_seen: date
    api_version: str


class UnsignedView(BaseModel):
    """What came of a day without a valid signature: at least so many."""

    day: date
    at_least: int
    last_at: Time


class StripeView(BaseModel):
    """What Stripe sends. `last_event_at` is right to the minute."""

    last_event_at: Time | None = None
    kinds: list[KindView]
    signature_failures: list[UnsignedView]


class SettingsView(BaseModel):
    """The settings in force."""

    attribution_window_days: int
    reward_hold_days: int
    monthly_referrer_reward_cap: int
    referrer_reward_credits: int
    referred_reward_credits: int
    minimum_paid_amount: int
    reversal_mode: str
    credits_backend: str
    risk_rules: list[str]
    signup_velocity_limit: int
    click_retention_days: int
    clicks_per_minute: int
    trusted_proxies: int
    jwt_issuer: str | None = None
    jwt_audience: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "SettingsView":
        """The view of what the environment says."""
        programme = settings.programme
        return cls(
            attribution_window_days=programme.window_days,
            reward_hold_days=programme.hold_days,
            monthly_referrer_reward_cap=programme.monthly_cap,
            referrer_reward_credits=programme.referrer_credits,
            referred_reward_credits=programme.referred_credits,
            minimum_paid_amount=programme.minimum_paid_amount,
            reversal_mode="automatic" if programme.reverse_automatically else "flag",
            credits_backend=settings.credits.backend,
            risk_rules=sorted(programme.risk_rules),
            signup_velocity_limit=programme.velocity_limit,
            click_retention_days=settings.clicks_kept.days,
            clicks_per_minute=settings.clicks_per_minute,
            trusted_proxies=settings.trusted_proxies,
            jwt_issuer=settings.jwt.issuer or None,
            jwt_audience=settings.jwt.audience or None,
        )


class HealthAnswer(BaseModel):
    """What ran, what waits, what Stripe last said, and the settings in force."""

    schedules: list[RunsView]
    pending_grants: PendingGrantsView
    reconcile: ReconcileView | None = None
    stripe: StripeView
    settings: SettingsView

    @classmethod
    def of(cls, health: Health, settings: Settings) -> "HealthAnswer":
        """The view of it all."""
        owed, stripe = health.oldest_owed, health.stripe
        return cls(
            schedules=[RunsView.of(*one) for one in health.schedules.items()],
            pending_grants=PendingGrantsView(oldest=OwedView(**vars(owed)) if owed else None),
            reconcile=ReconcileView.of(health.schedules[Schedule.RECONCILE]),
            stripe=StripeView(
                last_event_at=stripe.last_event_at,
                kinds=[
                    KindView(kind=kind, last_seen=seen.day, api_version=seen.api_version)
                    for kind, seen in sorted(stripe.kinds.items())
                ],
                signature_failures=[UnsignedView(**vars(one)) for one in stripe.unsigned],
            ),
            settings=SettingsView.of(settings),
        )

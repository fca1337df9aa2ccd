"""The one place that reads the environment: where things are, and what the operator chose."""

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from referrals.dynamodb import sdk
from referrals.edge.credits_settings import CreditsSettings, check, credits_settings
from referrals.rules.landing import Landing
from referrals.rules.programme import Programme
from referrals.rules.risk import RISK_RULES

if TYPE_CHECKING:
    from referrals.edge.changing_secret import ChangingSecret


@dataclass(frozen=True)
class JwtSettings:
    """How user and admin tokens are verified; empty `jwks_url` means that none are accepted."""

    jwks_url: str
    issuer: str
    audience: str
    role_claim: str
    # Under which the console signs staff in with the issuer; empty where they have keys alone.
    console_client: str
    # Where the issuer gives out tokens to the console, if that is not on its own host.
    console_tokens: str


@dataclass(frozen=True)
class StripeSecrets:
    """The signing secrets in force, and the API key where missing facts may be fetched."""

    signing_secrets: tuple[str, ...]
    api_key: str | None


@dataclass(frozen=True)
class StripeScope:
    """Whose events count: one account's ("" is our own, unconnected) and those of some modes."""

    account: str
    modes: frozenset[bool]


@dataclass(frozen=True)
class LinkSettings:
    """Where referral links lead, and the cookie that remembers the click."""

    landing: Landing | None
    cookie_name: str
    cookie_domain: str
    # The product's own host for the links; empty where there is none.
    domain: str

    def share_url(self, code: str) -> str | None:
        """The link to share; None where the host of the links is not known."""
        return f"https://{self.domain}/r/{code}" if self.domain else None


@dataclass(frozen=True)
class Settings:
    """What the environment says, read once per process."""

    table_name: str
    hashing_secret_id: str
    stripe_secret_id: str
    # What signs orders to the product's own billing; empty where nothing goes there.
    credits_secret_id: str
    # What sends events on; empty where nothing is published.
    deliver_events: str
    # The account's own bus that hears of all events; empty where none does.
    event_bus: str
    # Whether the stream tells of clicks too.
    click_events: bool
    # Whether this is the local stack, where receivers are on this machine.
    here: bool
    programme: Programme
    clicks_kept: timedelta
    clicks_per_minute: int
    trusted_proxies: int
    stripe_scope: StripeScope
    jwt: JwtSettings
    link: LinkSettings
    credits: CreditsSettings

    @cached_property
    def hashing_secret(self) -> bytes:
        """The key of every keyed hash and cursor. It must never change: ids follow from it."""
        return _secret(self.hashing_secret_id).encode()

    @cached_property
    def _stripe_secret(self) -> "ChangingSecret":
        # The webhook's function alone needs it.
        from referrals.edge.changing_secret import ChangingSecret

        return ChangingSecret(lambda: _secret(self.stripe_secret_id))

    @property
    def stripe(self) -> StripeSecrets:
        """Stripe's secrets as they are now, or were when they could last be read."""
        stored = json.loads(self._stripe_secret.value())
        return StripeSecrets(tuple(stored.get("signing_secrets", ())), stored.get("api_key"))

    @cached_property
    def _credits_secret(self) -> "ChangingSecret":
        # Recovery alone needs it.
        from referrals.edge.changing_secret import ChangingSecret

        return ChangingSecret(lambda: _secret(self.credits_secret_id))

    @property
    def credits_secrets(self) -> tuple[str, ...]:
        """What signs orders to the product's own billing: two while one replaces another."""
        return tuple(self._credits_secret.value().split())


def in_lambda() -> bool:
    """Whether Lambda runs this process."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


@cache
def settings() -> Settings:
    """The settings of this function. KeyError or ValueError where the environment is wrong."""
    credits = credits_settings()
    programme = _programme(credits.outside)
    check(credits, programme)
    return Settings(
        table_name=os.environ["TABLE_NAME"],
        hashing_secret_id=os.environ.get("HASHING_SECRET", ""),
        stripe_secret_id=os.environ.get("STRIPE_SECRET", ""),
        credits_secret_id=os.environ.get("CREDITS_SECRET", ""),
        deliver_events=os.environ.get("DELIVER_EVENTS", ""),
        event_bus=os.environ.get("EVENT_BUS", ""),
        click_events=os.environ.get("CLICK_EVENTS") == "true",
        here=os.environ.get("ENVIRONMENT") == "local",
        programme=programme,
        clicks_kept=timedelta(days=_number("CLICK_RETENTION_DAYS", 90)),
        clicks_per_minute=_number("CLICKS_PER_MINUTE", 60),
        trusted_proxies=_number("TRUSTED_PROXIES", 0),
        stripe_scope=StripeScope(
            account=os.environ.get("STRIPE_ACCOUNT", ""), modes=_modes_that_count()
        ),
        jwt=JwtSettings(
            jwks_url=_jwks_url(),
            issuer=os.environ.get("JWT_ISSUER", ""),
            audience=os.environ.get("JWT_AUDIENCE", ""),
            role_claim=os.environ.get("JWT_ROLE_CLAIM", "role"),
            console_client=os.environ.get("CONSOLE_CLIENT_ID", ""),
            console_tokens=os.environ.get("CONSOLE_TOKEN_URL", ""),
        ),
        link=_link(),
        credits=credits,
    )


def _programme(credits_backend: str | None) -> Programme:
    usual = Programme()
    return Programme(
        window_days=_number("ATTRIBUTION_WINDOW_DAYS", usual.window_days),
        hold_days=_number("REWARD_HOLD_DAYS", usual.hold_days),
        monthly_cap=_number("MONTHLY_REFERRER_REWARD_CAP", usual.monthly_cap),
        referrer_credits=_number("REFERRER_REWARD_CREDITS", usual.referrer_credits),
        referred_credits=_number("REFERRED_REWARD_CREDITS", usual.referred_credits),
        minimum_paid_amount=_number("MINIMUM_PAID_AMOUNT", usual.minimum_paid_amount),
        reverse_automatically=os.environ.get("REVERSAL_MODE", "automatic") == "automatic",
        risk_rules=_rules(os.environ.get("RISK_RULES", ",".join(RISK_RULES))),
        velocity_limit=_number("SIGNUP_VELOCITY_LIMIT", usual.velocity_limit),
        credits_backend=credits_backend,
    )


def _jwks_url() -> str:
    url = os.environ.get("JWT_JWKS_URL", "")
    # Whoever can change the keys on their way can be anybody; the local stack serves its own.
    if url and not url.startswith("https://") and os.environ.get("ENVIRONMENT") != "local":
        raise ValueError("JWT_JWKS_URL must be https")
    return url


def _modes_that_count() -> frozenset[bool]:
    """Live mode is True. Left to itself, prod counts real money alone."""
    usual = "live" if os.environ.get("ENVIRONMENT") == "prod" else "both"
    chosen = os.environ.get("STRIPE_MODE") or "auto"
    modes = {"live": {True}, "test": {False}, "both": {True, False}}
    return frozenset(modes[usual if chosen == "auto" else chosen])


def _rules(names: str) -> frozenset[str]:
    chosen = frozenset(name.strip() for name in names.split(",") if name.strip())
    unknown = chosen - RISK_RULES.keys()
    if unknown:
        raise ValueError(f"RISK_RULES names no such rule: {', '.join(sorted(unknown))}")
    return chosen


def _link() -> LinkSettings:
    url = os.environ.get("LANDING_URL", "")
    paths = os.environ.get("LANDING_PATHS", "").split(",")
    return LinkSettings(
        landing=Landing(
            url=url,
            paths=tuple(path.strip() for path in paths if path.strip()),
            click_parameter=os.environ.get("LINK_CLICK_PARAMETER", ""),
        )
        if url
        else None,
        cookie_name=os.environ.get("COOKIE_NAME") or "referral_click",
        cookie_domain=os.environ.get("COOKIE_DOMAIN", ""),
        domain=os.environ.get("DOMAIN_NAME", ""),
    )


def _number(name: str, usual: int) -> int:
    return int(os.environ.get(name) or usual)


def _secret(identity: str) -> str:
    return str(_secrets().get_secret_value(SecretId=identity)["SecretString"])


@cache
def _secrets() -> Any:
    """Two connections and two answers fit well into the time that a function has."""
    retries = {"mode": "standard", "total_max_attempts": 2}
    return sdk.client("secretsmanager", connect_timeout=1, read_timeout=1, retries=retries)

"""The one place that reads the environment: where things are, and what the operator chose."""

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from referrals.dynamodb import sdk
from referrals.rules.programme import Programme
from referrals.rules.risk import RISK_RULES

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

# A secret that was changed is in use everywhere after this many seconds.
_SECRET_AGE = 60


@dataclass(frozen=True)
class JwtSettings:
    """How user and admin tokens are verified; empty `jwks_url` means that none are accepted."""

    jwks_url: str
    issuer: str
    audience: str
    role_claim: str


@dataclass(frozen=True)
class StripeSecrets:
    """The signing secrets in force, and the API key where missing facts may be fetched."""

    signing_secrets: tuple[str, ...]
    api_key: str | None


@dataclass(frozen=True)
class Settings:
    """What the environment says, read once per process."""

    table_name: str
    hashing_secret_id: str
    stripe_secret_id: str
    programme: Programme
    clicks_kept: timedelta
    clicks_per_minute: int
    trusted_proxies: int
    jwt: JwtSettings

    @property
    def hashing_secret(self) -> bytes:
        """The key of every keyed hash and cursor. It must never change: ids follow from it."""
        return _secret(self.hashing_secret_id).encode()

    @property
    def stripe(self) -> StripeSecrets:
        """Stripe's secrets as they are now."""
        stored = json.loads(_secret(self.stripe_secret_id))
        return StripeSecrets(tuple(stored.get("signing_secrets", ())), stored.get("api_key"))


def in_lambda() -> bool:
    """Whether Lambda runs this process."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


@cache
def settings() -> Settings:
    """The settings of this function. KeyError or ValueError where the environment is wrong."""
    return Settings(
        table_name=os.environ["TABLE_NAME"],
        hashing_secret_id=os.environ.get("HASHING_SECRET", ""),
        stripe_secret_id=os.environ.get("STRIPE_SECRET", ""),
        programme=_programme(),
        clicks_kept=timedelta(days=_number("CLICK_RETENTION_DAYS", 90)),
        clicks_per_minute=_number("CLICKS_PER_MINUTE", 60),
        trusted_proxies=_number("TRUSTED_PROXIES", 0),
        jwt=JwtSettings(
            jwks_url=os.environ.get("JWT_JWKS_URL", ""),
            issuer=os.environ.get("JWT_ISSUER", ""),
            audience=os.environ.get("JWT_AUDIENCE", ""),
            role_claim=os.environ.get("JWT_ROLE_CLAIM", "role"),
        ),
    )


def _programme() -> Programme:
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
    )


def _rules(names: str) -> frozenset[str]:
    chosen = frozenset(name.strip() for name in names.split(",") if name.strip())
    unknown = chosen - RISK_RULES.keys()
    if unknown:
        raise ValueError(f"RISK_RULES names no such rule: {', '.join(sorted(unknown))}")
    return chosen


def _number(name: str, usual: int) -> int:
    return int(os.environ.get(name) or usual)


def _secret(identity: str) -> str:
    return str(_secrets().get(identity, max_age=_SECRET_AGE))


@cache
def _secrets() -> "SecretsProvider":
    # Loaded with the first secret: it brings the whole of boto3, which nothing else here needs.
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto3_client=sdk.client("secretsmanager"))

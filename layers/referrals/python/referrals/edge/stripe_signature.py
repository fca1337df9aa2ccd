"""Stripe's signature: who sent an event, and that it is fresh."""

from collections.abc import Sequence

from referrals.rules.errors import InvalidRequest

# Stripe's own tolerance, in both directions.
_TOLERANCE_SECONDS = 300
_EPOCH_DIGITS = 12


def verify(payload: bytes, header: str, signing_secrets: Sequence[str], now: float) -> None:
    """One of the secrets signed the payload just now. InvalidRequest for anything else.

    ValueError where no secret is configured: that is our fault, and Stripe will send again.
    """
    if not signing_secrets:
        raise ValueError("no Stripe signing secret is configured")
    _check_timestamp(header, now)
    if not any(_signed_with(secret, payload, header) for secret in signing_secrets):
        raise InvalidRequest("the Stripe signature does not match")


def _check_timestamp(header: str, now: float) -> None:
    """The SDK refuses stale events; one from the future is as little to be trusted."""
    if not header.isascii():
        raise InvalidRequest("the Stripe signature is not ASCII")
    stamps = [part[2:] for part in header.replace(" ", "").split(",") if part.startswith("t=")]
    if len(stamps) != 1 or not stamps[0].isdigit() or len(stamps[0]) > _EPOCH_DIGITS:
        raise InvalidRequest("the Stripe signature has no timestamp")
    if abs(int(stamps[0]) - now) > _TOLERANCE_SECONDS:
        raise InvalidRequest("the Stripe signature's timestamp is stale or in the future")


def _signed_with(secret: str, payload: bytes, header: str) -> bool:
    # Loaded here: the SDK is large, and the first event may pay for it instead of every start.
    from stripe import SignatureVerificationError, WebhookSignature

    try:
        text = payload.decode()
        return bool(WebhookSignature.verify_header(text, header, secret, tolerance=None))
    except (SignatureVerificationError, UnicodeDecodeError):
        return False

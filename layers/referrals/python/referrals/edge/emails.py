"""E-mail addresses: hashed and judged where they come in, and never kept."""

from referrals.rules.ids import email_hash, normalized_email
from referrals.rules.risk import DISPOSABLE_EMAIL


def hashed(secret: bytes, email: str | None) -> str | None:
    """The keyed hash of the normalized address."""
    return email_hash(secret, email) if email else None


def flags(email: str | None) -> tuple[str, ...]:
    """The risk flags that only the raw address shows."""
    if not email:
        return ()
    # Some 5,000 names that only a signup with an address needs.
    from disposable_email_domains import blocklist

    domain = normalized_email(email).rpartition("@")[2]
    parents = (domain.split(".", depth)[-1] for depth in range(domain.count(".")))
    return (DISPOSABLE_EMAIL,) if any(parent in blocklist for parent in parents) else ()

"""What a referral counts for with its referrer: the figures of their own view."""

from collections import Counter

from referrals.rules.attribution import Attribution, Status

_STANDING = (
    Status.REVIEW_REQUIRED,
    Status.REWARDED,
    Status.CAPPED,
    Status.EXPIRED,
    Status.REJECTED,
)
FIGURES = ("attributed", "qualified", *(status.value for status in _STANDING))


def figures_of(attribution: Attribution | None) -> Counter[str]:
    """What one referral adds: `attributed` are all, `qualified` all that ever did, the rest is now.

    Nothing before it exists.
    """
    if attribution is None:
        return Counter()
    figures = Counter(attributed=1)
    if attribution.qualified_at is not None:
        figures["qualified"] = 1
    if attribution.status in _STANDING:
        figures[attribution.status.value] = 1
    return figures

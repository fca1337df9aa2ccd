"""The funnel: what one attribution counts for, and the rates that growth staff read."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from referrals.rules.attribution import Attribution, Status

# Three counts of nine digits share a number, so that what is read and written is small. DynamoDB
# keeps 38 digits, emulators 28.
_FIELD = 10**9
_TOGETHER = 3


@dataclass(frozen=True)
class Cohort:
    """Attributions by what they are: `qualified` counts all that ever did, the rest stand now."""

    attributed: int = 0
    qualified: int = 0
    rewarded: int = 0
    review_required: int = 0
    capped: int = 0
    rejected: int = 0

    def __add__(self, other: "Cohort") -> "Cohort":
        return Cohort(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Cohort") -> "Cohort":
        return Cohort(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


def counts_for(attribution: Attribution | None) -> Cohort:
    """What one attribution adds to its cohort; nothing before it exists."""
    if attribution is None:
        return Cohort()
    status = attribution.status
    return Cohort(
        attributed=1,
        qualified=int(attribution.qualified_at is not None),
        rewarded=int(status is Status.REWARDED),
        review_required=int(status is Status.REVIEW_REQUIRED),
        capped=int(status is Status.CAPPED),
        rejected=int(status is Status.REJECTED),
    )


def total(cohorts: Iterable[Cohort]) -> Cohort:
    """The sum of many cohorts."""
    return sum(cohorts, Cohort())


def packed(cohort: Cohort) -> tuple[int, int]:
    """The counts as two numbers, which add like the counts; a difference may be negative.

    The first holds the way to a reward, the second what leaves it, which is mostly nothing.
    """
    counts = astuple(cohort)
    return _pack(counts[:_TOGETHER]), _pack(counts[_TOGETHER:])


def unpacked(progress: int, exceptions: int) -> Cohort:
    """The counts that were packed; each must be below a billion."""
    return Cohort(*_unpack(progress), *_unpack(exceptions))


def _pack(counts: Sequence[int]) -> int:
    return sum(count * _FIELD**place for place, count in enumerate(counts))


def _unpack(number: int) -> list[int]:
    return [number // _FIELD**place % _FIELD for place in range(_TOGETHER)]


def rate(part: int, whole: int) -> float:
    """Three decimals; 0 when there is nothing to divide by."""
    return round(part / whole, 3) if whole else 0.0


def stats(clicks: int, cohort: Cohort) -> dict[str, int | float]:
    """The ten figures of the funnel."""
    return {
        "clicks": clicks,
        "attributed_signups": cohort.attributed,
        "qualified_referrals": cohort.qualified,
        "review_required": cohort.review_required,
        "rewarded_referrals": cohort.rewarded,
        "capped_referrals": cohort.capped,
        "rejected_referrals": cohort.rejected,
        "signup_rate": rate(cohort.attributed, clicks),
        "qualification_rate": rate(cohort.qualified, cohort.attributed),
        "reward_rate": rate(cohort.rewarded, cohort.attributed),
    }

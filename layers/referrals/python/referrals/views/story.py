"""All that is known of one referral: what staff need to say why it is where it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from referrals.dynamodb.side_by_side import side_by_side, together
from referrals.dynamodb.table import Table
from referrals.rules import risk
from referrals.rules.attribution import Attribution, AuditEntry, LedgerEntry
from referrals.rules.claims import Payments, UnmatchedClaim
from referrals.rules.clicks import Click
from referrals.rules.facts import CustomerFacts
from referrals.rules.programme import Programme
from referrals.rules.risk import Finding
from referrals.rules.times import month_of
from referrals.store import accounts, attributions, clicks, evidence, facts


@dataclass(frozen=True)
class Story:
    """A referral from its click to its bookings; `findings` are as the rules see it now.

    `click` is None where there was none, or where it has expired.
    """

    attribution: Attribution
    audit: tuple[AuditEntry, ...]
    click: Click | None
    told: tuple[CustomerFacts, ...]
    findings: tuple[Finding, ...]
    bookings: tuple[LedgerEntry, ...]

    @property
    def unmatched_claims(self) -> list[UnmatchedClaim]:
        """The claims of the referred user's customers that no invoice and no answer places."""
        return [claim for customer in self.told for claim in Payments(customer).unmatched()]


def story(table: Table, secret: bytes, attribution_id: str, programme: Programme) -> Story | None:
    """The story of a referral, or None: three round trips, whatever happened to it."""
    found = attributions.history(table, attribution_id)
    if found is None:
        return None
    one = found.attribution
    month = one.cap_month or month_of(one.created_at)
    gathered, click, bookings = together(
        lambda: evidence.gather(table, secret, one, programme, month),
        lambda: clicks.find(table, one.click_id) if one.click_id else None,
        lambda: accounts.bookings_of(table, one.rewards),
    )
    told = _told(table, sorted(gathered.referred.customers))
    weighed = evidence.weighed(gathered, secret, one, told, programme)
    return Story(one, found.audit, click, told, risk.findings(weighed), bookings)


def _told(table: Table, customers: Sequence[str]) -> tuple[CustomerFacts, ...]:
    return tuple(side_by_side(lambda customer: facts.of_customer(table, customer), customers))

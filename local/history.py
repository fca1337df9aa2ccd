"""What happened before today: the store writes it, with the clock of the day it happened on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ulid import ULID

from referrals.acts import signups
from referrals.acts.intake import take_in
from referrals.acts.signups import Signup
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Actor
from referrals.rules.clicks import Click
from referrals.rules.facts import InvoicePaid
from referrals.rules.programme import Programme
from referrals.store import clicks, codes

KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Campaign:
    """Where visitors come from, and how many on a day."""

    code: str
    name: str
    medium: str
    source: str
    landing_path: str
    daily_clicks: int


@dataclass
class History:
    """Writes the past into the table of a fresh stack, oldest first."""

    table: Table
    secret: bytes
    programme: Programme
    today: datetime

    @classmethod
    def of(cls, table: Table, secret: bytes, programme: Programme) -> History:
        return cls(table, secret, programme, datetime.now(UTC).replace(microsecond=0))

    def give_code(self, user_id: str, code: str) -> None:
        codes.create(self.table, user_id, code)

    def visits(self, campaign: Campaign, days_ago: int) -> str:
        """A day's clicks, two hours apart; the id of the last."""
        click_id = ""
        for number in range(campaign.daily_clicks):
            at = self.today - timedelta(days=days_ago, hours=2 * number)
            ulid = ULID.from_datetime(at)
            click_id = clicks.mint(ulid)
            visit = Click(
                click_id=click_id,
                code=campaign.code,
                clicked_at=at,
                landing_path=campaign.landing_path,
                utm_campaign=campaign.name,
                utm_medium=campaign.medium,
                utm_source=campaign.source,
            )
            clicks.record_minted(self.table, visit, ulid, KEPT)
        return click_id

    def signup(
        self, user_id: str, *, days_ago: float, click_id: str | None = None, code: str | None = None
    ) -> None:
        signups.attribute(
            self.table,
            self.secret,
            Signup(
                user_id=user_id,
                click_id=click_id,
                code=code,
                stripe_customer_id=_customer(user_id),
            ),
            self.programme,
            self._actor("signup", days_ago),
        )

    def payment(self, user_id: str, number: str, days_ago: float) -> None:
        actor = self._actor("stripe", days_ago)
        invoice = InvoicePaid(
            invoice_id=f"in_{number}",
            customer_id=_customer(user_id),
            event_id=f"evt_{number}",
            amount_paid=4900,
            currency="usd",
            billing_reason="subscription_create",
            paid_at=actor.at,
        )
        take_in(self.table, self.secret, [invoice], self.programme, actor)

    def _actor(self, name: str, days_ago: float) -> Actor:
        return Actor(name=name, at=self.today - timedelta(days=days_ago), why="seed")


def _customer(user_id: str) -> str:
    return "cus_" + user_id.replace("-", "_")

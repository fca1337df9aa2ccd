"""A programme on a table: the acts that store tests are made of, each one call deep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ulid import ULID

from referrals.acts import recovery, review, signups
from referrals.acts.capture import capture, capture_visit
from referrals.acts.granting import Outcome
from referrals.acts.intake import Fact, take_in
from referrals.acts.signups import Signup
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution
from referrals.rules.clicks import Click
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import attribution_id
from referrals.rules.programme import Programme
from referrals.store import attributions, codes
from tests.invariants import violations
from tests.samples import CODE, NOW, SECRET, actor, invoice
from tests.tables import everything, ministack_table

KEPT = timedelta(days=90)


@dataclass
class Scene:
    """One table with one programme; `ref` owns the code A1B2C3D4E5F6."""

    programme: Programme = field(default_factory=Programme)
    table: Table = field(default_factory=ministack_table)

    def __post_init__(self) -> None:
        codes.create(self.table, "ref", CODE)

    def click(self, click_id: str | None = None, at: datetime = NOW, **visit: Any) -> Click:
        code = visit.pop("code", CODE)
        seen = Click(click_id="", code="", clicked_at=at, **visit)
        ulid = ULID.from_datetime(at)
        return capture(self.table, seen, ulid, code=code, given_id=click_id, kept=KEPT)

    def follow(self, at: datetime = NOW, **visit: Any) -> tuple[Click, bool]:
        seen = Click(click_id="", code="", clicked_at=at, **visit)
        return capture_visit(self.table, SECRET, seen, code=CODE, kept=KEPT)

    def sign_up(self, user_id: str = "new", at: datetime = NOW, **signup: Any) -> Attribution:
        if not {"code", "click_id"} & signup.keys():
            signup["code"] = CODE
        told = Signup(user_id=user_id, **signup)
        return signups.attribute(self.table, SECRET, told, self.programme, actor(at)).attribution

    def tell(self, *facts: Fact, at: datetime = NOW) -> list[Outcome]:
        return take_in(self.table, SECRET, facts, self.programme, actor(at, "stripe"))

    def pay(self, user_id: str = "new", at: datetime = NOW, **paid: Any) -> Attribution:
        """The user's customer is linked, and pays an invoice of its own."""
        customer_id = f"cus_{user_id}"
        values = {"invoice_id": f"in_{user_id}", "customer_id": customer_id, "paid_at": at}
        linked = CustomerLinked(customer_id=customer_id, user_id=user_id)
        self.tell(linked, invoice(**values | paid), at=at)
        return self.of(user_id)

    def approve(self, user_id: str = "new", at: datetime = NOW, name: str = "ann") -> Outcome:
        one = attribution_id(SECRET, user_id)
        return review.approve(self.table, one, self.programme, actor(at, name))

    def reject(self, user_id: str = "new", at: datetime = NOW, name: str = "bob") -> Outcome:
        one = attribution_id(SECRET, user_id)
        return review.reject(self.table, one, self.programme, actor(at, name, "looks odd"))

    def recover(
        self, at: datetime = NOW, limit: int = 50, *, ignore_backoff: bool = True
    ) -> recovery.Recovery:
        return recovery.recover(
            self.table, limit, self.programme, actor(at), ignore_backoff=ignore_backoff
        )

    def just_before(self, operation: str, mention: str, act: Callable[[], object]) -> None:
        """Once, do something right before the next such call whose arguments mention a text."""
        events, waiting = self.table.client.meta.events, [act]
        name = f"before-parameter-build.dynamodb.{operation}"

        def step_in(params: Any, **_: Any) -> None:
            if waiting and mention in str(params):
                waiting.pop()()

        events.register(name, step_in)

    def of(self, user_id: str = "new") -> Attribution:
        """The user's attribution as stored."""
        found = attributions.get(self.table, attribution_id(SECRET, user_id))
        assert found is not None
        return found

    def balance(self, user_id: str) -> int:
        """What the account item says."""
        return sum(
            item.get("balance", 0)
            for item in everything(self.table)
            if (item["pk"], item["sk"]) == (f"ACCOUNT#{user_id}", "CREDITS")
        )

    def broken(self) -> list[str]:
        """Every money property that does not hold."""
        return violations(self.table, self.programme)

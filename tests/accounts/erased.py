"""Jane: referred, paid, with a code of her own, friends, spent credits and a key, then erased."""

from collections.abc import Callable
from copy import copy
from itertools import count
from typing import Any

from referrals.acts.erasure import Erasure, erase
from referrals.acts.intake import EmailSeen
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import dynamodb_values
from referrals.rules.facts import CustomerLinked
from referrals.rules.ids import email_hash, tombstone
from referrals.store import api_keys, codes, keys, metering, use
from referrals.store.api_keys import ApiKey
from tests.samples import NOW, SECRET, charge, invoice
from tests.store.scene import Scene
from tests.tables import create_table, everything

JANE = "jane-doe"
ADDRESS = email_hash(SECRET, "jane@example.com")
KNOWN_TO_STRIPE = email_hash(SECRET, "doe@example.com")
ERASED = tombstone(SECRET, JANE)
HER_CODE = "JANEJANE0000"
HER_KEY = "her secret key"
TRAITS = (JANE, ADDRESS, KNOWN_TO_STRIPE, "visit-1", "her-address", "her-card")


class Jane(Scene):
    """All that may be stored of one person."""

    def __post_init__(self) -> None:
        super().__post_init__()
        click = self.click("visit-1", ip_hash="her-address")
        self.sign_up(JANE, click_id=click.click_id, email_hash=ADDRESS)
        self.sell()
        codes.create(self.table, JANE, HER_CODE)
        for friend in ("ann", "bob"):
            self.sign_up(friend, code=HER_CODE)
        self.pay("ann")
        key = ApiKey(id="key_1", user_id=JANE, role="member", created_at=NOW)
        api_keys.create(self.table, HER_KEY, key)
        self._spend()
        use.count(self.table, JANE, "request-1", NOW)

    def sell(self, **seen: Any) -> None:
        """What Stripe tells of her, again and again."""
        self.tell(
            CustomerLinked(customer_id="cus_1", user_id=JANE),
            EmailSeen(customer_id="cus_1", email_hash=KNOWN_TO_STRIPE),
            invoice(charge_id="ch_1", paid_at=NOW),
            charge(card="her-card", **seen),
        )

    def _spend(self) -> None:
        place = keys.credits(JANE)
        used_up = {":month": f"{NOW:%Y-%m}", ":included": 2_000}
        self.table.write(
            self.table.update(
                "used up",
                place,
                "SET #month = :month, included_used = :included",
                used_up,
                names={"#month": "month"},
            )
        )
        for _ in range(3):
            metering.charge(self.table, JANE, NOW)

    def twin(self) -> "Jane":
        """The same person on a table of its own."""
        client, other = self.table.client, copy(self)
        other.table = Table(create_table(client), client)
        other.table.__dict__["unrepeated"] = client
        items = everything(self.table)
        puts = [{"PutRequest": {"Item": dynamodb_values(item)}} for item in items]
        for start in range(0, len(puts), 25):
            client.batch_write_item(RequestItems={other.table.name: puts[start : start + 25]})
        return other

    def erase(self, email: str | None = ADDRESS) -> Erasure:
        return erase(self.table, SECRET, JANE, email, self.programme)

    def items(self) -> list[dict[str, Any]]:
        """All items but when schedules ran, and raw clicks, which nothing links to a person."""
        return [
            item for item in everything(self.table) if not item["pk"].startswith(("CLICK", "RUNS"))
        ]

    def traces(self) -> list[dict[str, Any]]:
        """Items in which Jane can be recognised; the bare marks that keep her out are none."""
        return [
            item
            for item in self.items()
            if any(trait in repr(item) for trait in TRAITS)
            and not (item["sk"] == "TOMBSTONE" and set(item) == {"pk", "sk"})
        ]

    def account(self, user_id: str) -> tuple[int, int]:
        """Balance and spent."""
        item = self.table.get(keys.credits(user_id)) or {}
        return item.get("balance", 0), item.get("spent", 0)


class Cut(Exception):
    """The function was stopped here."""


class Held:
    """Before its n-th DynamoDB call somebody else acts to the end; it goes through, and may die."""

    def __init__(
        self, table: Table, at: int, meanwhile: Callable[[], object], *, dies: bool
    ) -> None:
        self._events, self._event = table.client.meta.events, "before-call.dynamodb"
        self._number, self._at, self._meanwhile, self._dies = 0, at, meanwhile, dies

    @property
    def over(self) -> bool:
        """Whether there were fewer calls than that."""
        return self._number < self._at

    def _hold(self, **_: Any) -> None:
        self._number += 1
        if self._number == self._at:
            self._events.unregister(self._event, self._hold)
            self._meanwhile()
            self._events.register(self._event, self._hold)
        if self._number > self._at and self._dies:
            raise Cut

    def __enter__(self) -> "Held":
        self._events.register(self._event, self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        self._events.unregister(self._event, self._hold)


class CutShort:
    """Stops before the n-th DynamoDB call, which is after the one before it."""

    def __init__(self, table: Table, at: int) -> None:
        self._events, self._event = table.client.meta.events, "before-call.dynamodb"
        self._numbers, self._at = count(1), at

    def _stop(self, **_: Any) -> None:
        if next(self._numbers) == self._at:
            raise Cut

    def __enter__(self) -> None:
        self._events.register(self._event, self._stop)

    def __exit__(self, *_: object) -> None:
        self._events.unregister(self._event, self._stop)

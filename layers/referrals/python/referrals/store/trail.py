"""The steps of a referral's life in their order: its birth, its audit trail and its bookings."""

import time
from dataclasses import dataclass

from referrals.dynamodb.parts import Busy
from referrals.dynamodb.table import Table
from referrals.dynamodb.values import Item
from referrals.rules.attribution import Attribution, birth
from referrals.rules.clicks import Click
from referrals.rules.events import BIRTH, Place, Step, click_id_of, click_subject
from referrals.rules.rewards import booking_keys
from referrals.store import clicks, keys
from referrals.store.items import attribution_from, audit_from, ledger_from, place_from


@dataclass(frozen=True)
class Trail:
    """A referral as it is now, or a click, and every step that led there."""

    id: str
    about: Attribution | Click
    steps: tuple[Step, ...]

    def after(self, place: Place) -> tuple[Step, ...]:
        """The steps beyond a place."""
        return tuple(step for step in self.steps if step.place > place)

    def sequence(self, step: Step) -> int:
        """The step's number in this life, from 1: steps are added at the end, and none goes."""
        return self.steps.index(step) + 1


def read(table: Table, attribution_id: str) -> Trail | None:
    """The trail, or None. Two round trips, or one while nothing is booked; a click is its own.

    Busy where a booking is on its way to another owner: an erasure moves it, and is done soon.
    """
    if click_id := click_id_of(attribution_id):
        click = clicks.find(table, click_id)
        return Trail(attribution_id, click, (Step(BIRTH, click),)) if click else None
    for wait in table.waits():
        items = list(table.query(keys.attribution(attribution_id).pk))
        if not items:
            return None
        # The attribution's own sort key is before those of its trail.
        attribution = attribution_from(items[0])
        booked = _bookings(table, attribution)
        if booked is not None:
            steps = [Step(BIRTH, birth(attribution)), *map(_line, items[1:]), *booked]
            # What came while this was read may be here in part: the next reading has all of it.
            whole = (step for step in steps if step.place.version <= attribution.version)
            return Trail(
                attribution_id, attribution, tuple(sorted(whole, key=lambda step: step.place))
            )
        time.sleep(wait)
    raise Busy(f"{attribution_id}: a booking is being moved")


def step_of(item: Item) -> tuple[str, Step] | None:
    """The step that an item is, when it is put, with whose it is; None for one that is none."""
    if item["pk"].startswith(keys.CLICK_PREFIX):
        click = clicks.click_from(item)
        return click_subject(click.click_id), Step(BIRTH, click)
    if item["sk"] == keys.ATTRIBUTION:
        return item["id"], Step(BIRTH, birth(attribution_from(item)))
    if item["sk"].startswith(keys.AUDIT_PREFIX):
        return keys.attribution_id_of(item["pk"]), _line(item)
    if item["sk"].startswith(keys.LEDGER_PREFIX) and "step" in item:
        return item["attribution_id"], _booking(item)
    return None


def _line(item: Item) -> Step:
    version, number = place_from(item["sk"].removeprefix(keys.AUDIT_PREFIX))
    # Birth comes first, and has no line.
    return Step(Place(version, number + 1), audit_from(item))


def _bookings(table: Table, attribution: Attribution) -> list[Step] | None:
    """Those that know their place; none did before events went out. None: one was moved."""
    granted = attribution.granted_rewards
    places = [keys.ledger(one.user_id, key) for one in granted for key in booking_keys(one)]
    found = table.get_many(places) if places else {}
    if len(found) < sum(1 + one.reversals for one in granted):
        return None
    return [_booking(item) for item in found.values() if "step" in item]


def _booking(item: Item) -> Step:
    return Step(place_from(item["step"]), ledger_from(item))

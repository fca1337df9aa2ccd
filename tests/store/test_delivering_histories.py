"""Any history: whatever fails, stutters or dies, each receiver gets every step, in order."""

import random
from datetime import timedelta

import pytest

from referrals.rules.events import event_of
from referrals.rules.ids import attribution_id
from referrals.rules.retries import Answer
from referrals.store import trail
from tests.samples import PAID, SECRET, charge
from tests.store.listening import GOOD, Listening
from tests.store.scene import Scene
from tests.tables import direct_table

_FATES = {"we_fine": 0.0, "we_flaky": 0.3, "we_dead": 1.0}
_FAILURES = [Answer(500), Answer(503, "30"), Answer(problem="no answer within 5 s", silent=True)]


class Killed(Exception):
    """The sender's process ended."""


class _Weather:
    """Receivers that fail as often as their fate says, senders that die, a stream that stutters."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.world = Listening(Scene(table=direct_table()))
        self.fates = dict(_FATES)
        self.interrupted = []
        for name in self.fates:
            self.world.listen(name)
            self.world.always[name] = lambda event, name=name: self._answer(name, event)

    def _answer(self, name, event):
        good = self.dice.random() >= self.fates[name]
        if name == "we_flaky" and self.dice.random() < 0.1:
            if good:
                # It arrived, and the sender heard no answer any more.
                self.world.got[name].append(event)
            raise Killed
        return GOOD if good else self.dice.choice(_FAILURES)

    def tell(self, name, one):
        try:
            self.world.deliver(name, one)
        except Killed:
            # What starts a sender starts it again.
            self.interrupted.append((name, one))

    def stream(self):
        """Records come twice, in any order, in batches cut anywhere."""
        batch = self.world.stream()
        records = batch + self.dice.sample(batch, k=len(batch) // 2)
        self.dice.shuffle(records)
        middle = self.dice.randrange(len(records) + 1)
        for cut in (records[:middle], records[middle:]):
            for name, ones in self.world.news(cut).items():
                for one in ones:
                    self.tell(name, one)

    def pass_time(self, by):
        self.world.now += by
        waiting, self.interrupted = self.interrupted, []
        for name, one in waiting:
            self.tell(name, one)
        for _ in self.fates:
            try:
                self.world.deliver_due()
            except Killed:
                continue

    def live(self, user_id):
        """One referral: a signup, a payment, mostly a refund of all or of a part."""
        world, ch = self.world, f"ch_{user_id}"
        world.scene.sign_up(user_id, at=world.now)
        yield
        world.scene.pay(user_id, at=world.now, charge_id=ch)
        yield
        if self.dice.random() < 0.7:
            refund = charge(
                charge_id=ch,
                customer_id=f"cus_{user_id}",
                invoice_id=f"in_{user_id}",
                refunded=self.dice.choice([PAID, PAID // 3]),
            )
            world.scene.tell(refund, at=world.now)
            yield


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_or_dies_each_receiver_gets_every_step_in_order(seed):
    weather = _Weather(seed)
    world, users = weather.world, [f"user-{number}" for number in range(4)]
    for user_id in users:
        for _ in weather.live(user_id):
            weather.stream()
            weather.pass_time(timedelta(seconds=weather.dice.choice([1, 30, 90])))
    assert world.got["we_dead"] == []
    weather.fates["we_dead"] = 0.0
    for _ in range(60):
        weather.pass_time(timedelta(hours=1))
    for one in (attribution_id(SECRET, user_id) for user_id in users):
        found = trail.read(world.table, one)
        wanted = [event_of(one, step, found.sequence(step), {}).id for step in found.steps]
        own = one.replace("attr_", "evt_") + "_"
        for name in weather.fates:
            came = [event.id for event in world.got[name] if event.id.startswith(own)]
            assert list(dict.fromkeys(came)) == wanted
            told = {event.id: event.sequence for event in world.got[name] if event.id in wanted}
            assert [told[one] for one in wanted] == list(range(1, len(wanted) + 1))
            # Only where a sender died did anything come twice.
            assert came == wanted or name == "we_flaky"

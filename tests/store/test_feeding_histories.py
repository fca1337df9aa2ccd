"""Any history: whoever writes, publishes and reads at once, held or dead, there is one order."""

import threading
import time
from datetime import timedelta
from random import Random

import pytest

from referrals.acts.checking import check
from referrals.dynamodb import side_by_side
from referrals.rules.events import event_of
from referrals.rules.ids import attribution_id
from referrals.store import trail
from referrals.views.feed import BEGINNING, page
from tests.samples import PAID, SECRET, charge
from tests.store.listening import Listening
from tests.store.scene import Scene
from tests.tables import direct_table

_ENDPOINT = "we_asks"
_own = threading.local()


class Died(BaseException):
    """The process ended."""


class Held:
    """An act that stands still before each of its calls until it is told to go on."""

    def __init__(self, act, pace=1.0):
        self.pace = pace
        self.over, self.problem, self._dies = False, None, None
        self._go, self._still = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, args=(act,), daemon=True).start()
        self._still.acquire()

    def go_on(self, dies=None):
        """One call more; it dies before that call, or after it."""
        self._dies = dies
        self._go.release()
        self._still.acquire()
        if self.problem:
            raise self.problem

    def _run(self, act):
        _own.act = self
        try:
            act()
        except Died:
            pass
        except Exception as error:
            self.problem = error
        self.over = True
        self._still.release()

    def call(self, done):
        self._still.release()
        self._go.acquire()
        if self._dies == "before":
            raise Died
        answer = done()
        if self._dies == "after":
            raise Died
        return answer


class _Client:
    def __init__(self, client):
        self._client, self.exceptions = client, client.exceptions

    def __getattr__(self, name):
        call = getattr(self._client, name)

        def held(**arguments):
            act = getattr(_own, "act", None)
            return act.call(lambda: call(**arguments)) if act else call(**arguments)

        return held


class _OneByOne:
    """All calls of an act are made by its own thread."""

    def __init__(self, max_workers):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, act, inputs):
        return [act(one) for one in inputs]


class _Feed:
    """Referrals that live, a stream that stutters, publishers that die, and one who reads."""

    def __init__(self, seed):
        self.dice = Random(seed)
        table = direct_table()
        table.client = table.__dict__["unrepeated"] = _Client(table.client)
        self.world = Listening(Scene(table=table))
        self.world.listen(_ENDPOINT, asks=True)
        self.users = [f"user-{number}" for number in range(3)]
        self.lives = {user_id: self._life(user_id) for user_id in self.users}
        self.living, self.publishing = {}, []
        self.reading, self.cursor, self.got = None, BEGINNING, []
        self.told, self.again = [], []

    def run(self):
        while self.lives or self.living or self.publishing:
            self._go_on()
            for user_id in [*self.lives]:
                if user_id not in self.living and self.dice.random() < 0.3:
                    self._live_on(user_id)
            if (self.lives or self.living) and self.dice.random() < 0.1:
                self._stream()
            if self.reading is None and self.dice.random() < 0.2:
                self.reading = Held(self._read)

    def _go_on(self):
        # Who is held goes on at last, when nobody else does.
        waiting = [*self.living.values(), *self.publishing, *filter(None, [self.reading])]
        for one in self.dice.sample(waiting, k=min(len(waiting), self.dice.randint(1, 3))):
            dies = one in self.publishing and self.dice.random() < 0.03
            if not one.over and self.dice.random() < (one.pace if self.living else 1):
                one.go_on(self.dice.choice(["before", "after"]) if dies else None)
        self.living = {user: one for user, one in self.living.items() if not one.over}
        self.publishing = [one for one in self.publishing if not one.over]
        self.reading = self.reading if self.reading and not self.reading.over else None

    def _live_on(self, user_id):
        act = next(self.lives[user_id], None)
        if act is None:
            del self.lives[user_id]
            return
        # It is stamped now, and written whenever it has its turns.
        self.world.now += timedelta(seconds=self.dice.randint(0, 20))
        at = self.world.now
        self.living[user_id] = Held(lambda: act(at))

    def _life(self, user_id):
        scene, ch = self.world.scene, f"ch_{user_id}"
        yield lambda at: scene.sign_up(user_id, at=at)
        yield lambda at: scene.pay(user_id, at=at, charge_id=ch)
        refunded = self.dice.choice([0, PAID, PAID // 3])
        if refunded:
            customer, invoice = f"cus_{user_id}", f"in_{user_id}"
            told = charge(charge_id=ch, customer_id=customer, invoice_id=invoice, refunded=refunded)
            yield lambda at: scene.tell(told, at=at)

    def _stream(self):
        """Records come in any order, in batches cut anywhere, and some of them again."""
        new = self.world.stream()
        self.told += new
        records = new + self.dice.sample(self.told, k=len(self.told) // 3)
        self.dice.shuffle(records)
        middle = self.dice.randrange(len(records) + 1)
        for cut in (records[:middle], records[middle:]):
            for ones in self.world.news(cut).values():
                # Some are held for as long as others publish all that there is.
                pace = self.dice.choice([1, 1, 0.02])
                self.publishing.append(Held(lambda ones=ones: self._publish(ones), pace))

    def _publish(self, ones):
        self.world.deliver_new(*ones, endpoint_id=_ENDPOINT)

    def _read(self):
        found = self.page(self.cursor, self.dice.randint(1, 3))
        self.got += found.events
        self.cursor = found.following

    def page(self, after, limit):
        return page(self.world.table, _ENDPOINT, after, limit, lambda one: {})

    def rest(self):
        """The daily look finds what died with its publisher; then the reader reads on."""
        while self.reading:
            self._go_on()
        self.world.now += timedelta(hours=2)
        check(self.world.table, self.world.now)
        while self.world.deliver_due(timedelta(minutes=2)):
            pass
        more = True
        while more:
            found = self.page(self.cursor, 2)
            self.got += found.events
            self.cursor, more = found.following, found.more


@pytest.mark.parametrize("seed", range(8))
def test_whoever_is_held_or_dies_a_reader_gets_every_event_once_and_in_order(seed, monkeypatch):
    monkeypatch.setattr(side_by_side, "ThreadPoolExecutor", _OneByOne)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    feed = _Feed(seed)
    feed.run()
    feed.rest()
    came = [event.id for event in feed.got]
    assert len(came) == len(set(came))
    for one in (attribution_id(SECRET, user_id) for user_id in feed.users):
        found = trail.read(feed.world.table, one)
        wanted = [event_of(one, step, found.sequence(step), {}) for step in found.steps]
        own = one.replace("attr_", "evt_") + "_"
        assert [event for event in feed.got if event.id.startswith(own)] == wanted
    # Whoever reads later, in other pages, reads the same.
    assert [event.id for event in feed.page(BEGINNING, 100).events] == came

"""What is drawn beside the members: crowds of visitors, folds, and referrers who leave."""

from datetime import datetime, timedelta
from random import Random

from tests.invariants import OTHER
from tests.simulation.acts import Act, Erase, Run, SignUp
from tests.simulation.looking import Look, LookAtList, LookAtMe, LookAtStats
from tests.simulation.plan import CODES, MONTHS_END
from tests.simulation.visiting import Follow, Visit

# How many histories have a crowd of visitors, and how many a referrer who is erased.
_CROWDED, _LEAVING = 0.3, 0.1
# Clocks of those who capture, count and look: with a hold of five minutes no click comes after
# its minute was closed, a quarter of an hour later.
ATTENTIVE = timedelta(minutes=4)
_GIVEN = ("visit_a", "visit_b")
_CAMPAIGNS = (None, "spring", "autumn")
# More than are counted by name in a minute.
_INVENTED = range(21, 27)
_A_WHILE, _LONG = timedelta(seconds=6), timedelta(minutes=20)
_FILTERS = {
    "status": ("attributed", "review_required", "rewarded", "capped", "expired", "rejected"),
    "campaign": ("spring", "autumn"),
    "user_id": ("metered", "rival", "u1", "u2"),
    "pending_grant": ("true", "false"),
}


def visitors(seed: int, start: datetime) -> list[Act]:
    """In some histories visits within a while, those who count them, and those who look."""
    chance = Random(f"{seed}/visitors")
    if chance.random() >= _CROWDED:
        return []
    latest = chance.choice([_A_WHILE, _A_WHILE, _LONG])
    acts: list[Act] = [_visitor(chance, number, latest) for number in range(chance.randint(1, 5))]
    if chance.random() < 0.1:
        labels = tuple(f"invented {number:02}" for number in range(chance.choice(_INVENTED)))
        acts.append(
            Visit(name="invents", at=_some(chance, latest), code=_code(chance), campaigns=labels)
        )
    if chance.random() < 0.3:
        body = {"user_id": "u1", "click_id": chance.choice(_GIVEN)}
        acts.append(SignUp(name="u1 visited", at=_some(chance, latest), body=body, about="u1"))
    for number in range(chance.randint(1, 4)):
        # Before others come, when all have come, and when their minutes are counted for good.
        at = _some(chance, chance.choice([latest / 2, latest + timedelta(minutes=2), 2 * _LONG]))
        acts.append(Run(name=f"count {number}", at=at, function="roll_up_clicks"))
    return acts + _looks(chance, start, latest)


def _visitor(chance: Random, number: int, latest: timedelta) -> Act:
    at, code, campaign = _some(chance, latest), _code(chance), chance.choice(_CAMPAIGNS)
    address = f"198.51.100.{chance.randint(1, 2)}"
    if chance.random() < 0.3:
        times = chance.randint(1, 3)
        name = f"follows {number}"
        return Follow(name=name, at=at, code=code, campaign=campaign, times=times, address=address)
    given = chance.choice([None, None, "click_spring", *_GIVEN])
    return Visit(
        name=f"visits {number}",
        at=at,
        code=code,
        click_id=given,
        campaigns=(campaign,) * chance.choice([1, 1, 2]),
        again=chance.choice([0, 0, 1, 2]),
        address=address,
    )


def _some(chance: Random, latest: timedelta) -> timedelta:
    return latest * chance.random()


def _code(chance: Random) -> str:
    return chance.choices(list(CODES.values()), [4, 1])[0]


def _looks(chance: Random, start: datetime, latest: timedelta) -> list[Look]:
    """Looks at any moment of a history with many clicks, at any span, user and filters."""

    def bound() -> str | None:
        at = start + latest * chance.uniform(-0.5, 1.5)
        grain = chance.choice([timedelta(minutes=1), timedelta(milliseconds=1)])
        at -= (at - start) % grain
        return chance.choice([None, f"{at:%FT%T}.{at.microsecond // 1000:03}Z"])

    def one(number: int) -> Look:
        name, at = f"looks {number}", latest * chance.uniform(0.3, 1.3)
        kind = chance.choices([LookAtStats, LookAtMe, LookAtList], [3, 1, 1])[0]
        if kind is LookAtMe:
            return LookAtMe(name=name, at=at, user=chance.choice([*CODES]))
        if kind is LookAtList:
            filters = chance.sample(sorted(_FILTERS), chance.choice([0, 1, 1, 2, 3]))
            query = {one: chance.choice(_FILTERS[one]) for one in filters}
            return LookAtList(name=name, at=at, query=query)
        since, until = bound(), bound()
        if since and until:
            since, until = sorted([since, until])
        campaign = chance.choice([None, None, "spring", "autumn", "invented 03", OTHER])
        return LookAtStats(name=name, at=at, span=(since, until), campaign=campaign)

    return [one(number) for number in range(chance.randint(1, 4))]


def folds(seed: int, start: datetime) -> list[Act]:
    """Clicks are counted and counts folded while others act; some see another hour begin."""
    chance = Random(f"{seed}/folds")
    often = [0, 1, 2, 3] if start == MONTHS_END else [0, 0, 0, 1, 2]
    return [
        Run(
            name=f"fold {number}",
            at=timedelta(seconds=chance.uniform(0, chance.choice([1, 7]))),
            function="roll_up_clicks",
        )
        for number in range(chance.choice(often))
    ]


def leavers(seed: int) -> list[Act]:
    """A referrer is erased, before their referrals pay or after."""
    chance = Random(f"{seed}/leavers")
    if chance.random() >= _LEAVING:
        return []
    (user,) = chance.choices([*CODES], [4, 1])
    return [
        Erase(
            name=f"{user} erased {number}",
            at=timedelta(seconds=chance.uniform(0, chance.choice([3, 25, 240]))),
            user=user,
            hurried=chance.random() < 0.6,
        )
        for number in range(1, chance.choice([1, 1, 2]) + 1)
    ]

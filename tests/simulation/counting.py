"""How many clicks a look may show: the fewest and the most that some moment of it had."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from tests.invariants import MOST_CAMPAIGNS, OTHER, by_campaign
from tests.simulation.emulator import Came, Item

Place = tuple[str, str]


def clicks(
    came: Sequence[Came], campaign: str | None, within: Callable[[str], bool], *, quiet: bool
) -> tuple[int, int]:
    """Of a campaign, or of all, at times that are `within`; once all is quiet none is late."""
    unsure = {id(one.click) for one in came if not one.before or (one.late and not quiet)}
    crowded = _crowded([one.click for one in came]) if unsure else set()
    least = most = 0
    for click, name in by_campaign([one.click for one in came]):
        if not within(click["clicked_at"]):
            continue
        names = {name}
        if name and _place(click) in crowded:
            # Which of them count by name is known when all have come.
            names |= {click["utm_campaign"], OTHER}
        most += campaign is None or campaign in names
        least += id(click) not in unsure and (campaign is None or names == {campaign})
    return least, most


def _crowded(came: Sequence[Item]) -> set[Place]:
    """The minutes of a code to which more campaigns came than are counted by name."""
    campaigns = defaultdict[Place, set[str | None]](set)
    for click in came:
        campaigns[_place(click)].add(click.get("utm_campaign"))
    return {place for place, found in campaigns.items() if len(found - {None}) > MOST_CAMPAIGNS}


def _place(click: Item) -> Place:
    return click["clicked_at"][:16], click["code"]

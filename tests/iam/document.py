"""docs/permissions.md: per function, what whoever stole its role could read and write."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.iam import roles
from tests.iam.roles import Permission

PLACE = Path(__file__).parent.parent.parent / "docs" / "permissions.md"

_ENTITIES = {
    "ACCOUNT#*": "accounts",
    "APIKEY#*": "API keys",
    "ATTRIBUTION#*": "referrals",
    "attributed#*": "referrals that wait for a payment",
    "CLICK#*": "clicks",
    "CLICKID#*": "ids of clicks",
    "CODE#*": "codes",
    "REFERRER#*": "counts of referrers",
    "COHORT#*": "list of referrals",
    "DECISIONS#*": "bulk decisions",
    "DELIVERY#*": "deliveries of events",
    "FEED#*": "order of events",
    "WEBHOOKS": "who listens",
    "we_*": "what did not arrive",
    "given_up#we_*": "what was given up",
    "FUNNEL": "mark of the count",
    "FUNNEL#*": "counts",
    "RECONCILIATION": "how far the recount is",
    "CLICKS#*": "counts of clicks",
    "COUNTS#*": "shards of counts",
    "LIMIT#*": "limits of addresses",
    "STRIPE#*": "facts from Stripe",
    "FINGERPRINT": "the secret's fingerprint",
    "RANK#*": "ranks of codes",
    "RANKS": "mark of the ranks",
    "RANKS#*": "order of codes",
    "RUNS": "last runs of schedules",
    "STRIPE#EVENTS": "kinds of events",
    "TOMBSTONE#*": "tombstones",
    "USER#*": "users",
    "/index/by_campaign": "index by campaign",
    "/index/by_status": "index by status",
    "/index/by_visit_time": "clicks by their time",
    "/index/pending_grants": "index of pending grants",
}
_STARTS = "lambda:InvokeFunction"
_TELLS = "events:PutEvents"
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")
_KEYS = ("pk", "sk")
_HEADINGS = "| Function | reads | writes | deletes | secrets |"
_CHARGES = "charging the caller"


def rendered() -> str:
    """The document as it should be: what people wrote above the table stays."""
    lines = [_HEADINGS, "|---|---|---|---|---|"]
    charged: set[Permission] = set()
    for function in sorted(roles.policies()):
        allowed = roles.permissions(function)
        shared = roles.shared("KeyPolicy") | roles.shared("ChargePolicy")
        charging = {one for one in allowed if one.sid in shared}
        charged |= charging
        lines.append(_row(f"`{function}`", allowed - charging, bool(charging)))
    lines.append(_row(f"*{_CHARGES}*", charged, charges=False))
    return PLACE.read_text().partition(_HEADINGS)[0] + "\n".join(lines) + "\n"


def _row(name: str, allowed: set[Permission], charges: bool) -> str:
    started = [
        roles.folder(one.resource.split(":")[-2]) for one in allowed if one.action == _STARTS
    ]
    starts = f"starts {', '.join(f'`{name}`' for name in sorted(started))}" if started else ""
    tells = "events on the bus that is named" * any(one.action == _TELLS for one in allowed)
    told = [_written(allowed), starts, tells, f"*{_CHARGES}*" * charges]
    written = "; ".join(filter(None, told))
    cells = (name, _read(allowed), written, _deleted(allowed), _secrets(allowed))
    return f"| {' | '.join(cells)} |"


def _read(allowed: Iterable[Permission]) -> str:
    read = _entities(allowed, lambda action: action in _READS)
    checked = _entities(allowed, lambda action: action == "ConditionCheckItem")
    told = [*read, *(f"{one} (a condition)" for one in checked if one not in read)]
    return ", ".join(told)


def _written(allowed: Iterable[Permission]) -> str:
    """Whole entities, and of others the attributes alone to which their writes are bound."""
    written = [one for one in allowed if one.action.endswith((":PutItem", ":UpdateItem"))]
    bound = {(one.sid, one.action) for one in written if one.attribute}
    attributes: dict[str, set[str]] = defaultdict(set)
    for one in written:
        if one.attribute and one.attribute not in _KEYS:
            attributes[_entity(one)].add(one.attribute)
    whole = sorted({_entity(one) for one in written if (one.sid, one.action) not in bound})
    parts = [
        f"of {entity} {', '.join(f'`{name}`' for name in sorted(names))}"
        for entity, names in sorted(attributes.items())
        if entity not in whole
    ]
    return "; ".join([*([", ".join(whole)] if whole else []), *parts])


def _deleted(allowed: Iterable[Permission]) -> str:
    return ", ".join(_entities(allowed, lambda action: action == "DeleteItem"))


def _secrets(allowed: Iterable[Permission]) -> str:
    read = sorted(one.resource for one in allowed if one.action.startswith("secretsmanager:"))
    return ", ".join("Stripe's" if one == roles.arn("StripeSecret") else "hashing" for one in read)


def _entities(allowed: Iterable[Permission], meant: Callable[[str], bool]) -> list[str]:
    return sorted({_entity(one) for one in allowed if meant(one.action.split(":")[1])} - {""})


def _entity(one: Permission) -> str:
    if one.action.startswith("secretsmanager:"):
        return ""
    form = one.keys or one.resource.removeprefix(roles.arn("Table"))
    return _ENTITIES[form] if form else "**everything**"

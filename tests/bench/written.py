"""A table that takes what the store writes, at once and unasked, and a payment to write there."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from referrals.dynamodb.parts import Part
from referrals.dynamodb.table import Table
from referrals.rules.attribution import Attribution, Status
from referrals.rules.programme import Programme
from referrals.rules.rewards import owed_rewards
from referrals.rules.times import month_of
from referrals.store import funnel_counts, keys
from referrals.store.funnel_counts import Shard


class Written(Table):
    """Takes what the store writes: items as they are, sums added up."""

    def __init__(self) -> None:
        super().__init__("history", None, {keys.ROLLED_UP.sk})
        self.items: list[dict[str, Any]] = []
        self.sums: dict[keys.Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def write(self, part: Part) -> None:
        self.transact([part])

    def transact(self, parts: list[Part], **_: Any) -> None:
        for part in parts:
            if "Put" in part.write:
                self.items.append(part.write["Put"]["Item"])
                continue
            if "ConditionCheck" in part.write:
                continue
            added = part.write["Update"]
            if not added["UpdateExpression"].startswith("ADD "):
                raise NotImplementedError(added["UpdateExpression"])
            key = keys.Key(*(added["Key"][name]["S"] for name in ("pk", "sk")))
            for name, value in added["ExpressionAttributeValues"].items():
                self.sums[key][name.removeprefix(":")] += int(value["N"])

    def taken(self) -> list[dict[str, Any]]:
        items, self.items = self.items, []
        return items


def folded(table: Written) -> dict[keys.Key, dict[str, int]]:
    """The sums, with those that the fold would have made of shards."""
    found: dict[keys.Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, numbers in table.sums.items():
        stored = {key: numbers}
        if key.pk.startswith(keys.COUNTS_PREFIX):
            stored = funnel_counts.sums(Shard.of(key), [numbers])
        for place, one in stored.items():
            for name, number in one.items():
                found[place][name] += number
    return found


def qualified(born: Attribution) -> Attribution:
    """The referral once its first invoice was paid, as it was born; both rewards are owed."""
    paid = replace(
        born,
        status=Status.QUALIFIED,
        qualified_at=born.created_at,
        first_paid_invoice_id=f"in_{born.referred_user_id}",
        stripe_event_id=f"evt_{born.referred_user_id}",
        paid_amount=2900,
        cap_month=month_of(born.created_at),
    )
    rewards = owed_rewards(paid, Programme(), born.created_at, capped=False)
    return replace(paid, rewards=rewards)

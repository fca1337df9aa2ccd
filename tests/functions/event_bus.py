"""The account's own bus in tests of functions: it takes what it is given, or refuses as told."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.iam import guard

# As the template's parameter stands for itself in the policies that tests weigh.
BUS = "EventBusName"


@dataclass
class FakeBus:
    """Stands in for the client of EventBridge, which answers for each entry of a call alone."""

    # An entry's ErrorCode, or what the whole call fails with; of the next calls, in order.
    refusals: list[str | Exception] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's
        (entry,) = Entries
        guard.put_events(entry["EventBusName"])
        refusal = self.refusals.pop(0) if self.refusals else None
        if isinstance(refusal, Exception):
            raise refusal
        if refusal:
            told = {"ErrorCode": refusal, "ErrorMessage": "not for now"}
            return {"FailedEntryCount": 1, "Entries": [told]}
        self.entries.append(entry)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(len(self.entries))}]}

    @property
    def details(self) -> list[dict[str, Any]]:
        """What rules see of the events."""
        return [json.loads(one["Detail"]) for one in self.entries]

"""Who listens in tests of functions: answers without a network, and keeps what came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from referrals.dynamodb.values import dynamodb_values
from referrals.rules.retries import Answer


@dataclass
class Receiving:
    """Stands in for the sender: what would have gone out came here."""

    answer: Answer = field(default_factory=lambda: Answer(200))
    got: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)

    @classmethod
    def answering(cls, answer: Answer) -> Callable[[], Self]:
        """A way to one that answers so."""
        return lambda: cls(answer)

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        self.got.append((url, headers, body))
        return self.answer


def record_of(item: dict[str, Any]) -> dict[str, Any]:
    """What the table's stream tells of an item that was put."""
    image = dynamodb_values(item)
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": {name: image[name] for name in ("pk", "sk")}, "NewImage": image},
    }

"""Who listens in tests of functions: answers without a network, and keeps what came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

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

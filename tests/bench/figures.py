"""A figure: what several runs gave, told by median and spread, and held against its ceiling."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """The runs of one measurement. `ceiling` is the most, `floor` the least that it may be."""

    bench: str
    name: str
    unit: str
    runs: tuple[float, ...]
    ceiling: float | None = None
    floor: float | None = None

    @property
    def median(self) -> float:
        return median(self.runs)

    @property
    def missed(self) -> bool:
        over = self.ceiling is not None and self.median > self.ceiling
        return over or (self.floor is not None and self.median < self.floor)

    def __str__(self) -> str:
        """`1.36 (1.33 to 1.41) x`; `x` is for times."""
        low, high = min(self.runs), max(self.runs)
        spread = f" ({_text(low)} to {_text(high)})" if low < high else ""
        return f"{_text(self.median)}{spread} {self.unit}"

    def stored(self) -> dict[str, Any]:
        return asdict(self) | {"median": self.median}


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Run by run: what slows one run down slows both of its halves."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

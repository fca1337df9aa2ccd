"""Calls to DynamoDB at the same time: one round trip instead of many in a row."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, overload

T = TypeVar("T")
R = TypeVar("R")
U = TypeVar("U")
V = TypeVar("V")

_WIDTH = 16


def side_by_side(act: Callable[[T], R], inputs: Sequence[T]) -> list[R]:
    """The act on every input, answers in order."""
    if len(inputs) <= 1:
        return [act(one) for one in inputs]
    with ThreadPoolExecutor(max_workers=min(len(inputs), _WIDTH)) as pool:
        return list(pool.map(act, inputs))


def in_turns(act: Callable[[T], R], inputs: Sequence[T], whose: Callable[[T], Hashable]) -> list[R]:
    """The same, but one after the other for those of the same owner; answers in order."""
    turns: dict[Hashable, list[int]] = defaultdict(list)
    for number, one in enumerate(inputs):
        turns[whose(one)].append(number)

    def take(turn: list[int]) -> list[tuple[int, R]]:
        return [(number, act(inputs[number])) for number in turn]

    done = dict(pair for turn in side_by_side(take, [*turns.values()]) for pair in turn)
    return [done[number] for number in range(len(inputs))]


@overload
def together(one: Callable[[], T], other: Callable[[], R], /) -> tuple[T, R]: ...
@overload
def together(
    one: Callable[[], T], other: Callable[[], R], third: Callable[[], U], /
) -> tuple[T, R, U]: ...
@overload
def together(
    one: Callable[[], T], other: Callable[[], R], third: Callable[[], U], fourth: Callable[[], V], /
) -> tuple[T, R, U, V]: ...
def together(*reads: Callable[[], Any]) -> tuple[Any, ...]:
    """Different reads at the same time, answers in order."""
    return tuple(side_by_side(lambda read: read(), reads))

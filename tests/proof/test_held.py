"""Each request is held at its calls, while it is sent again or another takes its place.

Of a request with many calls some are held here; `python -m tests.proof` takes every call.
"""

import pytest

from tests.proof.cases import CASES
from tests.proof.held import OTHERS, Meeting

ABOUT = 8


@pytest.mark.parametrize("name", CASES)
def test_held_while_it_is_sent_again_nothing_is_done_twice(name):
    assert wrong(name, name) == []


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", CASES)
def test_held_while_another_acts_it_does_nothing_that_is_no_longer_so(name, other):
    assert wrong(name, other) == []


def wrong(name, other):
    meeting = Meeting(CASES[name], CASES[other])
    return [(number, fault, found) for number, fault, found in meeting.all(ABOUT) if found]

"""The bill says what AWS would: of an item that is read, all of it counts."""

import pytest

from tests.store.bill import billed

_LARGE = "x" * 5_000


@pytest.fixture
def large(table):
    for number in range(3):
        table.write(table.put("x", {"pk": "A", "sk": f"{number}", "id": "a", "text": _LARGE}))
    return table


def test_a_projection_makes_no_read_cheaper(large, monkeypatch):
    with billed(large, monkeypatch) as whole:
        list(large.query("A"))
    with billed(large, monkeypatch) as part:
        assert list(large.query("A", only=("id",))) == [{"id": "a"}] * 3
    with billed(large, monkeypatch) as scanned:
        large.scan_page(None, 3, ("id",))
    assert part.reads == whole.reads == 4
    # A scan is as it was a moment ago, and half as dear.
    assert scanned.reads == 2
    assert part.trips == whole.trips == scanned.trips == 1

"""What the document of the figures keeps where only a part was measured."""

from tests.bench import ground, report


def test_what_was_not_measured_stands_as_it_was():
    document = ground.DOCS / "bench.md"
    standing = report._standing(document)
    assert [*standing] == [about.splitlines()[0] for about in report._ABOUT.values()]
    assert document.read_text().endswith("".join(standing.values()))

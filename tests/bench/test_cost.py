"""What calls cost is on record: a rise of any endpoint shows in a diff of docs/cost.md."""

from tests.bench import cost


def test_the_document_of_costs_tells_what_every_endpoint_costs_now():
    again = "make bench was not run since: python -m tests.bench cost"
    assert cost.COST.read_text() == cost.document(cost.bills()), again

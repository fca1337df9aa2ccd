"""What is measured is every function that there is."""

from tests.bench.ground import function_names
from tests.bench.programme import SELDOM, Requests


def test_each_function_has_requests_to_be_measured_by_or_a_reason_why_not():
    assert sorted({*Requests(None, None).functions, *SELDOM}) == function_names()

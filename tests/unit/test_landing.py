"""Where a followed link leads: the landing page, and never another host."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some

from referrals.rules.landing import Landing, campaign_of

PAGE = Landing("https://example.com/welcome?from=link#top", paths=("/pricing", "/docs/"))
TOLD = Landing("https://example.com/", click_parameter="click")
CLICK = "refclk_2026112013_0123456789abcdef01234567"


def test_the_query_is_passed_on_behind_the_landing_page_s_own():
    address = PAGE.address("utm_campaign=spring&x=1&x=2&empty=", CLICK)
    expected = "https://example.com/welcome?from=link&utm_campaign=spring&x=1&x=2&empty=#top"
    assert address == expected


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/pricing", "/pricing"),
        ("/pricing/teams", "/pricing/teams"),
        ("/docs/a%20b", "/docs/a%20b"),
        ("/docs/a b", "/docs/a%20b"),
        ("/pricing?plan=pro#faq", "/pricing"),
        ("/pricing-old", "/welcome"),
        ("/admin", "/welcome"),
        ("pricing", "/welcome"),
        ("//evil.example/pricing", "/welcome"),
        ("/%2fevil.example/pricing", "/welcome"),
        ("https://evil.example/pricing", "/welcome"),
        ("/\\evil.example", "/welcome"),
        ("/pricing/../admin", "/welcome"),
        ("/pricing/%2e%2e/admin", "/welcome"),
        ("/pricing\r\nSet-Cookie: a=b", "/welcome"),
        ("/pricing%0d%0aSet-Cookie: a=b", "/welcome"),
        ("/pricing/" + "x" * 2000, "/welcome"),
        ("", "/welcome"),
    ],
)
def test_a_link_names_only_pages_that_are_allowed(asked, path):
    from urllib.parse import urlencode

    found = urlsplit(PAGE.address(urlencode({"to": asked}), None))
    assert (found.netloc, found.path) == ("example.com", path)
    assert "to" not in dict(parse_qsl(found.query))


def test_without_allowed_pages_a_link_names_none():
    assert TOLD.address("to=/pricing", None) == "https://example.com/"


def test_the_click_is_told_only_where_a_field_is_named_for_it():
    assert TOLD.address("a=1", CLICK) == f"https://example.com/?a=1&click={CLICK}"
    assert TOLD.address("a=1", None) == "https://example.com/?a=1"
    assert CLICK not in PAGE.address("a=1", CLICK)


def test_nobody_tells_a_click_in_our_name():
    assert TOLD.address("click=another", None) == "https://example.com/"
    assert TOLD.address("click=another", CLICK) == f"https://example.com/?click={CLICK}"


def test_of_a_campaign_that_comes_twice_the_first_counts():
    query = "utm_campaign=a&utm_campaign=b&utm_source=mail&x=1"
    assert campaign_of(query) == {"utm_campaign": "a", "utm_source": "mail"}


@given(query=some.text(max_size=300), asked=some.text(max_size=80))
def test_no_query_leads_to_another_host_or_breaks_the_header(query, asked):
    for landing in (PAGE, TOLD):
        address = landing.address(f"{query}&to={asked}", CLICK)
        found = urlsplit(address)
        assert (found.scheme, found.netloc) == ("https", "example.com")
        assert address.isascii()
        assert address.isprintable()
        assert " " not in address

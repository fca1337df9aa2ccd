"""Behind proxies a visitor's address is counted from the right; nothing else is believed."""

import pytest

from referrals.rules.addresses import visitor_address

VISITOR, CDN, BACKEND = "203.0.113.7", "198.51.100.1", "198.51.100.2"
SIX = "2001:db8::7"


@pytest.mark.parametrize(
    ("source", "forwarded_for", "trusted", "address"),
    [
        (VISITOR, VISITOR, 0, VISITOR),
        (VISITOR, f"{CDN}, {VISITOR}", 0, VISITOR),
        (CDN, f"{VISITOR}, {CDN}", 1, VISITOR),
        (BACKEND, f"{VISITOR}, {CDN}, {BACKEND}", 2, VISITOR),
        (BACKEND, f"{VISITOR},{CDN},{BACKEND}", 1, CDN),
        # Who comes last is not always written down.
        (CDN, VISITOR, 1, VISITOR),
        (CDN, f"{SIX}, {CDN}", 1, SIX),
        ("2001:db8::1", f"{VISITOR}, 2001:0DB8:0:0:0:0:0:1", 1, VISITOR),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_heard_from(
    source, forwarded_for, trusted, address
):
    assert visitor_address(source, forwarded_for, trusted) == address


@pytest.mark.parametrize("made_up", ["192.0.2.1", "192.0.2.1, 192.0.2.2", "unknown", ",,", " "])
@pytest.mark.parametrize("trusted", [0, 1, 2])
def test_what_a_visitor_sends_along_changes_nothing(made_up, trusted):
    proxies = [CDN, BACKEND][:trusted]
    source = [VISITOR, *proxies][-1]
    chain = ", ".join([made_up, VISITOR, *proxies])
    assert visitor_address(source, chain, trusted) == VISITOR


@pytest.mark.parametrize(
    "forwarded_for",
    [
        "",
        " ",
        ",",
        CDN,
        f"unknown, {CDN}",
        f"_hidden, {CDN}",
        f"203.0.113.7:4711, {CDN}",
        f", {CDN}",
    ],
)
def test_a_chain_that_is_short_or_malformed_leaves_the_source(forwarded_for):
    assert visitor_address(CDN, forwarded_for, 1) == CDN
    assert visitor_address(CDN, forwarded_for, 3) == CDN


def test_no_source_is_no_address():
    assert visitor_address("", "", 0) == ""
    assert visitor_address("", "", 1) == ""

"""What is kept of a stranger's visit."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules.clicks import sanitized_label, sanitized_path


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("spring_2026", "spring_2026"),
        ("  spring \t sale\n2026 ", "spring sale2026"),
        ("spring  sale", "spring sale"),
        ("été\u202e", "été"),
        ("x" * 65, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
    ],
)
def test_a_label_is_printable_single_spaced_and_short(sent, kept):
    assert sanitized_label(sent) == kept


@pytest.mark.parametrize("sent", [None, "", "   ", "\x00\x1b", "\u200b"])
def test_a_label_of_nothing_is_absent(sent):
    assert sanitized_label(sent) is None


@pytest.mark.parametrize("sent", ["*", " * ", "\u200b*"])
def test_no_campaign_takes_the_name_of_all_campaigns(sent):
    assert sanitized_label(sent) is None


@given(st.text())
def test_every_label_is_safe_to_keep_and_to_print(sent):
    label = sanitized_label(sent)
    if label is not None:
        assert 1 <= len(label) <= 64
        assert label != "*"
        assert not [c for c in label if unicodedata.category(c)[0] == "C"]
        assert sanitized_label(label) == label


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("/pricing", "/pricing"),
        ("/pricing?email=a@b.example#top", "/pricing"),
        ("https://shop.example/pricing?x=1", "/pricing"),
        ("//evil.example/x", "/x"),
        ("pricing", "/pricing"),
        ("/" + "x" * 300, "/" + "x" * 199),
        ("/a\r\nSet-Cookie: b", "/aSet-Cookie: b"),
    ],
)
def test_of_a_landing_address_only_the_path_is_kept(sent, kept):
    assert sanitized_path(sent) == kept


@pytest.mark.parametrize("sent", [None, "", "?a=b", "https://shop.example", "http://[broken/x"])
def test_no_path_is_absent(sent):
    assert sanitized_path(sent) is None


@given(st.text())
def test_every_kept_path_begins_at_the_root_and_carries_no_query(sent):
    path = sanitized_path(sent)
    if path is not None:
        assert path.startswith("/")
        assert not path.startswith("//")
        assert len(path) <= 200
        assert "?" not in path
        assert "#" not in path

"""Identifiers: codes, click ids, derived ids, keyed hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.rules import ids
from tests.samples import SECRET


@pytest.mark.parametrize("text", ["a1b2c3d4e5f6", "  A1B2c3d4E5F6\n"])
def test_a_code_is_read_in_any_case_and_with_spaces_around(text):
    assert ids.normalized_code(text) == "A1B2C3D4E5F6"


@pytest.mark.parametrize(
    "text", ["", "A1B2C3D4E5F", "A1B2C3D4E5F67", "A1B2C3-4E5F6", "A1B2 3D4E5F6", "Ä1B2C3D4E5F6"]
)
def test_what_cannot_be_a_code_is_none(text):
    assert ids.normalized_code(text) is None


@given(st.binary(min_size=12, max_size=32))
def test_every_made_code_is_a_code_that_survives_being_read_aloud(entropy):
    code = ids.code_from(entropy)
    assert ids.normalized_code(code) == code
    assert not set(code) & set("ILOU")


def test_each_random_byte_of_a_code_counts():
    made = {ids.code_from(bytes([byte] * 12)) for byte in range(256)}
    assert len(made) == 32


@pytest.mark.parametrize("text", ["abcdef", "a-b_C9", "x" * 64])
def test_six_to_64_plain_characters_are_a_click_id(text):
    assert ids.is_click_id(text)


@pytest.mark.parametrize("text", ["", "abcde", "x" * 65, "abc def", "abcdef\n", "abcdé6", "abc#ef"])
def test_anything_else_is_no_click_id(text):
    assert not ids.is_click_id(text)


def test_a_minted_click_id_holds_its_ulid():
    ulid = "01KAGVJ1Z0ABCDEFGHJKMNPQRS"
    assert ids.minted_ulid(f"refclk_{ulid}") == ulid


@pytest.mark.parametrize(
    "text",
    [
        "01KAGVJ1Z0ABCDEFGHJKMNPQRS",
        "refclk_7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "refclk_81KAGVJ1Z0ABCDEFGHJKMNPQRS",
        "refclk_01KAGVJ1Z0ABCDEFGHJKMNPQR",
        "refclk_01KAGVJ1Z0ABCDEFGHJKMNPQRU",
        "refclk_01kagvj1z0abcdefghjkmnpqrs",
    ],
)
def test_a_caller_s_own_click_id_holds_no_ulid(text):
    assert ids.minted_ulid(text) is None


@given(st.text(min_size=1), st.text(min_size=1))
def test_one_user_leads_to_one_attribution_and_two_users_to_two(one, other):
    first, second = ids.attribution_id(SECRET, one), ids.attribution_id(SECRET, other)
    assert (first == second) is (one == other)


def test_the_secret_decides_every_derived_id():
    assert ids.attribution_id(b"one", "u") != ids.attribution_id(b"two", "u")
    assert ids.email_hash(b"one", "a@b.example") != ids.email_hash(b"two", "a@b.example")


def test_hashes_of_one_value_for_two_purposes_differ():
    assert ids.keyed_hash(SECRET, "ip", "x") != ids.keyed_hash(SECRET, "email", "x")


def test_the_two_sides_of_an_attribution_have_different_rewards():
    one = ids.attribution_id(SECRET, "u")
    assert ids.reward_id(one, "referrer") != ids.reward_id(one, "referred")


def test_an_erased_user_keeps_the_attribution_of_before():
    erased = ids.tombstone(SECRET, "u")
    assert ids.attribution_id(SECRET, erased) == ids.attribution_id(SECRET, "u")
    assert ids.tombstone(SECRET, erased) == erased
    assert "u" not in erased.removeprefix("erased_").strip("0123456789abcdef")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:0db8:0001:0002:ffff:ffff:ffff:ffff"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
    ],
)
def test_addresses_of_one_household_have_one_hash(one, other):
    assert ids.ip_hash(SECRET, one) == ids.ip_hash(SECRET, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("192.0.2.7", "192.0.2.8"),
        ("192.0.2.7", "::192.0.2.7"),
    ],
)
def test_addresses_of_two_households_have_two_hashes(one, other):
    assert ids.ip_hash(SECRET, one) != ids.ip_hash(SECRET, other)


@pytest.mark.parametrize("text", ["", "unknown", "192.0.2", "192.0.2.7, 10.0.0.1", "1.2.3.4:80"])
def test_what_is_no_address_has_no_hash(text):
    assert ids.ip_hash(SECRET, text) is None


@given(st.ip_addresses())
def test_no_hash_shows_its_address(address):
    hashed = ids.ip_hash(SECRET, str(address))
    assert hashed
    assert str(address) not in hashed


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("ann+news@example.com", "ann@example.com"),
        ("a.n.n+x@gmail.com", "ann@gmail.com"),
        ("ann@googlemail.com", "ann@gmail.com"),
        ("a.nn@example.com", "a.nn@example.com"),
        ("ann+a+b@example.com", "ann@example.com"),
    ],
)
def test_spellings_of_one_mailbox_are_one_address(written, meant):
    assert ids.normalized_email(written) == meant


@given(st.emails())
def test_normalizing_twice_changes_nothing_more(email):
    once = ids.normalized_email(email)
    assert ids.normalized_email(once) == once

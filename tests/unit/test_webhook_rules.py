"""Where events may go, how they are signed, and when they are sent again."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from referrals.rules.errors import InvalidRequest
from referrals.rules.retries import TRIES, Answer, wait
from referrals.rules.webhook_signature import secret_of, signed
from referrals.rules.webhook_urls import checked, is_public
from tests.samples import NOW, SECRET


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/in?from=referrals&x=%20",
        "https://hooks.example.com:8443/",
        "https://xn--bcher-kva.example/in",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
    ],
)
def test_public_https_urls_are_taken_as_they_are(url):
    assert checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "hooks.example.com",
        "https://",
        "https:///path",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com@10.0.0.1/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/#",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nx-evil: 1",
        "https://hooks.example.com\\@10.0.0.1/",
        "https://bücher.example/",
        "https://hooks.example.com/" + "a" * 2048,
        "https://localhost/",
        "https://metadata/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[::1",
    ],
)
def test_other_urls_are_refused_by_their_field(url):
    with pytest.raises(InvalidRequest) as refused:
        checked(url)
    assert [error["field"] for error in refused.value.errors] == ["url"]


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
        *("192.168.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::127.0.0.1", "::ffff:10.0.0.1", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        *("100::1", "fec0::1", "2001:0:0:0:0:0:f5ff:fffe"),
    ],
)
def test_what_is_not_of_the_open_internet_is_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"])
def test_what_is_of_the_open_internet_is_public(address):
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_within_an_ipv6_address_is_no_way_around(inner: IPv4Address):
    number = int(inner)
    for outer in ((0xFFFF << 32) | number, (0x2002 << 112) | (number << 80), number):
        within = IPv6Address(outer)
        assert not is_public(within) or is_public(inner)


_texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(_texts)
def test_a_receiver_verifies_what_was_signed_and_nothing_else(why):
    secret, now = secret_of(SECRET, "we_1", "salt"), datetime.now(UTC)
    body = json.dumps({"type": "referral.rewarded", "why": why}, ensure_ascii=False)
    headers = signed("evt_1_2_1", body, now, [secret])
    assert Webhook(secret).verify(body.encode(), headers) == json.loads(body)
    for changed in (
        {**headers, "webhook-id": "evt_1_2_2"},
        {**headers, "webhook-timestamp": str(int(now.timestamp()) - 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " ", headers)


def test_while_two_secrets_live_each_of_them_verifies():
    old, new = (secret_of(SECRET, "we_1", salt) for salt in ("old", "new"))
    headers = signed("evt_1_2_1", "{}", datetime.now(UTC), [new, old])
    for secret in (old, new):
        Webhook(secret).verify("{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(SECRET, "we_1", "other")).verify("{}", headers)


def test_secrets_differ_by_endpoint_by_salt_and_by_the_hashing_secret():
    secrets = {
        secret_of(key, endpoint, salt)
        for key in (SECRET, b"another")
        for endpoint in ("we_1", "we_2")
        for salt in ("a", "b")
    }
    assert len(secrets) == 8
    assert all(secret.startswith("whsec_") for secret in secrets)


@given(st.integers(1, TRIES - 1), st.floats(0, 1))
def test_waits_grow_and_no_luck_shortens_them(tries, luck):
    failed = Answer(500)
    usual, longest = (wait(tries, failed, chance, NOW) for chance in (0, 1))
    assert usual <= wait(tries, failed, luck, NOW) <= longest == usual * 1.2
    if tries > 1:
        assert wait(tries - 1, failed, 0, NOW) < usual


def test_there_are_ten_tries_over_three_days():
    waits = [wait(tries, Answer(500), 0, NOW) for tries in range(1, TRIES)]
    assert len(waits) == 9
    assert timedelta(days=3) < sum(waits, timedelta()) < timedelta(days=4)
    assert wait(TRIES, Answer(500), 0, NOW) is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("120", timedelta(minutes=2)),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), timedelta(hours=1)),
        ("1", timedelta(seconds=5)),
        ("9" * 40, timedelta(days=1)),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), timedelta(seconds=5)),
        ("soon", timedelta(seconds=5)),
        ("-5", timedelta(seconds=5)),
        ("٣", timedelta(seconds=5)),
        (None, timedelta(seconds=5)),
    ],
)
def test_retry_after_is_respected_up_to_a_day(status, retry_after, waits):
    assert wait(1, Answer(status, retry_after), 0, NOW) == waits


def test_retry_after_of_another_status_says_nothing():
    assert wait(1, Answer(500, "3600"), 0, NOW) == timedelta(seconds=5)


def test_2xx_alone_has_arrived_and_410_alone_is_gone():
    every = range(100, 600)
    assert [status for status in every if Answer(status).arrived] == list(range(200, 300))
    assert [status for status in every if Answer(status).gone] == [410]


def test_what_came_to_no_status_has_not_arrived():
    answer = Answer(problem="the connection failed")
    assert not answer.arrived
    assert answer.told == "the connection failed"
    assert Answer(503).told == "answered 503"

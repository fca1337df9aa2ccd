"""GET /r/{code}: a person's visit is kept once and remembered; everybody goes on."""

import json
import random
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest

from referrals.dynamodb.parts import Refused
from referrals.store import codes, keys
from tests.functions.client import ADDRESS, AGENT, Context, event, handler_of
from tests.functions.running import CODE
from tests.tables import everything

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LANDING = "https://product.example.com/welcome"
OTHER_CODE = "ZYXWVTSRQPNM"


def follow(code=CODE, query="", method="GET", agent=AGENT, address=ADDRESS, **headers):
    """What the link answers: the status, the address it leads to, and the cookies."""
    asked = event(method, f"/{code}", address=address, headers={"user-agent": agent} | headers)
    path = f"/r/{quote(code, safe='')}"
    asked |= {"rawPath": path, "routeKey": f"{method} /r/{{code}}", "rawQueryString": query}
    asked["requestContext"]["http"]["path"] = path
    asked["pathParameters"] = {"code": code}
    answer = handler_of("follow_link")(asked, Context())
    # No body is an empty one: what stands before the function takes no null.
    assert isinstance(answer["body"], str)
    location = answer["headers"].get("Location")
    return answer["statusCode"], location, answer.get("cookies", [])


def click_of(cookies):
    (cookie,) = cookies
    return cookie.partition(";")[0].partition("=")[2]


def kept(table):
    return [one for one in everything(table) if one["sk"].startswith("VISIT#")]


def test_a_person_goes_on_with_a_cookie_and_a_click_is_kept(programme, table):
    query = "utm_campaign=spring&utm_medium=email&utm_source=news&x=1"
    status, location, cookies = follow(query=query)
    assert (status, location) == (302, f"{LANDING}?{query}")
    (item,) = kept(table)
    assert item["click_id"] == click_of(cookies)
    assert item["landing_path"] == "/welcome"
    told = {name: item[name] for name in ("utm_campaign", "utm_medium", "utm_source")}
    assert told == {"utm_campaign": "spring", "utm_medium": "email", "utm_source": "news"}
    assert programme.stats().good["clicks"] == 1


def test_the_cookie_is_for_the_window_and_no_script(programme, configure):
    configure(ATTRIBUTION_WINDOW_DAYS=7, COOKIE_NAME="ref", COOKIE_DOMAIN="example.com")
    _, _, (cookie,) = follow()
    told = set(cookie.split("; ")[1:])
    assert cookie.startswith("ref=refclk_")
    assert told == {
        *("Path=/", "Domain=example.com", "Max-Age=604800"),
        *("HttpOnly", "Secure", "SameSite=Lax"),
    }


def test_a_signup_by_the_cookie_leads_to_the_referrer(programme):
    _, _, cookies = follow(query="utm_campaign=spring")
    attribution = programme.signup("user-new", click_id=click_of(cookies)).good
    assert attribution["referrer_user_id"] == "user-referrer"
    assert attribution["utm_campaign"] == "spring"


def test_one_visitor_in_one_hour_is_one_click(programme, time_is):
    time_is(NOON)
    first = follow()
    time_is(NOON + timedelta(minutes=59))
    assert follow() == first
    assert programme.stats().good["clicks"] == 1
    time_is(NOON + timedelta(hours=1))
    assert follow() != first
    assert programme.stats().good["clicks"] == 2


def test_another_agent_or_address_is_another_visitor(programme):
    clicks = {click_of(follow()[2]), click_of(follow(agent=f"{AGENT} other")[2])}
    clicks.add(click_of(follow(address="203.0.113.78")[2]))
    assert len(clicks) == programme.stats().good["clicks"] == 3


def test_the_last_link_that_was_followed_decides(programme, table):
    codes.create(table, "user-other", OTHER_CODE)
    follow()
    _, _, cookies = follow(OTHER_CODE)
    attribution = programme.signup("user-new", click_id=click_of(cookies)).good
    assert attribution["referrer_user_id"] == "user-other"


def test_a_visit_counts_at_its_own_time(programme, time_is):
    time_is(NOON)
    programme.click()
    time_is(NOON + timedelta(minutes=40))
    follow()
    parts = [
        programme.stats(f"2026-11-20T12:{start}:00Z", f"2026-11-20T12:{end}:00Z").good["clicks"]
        for start, end in (("00", "20"), ("20", "40"), ("40", "59"))
    ]
    assert parts == [1, 0, 1]


@pytest.mark.parametrize("code", ["ZZZZZZZZZZZZ", "short", "%00", "a" * 300, "<img>", "é" * 12])
def test_an_unknown_code_leads_on_without_cookie_and_click(programme, untouched, code):
    with untouched():
        assert follow(code, "x=1") == (302, f"{LANDING}?x=1", [])


def test_a_disabled_code_leads_on_without_cookie_and_click(programme, table, untouched):
    key = keys.code(CODE)
    item = {"pk": key.pk, "sk": key.sk, "user_id": "user-referrer", "disabled": True}
    table.write(table.put("disabled", item))
    with untouched():
        assert follow() == (302, LANDING, [])


@pytest.mark.parametrize(
    "crawler",
    [
        {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"agent": "WhatsApp/2.23.20.0"},
        {"agent": "curl/8.5.0"},
        {"agent": ""},
        {"method": "HEAD"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
    ],
)
def test_who_is_no_person_goes_on_without_cookie_and_click(programme, untouched, crawler):
    with untouched():
        assert follow(**crawler) == (302, LANDING, [])


def test_over_the_limit_people_go_on_and_are_not_counted(programme, configure):
    configure(CLICKS_PER_MINUTE=2)
    answers = [follow(agent=f"{AGENT} {number}") for number in range(4)]
    assert [bool(cookies) for _, _, cookies in answers] == [True, True, False, False]
    assert {location for _, location, _ in answers} == {LANDING}
    assert programme.stats().good["clicks"] == 2


def test_a_table_that_fails_stands_in_nobody_s_way(programme, table, monkeypatch):
    def broken(*_):
        raise Refused(frozenset({"broken"}))

    monkeypatch.setattr(table, "get", broken)
    assert follow("B1B2C3D4E5F6") == (302, LANDING, [])


def test_without_a_landing_page_there_is_no_door(programme, configure):
    configure(LANDING_URL="")
    status, location, _ = follow()
    assert (status, location) == (404, None)


def test_a_product_on_another_domain_is_told_the_click(programme, configure):
    configure(LINK_CLICK_PARAMETER="click_id")
    _, location, cookies = follow(query="click_id=forged&x=1")
    assert location == f"{LANDING}?x=1&click_id={click_of(cookies)}"


def test_no_link_however_odd_is_an_error_or_leads_elsewhere(programme, configure):
    configure(LANDING_PATHS="/pricing,/docs", CLICKS_PER_MINUTE=0)
    chance = random.Random(12)
    odd = string.printable + "é\u202e\u0000\ud7ff/\\%&=?#:@"
    elsewhere = [
        *(
            "/pricing",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/pricing/../..",
        ),
        *(
            "/pricing\r\nSet-Cookie: a=b",
            "/pricing\nLocation: https://evil.example",
            "/pricing@evil",
        ),
    ]

    def some(longest):
        return "".join(chance.choices(odd, k=chance.randrange(longest)))

    for _ in range(10_000):
        code = chance.choice([CODE, CODE.lower(), some(40), some(12)])
        to = chance.choice([*elsewhere, some(60)])
        query = chance.choice([some(200), f"to={quote(to)}&{some(60)}", f"to={to}"])
        agent = chance.choice([AGENT, some(100)])
        headers = {"x-moz": some(20), "x-forwarded-for": some(40), "cookie": some(40)}
        status, location, _ = follow(code, query, agent=agent, **headers)
        if status != 302:
            assert 400 <= status < 500, (code, query)
            continue
        assert urlsplit(location)[:2] == ("https", "product.example.com")
        assert location.isprintable()


def test_an_address_and_an_agent_are_kept_as_hashes_alone(programme, table):
    follow()
    text = json.dumps(kept(table))
    assert ADDRESS not in text
    assert AGENT not in text

"""GET /admin/referrals.csv: what is filtered, for a spreadsheet, page after page."""

import csv
import io

import pytest

from referrals.edge.models.export import COLUMNS
from tests.functions.running import REFERRER

PATH = "/admin/referrals.csv"


def export(programme, **query):
    return programme.admin("export_referrals", "GET", PATH, query=query)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def filled(programme):
    for number in range(5):
        click = programme.click(utm_campaign="spring").good["click_id"]
        programme.rewarded(f"user-{number}", click_id=click)
    programme.in_review("user-held")
    programme.signup("user-waiting")
    return programme


def test_every_referral_is_a_line_with_all_that_the_list_tells(filled):
    told = rows(export(filled).good)
    listed = [one["attribution"] for one in filled.list(order="oldest").good["items"]]
    assert [one["id"] for one in told] == [one["id"] for one in listed]
    for line, one in zip(told, listed, strict=True):
        flat = one | {"risk_flags": " ".join(one["risk_flags"])}
        assert {name: line[name] for name in flat} == flat
    rewarded = told[0]
    assert rewarded["referrer_credits"] == rewarded["referred_credits"] == "10000"
    assert rewarded["referred_granted_at"] == rewarded["rewarded_at"]
    assert told[-1]["referred_credits"] == ""


def test_the_pages_together_are_the_whole_and_name_the_columns_once(filled):
    whole, pages, query = export(filled).good, [], {"limit": "3"}
    while True:
        answer = export(filled, **query)
        pages.append(answer.good)
        following = answer.headers.get("X-Next-Cursor")
        if following is None:
            break
        query["cursor"] = following
    assert len(pages) == 3
    assert "".join(pages) == whole
    assert whole.splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize(
    "query", [{"campaign": "spring"}, {"status": "review_required"}, {"user_id": "user-2"}]
)
def test_filters_are_those_of_the_list(filled, query):
    listed = [one["attribution"]["id"] for one in filled.list(**query).good["items"]]
    assert sorted(one["id"] for one in rows(export(filled, **query).good)) == sorted(listed)
    assert listed


def test_the_lines_of_each_status_are_as_many_as_stats_says(filled):
    stats, told = filled.stats().good, rows(export(filled).good)
    assert len(told) == stats["attributed_signups"]
    for status, name in (("rewarded", "rewarded_referrals"), ("review_required",) * 2):
        assert sum(one["status"] == status for one in told) == stats[name]


@pytest.mark.parametrize("campaign", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_what_a_stranger_wrote_is_no_formula(programme, campaign):
    click = programme.click(utm_campaign=campaign).good["click_id"]
    programme.signup("user-new", click_id=click)
    (line,) = rows(export(programme).good)
    assert line["utm_campaign"] == f"'{campaign}"


def test_commas_quotes_and_markup_stay_in_their_cell(programme):
    campaign = 'a,"b"; <img onerror=x>'
    programme.signup("user-new", click_id=programme.click(utm_campaign=campaign).good["click_id"])
    stored = programme.referral_of("user-new")["attribution"]["utm_campaign"]
    (line,) = rows(export(programme).good)
    assert line["utm_campaign"] == stored
    assert line["referrer_user_id"] == REFERRER


def test_an_empty_programme_is_the_columns_alone(programme):
    answer = export(programme)
    assert answer.good == ",".join(COLUMNS) + "\r\n"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "X-Next-Cursor" not in answer.headers


def test_a_page_costs_a_credit(programme):
    assert export(programme).headers["X-Credits-Charged"] == "1"


@pytest.mark.parametrize("cursor", ["", "tampered", "é"])
def test_a_cursor_that_was_tampered_with_is_a_400(programme, cursor):
    assert export(programme, cursor=cursor or "x").status == 400


def test_a_cursor_of_other_filters_or_of_the_list_is_a_400(filled):
    other = export(filled, limit="2").headers["X-Next-Cursor"]
    listed = filled.list(limit="2").good["next_cursor"]
    assert export(filled, status="rewarded", cursor=other).status == 400
    assert export(filled, cursor=listed).status == 400


def test_more_than_a_thousand_are_clamped_and_less_than_one_is_a_400(programme):
    assert export(programme, limit="100000").status == 200
    assert export(programme, limit="0").fields == ["limit"]

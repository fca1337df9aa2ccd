"""Growth staff look at a lived programme: each number on the page is a recount's, and the CSV's."""

import csv
import os
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import expect

from referrals.acts.fold import fold
from referrals.acts.roll_up import roll_up
from referrals.rules.errors import StateConflict
from referrals.rules.times import parse_timestamp
from tests.browser.audit import as_webp
from tests.browser.console import Console
from tests.browser.here import HERE, served_here
from tests.functions.client import invoke
from tests.functions.running import REFERRER
from tests.samples import NOW, PAID, charge
from tests.store.scene import Scene
from tests.tables import direct_table, everything

DAYS = 70
ACTS = 600
SPANS = 200
CAMPAIGNS = [None, "spring", "autumn", "a & b <i>"]
NAMES = ("clicks", "attributed_signups", "qualified_referrals", "rewarded_referrals")
STATUSES = {
    "rewarded_referrals": "rewarded",
    "review_required": "review_required",
    "capped_referrals": "capped",
    "rejected_referrals": "rejected",
}
# What the page says of a span, once it is there: both spans of the funnel, and the series' sums.
READ = """([title, days]) => {
  const texts = (root, what) => [...root.querySelectorAll(what)].map(one => one.textContent);
  const table = document.querySelector("table.figures");
  const sums = [...document.querySelectorAll("[data-sum]")];
  if (!table || texts(document, "#funnel")[0] !== title || !sums.length) return null;
  const [now] = texts(table, "thead th");
  if (now !== days || !document.querySelector(`[data-course="${days}"]`)) return null;
  const rows = [...table.querySelectorAll("tr[data-figure]")].map(row => {
    const cells = texts(row, "td");
    return [row.dataset.figure, cells[0], cells[2]];
  });
  return [rows, sums.map(one => [one.dataset.sum, one.textContent])];
}"""


class Past(Scene):
    """Its code is there already."""

    def __post_init__(self):
        pass


def live(table, chance):
    """Ten weeks in which everybody does something, at any time, and counting goes on."""
    scene, users = Past(table=table), []
    moments = sorted(chance.uniform(0, DAYS) for _ in range(ACTS))
    for number, days in enumerate(moments):
        at = NOW - timedelta(days=DAYS - days)
        campaign = chance.choice(CAMPAIGNS)
        act = chance.choice(["click", "click", "sign up", "sign up", "pay", "pay", "other"])
        if act == "click":
            scene.click(at=at, utm_campaign=campaign)
        elif act == "sign up":
            click = scene.click(at=at, utm_campaign=campaign)
            flags = ("disposable_email",) if chance.random() < 0.3 else ()
            users.append(f"new{number}")
            scene.sign_up(users[-1], at=at, click_id=click.click_id, flags=flags)
        elif act == "pay" and users:
            user = chance.choice(users)
            scene.pay(user, at=at, charge_id=f"ch_{user}")
        elif users:
            settle(scene, chance, chance.choice(users), at)
        if number % 40 == 0:
            roll_up(table, at)
            fold(table)


def settle(scene, chance, user, at):
    act = chance.choice(["approve", "reject", "refund"])
    if act == "refund":
        taken = charge(charge_id=f"ch_{user}", customer_id=f"cus_{user}", refunded=PAID)
        scene.tell(taken, at=at)
        return
    try:
        getattr(scene, act)(user, at)
    except StateConflict:
        """Not every referral is held."""


@pytest.fixture(scope="module")
def lived(hosts):
    table = direct_table()
    with served_here(table, hosts.hosts, NOW) as programme:
        live(table, Random(13))
        yield programme


@pytest.fixture
def growth(lived, browsing):
    made = Console(browsing(accept_downloads=True).new_page(), lived, HERE)
    yield made
    assert made.foreign == []
    assert made.faults == []


def recounted(items, start, end, campaign):
    """The figures from nothing but the items that are counted."""

    def inside(item, name):
        wanted = campaign is None or item.get("utm_campaign") == campaign
        return wanted and start <= parse_timestamp(item[name]) < end

    members = [one for one in items if one["sk"] == "ATTRIBUTION" and inside(one, "created_at")]
    clicks = [one for one in items if one["pk"].startswith("CLICK#") and inside(one, "clicked_at")]
    return {"clicks": len(clicks)} | of_members(members)


def of_members(members):
    return {
        "attributed_signups": len(members),
        "qualified_referrals": sum(bool(one.get("qualified_at")) for one in members),
        **{name: sum(one["status"] == s for one in members) for name, s in STATUSES.items()},
    }


def saved_lines(console):
    console.go("referrals")
    with console.page.expect_download() as download:
        console.page.get_by_role("button", name="Save all as CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(pairs):
    return {name: int(text.replace(",", "")) for name, text in pairs}


def test_of_any_span_and_campaign_every_number_is_the_recount_and_the_sum_of_the_csv(lived, growth):
    chance, items = Random(200), everything(lived.table)
    growth.open("referrals")
    growth.settled()
    lines = saved_lines(growth)
    assert len(lines) > 100
    everybody = recounted(items, NOW - timedelta(days=DAYS + 1), NOW, None)
    assert min(everybody.values()) > 3
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(SPANS):
        first, last = sorted(today - timedelta(days=chance.randrange(DAYS + 2)) for _ in "12")
        start, end = first, last + timedelta(days=1)
        campaign = chance.choice(CAMPAIGNS)
        query = f"from={first:%Y-%m-%d}&to={last:%Y-%m-%d}"
        named = f"&campaign={campaign}".replace("a & b <i>", "a+%26+b+%3Ci%3E") if campaign else ""
        growth.go(f"overview?{query}{named}")
        title = f"Funnel of {campaign}" if campaign else "Funnel"
        days = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        rows, sums = growth.page.wait_for_function(READ, arg=[title, days]).json_value()
        expected = recounted(items, start, end, campaign)
        assert numbers((name, now) for name, now, _ in rows) == expected, (days, campaign)
        earlier = recounted(items, start - (end - start), start, campaign)
        assert numbers((name, then) for name, _, then in rows) == earlier, (days, campaign)
        assert numbers(sums) == expected, (days, campaign)
        told = [
            one
            for one in lines
            if campaign in (None, one["utm_campaign"])
            and start <= parse_timestamp(one["created_at"]) < end
        ]
        assert of_members(told).items() <= expected.items(), (days, campaign)


def test_campaigns_are_ranked_as_a_recount_ranks_them(lived, growth):
    items = everything(lived.table)
    growth.open(f"overview?from={NOW - timedelta(days=DAYS + 1):%Y-%m-%d}&to={NOW:%Y-%m-%d}")
    rows = growth.page.get_by_role("region", name="Top campaigns").get_by_role("row")
    rows.nth(1).wait_for()
    shown = [row.locator("th, td").all_inner_texts() for row in rows.all()[1:]]
    wide = (NOW - timedelta(days=DAYS + 1), NOW + timedelta(days=1))
    figures = {name: recounted(items, *wide, name) for name in CAMPAIGNS if name}
    ranked = sorted(figures, key=lambda one: ([-figures[one][name] for name in NAMES[1:]], one))
    assert [row[0] for row in shown] == ranked
    for name, clicks, signups, _, qualified, rewarded, _ in shown:
        told = {
            name: int(n.replace(",", ""))
            for name, n in zip(NAMES, (clicks, signups, qualified, rewarded), strict=True)
        }
        assert told.items() <= figures[name].items()


# Where `make pictures` wants them; a test run alone looks whether they can be taken.
PICTURES = os.environ.get("PICTURES")
LARGEST = 60 * 1024
SPAN = f"from={NOW - timedelta(days=29):%Y-%m-%d}&to={NOW:%Y-%m-%d}"


def test_a_picture_of_every_screen_is_small(lived, browsing, tmp_path):
    browser = browsing(viewport={"width": 1100, "height": 640})
    page, elsewhere = browser.new_page(), browser.new_page()
    # Before a page asks: the handlers share one interpreter, and take one request at a time.
    story = lived.list(status="rewarded").good["items"][0]["attribution"]["id"]
    for schedule in ("roll_up_clicks", "recover_grants", "reconcile"):
        invoke(schedule, {})
    console = Console(page, lived, HERE).open("accounts")
    console.settled()
    screens = {
        "overview": f"overview?{SPAN}",
        "review": "review",
        "referrals": "referrals?status=rejected",
        "referral": f"referrals/{story}",
        "account": f"accounts/{REFERRER}",
        "health": "health",
    }
    folder = Path(PICTURES or tmp_path)
    folder.mkdir(exist_ok=True)
    for name, place in screens.items():
        console.go(place)
        console.settled()
        if name == "overview":
            expect(page.locator(".plot canvas")).to_have_count(2)
        picture = as_webp(page.screenshot(animations="disabled"), elsewhere)
        assert len(picture) <= LARGEST, name
        (folder / f"{name}.webp").write_bytes(picture)

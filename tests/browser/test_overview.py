"""The overview in a real browser: its figures, its course, and what waits."""

from playwright.sync_api import expect

from tests import stripe_payloads
from tests.browser.console import held


def test_every_figure_of_the_funnel_is_what_the_service_says(service, console):
    """A campaign's, and that of all; of this month and the one before."""
    _, code = service.new_referrer()
    campaign = f"campaign-{code.lower()}"
    for number in range(3):
        click = service.click(code, utm_campaign=campaign).good["click_id"]
        _, sale = service.referred(code, click_id=click)
        if number:
            service.stripe(stripe_payloads.invoice_paid(sale))
    console.open(f"overview?campaign={campaign}")
    console.said(f"Funnel of {campaign}")
    told = service.stats(campaign=campaign)
    assert (told["clicks"], told["attributed_signups"], told["rewarded_referrals"]) == (3, 3, 2)
    figures = console.page.locator("tr[data-figure]")
    assert figures.count() == 7
    for row in figures.all():
        name = row.get_attribute("data-figure")
        now, before, change = (row.get_by_role("cell").nth(at).inner_text() for at in (0, 2, 4))
        assert (now, before, change) == (str(told[name]), "0", "new" if told[name] else "")
    rates = figures.filter(has_text="Rewarded").get_by_role("cell").nth(1)
    assert rates.inner_text() == "66.7 % of signups"
    console.page.get_by_label("From").fill("2001-01-01")
    console.page.get_by_label("To, and with it").fill("2001-01-31")
    console.page.get_by_role("button", name="Show").click()
    console.said("2001-01-01 to 2001-01-31")
    assert figures.first.get_by_role("cell").first.inner_text() == "0"


def test_the_course_of_a_span_is_drawn_and_adds_up_to_its_funnel(service, console):
    _, code = service.new_referrer()
    campaign = f"course-{code.lower()}"
    for _ in range(2):
        click = service.click(code, utm_campaign=campaign).good["click_id"]
        service.referred(code, click_id=click)
    console.open(f"overview?campaign={campaign}")
    console.said("Day by day")
    expect(console.page.locator(".plot canvas")).to_have_count(2)
    sums = console.page.locator("[data-sum]")
    console.page.get_by_text("The same in figures").click()
    told = service.stats(campaign=campaign)
    assert {one.get_attribute("data-sum"): int(one.inner_text()) for one in sums.all()} == {
        name: told[name] for name in told if not name.endswith("_rate")
    }
    assert console.page.get_by_role("row").filter(has_text="Together").count() == 1
    # The last of thirty days is the one in which it happened.
    last = console.page.get_by_role("region", name="in figures").get_by_role("row").nth(-2)
    assert last.get_by_role("cell").all_inner_texts()[:2] == ["2", "2"]
    console.page.get_by_label("Step").select_option("hour")
    console.page.get_by_role("button", name="Show").click()
    console.said("Hour by hour")
    expect(sums.first).to_have_text("2")
    console.go("overview?from=2020-01-01")
    console.said("At most 366 days are drawn")


def test_what_draws_is_loaded_by_the_screen_that_draws(console):
    console.open("accounts")
    console.page.get_by_label("User id").wait_for()
    assert not any("uplot" in url for url in console.asked)
    console.go("overview")
    console.page.locator(".plot canvas").first.wait_for()
    assert any("uplot.mjs" in url for url in console.asked)


def test_what_waits_for_a_person_leads_there(service, console, emptied):
    held(service, 2)
    service.owed()
    console.open()
    waiting = service.stats()["review_required"]
    console.page.get_by_role("link", name=f"{waiting} wait for review").click()
    console.said("2 waiting")
    console.page.go_back()
    console.page.get_by_role("link", name="credits that are owed").click()
    console.page.get_by_role("cell", name="qualified, not granted yet").first.wait_for()

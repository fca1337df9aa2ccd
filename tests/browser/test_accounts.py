"""A user's account in a real browser: what may be done to it."""

from playwright.sync_api import expect


def test_a_code_is_disabled_and_enabled_with_a_note_that_stays(service, console):
    referrer, code = service.new_referrer()
    console.open("accounts")
    console.page.get_by_label("User id").fill(referrer)
    console.page.get_by_role("button", name="Show").click()
    console.said(f"{code} is in use.")
    for act, note in (("Disable", "many of one address"), ("Enable", "a school class")):
        console.page.get_by_role("button", name=f"{act} the code").click()
        dialog = console.page.get_by_role("dialog")
        dialog.get_by_label("Note").fill(note)
        dialog.get_by_role("button", name=act).click()
        dialog.wait_for(state="detached")
        console.said(f"{act.lower()}d by admin-user: {note}")
        told = service.admin("GET", f"/admin/accounts/{referrer}").good["code"]
        assert told["disabled"] is (act == "Disable")
        assert told["decisions"][0]["why"] == note
    console.said(f"{code} is in use.")


def test_a_user_is_erased_only_by_typing_who(service, console):
    referrer, code = service.new_referrer()
    console.open(f"accounts/{referrer}")
    console.page.get_by_role("button", name="Erase this user").click()
    dialog = console.page.get_by_role("dialog")
    field, button = dialog.get_by_role("textbox"), dialog.get_by_role("button", name="Erase")
    field.fill(referrer[:-1])
    expect(button).to_be_disabled()
    field.fill(referrer)
    button.click()
    console.said("Erased: what stays is booked on")
    console.said("They never asked for one.")
    assert service.admin("POST", f"/admin/codes/{code}/enable", {}).status == 409


def test_a_plan_is_changed_with_overage_where_the_plan_leaves_the_choice(service, console):
    referrer, _ = service.new_referrer()
    console.open(f"accounts/{referrer}")
    for plan, overage, shown in (
        ("growth", True, "growth, with overage"),
        ("starter", False, "starter"),
        ("pro", None, "pro, with overage"),
    ):
        console.page.get_by_role("button", name="Change the plan").click()
        dialog = console.page.get_by_role("dialog")
        dialog.get_by_role("combobox").select_option(plan)
        beyond = dialog.get_by_role("checkbox")
        if overage is None:
            expect(beyond).to_be_hidden()
        else:
            beyond.set_checked(overage)
        dialog.get_by_role("button", name="Change").click()
        dialog.wait_for(state="detached")
        expect(console.page.locator("dt", has_text="Plan").locator("+ dd")).to_have_text(shown)
        told = service.admin("GET", f"/admin/accounts/{referrer}").good["account"]
        assert (told["plan"], told["overage"]) == (plan, overage is not False)

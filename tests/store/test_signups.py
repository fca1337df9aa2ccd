"""Attributing a signup: one referrer per user, whoever asks and however often."""

from datetime import timedelta
from functools import partial

import pytest

from referrals.acts import disabling
from referrals.acts.erasure import erase
from referrals.rules.errors import InvalidRequest, StateConflict
from referrals.rules.times import CLOCK_SKEW
from referrals.store import codes
from tests.samples import CODE, NOW, SECRET, actor, invoice
from tests.store.scene import Scene
from tests.store.side_by_side import at_once
from tests.tables import everything

_OTHER = "B1B2C3D4E5F6"
_WINDOW = timedelta(days=30)


@pytest.fixture
def scene():
    made = Scene()
    codes.create(made.table, "ref2", _OTHER)
    return made


def test_a_click_s_origin_goes_with_the_attribution(scene):
    click = scene.click(
        landing_path="/pricing",
        utm_campaign="spring",
        utm_medium="mail",
        utm_source="news",
        ip_hash="hash",
    )
    one = scene.sign_up(click_id=click.click_id, email_hash="mail")
    assert (one.code, one.referrer_user_id, one.referred_user_id) == (CODE, "ref", "new")
    assert (one.click_id, one.landing_path) == (click.click_id, "/pricing")
    assert (one.utm_campaign, one.utm_medium, one.utm_source) == ("spring", "mail", "news")
    assert (one.ip_hash, one.email_hash) == ("hash", "mail")
    assert (one.status, one.created_at, one.expires_at) == ("attributed", NOW, NOW + _WINDOW)
    assert scene.of() == one
    assert scene.broken() == []


def test_the_same_signup_again_is_the_same_attribution_and_writes_nothing(scene):
    click = scene.click()
    first = scene.sign_up(click_id=click.click_id)
    before = everything(scene.table)
    for again in ({"click_id": click.click_id}, {"code": CODE}):
        assert scene.sign_up(at=NOW + timedelta(days=3), **again) == first
    assert everything(scene.table) == before


def test_nobody_refers_themselves(scene):
    before = everything(scene.table)
    with pytest.raises(InvalidRequest):
        scene.sign_up("ref")
    assert everything(scene.table) == before


def test_a_user_of_another_referrer_is_left_to_them(scene):
    first = scene.sign_up()
    with pytest.raises(StateConflict) as refused:
        scene.sign_up(code=_OTHER)
    assert refused.value.state == "attributed"
    assert scene.of() == first


@pytest.mark.parametrize(
    ("told", "field"),
    [({"code": "ZZZZZZZZZZZZ"}, "code"), ({"click_id": "never_seen"}, "click_id")],
)
def test_an_unknown_code_or_click_is_named(scene, told, field):
    with pytest.raises(InvalidRequest) as refused:
        scene.sign_up(**told)
    assert [error["field"] for error in refused.value.errors] == [field]


def test_an_unknown_code_is_an_invalid_request_for_an_attributed_user_too(scene):
    scene.sign_up()
    with pytest.raises(InvalidRequest):
        scene.sign_up(code="ZZZZZZZZZZZZ")


def test_a_disabled_code_refers_nobody_new_and_keeps_whom_it_referred(scene):
    first = scene.sign_up()
    _disable(scene)
    with pytest.raises(InvalidRequest):
        scene.sign_up("late")
    assert scene.sign_up() == first


def _disable(scene):
    disabling.disable(scene.table, CODE, actor(NOW))


def test_a_code_that_was_disabled_since_it_was_last_seen_refers_nobody(scene):
    click = scene.click()
    _disable(scene)
    before = everything(scene.table)
    with pytest.raises(InvalidRequest, match="disabled"):
        scene.sign_up(click_id=click.click_id)
    assert everything(scene.table) == before


def test_a_referrer_who_is_erased_between_a_signup_s_reads_and_its_write_refers_nobody(scene):
    click = scene.click()
    scene.just_before(
        "TransactWriteItems",
        "COHORT",
        lambda: erase(scene.table, SECRET, "ref", None, scene.programme),
    )
    with pytest.raises(InvalidRequest, match="disabled"):
        scene.sign_up(click_id=click.click_id)
    assert "ref'" not in str(everything(scene.table))


def test_a_click_attributes_within_the_window_and_not_after_it(scene):
    click = scene.click()
    end = NOW + _WINDOW + CLOCK_SKEW
    with pytest.raises(InvalidRequest, match="click expired"):
        scene.sign_up(at=end + timedelta(milliseconds=1), click_id=click.click_id)
    assert scene.sign_up(at=end, click_id=click.click_id).click_id == click.click_id


def test_a_typed_code_wins_over_the_click_of_another(scene):
    click = scene.click(utm_campaign="spring")
    one = scene.sign_up(click_id=click.click_id, code=_OTHER)
    assert (one.referrer_user_id, one.click_id, one.utm_campaign) == ("ref2", None, None)


def test_a_typed_code_keeps_the_click_of_the_same_code(scene):
    click = scene.click(utm_campaign="spring")
    one = scene.sign_up(click_id=click.click_id, code=CODE)
    assert (one.click_id, one.utm_campaign) == (click.click_id, "spring")


def test_signups_of_one_user_at_once_make_one_attribution(scene):
    answers = at_once([scene.sign_up for _ in range(10)])
    assert {answer.id for answer in answers} == {scene.of().id}
    assert scene.broken() == []


def test_of_two_referrers_at_once_one_has_the_user_and_the_other_is_refused(scene):
    acts = [partial(scene.sign_up, code=code) for code in (CODE, _OTHER) * 4]
    answers = at_once(acts)
    won = [answer for answer in answers if not isinstance(answer, Exception)]
    lost = [answer for answer in answers if isinstance(answer, Exception)]
    assert {answer.referrer_user_id for answer in won} == {scene.of().referrer_user_id}
    assert (len(won), len(lost)) == (4, 4)
    assert all(isinstance(answer, StateConflict) for answer in lost)
    assert scene.broken() == []


def test_a_payment_that_waited_counts_once_the_signup_names_the_customer(scene):
    scene.tell(invoice())
    assert scene.sign_up(stripe_customer_id="cus_1").status == "rewarded"
    assert scene.broken() == []


def test_a_customer_that_is_named_later_settles_the_attribution(scene):
    scene.sign_up()
    scene.tell(invoice())
    assert scene.of().status == "attributed"
    assert scene.sign_up(stripe_customer_id="cus_1").status == "rewarded"
    assert scene.sign_up(stripe_customer_id="cus_1").status == "rewarded"
    assert (scene.balance("ref"), scene.balance("new")) == (10_000, 10_000)


def test_an_erased_person_is_not_referred_anew(scene):
    scene.sign_up(email_hash="mail")
    scene.pay()
    erase(scene.table, SECRET, "new", "mail", scene.programme)
    for user, mail in (("new", None), ("another", "mail")):
        with pytest.raises(StateConflict):
            scene.sign_up(user, email_hash=mail)
    assert scene.broken() == []

"""The list for support staff: paging through it is filtering everything, newest first."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referrals.rules.attribution import Status
from referrals.store import attributions, codes
from referrals.views import listing
from referrals.views.listing import Filters
from tests.samples import CODE, NOW, SECRET, invoice
from tests.store.bill import billed
from tests.store.scene import Scene
from tests.tables import direct_table, everything

_CODES = {"ref": CODE, "ref2": "B1B2C3D4E5F6", "new0": "C1B2C3D4E5F6"}
_ENDS = ["attributed", "rewarded", "review_required", "rejected", "qualified"]


def _populated(referrals, table=None):
    """One referral for each (milliseconds, referrer, campaign, how it ends)."""
    scene = Scene(table=table or direct_table())
    for user, code in _CODES.items():
        codes.create(scene.table, user, code)
    for number, (milliseconds, referrer, campaign, end) in enumerate(referrals):
        user, at = f"new{number}", NOW + timedelta(milliseconds=milliseconds)
        code = _CODES[referrer if referrer != user else "ref"]
        click = scene.click(at=at, utm_campaign=campaign, code=code)
        flags = ("disposable_email",) if end in ("review_required", "rejected") else ()
        scene.sign_up(user, at=at, click_id=click.click_id, flags=flags)
        if end == "qualified":
            item = {"pk": {"S": f"ACCOUNT#{user}"}, "sk": {"S": "CREDITS"}, "balance": {"S": "bad"}}
            scene.table.client.put_item(TableName=scene.table.name, Item=item)
        if end != "attributed":
            scene.pay(user, at=at)
        if end == "rejected":
            scene.reject(user)
    return scene


def _all(scene):
    ids = [item["id"] for item in everything(scene.table) if item["sk"] == "ATTRIBUTION"]
    found = attributions.get_many(scene.table, ids).values()
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


def _paged(scene, filters, limit, **order):
    pages, after = [], None
    while True:
        found, after = listing.page(scene.table, SECRET, filters, limit, after, **order)
        pages.append(found)
        if after is None:
            return pages


def _wanted(one, filters):
    return all(
        [
            filters.user_id in (None, one.referrer_user_id, one.referred_user_id),
            filters.status in (None, one.status),
            filters.campaign in (None, one.utm_campaign),
            filters.pending_grant in (None, bool(one.pending_rewards)),
        ]
    )


_REFERRALS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(sorted(_CODES)),
        st.sampled_from([None, "spring", "autumn"]),
        st.sampled_from(_ENDS),
    ),
    max_size=40,
)
_FILTERS = st.builds(
    Filters,
    user_id=st.sampled_from([None, None, "ref", "ref2", "new0", "new1", "nobody"]),
    status=st.sampled_from([None, None, *Status]),
    campaign=st.sampled_from([None, None, "spring", "autumn", "none"]),
    pending_grant=st.sampled_from([None, None, True, False]),
)


@settings(max_examples=25)
@given(
    _REFERRALS,
    st.lists(st.tuples(_FILTERS, st.integers(1, 12), st.booleans()), min_size=1, max_size=12),
)
def test_paging_through_is_filtering_everything(referrals, questions):
    scene = _populated(referrals)
    known = _all(scene)
    for filters, limit, newest_first in questions:
        pages = _paged(scene, filters, limit, newest_first=newest_first)
        wanted = [one for one in known if _wanted(one, filters)]
        found = [one for page in pages for one in page]
        assert found == (wanted if newest_first else wanted[::-1])
        assert all(len(page) == limit for page in pages[:-1])


def test_a_rare_match_is_found_behind_pages_of_others():
    others = [(number, "ref", "spring", "attributed") for number in range(1, 70)]
    scene = _populated([(0, "ref2", "spring", "attributed"), *others])
    (found,) = _paged(scene, Filters(user_id="new0", campaign="spring"), 5)
    assert [one.referred_user_id for one in found] == ["new0"]
    (found,) = _paged(scene, Filters(pending_grant=False, user_id="ref2"), 5)
    assert [one.referred_user_id for one in found] == ["new0"]
    assert _paged(scene, Filters(pending_grant=True), 5) == [[]]


def test_a_full_last_page_says_that_it_is_the_last():
    scene = _populated([(number, "ref", None, "attributed") for number in range(6)])
    assert [len(found) for found in _paged(scene, Filters(), 3)] == [3, 3]


def test_what_signs_up_between_two_pages_moves_nothing():
    scene = _populated([(number, "ref", None, "attributed") for number in range(6)])
    before = _all(scene)
    first, after = listing.page(scene.table, SECRET, Filters(), 3, None)
    scene.sign_up("late", at=NOW + timedelta(days=1))
    second, _ = listing.page(scene.table, SECRET, Filters(), 3, after)
    assert first + second == before


def test_listing_writes_nothing():
    scene = _populated([(0, "ref", "spring", "qualified")])
    before = everything(scene.table)
    for filters in (Filters(), Filters(pending_grant=True), Filters(user_id="ref")):
        _paged(scene, filters, 1)
    assert everything(scene.table) == before


@pytest.mark.parametrize("user_id", ["ref", "new"])
def test_a_new_referral_is_seen_by_the_very_next_list(user_id):
    scene = Scene()
    one = scene.sign_up()
    assert _paged(scene, Filters(user_id=user_id), 5) == [[one]]
    scene.tell(invoice())
    assert _paged(scene, Filters(), 5) == [[one]]


def test_where_filters_seldom_meet_what_lies_between_is_leapt_over(monkeypatch):
    """First forty of one filter, then forty of the other, and at the end the one of both."""
    meeting = [(0, "ref", None, "rewarded")]
    of_status = [(1 + n, "ref2", None, "rewarded") for n in range(40)]
    of_user = [(100 + n, "ref", None, "attributed") for n in range(40)]
    scene = _populated(meeting + of_status + of_user, Scene().table)
    filters = Filters(user_id="ref", status=Status.REWARDED)
    with billed(scene.table, monkeypatch) as bill:
        found, after = listing.page(scene.table, SECRET, filters, 1, None)
    assert [one.referred_user_id for one in found] == ["new0"]
    assert after is None
    # The heads, a leap of either, the match, and the ends of both.
    assert bill.trips <= 5, str(bill)

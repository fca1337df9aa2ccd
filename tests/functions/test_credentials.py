"""Who may call: keys and tokens that are missing, wrong, revoked or of the wrong role."""

import pytest

from referrals.store import api_keys, keys
from tests.functions.client import request
from tests.functions.running import CODE, REFERRER

ADMIN_ROUTES = {
    "list_referrals": ("GET", "/admin/referrals", {}),
    "referral_stats": (
        "GET",
        "/admin/referrals/stats",
        {"query": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}},
    ),
    "referral_series": ("GET", "/admin/referrals/series", {}),
    "get_health": ("GET", "/admin/health", {}),
    "rank_referrers": ("GET", "/admin/referrers", {}),
    "rank_campaigns": ("GET", "/admin/campaigns", {}),
    "export_referrals": ("GET", "/admin/referrals.csv", {}),
    "reject_referral": ("POST", "/admin/referrals/{id}/reject", {}),
    "approve_referral": ("POST", "/admin/referrals/{id}/approve", {}),
    "decide_referrals": (
        "POST",
        "/admin/referrals/decisions",
        {
            "body": {
                "idempotency_key": "decisions-1",
                "decisions": [{"id": "attr_any", "verdict": "reject"}],
            }
        },
    ),
    "recover_grants": ("POST", "/admin/referrals/recover", {}),
    "get_referral": ("GET", "/admin/referrals/{id}", {}),
    "get_account": ("GET", "/admin/accounts/user-held", {}),
    "change_plan": ("POST", "/admin/accounts/user-held/plan", {"body": {"plan": "growth"}}),
    "erase_user": ("POST", "/admin/users/user-held/erase", {}),
    "disable_code": ("POST", f"/admin/codes/{CODE}/disable", {}),
    "create_webhook_endpoint": (
        "POST",
        "/admin/webhook-endpoints",
        {"body": {"url": "https://hooks.example.com/"}},
    ),
    "list_webhook_endpoints": ("GET", "/admin/webhook-endpoints", {}),
    "delete_webhook_endpoint": ("DELETE", "/admin/webhook-endpoints/we_1", {}),
    "rotate_webhook_secret": ("POST", "/admin/webhook-endpoints/{endpoint}/rotate", {}),
    "send_test_event": ("POST", "/admin/webhook-endpoints/{endpoint}/test", {}),
    "replay_events": (
        "POST",
        "/admin/webhook-endpoints/{endpoint}/replay",
        {"query": {"from": "2026-01-01T00:00:00Z"}},
    ),
    "pull_events": ("GET", "/admin/events", {"query": {"endpoint": "{asking}"}}),
    "list_deliveries": ("GET", "/admin/webhook-endpoints/{endpoint}/deliveries", {}),
    "enable_code": ("POST", f"/admin/codes/{CODE}/enable", {}),
}
KEYED_ROUTES = ADMIN_ROUTES | {
    "attribute_signup": (
        "POST",
        "/referrals/signups",
        {"body": {"user_id": "user-new", "code": CODE}},
    ),
}
GARBAGE = {
    "empty": "",
    "blank": "   ",
    "a word": "letmein",
    "the prefix alone": "rfk_",
    "a wrong checksum": "rfk_" + "0" * 48,
    "non-ASCII": "rfk_ключ" + "é" * 20,
    "other digits": "rfk_" + "\u0661" * 48,
    "very long": "rfk_" + "0" * 9000,
    "two keys": "rfk_a,rfk_b",
}

MALFORMED_AUTHORIZATIONS = (
    "",
    "Token",
    "Token ",
    "Bearer",
    "Basic YWRtaW46YWRtaW4=",
    "Token a b c",
    "Bearer not.a.token",
    "Bearer e30.e30.e30",
    "Token \u00e9\u00e9.\u00e9.\u00e9",
    "Bearer " + "a" * 9000,
)


@pytest.fixture
def call(programme):
    """Calls a route on a held referral, and without credentials unless some are given."""
    held = programme.in_review("user-held")["attribution"]["id"]
    endpoint, asking = (programme.listen(**one).good["id"] for one in ({}, {"url": None}))

    def send(function, **details):
        method, path, usual = KEYED_ROUTES[function]
        path = path.replace("{id}", held).replace("{endpoint}", endpoint)
        if "query" in usual:
            asked = {name: text.format(asking=asking) for name, text in usual["query"].items()}
            usual = usual | {"query": asked}
        return request(function, method, path, **usual | details)

    return send


def unknown_key(programme):
    """Well-formed, with the right checksum, and made by nobody."""
    from referrals.edge.auth import new_key

    return new_key(bytes(20))


def assert_refused(answer, status):
    assert answer.status == status
    assert set(answer.data) == {"request_id"}


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_no_credentials_are_a_401(call, untouched, function):
    with untouched():
        answer = call(function)
    assert_refused(answer, 401)
    assert answer.body["msg"] == "credentials required"


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_garbage_for_a_key_is_a_401(call, untouched, function):
    for name, key in GARBAGE.items():
        with untouched():
            answer = call(function, key=key)
        assert answer.status == 401, name


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_a_key_that_nobody_made_is_a_401(call, programme, untouched, function):
    with untouched():
        assert_refused(call(function, key=unknown_key(programme)), 401)


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_a_revoked_key_is_a_401(call, programme, table, untouched, function):
    item = table.get(keys.api_key(api_keys.digest(programme.admin_key)))
    revoked = item | {"revoked_at": "2026-01-01T00:00:00.000Z"}
    table.write(table.put("revoked", revoked))
    from referrals.edge import auth

    auth._recent_keys.clear()
    with untouched():
        assert_refused(call(function, key=programme.admin_key), 401)


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_a_malformed_authorization_is_a_401(call, tokens, untouched, function):
    for authorization in MALFORMED_AUTHORIZATIONS:
        with untouched():
            answer = call(function, headers={"authorization": authorization})
        assert_refused(answer, 401)


@pytest.mark.parametrize("function", ADMIN_ROUTES)
def test_a_key_without_the_admin_role_is_a_403(call, programme, untouched, function):
    for key in (programme.service_key, programme.member_key):
        with untouched():
            answer = call(function, key=key)
        assert_refused(answer, 403)
        assert answer.body["msg"] == "admin plan required"


@pytest.mark.parametrize("function", ADMIN_ROUTES)
def test_a_token_without_the_admin_role_is_a_403(call, tokens, untouched, function):
    for role in (None, "member", "service", "Admin", "superuser", ["admin"], 1):
        with untouched():
            answer = call(function, token=tokens.of("user-1", role=role))
        assert_refused(answer, 403)
        assert answer.body["msg"] == "admin plan required"


@pytest.mark.parametrize("function", ADMIN_ROUTES)
def test_a_token_with_the_admin_role_passes(call, tokens, function):
    assert call(function, token=tokens.of("user-1", role="admin")).good


def test_the_claim_that_holds_the_role_can_be_chosen(call, tokens, configure):
    configure(JWT_ROLE_CLAIM="https://example.com/role")
    chosen = tokens.of("user-1", **{"https://example.com/role": "admin"})
    assert call("list_referrals", token=chosen).good
    assert call("list_referrals", token=tokens.of("user-1", role="admin")).status == 403


@pytest.mark.parametrize("function", KEYED_ROUTES)
def test_an_admin_key_passes_everywhere(call, programme, function):
    assert call(function, key=programme.admin_key).good


def test_a_member_key_signs_nobody_up(call, programme, untouched):
    with untouched():
        assert call("attribute_signup", key=programme.member_key).status == 403


def test_the_header_of_the_key_may_be_spelled_in_any_case(call, programme):
    assert call("list_referrals", headers={"X-API-Key": programme.admin_key}).good


def test_a_bad_key_is_not_saved_by_a_good_token(call, tokens):
    good = tokens.of("user-1", role="admin")
    assert call("list_referrals", key="letmein", token=good).status == 401


def test_a_reviewer_is_recorded_under_the_name_of_their_key(call, programme):
    answer = call("reject_referral", key=programme.admin_key)
    assert answer.good["attribution"]["reviewed_by"] == "admin-user"


def test_a_reviewer_is_recorded_under_the_subject_of_their_token(call, tokens):
    answer = call("reject_referral", token=tokens.of("jo@support", role="admin"))
    assert answer.good["attribution"]["reviewed_by"] == "jo@support"


def test_credentials_are_looked_at_before_the_body(call):
    assert call("reject_referral", body="{").status == 401


def test_an_admin_key_is_no_user(programme, tokens):
    for function, path in (
        ("my_referrals", "/referrals/me"),
        ("my_referral_events", "/referrals/me/events"),
    ):
        assert request(function, "GET", path, key=programme.admin_key).status == 401
        assert request(function, "GET", path, token=tokens.of(REFERRER)).good

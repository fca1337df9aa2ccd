"""What docs/openapi.json says of answers: an example for each function, the refusals, the headers.

The examples of requests are in events/.
"""

from __future__ import annotations

from typing import Any

_ATTRIBUTION = {
    "id": "attr-1",
    "code": "A1B2C3D4E5F6",
    "click_id": "refclk_abc123",
    "referrer_user_id": "user-referrer",
    "referred_user_id": "user-referred",
    "status": "rewarded",
    "landing_path": "/pricing",
    "utm_campaign": "spring-launch",
    "utm_medium": "email",
    "utm_source": "newsletter",
    "created_at": "2026-03-10T09:30:00.000Z",
    "expires_at": "2026-04-09T09:30:00.000Z",
    "qualified_at": "2026-03-12T16:03:58.000Z",
    "rewarded_at": "2026-03-12T16:03:58.000Z",
    "first_paid_invoice_id": "in_123",
    "stripe_event_id": "evt_123",
    "stripe_invoice_id": "in_123",
    "risk_flags": [],
}
_REWARD = {
    "id": "reward-1",
    "attribution_id": "attr-1",
    "role": "referrer",
    "user_id": "user-referrer",
    "credits": 10_000,
    "credits_grant_key": "reward-1",
    "credits_granted_at": "2026-03-12T16:03:58.000Z",
    "stripe_invoice_id": "in_123",
    "created_at": "2026-03-12T16:03:58.000Z",
}
_FRESH = (
    *("id", "code", "click_id", "referrer_user_id", "referred_user_id", "landing_path"),
    *("utm_campaign", "utm_medium", "utm_source", "created_at", "expires_at"),
)
_ATTRIBUTED = {name: _ATTRIBUTION[name] for name in _FRESH} | {
    "status": "attributed",
    "risk_flags": [],
}
_REVIEWED = {
    "reviewed_at": "2026-03-13T10:00:00.000Z",
    "reviewed_by": "admin-user",
    "review_reason": "same_stripe_customer",
    "risk_flags": ["same_stripe_customer"],
}
_CODE = {"code": "A1B2C3D4E5F6", "user_id": "user-referrer"}
_DISABLED = {
    "at": "2026-03-13T10:00:00.000Z",
    "by": "admin-user",
    "disabled": True,
    "why": "many signups from one address",
}
_ENABLED = _DISABLED | {
    "at": "2026-03-13T11:30:00.000Z",
    "disabled": False,
    "why": "a school class, after all",
}
_ENDPOINT = {
    "id": "we_01JZ0000000000000000000000",
    "url": "https://hooks.example.com/referrals",
    "types": ["credits.granted", "referral.rewarded"],
    "since": "2026-03-01T09:00:00.000Z",
    "created_at": "2026-03-01T09:00:00.000Z",
    "enabled": True,
    "last_arrival_about": "2026-03-12T16:03:58.000Z",
}
_SHOWN_ONCE = {"secret": "whsec_c2hvd24gaGVyZSBhbmQgbm93aGVyZSBlbHNlIQ=="}
_STATS = {
    "clicks": 42,
    "attributed_signups": 9,
    "qualified_referrals": 3,
    "review_required": 1,
    "rewarded_referrals": 2,
    "capped_referrals": 0,
    "rejected_referrals": 0,
    "signup_rate": 0.214,
    "qualification_rate": 0.333,
    "reward_rate": 0.222,
}
_DAY = {"start": "2026-03-13T00:00:00.000Z", "end": "2026-03-14T00:00:00.000Z"}
_REJECTED = {
    **_ATTRIBUTED,
    **_REVIEWED,
    "status": "rejected",
    "qualified_at": _ATTRIBUTION["qualified_at"],
    "review_reason": "same billing account",
}
_MEMBER_EVENT = {
    "id": "abc123",
    "role": "referrer",
    "status": "rewarded",
    "code": "A1B2C3D4E5F6",
    "campaign": "spring-launch",
    "reward_credits": 10_000,
    "reason": "the credits were granted",
    "reason_code": "granted",
    "created_at": "2026-03-10T09:30:00.000Z",
    "expires_at": "2026-04-09T09:30:00.000Z",
    "qualified_at": "2026-03-12T16:03:58.000Z",
    "rewarded_at": "2026-03-12T16:03:58.000Z",
}
_BOOKING = {
    "key": "reward-1",
    "kind": "grant",
    "credits": 10_000,
    "shortfall": 0,
    "attribution_id": "attr-1",
    "at": "2026-03-12T16:03:58.000Z",
}
_ACCOUNT = {
    "user_id": "user-referrer",
    "plan": "growth",
    "overage": True,
    "included_left": 97_655,
    "granted_left": 10_000,
    "granted_spent": 0,
    "overage_used": 0,
    "minute": {"window": "2026-03-13T10:00", "used": 3, "limit": 45},
    "day": {"window": "2026-03-13", "used": 212, "limit": 25_000},
    "month": {"window": "2026-03", "used": 2_345, "limit": 100_000},
}

ANSWERS: dict[str, Any] = {
    "capture_click": {"click_id": "refclk_abc123", "code": "A1B2C3D4E5F6"},
    "attribute_signup": _ATTRIBUTED,
    "list_referrals": {"items": [{"attribution": _ATTRIBUTION, "rewards": [_REWARD]}]},
    "get_referral": {
        "attribution": _ATTRIBUTION,
        "rewards": [{**_REWARD, "attempts": 0, "reversed_credits": 0, "shortfall": 0}],
        "paid_amount": 4900,
        "claimed_amount": 0,
        "click": {"click_id": "refclk_abc123", "clicked_at": "2026-03-10T09:12:00.000Z"},
        "facts": [
            {
                "customer_id": "cus_123",
                "kind": "invoice",
                "id": "in_123",
                "at": "2026-03-12T16:03:55.000Z",
                "state": "paid",
                "amount": 4900,
                "currency": "usd",
                "billing_reason": "subscription_create",
                "event_id": "evt_123",
                "invoice_id": "in_123",
                "charge_id": "ch_123",
                "payment_intent_id": "pi_123",
            }
        ],
        "findings": [
            {
                "rule": "same_card",
                "enabled": True,
                "flagged": False,
                "holds": False,
                "referrer": 1,
                "referred": 1,
                "shared": 0,
            }
        ],
        "ledger": [_BOOKING | {"user_id": "user-referrer"}],
        "audit": [
            {
                "at": "2026-03-10T09:30:00.000Z",
                "by": "service-backend",
                "to_status": "attributed",
                "why": "signup",
            },
            {
                "at": "2026-03-12T16:03:58.000Z",
                "by": "stripe",
                "from_status": "attributed",
                "to_status": "qualified",
                "why": "invoice.paid evt_123",
            },
            {
                "at": "2026-03-12T16:03:58.000Z",
                "by": "stripe",
                "from_status": "qualified",
                "to_status": "rewarded",
                "why": "invoice.paid evt_123",
            },
        ],
        "unmatched_claims": [
            {
                "kind": "refund",
                "id": "re_123",
                "amount": 1900,
                "currency": "usd",
                "charge_id": "ch_456",
                "payment_intent_id": "pi_456",
            }
        ],
    },
    "referral_stats": _STATS,
    "referral_series": {"items": [_STATS | _DAY]},
    "get_health": {
        "schedules": [
            {
                "name": "recover_grants",
                "last_done_at": "2026-03-12T19:00:02.000Z",
                "figures": {"attempted": 1, "recovered": 1},
            },
            {
                "name": "reconcile",
                "last_done_at": "2026-03-12T03:00:41.000Z",
                "figures": {"items": 120400, "difference_count": 0, "done": 1},
                "last_failed_at": "2026-03-02T03:00:10.000Z",
                "error": "Busy",
            },
        ],
        "pending_grants": {
            "oldest": {"attribution_id": "attr-1", "next_attempt_at": "2026-03-12T19:05:00.000Z"}
        },
        "reconcile": {
            "finished_at": "2026-03-12T03:00:41.000Z",
            "done": True,
            "items": 120400,
            "difference_count": 0,
            "differences": [],
        },
        "stripe": {
            "last_event_at": "2026-03-12T19:02:00.000Z",
            "kinds": [
                {
                    "kind": "invoice.paid",
                    "last_seen": "2026-03-12",
                    "api_version": "2025-03-31.basil",
                }
            ],
            "signature_failures": [
                {"day": "2026-03-11", "at_least": 3, "last_at": "2026-03-11T08:15:00.000Z"}
            ],
        },
        "settings": {
            "attribution_window_days": 30,
            "reward_hold_days": 0,
            "monthly_referrer_reward_cap": 10,
            "referrer_reward_credits": 10000,
            "referred_reward_credits": 10000,
            "minimum_paid_amount": 1,
            "reversal_mode": "automatic",
            "credits_backend": "ledger",
            "risk_rules": ["disposable_email", "same_card"],
            "signup_velocity_limit": 100,
            "click_retention_days": 90,
            "clicks_per_minute": 60,
            "trusted_proxies": 0,
            "jwt_issuer": "auth.example.com",
            "jwt_audience": "referrals",
        },
    },
    "rank_referrers": {
        "items": [
            {
                "code": "A1B2C3D4E5F6",
                "user_id": "user-1",
                "disabled": False,
                "attributed_signups": 9,
                "qualified_referrals": 3,
                "review_required": 1,
                "rewarded_referrals": 2,
                "capped_referrals": 0,
                "expired_referrals": 0,
                "rejected_referrals": 0,
                "qualification_rate": 0.333,
                "reward_rate": 0.222,
            }
        ],
        "ranked_at": "2026-03-12T19:02:45.000Z",
    },
    "rank_campaigns": {"items": [{"campaign": "spring-launch"} | _STATS], "complete": True},
    "reject_referral": {"attribution": _REJECTED, "rewards": []},
    "approve_referral": {"attribution": {**_ATTRIBUTION, **_REVIEWED}, "rewards": [_REWARD]},
    "decide_referrals": {
        "items": [
            {
                "id": "attr-1",
                "code": 200,
                "msg": "ok",
                "status": "rejected",
                "reviewed_by": "admin-user",
                "reviewed_at": "2026-03-13T10:00:00.000Z",
            },
            {
                "id": "attr-2",
                "code": 409,
                "msg": "the attribution is rewarded, not waiting for review",
                "status": "rewarded",
            },
        ]
    },
    "export_referrals": "id,code,click_id,referrer_user_id,…\r\nattr-1,A1B2C3D4E5F6,…",
    "disable_code": _CODE | {"disabled": True, "decisions": [_DISABLED]},
    "enable_code": _CODE | {"disabled": False, "decisions": [_ENABLED, _DISABLED]},
    "recover_grants": {
        "attempted": 3,
        "recovered": 2,
        "errors": ["reward-3: temporary billing write failure"],
    },
    "my_referrals": {
        "code": "A1B2C3D4E5F6",
        "share_path": "/r/A1B2C3D4E5F6",
        "attribution_window_days": 30,
        "monthly_referrer_reward_cap": 10,
        "reward_credits": 10_000,
        "referred_reward_credits": 10_000,
        "stats": {
            "attributed": 3,
            "qualified": 1,
            "review_required": 0,
            "rewarded": 1,
            "capped": 0,
            "expired": 0,
            "rejected": 0,
        },
        "credits": _ACCOUNT,
        "items": [_MEMBER_EVENT],
    },
    "my_referral_events": {"items": [_MEMBER_EVENT]},
    "stripe_webhook": {"received": True, "handled": True},
    "erase_user": {
        "user_id": "erased_0123456789abcdef01234567",
        "attributions": 1,
        "bookings": 1,
        "left": [],
    },
    "create_webhook_endpoint": {
        **{name: value for name, value in _ENDPOINT.items() if name != "last_arrival_about"},
        **_SHOWN_ONCE,
    },
    "list_webhook_endpoints": {"items": [_ENDPOINT]},
    "delete_webhook_endpoint": {"id": _ENDPOINT["id"]},
    "rotate_webhook_secret": {
        **_ENDPOINT,
        "old_secret_until": "2026-03-14T10:00:00.000Z",
        **_SHOWN_ONCE,
    },
    "send_test_event": {"arrived": True, "told": "answered 204"},
    "replay_events": {"referrals": 128},
    "pull_events": {
        "items": [
            {
                "id": "evt_1_3_2",
                "type": "credits.granted",
                "timestamp": "2026-03-12T16:03:58.000Z",
                "sequence": 4,
                "data": {
                    "attribution": _ATTRIBUTION,
                    "rewards": [_REWARD],
                    "booking": {
                        "key": "reward-1",
                        "user_id": "user-referrer",
                        "credits": 10_000,
                        "kind": "grant",
                    },
                },
            }
        ],
        "next_cursor": "qMLm0Qx1ZkS0fN3VbCq8pFsiMTI4IiwiMCJd",
        "more": False,
    },
    "list_deliveries": {
        "endpoint": _ENDPOINT,
        "items": [
            {
                "attribution_id": "attr-1",
                "tries": 3,
                "problem": "answered 500",
                "failing_since": "2026-03-12T16:03:58.000Z",
                "next_attempt_at": "2026-03-12T18:39:12.000Z",
                "given_up": False,
            }
        ],
        "more": False,
    },
    "get_account": {
        "account": _ACCOUNT,
        "code": _CODE | {"disabled": False, "decisions": []},
        "service_used": 0,
        "ledger": [_BOOKING],
    },
    "change_plan": _ACCOUNT,
}

REFUSALS = {
    400: ("A parameter is missing or wrong, or the code is unknown", "invalid parameters"),
    401: ("No credentials, or unknown, revoked, expired or badly signed ones", "invalid API key"),
    403: ("Valid credentials without the role", "admin plan required"),
    404: ("No such attribution, account or user", "no such attribution"),
    409: (
        "The state does not allow it; `status` says which",
        "the attribution is rewarded, not waiting for review",
    ),
    413: ("The body is too large", "the body is over 16 KB"),
    429: ("A limit is used up; `msg` names it", "rate limit of 5 a minute exceeded"),
    500: ("Internal error", "internal error"),
    502: ("Stripe failed or timed out", "Stripe timed out"),
    503: (
        "Too much at once, or the table's ids were derived with another hashing secret",
        "too much at once, try again",
    ),
}
EXTRAS: dict[int, dict[str, Any]] = {
    400: {"errors": [{"field": "limit", "message": "Input should be greater than or equal to 1"}]},
    409: {"status": "rewarded"},
    429: {"retry_after": 42},
    503: {"retry_after": 2},
}
HEADERS = {
    "x-request-id": ("string", "The id under which the request is found in the logs"),
    "RateLimit": ("string", "What is left of each limit (draft-ietf-httpapi-ratelimit-headers-10)"),
    "RateLimit-Policy": ("string", "The limits of the plan"),
    "X-Credits-Charged": ("integer", "1, or 0 where the request was refused"),
    "X-Credits-Remaining": ("integer", "Included and granted credits left"),
    "X-Next-Cursor": ("string", "Where the next page begins; none after the last"),
    "Location": ("string", "The landing page, with the link's query"),
    "Set-Cookie": ("string", "The click's id, for the attribution window"),
    "Cache-Control": ("string", "How long the answer may be kept"),
    "ETag": ("string", "Changes with the content"),
    "Retry-After": ("integer", "Seconds until it is worth trying again"),
}
REFUSAL: dict[str, Any] = {
    "title": "Refusal",
    "type": "object",
    "description": "What every error comes in.",
    "required": ["code", "msg", "data"],
    "properties": {
        "code": {"type": "integer", "description": "The HTTP status"},
        "msg": {"type": "string", "description": "A short sentence"},
        "data": {
            "type": "object",
            "required": ["request_id"],
            "properties": {
                "request_id": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
                "status": {"type": "string", "description": "409: the state that stands"},
                "retry_after": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "429, 503: seconds",
                },
            },
        },
    },
}

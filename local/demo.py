"""http://127.0.0.1:3000/demo: <referral-card> in every state, on the local stack alone.

The cards are the service's own script; what they are told is made up here, by the service's models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from referrals.edge.models.accounts import AccountView
from referrals.edge.models.members import Member, MemberEvent, MemberStats
from referrals.rules.attribution import REFUNDED_REASON, Attribution, Reward, Role, Status
from referrals.rules.credits import Account
from referrals.rules.explain import Reason
from referrals.rules.programme import Programme

PATH = "/demo"
CODE = "A1B2C3D4E5F6"
LINK = f"https://go.example.com/r/{CODE}"
HOLD = timedelta(days=7)

_PROGRAMME = Programme()
_GRANTED = {
    Status.REWARDED: frozenset(Role),
    Status.CAPPED: frozenset({Role.REFERRED}),
}
_UNPAID = frozenset({Status.ATTRIBUTED, Status.EXPIRED})
_COUNTED = MemberStats.model_fields.keys() - {"attributed", "qualified"}
# As a product with a careful policy would send it.
_POLICY = ("Content-Security-Policy", "default-src 'self'")
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
"""


@dataclass(frozen=True)
class Page:
    """What the front door answers by itself under a path."""

    body: bytes
    type: str = "text/html"
    status: int = 200

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Its type, and what it may load."""
        return [("Content-Type", f"{self.type}; charset=utf-8"), _POLICY]


def pages(now: datetime | None = None) -> dict[str, Page]:
    """Every path of the demo, the answers that its cards get included."""
    answers = _answers(now or datetime.now(UTC))
    return {
        PATH: Page(_html(answers).encode()),
        f"{PATH}/style.css": Page(_STYLE.encode(), "text/css"),
        **{f"{PATH}/{name}/api/v1/referrals/me": page for name, page in answers.items()},
    }


def _html(names: Mapping[str, Page]) -> str:
    cards = "".join(
        f'<h2 id="{name}">{name.replace("_", " ").replace("-", ", ")}</h2>'
        f'<referral-card api="demo/{name}/" token="a-token"></referral-card>'
        for name in names
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>referral-card</title>'
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="stylesheet" href="{PATH}/style.css">'
        '<script type="module" src="/referral-card.js"></script>'
        f"</head><body><main><h1>referral-card in every state</h1>{cards}</main></body></html>"
    )


def _answers(now: datetime) -> dict[str, Page]:
    """What the cards are told, by the names of their states."""
    told = {
        f"{status.value}-{role.value}": _answer(MemberEvent.of(role, one))
        for status in Status
        for one in [_attribution(status, now)]
        for role in Role
    }
    refusals = {
        "session_over": Page(b'{"code":401}', "application/json", 401),
        "failing": Page(b'{"code":503}', "application/json", 503),
    }
    return told | {"nobody_yet": _answer()} | refusals


def _answer(*items: MemberEvent) -> Page:
    made = [one for one in items if one.role is Role.REFERRER]
    counts = {status: sum(one.status == status for one in made) for status in _COUNTED}
    qualified = sum(one.qualified_at is not None for one in made)
    earned = sum(one.reward_credits or 0 for one in items if one.reason_code is Reason.GRANTED)
    member = Member(
        code=CODE,
        share_path=f"/r/{CODE}",
        share_url=LINK,
        attribution_window_days=_PROGRAMME.window_days,
        monthly_referrer_reward_cap=_PROGRAMME.monthly_cap,
        reward_credits=_PROGRAMME.referrer_credits,
        referred_reward_credits=_PROGRAMME.referred_credits,
        stats=MemberStats(attributed=len(made), qualified=qualified, **counts),
        credits=AccountView.of("user-referrer", Account(balance=earned)),
        items=list(items),
    )
    data = member.model_dump(mode="json", exclude_none=True)
    return Page(json.dumps({"code": 200, "msg": "ok", "data": data}).encode(), "application/json")


def _attribution(status: Status, now: datetime) -> Attribution:
    """A referral of five days ago in a status; a qualified one is held for a week."""
    signed_up, paid = now - timedelta(days=5), now - timedelta(days=2)
    capped = status is Status.CAPPED
    paying = [role for role in Role if not (capped and role is Role.REFERRER)]
    return Attribution(
        id=f"attr-{status}",
        code=CODE,
        referrer_user_id="user-referrer",
        referred_user_id="user-referred",
        status=status,
        created_at=signed_up,
        expires_at=signed_up + _PROGRAMME.window,
        qualified_at=None if status in _UNPAID else paid,
        rewarded_at=paid if status is Status.REWARDED else None,
        skip_reason=REFUNDED_REASON if status is Status.REJECTED else None,
        held_until=paid + HOLD if status is Status.QUALIFIED else None,
        rewards=() if status in _UNPAID else tuple(_reward(role, status, paid) for role in paying),
    )


def _reward(role: Role, status: Status, paid: datetime) -> Reward:
    granted = role in _GRANTED.get(status, frozenset())
    return Reward(
        id=f"reward-{status}-{role}",
        attribution_id=f"attr-{status}",
        role=role,
        user_id=f"user-{role}",
        credits=_PROGRAMME.referrer_credits
        if role is Role.REFERRER
        else _PROGRAMME.referred_credits,
        created_at=paid,
        credits_granted_at=paid if granted else None,
    )

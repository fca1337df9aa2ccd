"""Credits in the product's own billing: a signed POST for each booking, and what is answered.

docs/credits.md has the contract. The product keeps a key for ever, so that to ask again is to look.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from referrals.rules import orders
from referrals.rules.attribution import Reward
from referrals.rules.outside import Done, Money, Order, Undone, words
from referrals.rules.retries import Answer, put_off
from referrals.rules.rewards import REVERSAL
from referrals.rules.times import timestamp
from referrals.rules.webhook_signature import signed

# Bytes.
LONGEST_ANSWER = 10_000
_LONGEST_ID = 200


class Poster(Protocol):
    """Who sends, in some seconds, and follows no redirect."""

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """What was answered, up to LONGEST_ANSWER of it."""


class HttpCredits:
    """Credits that the product's billing counts, as credits and not as money."""

    name = "http"
    of_customers = False

    def __init__(
        self,
        url: str,
        secrets: Callable[[], Iterable[str]],
        sender: Poster,
        now: Callable[[], datetime],
    ) -> None:
        self._url = url
        self._secrets = secrets
        self._sender = sender
        self._now = now

    def price(self, credits: int) -> Money:  # noqa: ARG002 - a credit is a credit
        """None: the product counts in credits."""
        return Money()

    def left(self, reward: Reward) -> None:
        """Taking it tells."""

    def carry_out(self, reward: Reward, *, look_first: bool) -> Done:  # noqa: ARG002 - it always is
        """Ask for what was ordered, the same at each try, and take the product's word for it."""
        order, secrets, now = reward.order, tuple(self._secrets()), self._now()
        assert order is not None
        if not secrets:
            raise Undone("the credits secret is empty", down=True)
        key = orders.key(reward)
        body = _body(reward, order, key)
        headers = {"idempotency-key": key, **signed(key, body, now, secrets)}
        answer = self._sender.send(self._url, headers, body)
        if answer.arrived:
            return _done(answer.body, order)
        raise _undone(answer, now, secrets)


def _body(reward: Reward, order: Order, key: str) -> str:
    """What is asked, in the form of Standard Webhooks; compact, for what is signed is sent."""
    asked = {
        "type": f"credits.{order.kind}",
        "timestamp": timestamp(order.since),
        "data": {
            "key": key,
            "credits_grant_key": reward.credits_grant_key,
            "user_id": reward.user_id,
            "credits": abs(order.credits),
            "attribution_id": reward.attribution_id,
        },
    }
    return json.dumps(asked, separators=(",", ":"), ensure_ascii=False)


def _done(body: bytes, order: Order) -> Done:
    """What a 2xx says. Undone where it says too little: it is asked again."""
    told = _json(body)
    identity, taken = told.get("id"), told.get("taken")
    if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST_ID:
        raise Undone(f"the product's answer has no id of 1 to {_LONGEST_ID} characters")
    if order.kind != REVERSAL:
        return Done(identity, order.credits)
    if type(taken) is not int or not 0 <= taken <= -order.credits:
        raise Undone(f"the product's answer does not say how many it has taken of {-order.credits}")
    return Done(identity, -taken)


def _undone(answer: Answer, now: datetime, secrets: Iterable[str]) -> Undone:
    """Why it is not done, in the product's words where it has some."""
    status = answer.status
    if status is None:
        return Undone(f"the product's billing: {answer.problem}", down=True)
    said = _words(answer.body, secrets)
    told = f"the product's billing answered {status}" + (f": {said}" if said else "")
    if status < HTTPStatus.BAD_REQUEST:
        return Undone(f"{told}; no redirect is followed", down=True)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Undone(f"{told}; does it know the secret?", down=True)
    down = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    return Undone(told, refused=not down, down=down, wait=put_off(answer, now))


def _words(body: bytes, secrets: Iterable[str]) -> str:
    said = _json(body).get("error")
    return words(said, *secrets) if isinstance(said, str) else ""


def _json(body: bytes) -> dict[str, Any]:
    """The object; an empty one where it is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}

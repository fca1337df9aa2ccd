"""POST /admin/referrals/decisions: staff decide on many referrals, and get an answer for each."""

from typing import Any

from referrals.acts.review import decide
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow, caller
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.reviews import DecidedView, DecisionsAnswer, DecisionsRequest
from referrals.edge.settings import settings
from referrals.edge.telemetry import count_outcomes
from referrals.rules.attribution import Actor
from referrals.store import decisions

_OURS = 500

app = api()


@app.post(f"{PREFIX}/admin/referrals/decisions")
def decide_referrals(body: DecisionsRequest) -> Envelope[DecisionsAnswer]:
    table, reviewer, now = service.table_of_money(), caller(app), clock.now()
    wanted = [one.model_dump() for one in body.decisions]
    answer = decisions.begun(table, reviewer.user_id, body.idempotency_key, wanted, now)
    if answer is None:
        actor = Actor(name=reviewer.name, at=now)
        done = decide(
            table, [one.decision() for one in body.decisions], settings().programme, actor
        )
        count_outcomes(one.outcome for one in done if one.outcome)
        views = [DecidedView.of(one).model_dump(mode="json") for one in done]
        if any(one["code"] >= _OURS for one in views):
            # Not all is done: sent again under the same key, the rest is.
            return Envelope(data=_answer(views))
        answer = decisions.answered(table, reviewer.user_id, body.idempotency_key, views)
    return Envelope(data=_answer(answer))


def _answer(views: list[Any]) -> DecisionsAnswer:
    return DecisionsAnswer.model_validate({"items": views})


handler = serve(app, allow(ADMIN))

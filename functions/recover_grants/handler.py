"""POST /admin/referrals/recover, and every five minutes: grants that failed are tried again."""

from typing import Annotated, Any

from referrals.acts.recovery import Recovery, recover
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow, caller
from referrals.edge.credits_backend import outside
from referrals.edge.http import PREFIX, LambdaContext, Query, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.recovery import RecoverAnswer
from referrals.edge.schedules import scheduled
from referrals.edge.settings import settings
from referrals.edge.telemetry import Metric, age, count, count_outcomes
from referrals.rules.attribution import Actor
from referrals.store.runs import Schedule

LARGEST_RUN = 200
# What the schedule has time for; the rest is the next run's.
SCHEDULED_RUN = 20_000

app = api()


@app.post(f"{PREFIX}/admin/referrals/recover")
def recover_now(limit: Annotated[int, Query(ge=1)] = 50) -> Envelope[RecoverAnswer]:
    actor = Actor(name=caller(app).name, at=clock.now(), why="recovery by hand")
    done = _recover(min(limit, LARGEST_RUN), actor, ignore_backoff=True)
    return Envelope(
        data=RecoverAnswer(
            attempted=done.attempted, recovered=done.recovered, errors=list(done.errors)
        )
    )


@scheduled(Schedule.RECOVERY)
def recover_on_schedule() -> dict[str, int]:
    actor = Actor(name="schedule", at=clock.now(), why="recovery")
    done = _recover(SCHEDULED_RUN, actor, ignore_backoff=False)
    age(Metric.OLDEST_PENDING_GRANT, done.longest_wait.total_seconds())
    return {"attempted": done.attempted, "recovered": done.recovered}


def _recover(limit: int, actor: Actor, *, ignore_backoff: bool) -> Recovery:
    done = recover(
        service.table_of_money(),
        limit,
        settings().programme,
        actor,
        ignore_backoff=ignore_backoff,
        outside=outside(),
    )
    count_outcomes(done.outcomes)
    count(Metric.GRANT_ERRORS, len(done.failures))
    return done


_serve_http = serve(app, allow(ADMIN))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Both ways in: API Gateway's requests name a route, the scheduler's do not."""
    if "requestContext" in event:
        return _serve_http(event, context)
    return recover_on_schedule(event, context)

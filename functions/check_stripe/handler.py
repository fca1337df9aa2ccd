"""Check what Stripe sends: invoked by an operator, never over HTTP."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from referrals.edge import clock, service
from referrals.edge.settings import settings
from referrals.edge.stripe_api import endpoints
from referrals.rules.subscription import not_seen, not_subscribed, version_in_use
from referrals.store import event_kinds


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{}` → `{"seen", "not_seen", "endpoints"?, "missing"}`.

    `missing` is what no endpoint is subscribed to where Stripe may be asked, else what did not
    come in 30 days although invoices did. StripeUnavailable.
    """
    seen = event_kinds.last_seen(service.table())
    absent = not_seen(seen, clock.now().date())
    told: dict[str, Any] = {
        "seen": {
            kind: {"last_seen": one.day.isoformat(), "api_version": one.api_version}
            for kind, one in sorted(seen.items())
        },
        "not_seen": absent,
    }
    api_key = settings().stripe.api_key
    if not api_key:
        return told | {"missing": absent}
    found = endpoints(api_key)
    usual = version_in_use(seen)
    told["endpoints"] = [
        {"url": one.url, "missing": not_subscribed(one.enabled_events, one.api_version or usual)}
        for one in found
    ]
    # Together they may send what none does alone; one version's needs met are enough.
    together = {kind for one in found for kind in one.enabled_events}
    versions = sorted({one.api_version or usual for one in found} or {usual})
    return told | {"missing": min((not_subscribed(together, one) for one in versions), key=len)}

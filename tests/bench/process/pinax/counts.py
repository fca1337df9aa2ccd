"""How long `response_count` takes with so many responses: seconds of each run, as JSON."""

import json
import sys
import time

import pinax_site
from django.core.management import call_command
from django.db import connection
from pinax.referrals.models import Referral, ReferralResponse

_RUNS = 7
_AT_ONCE = 20_000

call_command("migrate", verbosity=0)
referral = Referral.create(redirect_to="/pricing", label="spring")
found, stored = {}, 0
for wanted in map(int, sys.argv[1:]):
    while stored < wanted:
        more = min(_AT_ONCE, wanted - stored)
        response = {"referral": referral, "ip_address": "198.51.100.1", "action": "RESPONDED"}
        ReferralResponse.objects.bulk_create(
            ReferralResponse(session_key=f"session-{stored + one}", **response)
            for one in range(more)
        )
        stored += more
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    runs = []
    for _ in range(_RUNS):
        before = time.perf_counter()
        assert referral.response_count == wanted
        runs.append(time.perf_counter() - before)
    found[wanted] = runs
print(json.dumps(found))

__all__ = ["pinax_site"]

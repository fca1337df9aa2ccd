"""How long `response_count` takes with so many responses: seconds of each run, as JSON."""

import json
import sys
import time

import pinax_site
from django.core.management import call_command
from django.db import connection
from pinax.referrals.models import Referral, ReferralResponse

_RUNS = 7
_RESPONSES = f"""
insert into {ReferralResponse._meta.db_table}
    (referral_id, session_key, ip_address, action, http_referrer, created_at)
select %s, 'session-' || one, '198.51.100.1', 'RESPONDED', '', now()
from generate_series(%s::int, %s) one
"""

call_command("migrate", verbosity=0)
referral = Referral.create(redirect_to="/pricing", label="spring")
found, stored = {}, 0
for wanted in map(int, sys.argv[1:]):
    with connection.cursor() as cursor:
        cursor.execute(_RESPONSES, (referral.pk, stored + 1, wanted))
        cursor.execute("VACUUM ANALYZE")
    stored, runs = wanted, []
    for _ in range(_RUNS):
        before = time.perf_counter()
        assert referral.response_count == wanted
        runs.append(time.perf_counter() - before)
    found[wanted] = runs
print(json.dumps(found))

__all__ = ["pinax_site"]

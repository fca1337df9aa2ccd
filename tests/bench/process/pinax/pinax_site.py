"""A Django site with pinax-referrals: the least that serves its links, and a look at its CPU time.

What the database does is taken out: SQLite runs inside the process, another one would not.
"""

import os
import time

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.http import JsonResponse
from django.urls import include, path

settings.configure(
    SECRET_KEY="only for the benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    SITE_ID=1,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.sites",
        "pinax.referrals",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["PINAX_DATABASE"],
            # Connections stay open, as a careful operator would have it.
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

_in_database = [0.0]


def _timed(act):
    def act_and_count(*arguments, **named):
        before = time.thread_time()
        try:
            return act(*arguments, **named)
        finally:
            _in_database[0] += time.thread_time() - before

    return act_and_count


def _count_queries(connection, **_):
    connection.execute_wrappers.append(
        lambda execute, sql, values, many, context: _timed(execute)(sql, values, many, context)
    )


connection_created.connect(_count_queries)
DatabaseWrapper._commit = _timed(DatabaseWrapper._commit)


def usage(request):
    return JsonResponse({"cpu": time.process_time(), "database": _in_database[0]})


urlpatterns = [
    path("usage", usage),
    path("r/", include("pinax.referrals.urls", namespace="pinax_referrals")),
]
application = get_wsgi_application()

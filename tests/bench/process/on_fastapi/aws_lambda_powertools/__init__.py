"""Powertools' names on FastAPI, Mangum and the standard library's logging.

With this before the layer on its path a function's own handler runs on the other framework: the
same endpoint, models and store, so that what differs is the framework.
"""

import functools
import json
import logging


class Logger(logging.LoggerAdapter):
    """JSON lines with the request's keys."""

    def __init__(self):
        logger = logging.getLogger("referrals")
        logger.setLevel(logging.INFO)
        super().__init__(logger, {})

    def inject_lambda_context(self, *, clear_state):
        def decorate(handler):
            @functools.wraps(handler)
            def wrapped(event, context):
                self.extra.clear()
                return handler(event, context)

            return wrapped

        return decorate

    def append_keys(self, **keys):
        self.extra.update(keys)

    def process(self, message, arguments):
        told = {"message": message, **self.extra, **(arguments.pop("extra", None) or {})}
        return json.dumps(told, default=str), arguments


class Metrics:
    """Counters as one line of CloudWatch's embedded metric format."""

    def __init__(self):
        self._counted = {}

    def add_metric(self, *, name, unit, value):
        self._counted[name] = self._counted.get(name, 0) + value

    def log_metrics(self, handler):
        @functools.wraps(handler)
        def wrapped(event, context):
            try:
                return handler(event, context)
            finally:
                if self._counted:
                    print(json.dumps({"_aws": {"Namespace": "Referrals"}, **self._counted}))
                    self._counted.clear()

        return wrapped

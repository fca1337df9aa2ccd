"""Stands before a function's handler in its own process, and tells what the process has used."""

import resource
import time

# The cost of what follows is the start: this is the function's code.
import handler as function

STARTED = time.process_time()


def handler(event, context):
    """A probe's question is answered; anything else is the function's to answer."""
    question = event.get("probe") if isinstance(event, dict) else None
    if question == "usage":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"started": STARTED, "cpu": time.process_time(), "peak_kb": peak}
    if question == "requests":
        return _timed(event["events"], context)
    return function.handler(event, context)


def _timed(events, context):
    """CPU seconds of each request, and those of them that the SDK's calls took."""
    from botocore.client import BaseClient

    sent = BaseClient._make_api_call
    in_sdk = [0.0]

    def timed(client, *arguments):
        before = time.thread_time()
        try:
            return sent(client, *arguments)
        finally:
            in_sdk[0] += time.thread_time() - before

    BaseClient._make_api_call = timed
    requests, sdk, statuses = [], [], []
    try:
        for event in events:
            in_sdk[0] = 0.0
            before = time.process_time()
            answer = function.handler(event, context)
            requests.append(time.process_time() - before)
            sdk.append(in_sdk[0])
            statuses.append(answer.get("statusCode", 200) if isinstance(answer, dict) else 200)
    finally:
        BaseClient._make_api_call = sent
    return {"requests": requests, "sdk": sdk, "statuses": statuses}

"""events/*.json, which `make invoke` sends: each is one that its function takes."""

import json
import re
import time
from pathlib import Path

import pytest

from local import events
from tests.functions.client import Context, handler_of, invoke
from tests.functions.running import SIGNING_SECRET
from tests.template import template

ROOT = Path(__file__).parent.parent.parent
FILES = {path.stem: path for path in sorted((ROOT / "events").glob("*.json"))}
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def function_of(name):
    """recover_grants.json and recover_grants_schedule.json are both for recover_grants."""
    return max((one for one in FUNCTIONS if name.startswith(one)), key=len)


def resource_of(function):
    name = "".join(word.capitalize() for word in function.split("_")) + "Function"
    return template()["Resources"][name]["Properties"]


@pytest.fixture
def filled(programme, tokens):
    """The event with what only the running programme knows."""
    known = {
        "admin key": lambda _: programme.admin_key,
        "service key": lambda _: programme.service_key,
        "token": tokens.of,
        "referral": lambda user_id: programme.in_review(user_id)["attribution"]["id"],
        "new key": lambda user_id: invoke("create_api_key", {"user_id": user_id})["id"],
        "endpoint": lambda _: programme.listen().good["id"],
        "endpoint that asks": lambda _: programme.listen(url=None).good["id"],
        "now": lambda _: str(int(time.time())),
    }
    return lambda name: events.filled(FILES[name].read_text(), known, SIGNING_SECRET)


def test_every_function_has_an_event():
    assert {function_of(name) for name in FILES} == set(FUNCTIONS)


HTTP = [name for name, path in FILES.items() if "rawPath" in json.loads(path.read_text())]


@pytest.mark.parametrize("base", ["/some/base", "/v2", "/api/v1", "/api/v1/x"])
@pytest.mark.parametrize("name", HTTP)
def test_the_event_is_taken_under_the_base_path_of_a_custom_domain(filled, name, base):
    event = filled(name)
    event["rawPath"] = event["requestContext"]["http"]["path"] = base + event["rawPath"]
    event["requestContext"] |= {"domainName": "api.example.com", "domainPrefix": "api"}
    answer = handler_of(function_of(name))(event, Context())
    assert answer["statusCode"] == (302 if name == "follow_link" else 200), answer["body"]


@pytest.mark.parametrize("name", FILES)
def test_the_event_is_taken_by_its_function(filled, name):
    event = filled(name)
    answer = handler_of(function_of(name))(event, Context())
    if name == "follow_link":
        assert answer["statusCode"] == 302
        assert answer["cookies"]
    elif name == "serve_console":
        assert answer["headers"]["Content-Type"].startswith("text/html")
    elif name in ("serve_card", "serve_embed"):
        assert answer["headers"]["Content-Type"].startswith("text/javascript")
    elif name == "export_referrals":
        assert answer["headers"]["Content-Type"].startswith("text/csv")
    elif "requestContext" in event:
        assert answer["statusCode"] == 200, answer["body"]
        assert json.loads(answer["body"])["msg"] == "ok"
    else:
        assert isinstance(answer, dict)


@pytest.mark.parametrize("name", FILES)
def test_the_event_comes_by_a_route_of_the_template(name):
    event = json.loads(FILES[name].read_text())
    sources = resource_of(function_of(name)).get("Events", {}).values()
    if "requestContext" not in event:
        scheduled = any(source["Type"] == "ScheduleV2" for source in sources)
        assert scheduled == (event.get("source") == "aws.scheduler")
        return
    routes = [
        (source["Properties"]["Method"], source["Properties"]["Path"])
        for source in sources
        if source["Type"] == "HttpApi"
    ]
    method, path = event["routeKey"].split(" ")
    assert (method, path) in routes
    assert event["requestContext"]["routeKey"] == event["routeKey"]
    assert event["requestContext"]["http"]["method"] == method
    assert event["requestContext"]["http"]["path"] == event["rawPath"]
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), event["rawPath"])

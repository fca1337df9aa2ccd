"""docs/openapi.json: valid, what the handlers say, and of the same routes as the template."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from contract import openapi
from referrals.rules import errors
from tests.template import template

ERROR_STATUSES = {
    int(one.status)
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, errors.ReferralError)
}


# What browsers and spreadsheets load, which is in no envelope.
NOT_JSON = {"export_referrals", "follow_link", "serve_card", "serve_console", "serve_embed"}


@pytest.fixture(scope="module")
def document():
    return json.loads(openapi.DOCUMENT.read_text())


@pytest.fixture(scope="module")
def operations(document):
    """Every operation by its id."""
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def conforms(document, schema, value):
    Draft202012Validator({**schema, "components": document["components"]}).validate(value)


def test_the_document_is_valid(document):
    validate(document)


def test_the_document_is_what_the_handlers_say():
    assert openapi.main(["--check"]) == 0


def test_the_document_is_written_the_same_twice():
    assert openapi.written() == openapi.written()


def test_drift_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    other = tmp_path / "docs" / "openapi.json"
    other.parent.mkdir()
    text = openapi.written()
    other.write_text(text.replace('"Referrals"', '"Something else"'))
    monkeypatch.setattr(openapi, "DOCUMENT", other)
    monkeypatch.setattr(openapi, "written", lambda: text)
    monkeypatch.setattr(openapi, "ROOT", tmp_path)
    assert openapi.main(["--check"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("docs/openapi.json is not what the handlers say")
    assert openapi.main([]) == 0
    assert openapi.main(["--check"]) == 0


def test_every_route_of_the_template_is_described_and_no_other(document):
    routes = {
        (event["Properties"]["Method"].lower(), _unnamed(event["Properties"]["Path"])): function
        for function in _functions()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }
    # HEAD is answered as GET is, and what a page is made of needs no words of its own.
    undescribed = ("get", "/console/{}/{}")
    routes = {
        route: one for route, one in routes.items() if route[0] != "head" and route != undescribed
    }
    described = {
        (method, _unnamed(path)): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    served = {
        route: function["Properties"]["CodeUri"].strip("/").rpartition("/")[2]
        for route, function in routes.items()
    }
    assert described == served


def _functions():
    resources = template()["Resources"].values()
    return [one for one in resources if one["Type"] == "AWS::Serverless::Function"]


def _unnamed(path):
    return re.sub(r"{\w+}", "{}", path)


def test_every_status_of_an_error_is_described_somewhere_and_422_nowhere(operations):
    described = {status for one in operations.values() for status in one["responses"]}
    assert described == {"200", "302", "304", *map(str, ERROR_STATUSES)}


def test_every_operation_has_a_summary_of_one_line(operations):
    for name, operation in operations.items():
        assert re.fullmatch(r"[A-Z].{10,80}[^.]", operation["summary"]), name


def test_every_answer_has_an_example_that_is_what_it_says(document, operations):
    for operation in operations.values():
        for status, response in operation["responses"].items():
            if operation["operationId"] in NOT_JSON and status in ("200", "302", "304"):
                continue
            content = response["content"]["application/json"]
            assert content["example"]["code"] == int(status)
            conforms(document, content["schema"], content["example"])


def test_every_body_has_an_example_that_is_taken(document, operations):
    bodies = {name: one["requestBody"] for name, one in operations.items() if "requestBody" in one}
    assert len(bodies) == 11
    for body in bodies.values():
        content = body["content"]["application/json"]
        conforms(document, content["schema"], content["example"])


def test_admin_routes_take_keys_and_tokens(document):
    for path, methods in document["paths"].items():
        if path.startswith("/api/v1/admin/"):
            for operation in methods.values():
                assert operation["security"] == [{"apiKey": []}, {"jwt": []}]
                assert {"401", "403", "429"} <= set(operation["responses"])


def test_no_address_of_a_machine_is_in_the_document():
    # Where an example is sent to is nobody's.
    told = openapi.written().replace("https://hooks.example.com/", "")
    assert re.findall(r"localhost|127\.0\.0\.1|https?://", told) == []

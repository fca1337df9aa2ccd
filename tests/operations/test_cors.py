"""Pages of other origins: who may read answers, as API Gateway has it and the local stack too."""

import pytest

from local.cors import Cors
from local.deployment import template

PAGE = "https://product.example.com"
ASKED = {"Access-Control-Request-Method": "POST"}


@pytest.fixture
def cors():
    return Cors.of(template(), f"{PAGE}, https://other.example.com")


def test_a_named_origin_may_ask_and_read(cors):
    told = dict(cors.preflight(PAGE))
    assert told["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in told["Access-Control-Allow-Methods"]
    assert "authorization" in told["Access-Control-Allow-Headers"]
    assert dict(cors.answered([], PAGE))["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{PAGE}.evil.example"])
def test_another_origin_is_told_nothing(cors, origin):
    assert cors.preflight(origin) == []
    assert cors.answered([("Content-Type", "text/plain")], origin) == [
        ("Content-Type", "text/plain")
    ]


def test_without_origins_no_page_may_read(resources):
    assert Cors.of(template(), "").preflight(PAGE) == []
    told = resources["Api"]["Properties"]["CorsConfiguration"]
    assert told["AllowOrigins"]["Fn::If"][0] == "HasOrigins"


def test_nobody_is_asked_for_credentials_that_a_page_holds(cors):
    names = {name for name, _ in cors.preflight(PAGE) + cors.answered([], PAGE)}
    assert "Access-Control-Allow-Credentials" not in names


def test_what_a_function_says_of_origins_is_not_passed_on(cors):
    own = [("Access-Control-Allow-Origin", "*")]
    assert cors.answered(own, "https://evil.example") == []


def test_only_a_browser_s_question_is_a_preflight(cors):
    assert cors.is_preflight("OPTIONS", ASKED)
    assert not cors.is_preflight("OPTIONS", {})
    assert not cors.is_preflight("POST", ASKED)

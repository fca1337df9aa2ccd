"""Requests made up from the document: no internal error, and no answer that it does not tell of."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from schemathesis import GenerationMode
from schemathesis.checks import (
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.checks import content_type_conformance

from contract.openapi import DOCUMENT
from tests import stripe_payloads
from tests.contract.gateway import Gateway
from tests.functions.running import REFERRER, SIGNING_SECRET

TOLD = json.loads(DOCUMENT.read_text())
OPERATIONS = sorted(
    (operation["operationId"], path, method)
    for path, methods in TOLD["paths"].items()
    for method, operation in methods.items()
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NEVER_WRONG = {"follow_link", "serve_card", "serve_console", "serve_embed"}
EXAMPLES = 25


@pytest.fixture
def known(programme, tokens):
    """A programme with one referral in each hand of the reviewers, and who may call."""
    programme.click(click_id="visit-1")
    held = programme.in_review("user-held", click_id="visit-1")["attribution"]["id"]
    rewarded = programme.rewarded("user-rewarded")["attribution"]["id"]
    keyed = {"x-api-key": programme.admin_key}
    token = {"authorization": f"Bearer {tokens.of(REFERRER)}"}
    return {
        "attribution_id": [held, rewarded],
        "user_id": [REFERRER, "user-held"],
        "credentials": {"my_referrals": token, "my_referral_events": token},
        "usual credentials": keyed,
    }


def with_credentials(case, name, known):
    if name == "stripe_webhook":
        payload = json.dumps(case.body).encode() if case.body.__class__ is dict else b"{}"
        case.body = json.loads(payload)
        return {"Stripe-Signature": stripe_payloads.signature(payload, SIGNING_SECRET)}
    return known["credentials"].get(name, known["usual credentials"])


@pytest.mark.parametrize(
    ("name", "path", "method", "mode"),
    [
        pytest.param(*operation, mode, id=f"{operation[0]}-{mode.value}")
        for operation in OPERATIONS
        for mode in GenerationMode
        # A request that nothing is asked of cannot be wrong.
        if operation[0] not in NEVER_WRONG or mode is GenerationMode.POSITIVE
    ],
)
def test_every_answer_is_one_that_the_document_tells_of(known, name, path, method, mode):
    operation = schemathesis.openapi.from_wsgi("/openapi.json", Gateway(TOLD))[path][method]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=some.data())
    def answers_as_told(case, data):
        for parameter in {"attribution_id", "user_id"} & set(case.path_parameters or {}):
            assume("/" not in str(case.path_parameters[parameter]))
            if data.draw(some.booleans(), label="a known one"):
                case.path_parameters[parameter] = data.draw(some.sampled_from(known[parameter]))
        headers = with_credentials(case, name, known) if data.draw(some.booleans()) else {}
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    answers_as_told()

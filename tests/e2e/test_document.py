"""The deployed service against its own document: no internal error, no answer that it does not
tell of. tests/contract does the same with more examples, without the network."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error, status_code_conformance

from contract.openapi import DOCUMENT

TOLD = json.loads(DOCUMENT.read_text())
OPERATIONS = sorted(
    (operation["operationId"], path, method)
    for path, methods in TOLD["paths"].items()
    for method, operation in methods.items()
)
NEVER_WRONG = {"follow_link", "serve_card", "serve_console", "serve_embed"}
EXAMPLES = 5


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
def test_the_deployed_service_answers_as_its_document_tells(service, name, path, method, mode):
    operation = schemathesis.openapi.from_dict(TOLD)[path][method]
    token = {"authorization": f"Bearer {service.token('user-who-looks')}"}
    headers = token if "/me" in path else {"x-api-key": service.admin_key}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_told(case):
        url = service.url.removesuffix("/api/v1")
        answer = case.call(base_url=url, headers=headers, allow_redirects=False)
        # The front door has refusals of its own for paths that reach no function.
        if "x-request-id" in answer.headers:
            case.validate_response(answer, checks=[not_a_server_error, status_code_conformance])
        assert answer.status_code < 500

    answers_as_told()

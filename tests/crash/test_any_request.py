"""The running API, asked whatever its own document allows and forbids, by schemathesis."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from local.stack import Stack
from tests.infrastructure.test_openapi import DOCUMENT

api = schemathesis.openapi.from_path(str(DOCUMENT))

EXAMPLES = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@api.parametrize()
@EXAMPLES
def test_every_answer_is_one_that_the_document_knows(case: schemathesis.Case, stack: Stack) -> None:
    headers = {"Authorization": f"Bearer {stack.token('anyone@example.com')}"}
    case.call_and_validate(base_url=stack.urls["api"], headers=headers, checks=CHECKS)

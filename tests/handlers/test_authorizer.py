"""The authorizer function, with API Gateway's own events, and what the handlers behind it read."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from shared import bootstrap
from shared.adapters.signing_keys import KeysUnavailable
from shared.adapters.token_verifier import TokenVerifier
from shared.domain.caller import Caller, Role
from shared.http.auth import caller_of

ROOT = Path(__file__).parents[2]
SHARED_SECRET = "a-secret-of-the-site's-own-login!"

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    verifier = TokenVerifier(
        keys=None,
        audience=None,
        shared_secret=SHARED_SECRET,
        app_secret="of-this-application",
        coach_email="coach@example.com",
    )
    monkeypatch.setattr(bootstrap, "token_verifier", lambda: verifier)
    place = ROOT / "functions" / "authorizer" / "handler.py"
    spec = importlib.util.spec_from_file_location("authorizer_handler", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Handler = module.handler
    return function


def event(name: str, token: str = "") -> dict[str, Any]:
    text = (ROOT / "events" / "authorizer" / f"{name}.json").read_text()
    loaded: dict[str, Any] = json.loads(text.replace("TOKEN", token))
    return loaded


def token_of(**claims: Any) -> str:
    return jwt.encode(
        {"sub": "1", "email": "alex@example.com", "exp": int(time.time()) + 60} | claims,
        SHARED_SECRET,
        "HS256",
    )


def test_a_good_token_opens_the_door_with_the_caller_in_strings(handler: Handler) -> None:
    answer = handler(event("bearer", token_of(name="Alex")), None)

    assert answer["isAuthorized"] is True
    assert all(type(value) is str for value in answer["context"].values())
    assert {**answer["context"], "client_id": ""} == {
        "client_id": "",
        "email": "alex@example.com",
        "name": "Alex",
        "role": "client",
    }


def test_the_scheme_may_be_written_in_any_case(handler: Handler) -> None:
    request = event("bearer", token_of())
    request["headers"]["authorization"] = request["headers"]["authorization"].replace("Bearer", "bearer")

    assert handler(request, None)["isAuthorized"] is True


@pytest.mark.parametrize("name", ["basic", "not_a_token"])
def test_what_is_no_bearer_token_fails_with_the_word_the_gateway_knows(handler: Handler, name: str) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        handler(event(name), None)


def test_an_expired_token_fails_with_the_word_the_gateway_knows(handler: Handler) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        handler(event("bearer", token_of(exp=int(time.time()) - 120)), None)


def test_a_request_without_the_header_is_refused_even_if_the_gateway_lets_it_in(handler: Handler) -> None:
    request = event("bearer")
    del request["headers"]["authorization"]

    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        handler(request, None)


def test_an_unreachable_issuer_is_a_fault_and_nobodys_token_is_called_bad(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OutOfReach:
        def verify(self, _token: str) -> Caller:
            raise KeysUnavailable

    monkeypatch.setattr(bootstrap, "token_verifier", OutOfReach)

    with pytest.raises(KeysUnavailable):
        handler(event("bearer", token_of()), None)


def test_a_refusal_is_logged_without_token_or_address(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(exp=int(time.time()) - 120)
    with pytest.raises(Exception, match="Unauthorized") as refusal:
        handler(event("bearer", token), None)

    logged = str([vars(record) for record in caplog.records])
    assert "ExpiredSignatureError" in logged
    assert token not in logged + repr(refusal.value)
    assert "alex@example.com" not in logged
    assert refusal.value.__suppress_context__


def test_handlers_read_the_caller_the_authorizer_saw(handler: Handler) -> None:
    context = handler(event("bearer", token_of(email="coach@example.com", name="Çağla")), None)["context"]
    request = APIGatewayProxyEventV2({"requestContext": {"authorizer": {"lambda": context}}})

    caller = caller_of(request)

    assert caller.role is Role.COACH
    assert (caller.client_id, caller.email, caller.name) == (
        context["client_id"],
        "coach@example.com",
        "Çağla",
    )


@pytest.mark.parametrize("context", [{}, {"authorizer": None}, {"authorizer": {"lambda": None}}])
def test_a_route_without_the_authorizer_serves_nobody(context: dict[str, Any]) -> None:
    with pytest.raises(LookupError):
        caller_of(APIGatewayProxyEventV2({"requestContext": context}))

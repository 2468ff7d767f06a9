from __future__ import annotations

import base64
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.stack.conftest import Small

ORIGIN = "https://site.example"


def event(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["event"]
    return found


def test_an_event_has_the_shape_of_payload_two(project: Small) -> None:
    got = event(project.get("/echo?a=1&b=x%20y&a=2", headers={"X-Thing": "T", "User-Agent": "me"}))
    assert (got["version"], got["routeKey"], got["rawPath"]) == ("2.0", "ANY /echo", "/echo")
    assert got["rawQueryString"] == "a=1&b=x%20y&a=2"
    assert got["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert got["headers"]["x-thing"] == "T"
    assert "body" not in got
    assert "pathParameters" not in got
    context = got["requestContext"]
    assert context["http"] == {
        "method": "GET",
        "path": "/echo",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert context["stage"] == "$default"
    assert {"requestId", "time", "timeEpoch", "domainName"} <= context.keys()


def test_the_function_has_the_gateway_s_request_id_and_its_own_time_left(project: Small) -> None:
    got = project.get("/echo").json()
    assert got["request_id"] == got["event"]["requestContext"]["requestId"]
    assert 4_000 < got["remaining"] <= 5_000


def test_repeated_headers_are_joined_and_cookies_stand_apart(project: Small) -> None:
    connection = http.client.HTTPConnection(urlsplit(project.url).netloc)
    connection.putrequest("GET", "/echo")
    for name, value in (("X-Many", "1"), ("X-Many", "2"), ("Cookie", "a=1; b=2")):
        connection.putheader(name, value)
    connection.endheaders()
    import json

    got = json.loads(connection.getresponse().read())["event"]
    assert got["headers"]["x-many"] == "1,2"
    assert got["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in got["headers"]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/calendar", "application/xml"]
)
def test_text_bodies_come_as_they_are(project: Small, kind: str) -> None:
    got = event(project.request("POST", "/echo", data='{"é":1}'.encode(), headers={"Content-Type": kind}))
    assert (got["body"], got["isBase64Encoded"]) == ('{"é":1}', False)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/problem+json", "image/png", None]
)
def test_other_bodies_come_in_base64(project: Small, kind: str | None) -> None:
    got = event(project.request("POST", "/echo", data=b"a=1", headers={"Content-Type": kind} if kind else {}))
    assert got["isBase64Encoded"] is True
    assert base64.b64decode(got["body"]) == b"a=1"


@pytest.mark.parametrize(
    ("path", "key", "parameters"),
    [
        ("/things/mine", "GET /things/mine", None),
        ("/things/7", "GET /things/{id}", {"id": "7"}),
        ("/things/a%20b", "GET /things/{id}", {"id": "a b"}),
        ("/things/7/file.ics", "GET /things/{id}/file.ics", {"id": "7"}),
        ("/things/7/other", "GET /things/{rest+}", {"rest": "7/other"}),
    ],
)
def test_what_is_written_out_beats_a_variable(
    project: Small, path: str, key: str, parameters: dict[str, str] | None
) -> None:
    got = event(project.get(path))
    assert (got["routeKey"], got.get("pathParameters")) == (key, parameters)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("POST", "/things/mine"), ("GET", "/echo/")]
)
def test_a_route_missing_from_the_template_does_not_exist(project: Small, method: str, path: str) -> None:
    response = project.request(method, path)
    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


def test_without_a_token_the_authorizer_is_not_even_asked(project: Small) -> None:
    response = project.get("/guarded")
    assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        ("nobody", 401, "Unauthorized"),
        ("banned", 403, "Forbidden"),
        ("bug", 500, "Internal Server Error"),
        ("die", 500, "Internal Server Error"),
    ],
)
def test_the_authorizer_s_no_is_the_gateway_s_answer(
    project: Small, token: str, status: int, message: str
) -> None:
    response = project.get("/guarded", headers={"Authorization": token})
    assert (response.status_code, response.json()) == (status, {"message": message})


def test_what_the_authorizer_says_reaches_the_function_and_is_remembered_for_its_time(project: Small) -> None:
    def ask() -> dict[str, Any]:
        got = event(project.get("/guarded", headers={"Authorization": "anna"}))
        context: dict[str, Any] = got["requestContext"]["authorizer"]["lambda"]
        return context

    first = ask()
    assert first["asked"] == ["anna"]
    project.lambdas.restart()
    assert ask() == first
    project.outside.clock.advance(301)
    assert ask()["pid"] != first["pid"]


def test_a_preflight_is_answered_without_a_route(project: Small) -> None:
    asking = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    response = project.request("OPTIONS", "/nowhere", headers=asking)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-methods"] == "GET,POST"
    assert response.headers["access-control-allow-headers"] == "authorization,content-type"
    assert response.headers["access-control-max-age"] == "600"


def test_the_gateway_s_cors_headers_replace_the_function_s(project: Small) -> None:
    from_site = project.get("/answers/full", headers={"Origin": ORIGIN})
    assert from_site.headers["access-control-allow-origin"] == ORIGIN
    assert from_site.headers["access-control-expose-headers"] == "retry-after"
    from_elsewhere = project.get("/answers/full", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in from_elsewhere.headers


def test_refusals_carry_cors_headers_so_that_a_page_can_read_them(project: Small) -> None:
    response = project.get("/guarded", headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, ORIGIN)


def test_an_answer_carries_its_status_headers_and_cookies(project: Small) -> None:
    response = project.get("/answers/full")
    assert (response.status_code, response.text, response.headers["x-kind"]) == (
        418,
        "short and stout",
        "tea",
    )
    assert response.cookies.get_dict() == {"a": "1", "b": "2"}


def test_an_answer_in_base64_is_sent_as_bytes(project: Small) -> None:
    response = project.get("/answers/binary")
    assert (response.content, response.headers["content-type"]) == (b"\x89PNG", "image/png")


def test_an_answer_without_a_status_is_the_json_of_a_200(project: Small) -> None:
    response = project.get("/answers/plain")
    assert (response.json(), response.headers["content-type"]) == ({"hello": "there"}, "application/json")
    assert project.get("/answers/words").text == "hello"


@pytest.mark.parametrize(
    "path", ["/answers/no-number", "/answers/no-base64", "/answers/no-json", "/answers/unknown"]
)
def test_an_answer_that_is_none_is_a_502(project: Small, path: str) -> None:
    response = project.get(path)
    assert (response.status_code, response.json()) == (502, {"message": "Internal Server Error"})


@pytest.mark.parametrize("kind", ["raise", "exit", "die"])
def test_a_function_that_fails_is_a_502_and_the_next_call_is_served(project: Small, kind: str) -> None:
    response = project.get(f"/trouble/{kind}")
    assert (response.status_code, response.json()) == (502, {"message": "Internal Server Error"})
    assert project.get("/trouble/none").status_code == 200


def test_a_function_past_its_timeout_is_a_503_and_its_process_ends(project: Small) -> None:
    pid = project.get("/trouble/none").json()["pid"]
    response = project.get("/trouble/hang")
    assert (response.status_code, response.json()) == (503, {"message": "Service Unavailable"})
    assert project.get("/trouble/none").json()["pid"] != pid


def test_too_large_a_body_is_refused(project: Small) -> None:
    response = project.request("POST", "/echo", data=b"x" * (6 * 1024 * 1024 + 1))
    assert response.status_code == 413


def test_too_large_a_head_is_refused(project: Small) -> None:
    assert project.get("/echo", headers={"X-Long": "x" * 9_000}).status_code == 200
    assert project.get("/echo", headers={"X-Long": "x" * 10_300}).status_code == 431

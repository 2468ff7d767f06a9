"""The sign-in stand-in, used as a page uses an issuer: authorization code with PKCE, over HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import time_machine

from local.signin import SignIn
from shared.adapters.signing_keys import SigningKeys
from shared.adapters.token_verifier import TokenVerifier
from shared.domain.caller import Role, TokenRefused

AUDIENCE = "booking-site"
SHARED_SECRET = "a-secret-of-the-site's-own-login!"
COACH_EMAIL = "coach@example.com"
REDIRECT_URI = "http://127.0.0.1:8001/signed-in.html"
CODE_VERIFIER = "a-code-verifier-of-at-least-forty-three-characters"


@pytest.fixture
def signin() -> Iterator[SignIn]:
    signin = SignIn("127.0.0.1", 0, AUDIENCE, SHARED_SECRET, COACH_EMAIL)
    signin.start()
    yield signin
    signin.stop()


@pytest.fixture
def verifier(signin: SignIn) -> TokenVerifier:
    return TokenVerifier(
        keys=SigningKeys(signin.issuer),
        audience=AUDIENCE,
        shared_secret=SHARED_SECRET,
        app_secret="of-this-application",
        coach_email=COACH_EMAIL,
    )


def discovery(signin: SignIn) -> dict[str, Any]:
    answer = requests.get(f"{signin.issuer}/.well-known/openid-configuration", timeout=5)
    document: dict[str, Any] = answer.json()
    return document


def authorize_url(signin: SignIn, **changes: str) -> str:
    digest = hashlib.sha256(CODE_VERIFIER.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": AUDIENCE,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid email profile",
        "state": "of-the-page",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{discovery(signin)['authorization_endpoint']}?{urlencode(query | changes)}"


def code_for(signin: SignIn, email: str) -> str:
    answer = requests.post(authorize_url(signin), data={"sub": email}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith(REDIRECT_URI)
    assert query["state"] == ["of-the-page"]
    return query["code"][0]


def redeem(signin: SignIn, code: str, verifier: str = CODE_VERIFIER) -> requests.Response:
    return requests.post(
        discovery(signin)["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "client_id": AUDIENCE,
            "code_verifier": verifier,
        },
        headers={"Origin": "http://127.0.0.1:8001"},
        timeout=5,
    )


def id_token(signin: SignIn, email: str) -> str:
    token: str = redeem(signin, code_for(signin, email)).json()["id_token"]
    return token


@pytest.mark.parametrize(
    ("email", "role", "name"),
    [
        ("alex@example.com", Role.CLIENT, "Alex"),
        ("somebody.new@example.org", Role.CLIENT, "Somebody New"),
        (COACH_EMAIL, Role.COACH, "Coach"),
    ],
)
def test_a_person_signs_in_and_the_api_knows_them(
    signin: SignIn, verifier: TokenVerifier, email: str, role: Role, name: str
) -> None:
    caller = verifier.verify(id_token(signin, email))

    assert (caller.email, caller.role, caller.name) == (email, role, name)


def test_a_program_gets_the_same_caller_as_the_person_who_signs_in(
    signin: SignIn, verifier: TokenVerifier
) -> None:
    by_program = verifier.verify(signin.issue_token("alex@example.com", "client"))

    assert by_program == verifier.verify(id_token(signin, "alex@example.com"))


def test_a_program_may_ask_for_the_coachs_role(signin: SignIn, verifier: TokenVerifier) -> None:
    assert verifier.verify(signin.issue_token("assistant@example.com", "coach")).role is Role.COACH


def test_a_programs_token_outlives_a_clock_moved_by_weeks(signin: SignIn, verifier: TokenVerifier) -> None:
    token = signin.issue_token("alex@example.com", "client")
    with time_machine.travel(timedelta(days=29)):
        assert verifier.verify(token)
    with time_machine.travel(timedelta(days=31)), pytest.raises(TokenRefused):
        verifier.verify(token)


def test_the_refreshed_token_is_good_as_well(signin: SignIn) -> None:
    first = redeem(signin, code_for(signin, "alex@example.com")).json()
    again = requests.post(
        discovery(signin)["token_endpoint"],
        data={
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
            "client_id": AUDIENCE,
        },
        timeout=5,
    )

    assert again.status_code == 200


def test_a_code_is_worth_nothing_without_its_verifier(signin: SignIn) -> None:
    code = code_for(signin, "alex@example.com")

    refused = redeem(signin, code, verifier="a-verifier-somebody-guessed-who-saw-the-code-only")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert redeem(signin, code).status_code == 400


def test_a_code_is_good_once(signin: SignIn) -> None:
    code = code_for(signin, "alex@example.com")

    assert redeem(signin, code).status_code == 200
    assert redeem(signin, code).status_code == 400


def test_signing_in_without_pkce_is_refused(signin: SignIn) -> None:
    answer = requests.get(authorize_url(signin, code_challenge_method="plain"), timeout=5)

    assert answer.status_code == 400


def test_giving_up_leads_back_to_the_page(signin: SignIn) -> None:
    answer = requests.post(authorize_url(signin), data={"action": "deny"}, allow_redirects=False, timeout=5)

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]


def test_a_page_of_another_origin_may_read_what_it_needs(signin: SignIn) -> None:
    document = discovery(signin)
    assert document["issuer"] == signin.issuer
    for url in (f"{signin.issuer}/.well-known/openid-configuration", document["jwks_uri"]):
        assert requests.get(url, timeout=5).headers["Access-Control-Allow-Origin"] == "*"

    token = redeem(signin, code_for(signin, "alex@example.com"))
    assert token.headers["Access-Control-Allow-Origin"] == "*"
    preflight = requests.options(document["userinfo_endpoint"], timeout=5)
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


def test_the_sign_in_page_names_people_to_be_and_loads_nothing_from_elsewhere(signin: SignIn) -> None:
    page = requests.get(authorize_url(signin), timeout=5)

    assert "alex@example.com" in page.text
    assert COACH_EMAIL in page.text
    assert "https://" not in page.text
    assert "Access-Control-Allow-Origin" not in page.headers


def test_an_address_is_text_on_the_sign_in_page(signin: SignIn) -> None:
    requests.post(authorize_url(signin), data={"sub": "<b>@example.com"}, allow_redirects=False, timeout=5)

    assert "<b>" not in requests.get(authorize_url(signin), timeout=5).text


def test_the_ports_are_free_again_after_stopping(signin: SignIn) -> None:
    issuer = signin.issuer
    signin.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(issuer, timeout=5)
    signin.start()
    assert signin.issuer == issuer

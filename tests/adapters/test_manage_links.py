"""Tokens of manage links: good for what they were made for, and never taken for, or made from, a sign-in's."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from shared.adapters.manage_links import AUDIENCE, TOKEN_TYPE, ManageLinks
from shared.adapters.signing_keys import SigningKeys
from shared.adapters.token_verifier import TokenVerifier
from shared.domain.appointment import Appointment
from shared.domain.caller import Caller, LinkHolder, TokenRefused
from tests.adapters.test_token_verifier import RSA_KEY
from tests.builders import appointment

APP_SECRET = "of-this-application"
SHARED_SECRET = "a-secret-of-the-site's-own-login!"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


def booking(**changes: Any) -> Appointment:
    return appointment(**{"start": SOON, "manage_key": 2} | changes)


def token(app_secret: str = APP_SECRET, **changes: Any) -> str:
    return ManageLinks(app_secret).token(booking(**changes))


def verifier(**changes: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "keys": None,
        "audience": None,
        "shared_secret": SHARED_SECRET,
        "app_secret": APP_SECRET,
        "coach_email": "coach@example.com",
    }
    return TokenVerifier(**settings | changes)


def reason(token: str, **changes: Any) -> str:
    with pytest.raises(TokenRefused) as refusal:
        verifier(**changes).verify(token)
    return str(refusal.value)


def test_a_token_names_its_booking_its_client_and_its_end() -> None:
    about = booking()
    assert verifier().verify(ManageLinks(APP_SECRET).token(about)) == LinkHolder(
        appointment_id=about.id,
        client_id=about.client.id,
        manage_key=2,
        until=about.end + timedelta(days=1),
    )


def test_the_token_in_a_mail_about_a_fee_opens_the_session_that_it_moves() -> None:
    about = booking()
    holder = verifier().verify(ManageLinks(APP_SECRET).token(replace(about, id="f" * 32, moves=about.id)))
    assert isinstance(holder, LinkHolder)
    assert holder.appointment_id == about.id


def test_a_token_holds_nothing_personal_and_is_the_same_each_time() -> None:
    about = booking()
    made = ManageLinks(APP_SECRET).token(about)
    claims = jwt.decode(made, options={"verify_signature": False})
    assert set(claims) == {"aud", "sub", "client", "key", "exp"}
    assert about.client.email not in str(claims)
    assert made == ManageLinks(APP_SECRET).token(about)


def test_it_ends_a_day_after_the_session() -> None:
    now = datetime.now(UTC)
    over = {"duration_minutes": 30, "start": now - timedelta(days=1, minutes=31)}
    almost = {"duration_minutes": 30, "start": now - timedelta(days=1, minutes=25)}
    assert reason(token(**over)) == "ExpiredSignatureError"
    assert verifier().verify(token(**almost))


def test_no_byte_of_it_can_be_changed() -> None:
    good = token()
    for place, byte in enumerate(good):
        other = "A" if byte != "A" else "B"
        altered = f"{good[:place]}{other}{good[place + 1 :]}"
        if _signed_bytes(altered) == _signed_bytes(good):
            continue  # the last character of a part has bits that stand for nothing
        with pytest.raises(TokenRefused):
            verifier().verify(altered)


def _signed_bytes(token: str) -> tuple[str, bytes]:
    text, _, signature = token.rpartition(".")
    return text, base64.urlsafe_b64decode(signature + "==")


def test_one_made_under_another_secret_is_refused() -> None:
    assert reason(token("of-another-application")) == "InvalidSignatureError"


@pytest.mark.parametrize("key", [APP_SECRET, SHARED_SECRET, ""])
def test_no_other_secret_at_hand_signs_one(key: str) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    forged = _encode({"typ": TOKEN_TYPE, "alg": "HS256"}, claims, key.encode())
    assert reason(forged) == "InvalidSignatureError"


@pytest.mark.parametrize("algorithm", ["none", "None", "RS256", "ES256", "HS384", "HS512"])
def test_no_other_algorithm_is_let_in_by_its_name(algorithm: str) -> None:
    """Not even where an issuer's keys are known: its public key must not serve as a secret, nor sign a link."""
    claims = jwt.decode(token(), options={"verify_signature": False})
    forged = _encode({"typ": TOKEN_TYPE, "alg": algorithm}, claims, b"")
    nobody = SigningKeys("http://127.0.0.1:9/never-asked")
    assert reason(forged, keys=nobody, audience="site") == "InvalidAlgorithmError"


def test_an_issuer_that_is_trusted_to_sign_people_in_cannot_make_one() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    forged = jwt.encode(claims, RSA_KEY, "RS256", headers={"typ": TOKEN_TYPE, "kid": "rsa"})
    nobody = SigningKeys("http://127.0.0.1:9/never-asked")
    assert reason(forged, keys=nobody, audience="site") == "InvalidAlgorithmError"


def test_a_manage_token_that_calls_itself_a_sign_in_is_refused() -> None:
    about = booking()
    _, body, signature = ManageLinks(APP_SECRET).token(about).split(".")
    for kind in ("JWT", "at+jwt", "Manage+JWT", "application/manage+jwt"):
        header = _base64(json.dumps({"typ": kind, "alg": "HS256"}).encode())
        assert reason(f"{header}.{body}.{signature}") == "InvalidSignatureError"


def test_a_sign_in_that_calls_itself_a_manage_token_is_refused() -> None:
    """Made by the site's own login, with its own good secret and every claim in its place."""
    claims = {
        "aud": AUDIENCE,
        "sub": booking().id,
        "client": "alex",
        "key": 2,
        "email": "alex@example.com",
        "exp": int(time.time()) + 60,
    }
    as_sign_in = jwt.encode(claims, SHARED_SECRET, "HS256")
    assert isinstance(verifier().verify(as_sign_in), Caller)
    as_link = jwt.encode(claims, SHARED_SECRET, "HS256", headers={"typ": TOKEN_TYPE})
    assert reason(as_link) == "InvalidSignatureError"


@pytest.mark.parametrize(
    "change", [{"aud": "site"}, *({name: None} for name in ("aud", "sub", "client", "exp"))]
)
def test_what_the_key_signed_for_anything_else_is_no_link(change: dict[str, Any]) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False}) | change
    kept = {name: value for name, value in claims.items() if value is not None}
    signed = jwt.encode(kept, ManageLinks(APP_SECRET)._key, "HS256", headers={"typ": TOKEN_TYPE})
    assert reason(signed) in {"InvalidAudienceError", "MissingRequiredClaimError"}


def test_links_work_where_no_other_sign_in_with_a_secret_does() -> None:
    assert isinstance(verifier(shared_secret=None).verify(token()), LinkHolder)


def test_a_new_key_makes_another_token() -> None:
    about = booking()
    links = ManageLinks(APP_SECRET)
    assert links.token(about) != links.token(replace(about, manage_key=3))


def _encode(header: dict[str, str], claims: dict[str, Any], key: bytes) -> str:
    """By hand: the library refuses to make what no honest signer would."""
    hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    text = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
    return f"{text}.{_base64(hs256.sign(text.encode(), key))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

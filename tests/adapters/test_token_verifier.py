"""Tokens against a real issuer on loopback, serving real keys."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.adapters.signing_keys import KeysUnavailable, SigningKeys
from shared.adapters.token_verifier import TokenVerifier
from shared.domain.caller import Role, TokenRefused

AUDIENCE = "booking-site"
SHARED_SECRET = "a-secret-of-the-site's-own-login!"
COACH_EMAIL = "Coach@Example.com"

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEXT_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: Any, key_id: str) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    )
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}


@dataclass
class Issuer:
    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    names: str | None = None
    up: bool = True
    reads: int = 0

    def document(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.names or self.url, "jwks_uri": f"{self.url}/jwks?of=pool"}
        assert path == "/jwks?of=pool"
        self.reads += 1
        return {"keys": self.keys}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer(
        keys=[
            public_jwk(RSA_KEY, "rsa"),
            public_jwk(EC_KEY, "ec"),
            public_jwk(WEAK_RSA_KEY, "weak"),
            {"kid": "of-tomorrow", "kty": "lattice"},
        ]
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if issuer.up else 503)
            self.end_headers()
            self.wfile.write(json.dumps(issuer.document(self.path)).encode())

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield issuer
    server.shutdown()
    server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock) -> TokenVerifier:
    return make_verifier(keys=SigningKeys(issuer.url, clock))


def make_verifier(**changes: Any) -> TokenVerifier:
    settings: dict[str, Any] = {
        "keys": None,
        "audience": AUDIENCE,
        "shared_secret": SHARED_SECRET,
        "app_secret": "of-this-application",
        "coach_email": COACH_EMAIL,
    }
    return TokenVerifier(**settings | changes)


def claims_of(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": "subject-1",
        "email": "alex@example.com",
        "email_verified": True,
        "name": "Alex",
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def signed(claims: dict[str, Any], key: Any = RSA_KEY, algorithm: str = "RS256", key_id: str = "rsa") -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id})


def sites_own(secret: str = SHARED_SECRET, **claims: Any) -> str:
    now = int(time.time())
    merged = {"aud": AUDIENCE, "sub": "42", "email": "alex@example.com", "exp": now + 60} | claims
    return jwt.encode({k: v for k, v in merged.items() if v is not None}, secret, "HS256")


def reason(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(TokenRefused) as refusal:
        verifier.verify(token)
    assert not token or token not in str(refusal.value)
    return str(refusal.value)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_an_issuers_token_names_the_caller(verifier: TokenVerifier, issuer: Issuer) -> None:
    caller = verifier.verify(signed(claims_of(issuer)))

    assert (caller.email, caller.name, caller.role) == ("alex@example.com", "Alex", Role.CLIENT)
    assert len(caller.client_id) == 32
    assert int(caller.client_id, 16)


def test_an_es256_token_is_good_too(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(signed(claims_of(issuer), EC_KEY, "ES256", "ec")).email == "alex@example.com"


def test_the_audience_may_be_one_of_several(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(signed(claims_of(issuer, aud=["another", AUDIENCE])))


def test_the_client_id_is_stable_and_differs_by_subject_issuer_and_secret(issuer: Issuer) -> None:
    verifier = make_verifier()
    of_another_secret = make_verifier(app_secret="of-another-application")
    ids = [
        verifier.verify(sites_own()).client_id,
        verifier.verify(sites_own(sub="43")).client_id,
        verifier.verify(sites_own(iss=issuer.url)).client_id,
        of_another_secret.verify(sites_own()).client_id,
    ]

    assert len(set(ids)) == 4
    assert ids[0] == verifier.verify(sites_own(name="Someone", exp=int(time.time()) + 9)).client_id


def test_a_person_has_one_client_id_on_both_roads(verifier: TokenVerifier, issuer: Issuer) -> None:
    by_issuer = verifier.verify(signed(claims_of(issuer)))
    by_secret = verifier.verify(jwt.encode(claims_of(issuer), SHARED_SECRET, "HS256"))

    assert by_issuer == by_secret


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"exp": int(time.time()) - 61}, "ExpiredSignatureError"),
        ({"nbf": int(time.time()) + 3600}, "ImmatureSignatureError"),
        ({"iat": int(time.time()) + 3600}, "ImmatureSignatureError"),
        ({"aud": "another-site"}, "InvalidAudienceError"),
        ({"iss": "https://another.example"}, "InvalidIssuerError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": None}, "MissingRequiredClaimError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"sub": None}, "MissingRequiredClaimError"),
        ({"email": None}, "MissingRequiredClaimError"),
        ({"sub": ""}, "NoSubject"),
        ({"email": "alex@example.com,victim@example.com"}, "NoEmailAddress"),
        ({"email": "alex@example.com\r\nBcc: victim@example.com"}, "NoEmailAddress"),
        ({"email": ["alex@example.com"]}, "NoEmailAddress"),
    ],
)
def test_an_issuers_token_with_a_wrong_claim_is_refused(
    verifier: TokenVerifier, issuer: Issuer, change: dict[str, Any], expected: str
) -> None:
    assert reason(verifier, signed(claims_of(issuer, **change))) == expected


def test_clocks_may_differ_by_a_minute(verifier: TokenVerifier, issuer: Issuer) -> None:
    now = int(time.time())

    assert verifier.verify(signed(claims_of(issuer, exp=now - 30, iat=now + 30, nbf=now + 30)))


def test_a_changed_payload_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    header, _, signature = signed(claims_of(issuer)).split(".")
    forged = base64url(json.dumps(claims_of(issuer, email=COACH_EMAIL)).encode())

    assert reason(verifier, f"{header}.{forged}.{signature}") == "InvalidSignatureError"


def test_a_key_of_somebody_else_under_a_known_id_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert reason(verifier, signed(claims_of(issuer), NEXT_RSA_KEY)) == "InvalidSignatureError"


def test_a_key_too_short_to_trust_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert reason(verifier, signed(claims_of(issuer), WEAK_RSA_KEY, key_id="weak")) == "InvalidKeyError"


def test_the_issuers_public_key_is_no_shared_secret(verifier: TokenVerifier, issuer: Issuer) -> None:
    header = base64url(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode())
    body = base64url(json.dumps(claims_of(issuer)).encode())
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = f"{header}.{body}.{base64url(hs256.sign(f'{header}.{body}'.encode(), pem))}"

    assert reason(verifier, forged) == "InvalidSignatureError"
    without_secret = make_verifier(keys=SigningKeys(issuer.url), shared_secret=None)
    assert reason(without_secret, forged) == "AlgorithmNotAllowed"


@pytest.mark.parametrize("algorithm", ["none", "None", "RS512", "HS512", "", None, ["HS256"]])
def test_any_other_algorithm_is_refused(verifier: TokenVerifier, issuer: Issuer, algorithm: Any) -> None:
    header = base64url(json.dumps({"alg": algorithm, "kid": "rsa"}).encode())
    body = base64url(json.dumps(claims_of(issuer)).encode())

    assert reason(verifier, f"{header}.{body}.") in {
        "AlgorithmNotAllowed",
        "InvalidTokenError",
        "DecodeError",
    }
    assert issuer.reads == 0


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "a.b.c", "..", "é.é.é", base64url(b"[" * 6000) + ".e30.AA"]
)
def test_what_is_no_token_at_all_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(TokenRefused):
        verifier.verify(token)


def test_an_issuers_token_is_refused_where_no_issuer_is_configured(issuer: Issuer) -> None:
    assert reason(make_verifier(), signed(claims_of(issuer))) == "AlgorithmNotAllowed"


def test_an_unknown_key_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert reason(verifier, signed(claims_of(issuer), key_id="made-up")) == "UnknownKey"


def test_a_token_may_leave_out_the_key_id_only_where_the_issuer_has_one_key(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    token = jwt.encode(claims_of(issuer), RSA_KEY, "RS256")
    assert reason(verifier, token) == "UnknownKey"

    issuer.keys = [public_jwk(RSA_KEY, "rsa")]
    clock.seconds += 3601
    assert verifier.verify(token)


def test_keys_are_read_once_and_again_after_an_hour(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    token = signed(claims_of(issuer))
    for seconds in (0, 1800, 1799):
        clock.seconds += seconds
        verifier.verify(token)
    assert issuer.reads == 1

    clock.seconds += 2
    verifier.verify(token)
    assert issuer.reads == 2


def test_made_up_key_ids_make_the_issuer_read_at_most_once_a_minute(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.verify(signed(claims_of(issuer)))
    for second in range(120):
        clock.seconds += 1
        reason(verifier, signed(claims_of(issuer), EC_KEY, "ES256", f"made-up-{second}"))

    assert issuer.reads == 3


def test_a_new_key_is_found_and_a_withdrawn_one_is_forgotten(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.verify(signed(claims_of(issuer)))
    issuer.keys = [public_jwk(NEXT_RSA_KEY, "next")]
    clock.seconds += 61

    assert verifier.verify(signed(claims_of(issuer), NEXT_RSA_KEY, key_id="next"))
    assert reason(verifier, signed(claims_of(issuer))) == "UnknownKey"


def test_known_keys_stay_good_while_the_issuer_is_down(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    verifier.verify(signed(claims_of(issuer)))
    issuer.up = False
    clock.seconds += 7200

    assert verifier.verify(signed(claims_of(issuer)))
    assert reason(verifier, signed(claims_of(issuer), key_id="made-up")) == "UnknownKey"


def test_without_any_key_nobody_is_told_to_sign_in_again(
    verifier: TokenVerifier, issuer: Issuer, clock: Clock
) -> None:
    issuer.up = False
    with pytest.raises(KeysUnavailable):
        verifier.verify(signed(claims_of(issuer)))

    issuer.up = True
    clock.seconds += 11
    assert verifier.verify(signed(claims_of(issuer)))


def test_a_discovery_document_of_another_issuer_is_not_believed(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    issuer.names = "https://another.example"

    with pytest.raises(KeysUnavailable):
        verifier.verify(signed(claims_of(issuer)))


def test_a_sites_own_token_names_the_caller() -> None:
    caller = make_verifier().verify(sites_own(name="Alex\r\nBcc: x"))

    assert (caller.email, caller.name, caller.role) == ("alex@example.com", "Alex Bcc: x", Role.CLIENT)


def test_a_sites_own_login_may_know_people_by_number_or_by_address() -> None:
    verifier = make_verifier()

    assert verifier.verify(sites_own(sub=42)).client_id == verifier.verify(sites_own(sub="42")).client_id
    assert verifier.verify(sites_own(sub=None)).email == "alex@example.com"
    assert verifier.verify(sites_own(email=None, sub="alex@example.com")).email == "alex@example.com"
    assert reason(verifier, sites_own(email=None)) == "NoEmailAddress"
    assert reason(verifier, sites_own(email=None, sub=None)) == "NoSubject"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": int(time.time()) - 61}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"aud": "another-site"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"secret": "another-secret-of-another-login!!"}, "InvalidSignatureError"),
    ],
)
def test_a_wrong_token_of_a_sites_own_login_is_refused(claims: dict[str, Any], expected: str) -> None:
    assert reason(make_verifier(), sites_own(**claims)) == expected


def test_without_a_configured_audience_a_sites_own_token_may_name_any() -> None:
    verifier = make_verifier(audience=None)

    assert verifier.verify(sites_own(aud=None))
    assert verifier.verify(sites_own(aud="whatever"))


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"cognito:groups": ["coach"]}, Role.COACH),
        ({"groups": ["staff", "coach"]}, Role.COACH),
        ({"roles": "staff coach"}, Role.COACH),
        ({"groups": ["coaches"]}, Role.CLIENT),
        ({"groups": {"coach": True}}, Role.CLIENT),
        ({"email": "coach@example.COM"}, Role.COACH),
        ({"email": "coach@example.com", "email_verified": "true"}, Role.COACH),
        ({"email": "coach@example.com", "email_verified": False}, Role.CLIENT),
        ({"email": "coach@example.com", "email_verified": None}, Role.CLIENT),
        ({"email": "coach@example.com.evil.example"}, Role.CLIENT),
    ],
)
def test_an_issuers_group_or_proved_address_makes_the_coach(
    verifier: TokenVerifier, issuer: Issuer, claims: dict[str, Any], role: Role
) -> None:
    assert verifier.verify(signed(claims_of(issuer, **claims))).role is role


@pytest.mark.parametrize(("claims", "role"), [({}, Role.COACH), ({"email_verified": False}, Role.CLIENT)])
def test_a_sites_own_login_is_believed_about_addresses_unless_it_says_otherwise(
    claims: dict[str, Any], role: Role
) -> None:
    assert make_verifier().verify(sites_own(email=COACH_EMAIL, **claims)).role is role


def test_settings_too_weak_to_protect_anything_stop_the_start(issuer: Issuer) -> None:
    with pytest.raises(ValueError, match="JWT_SHARED_SECRET"):
        make_verifier(shared_secret="31 bytes are one byte too few..")
    with pytest.raises(ValueError, match="JWT_AUDIENCE"):
        make_verifier(keys=SigningKeys(issuer.url), audience=None)

"""Whether PayPal itself sent a webhook: by asking it, or by its certificate. Neither ever stands in for the other.

Source: https://developer.paypal.com/api/rest/webhooks/rest/ (message verification).
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import requests
from certifi import where
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, DNSName, load_pem_x509_certificates
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from shared.adapters.paypal_api import CONNECT_SECONDS, READ_SECONDS, PayPalApi, PayPalTrouble
from shared.domain.errors import PaymentProviderUnavailable
from shared.observability import logger, outside_call

ALGORITHM = "SHA256withRSA"
LONGEST_HEADER = 500
LARGEST_CERTIFICATE_BYTES = 64 * 1024

OLDEST = timedelta(days=4)
"""PayPal sends a message for three days; one that comes much later is somebody's recording of it."""

LIVE_CERTIFICATES = dict.fromkeys(
    ("https://api.paypal.com", "https://api-m.paypal.com"), "messageverificationcerts.paypal.com"
)
SANDBOX_CERTIFICATES = dict.fromkeys(
    ("https://api.sandbox.paypal.com", "https://api-m.sandbox.paypal.com"),
    "messageverificationcerts.sandbox.paypal.com",
)
"""Where certificates may come from, by origin, and the name each must be made out to."""

_PATH = r"(?::443)?(?P<path>/[A-Za-z0-9._~/-]+)"


@dataclass(frozen=True, slots=True)
class _Transmission:
    id: str
    time: str
    signature: str
    certificate_url: str


def _transmission(headers: Mapping[str, str]) -> _Transmission | None:
    """None where a webhook of PayPal's would carry more, or something else."""
    given = {name.lower(): value for name, value in headers.items()}
    names = ("transmission-id", "transmission-time", "transmission-sig", "cert-url")
    values = [given.get(f"paypal-{name}", "") for name in names]
    if given.get("paypal-auth-algo") != ALGORITHM or not all(
        0 < len(value) <= LONGEST_HEADER for value in values
    ):
        return None
    transmission = _Transmission(*values)
    return transmission if _is_recent(transmission.time) else None


def _is_recent(time: str) -> bool:
    """The time is part of what is signed."""
    try:
        sent = datetime.fromisoformat(time)
    except ValueError:
        return False
    return sent.tzinfo is not None and datetime.now(UTC) - sent <= OLDEST


class AskingPayPal:
    """Implements ``WebhookVerifier``: PayPal says whether it sent this. Without a webhook id, nothing is genuine."""

    def __init__(self, api: PayPalApi, webhook_id: str | None) -> None:
        self._api = api
        self._webhook_id = webhook_id

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        transmission = _transmission(headers)
        if not self._webhook_id or transmission is None or not _is_json_object(body):
            return False
        question = {
            "auth_algo": ALGORITHM,
            "cert_url": transmission.certificate_url,
            "transmission_id": transmission.id,
            "transmission_sig": transmission.signature,
            "transmission_time": transmission.time,
            "webhook_id": self._webhook_id,
        }
        # PayPal signed these very bytes: parsed and written again, `{}` or `1.0` may come out as something else.
        spliced = json.dumps(question).encode()[:-1] + b', "webhook_event": ' + body + b"}"
        try:
            answer = self._api.post("verify_webhook", "/v1/notifications/verify-webhook-signature", spliced)
        except PayPalTrouble as trouble:
            if trouble.lasting:
                return False
            raise _cannot_tell() from trouble
        verdict = answer.get("verification_status") if isinstance(answer, dict) else None
        if verdict not in {"SUCCESS", "FAILURE"}:
            raise _cannot_tell()
        return bool(verdict == "SUCCESS")


def _is_json_object(body: bytes) -> bool:
    """One object and nothing after it: spliced into a question, it can't answer the question's own fields."""
    try:
        return isinstance(json.loads(body.decode()), dict)
    except (ValueError, RecursionError):
        return False


class CheckingCertificates:
    """Implements ``WebhookVerifier`` without asking: the signature, by a certificate whose chain ends in ``roots``.

    The signature covers the body's CRC-32 alone, so a webhook may start something but must never be believed.
    ``origins`` maps an origin such as ``https://api.paypal.com`` to the certificate's name; ``roots`` are PEM,
    those of certifi when None. Without a webhook id, nothing is genuine.
    """

    def __init__(
        self,
        webhook_id: str | None,
        *,
        origins: Mapping[str, str] = LIVE_CERTIFICATES,
        roots: bytes | None = None,
    ) -> None:
        self._webhook_id = webhook_id
        self._origins = origins
        self._roots = roots
        self._store: Store | None = None
        self._chains: dict[str, list[Certificate]] = {}

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        transmission = _transmission(headers)
        if not self._webhook_id or transmission is None:
            return False
        signature = _decoded(transmission.signature)
        key = self._key(transmission.certificate_url) if signature else None
        if key is None:
            return False
        message = f"{transmission.id}|{transmission.time}|{self._webhook_id}|{zlib.crc32(body)}"
        try:
            key.verify(signature, message.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    def _key(self, url: str) -> RSAPublicKey | None:
        name = self._name_at(url)
        if name is None:
            return None
        chain = self._chains.get(url, [])
        if not self._trusted(chain, name):
            chain = _certificates(_download(url))
            if not self._trusted(chain, name):
                logger.warning("paypal certificate not trusted")
                return None
            self._chains[url] = chain
        key = chain[0].public_key()
        return key if isinstance(key, RSAPublicKey) else None

    def _name_at(self, url: str) -> str | None:
        """The name a certificate from there must bear; None for any address but the listed."""
        for origin, name in self._origins.items():
            if re.fullmatch(re.escape(origin) + _PATH, url, re.ASCII):
                return name
        return None

    def _trusted(self, chain: list[Certificate], name: str) -> bool:
        if not chain:
            return False
        if self._store is None:
            self._store = Store(load_pem_x509_certificates(self._roots or _public_roots()))
        policy = PolicyBuilder().store(self._store)  # at the present time
        try:
            policy.build_server_verifier(DNSName(name)).verify(chain[0], chain[1:])
        except VerificationError:
            return False
        return True


def _download(url: str) -> bytes:
    """What lies there; nothing when PayPal has no such certificate, or it is too large for one."""
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    try:
        with outside_call("paypal", "certificate"), requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as response:
                if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise _cannot_tell()
                return _bounded(response) if response.status_code == HTTPStatus.OK else b""
    except requests.RequestException as failure:
        raise _cannot_tell() from failure


def _bounded(response: requests.Response) -> bytes:
    pem = b""
    for part in response.iter_content(8192):
        pem += part
        if len(pem) > LARGEST_CERTIFICATE_BYTES:
            return b""
    return pem


def _certificates(pem: bytes) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        return []


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except ValueError:
        return b""


def _public_roots() -> bytes:
    return Path(where()).read_bytes()


def _cannot_tell() -> PaymentProviderUnavailable:
    return PaymentProviderUnavailable("PayPal can't be asked just now whether it sent this.")

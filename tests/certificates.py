"""A certificate authority of the tests' own, signing webhooks as PayPal does."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Authority:
    """Its certificates lead to its root through an intermediate."""

    def __init__(self, name: str = "Test Root") -> None:
        self._intermediate_key = rsa_key(f"{name} intermediate")
        root_key = rsa_key(name)
        root = _certificate(name, root_key, name, root_key, authority=True)
        self._intermediate_name = f"{name} intermediate"
        intermediate = _certificate(
            self._intermediate_name, self._intermediate_key, name, root_key, authority=True
        )
        self.root = root.public_bytes(Encoding.PEM)
        self.intermediate = intermediate.public_bytes(Encoding.PEM)

    def issue(
        self,
        name: str = SANDBOX_NAME,
        *,
        key: Key | None = None,
        ends_in: timedelta = timedelta(days=365),
        authority: bool = False,
    ) -> bytes:
        """The certificate alone, as PEM."""
        leaf = _certificate(
            name,
            key or rsa_key("leaf"),
            self._intermediate_name,
            self._intermediate_key,
            authority=authority,
            ends_in=ends_in,
        )
        return leaf.public_bytes(Encoding.PEM)

    def chain(self, name: str = SANDBOX_NAME, **changes: object) -> bytes:
        return self.issue(name, **changes) + self.intermediate  # type: ignore[arg-type]


def sign(body: bytes, webhook_id: str, transmission_id: str, time: str, key: rsa.RSAPrivateKey) -> str:
    message = f"{transmission_id}|{time}|{webhook_id}|{zlib.crc32(body)}"
    return base64.b64encode(key.sign(message.encode(), PKCS1v15(), SHA256())).decode()


def _certificate(
    name: str,
    key: Key,
    issuer: str,
    issuer_key: rsa.RSAPrivateKey,
    *,
    authority: bool,
    ends_in: timedelta = timedelta(days=3650),
) -> x509.Certificate:
    ends = datetime.now(UTC) + ends_in
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=7300))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if authority:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer_key, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

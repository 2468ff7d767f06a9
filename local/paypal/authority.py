"""The authority whose certificates sign webhooks here: root, intermediate, and a leaf in PayPal's name.

PayPal's signature: RSA PKCS #1 v1.5 with SHA-256 over ``id|time|webhook id|CRC-32 of the body``.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LEAF_NAME = "messageverificationcerts.paypal.com"
SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"
LEAF_LIFETIME = timedelta(days=365)
RENEWAL = timedelta(days=30)
AUTHORITY_LIFETIME = timedelta(days=365 * 30)
CERTIFICATES_PATH = "/v1/notifications/certs"


def signed_message(transmission_id: str, time: str, webhook_id: str, body: bytes) -> bytes:
    return f"{transmission_id}|{time}|{webhook_id}|{binascii.crc32(body)}".encode()


@dataclass(frozen=True, slots=True)
class Leaf:
    id: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    pem: bytes
    """The leaf and what it was issued by, as PayPal serves them."""

    def serves(self, at: datetime) -> bool:
        certificate = self.certificate
        return certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc - RENEWAL

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


class Authority:
    """Its keys are made when first needed. The root is the one thing that a verifier has to trust."""

    def __init__(self) -> None:
        self._leaves: list[Leaf] = []

    @property
    def root_certificate(self) -> str:
        return _pem(self._root[1]).decode()

    def leaf(self, at: datetime) -> Leaf:
        """One that is valid then, wherever the clock was moved."""
        for leaf in self._leaves:
            if leaf.serves(at):
                return leaf
        self._leaves.append(self._issue(at))
        return self._leaves[-1]

    def find(self, certificate_id: str) -> Leaf | None:
        return next((leaf for leaf in self._leaves if leaf.id == certificate_id), None)

    def verifies(self, certificate_id: str, signature: str, message: bytes) -> bool:
        leaf = self.find(certificate_id)
        if leaf is None:
            return False
        try:
            raw = base64.b64decode(signature, validate=True)
            leaf.key.public_key().verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
        except (binascii.Error, InvalidSignature):
            return False
        return True

    @cached_property
    def _root(self) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        key = _key()
        return key, _authority("Stand-in Root", key, issuer="Stand-in Root", signer=key, length=1)

    @cached_property
    def _intermediate(self) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        key = _key()
        return key, _authority("Stand-in CA", key, issuer="Stand-in Root", signer=self._root[0], length=0)

    def _issue(self, at: datetime) -> Leaf:
        signer, issuer = self._intermediate
        key = _key()
        names = [x509.DNSName(LEAF_NAME), x509.DNSName(SANDBOX_NAME)]
        certificate = (
            _builder(LEAF_NAME, key, "Stand-in CA", signer)
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + LEAF_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        name = "-".join(("CERT", secrets.token_hex(4), secrets.token_hex(4), secrets.token_hex(4)))
        return Leaf(name, key, certificate, _pem(certificate) + _pem(issuer))


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    name: str, key: rsa.RSAPrivateKey, issuer: str, signer: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )


def _authority(
    name: str, key: rsa.RSAPrivateKey, *, issuer: str, signer: rsa.RSAPrivateKey, length: int
) -> x509.Certificate:
    """Valid for decades on both sides of now: the stack's clock may go far."""
    at = datetime.now(UTC)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    return (
        _builder(name, key, issuer, signer)
        .not_valid_before(at - AUTHORITY_LIFETIME)
        .not_valid_after(at + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
        .add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
        .sign(signer, hashes.SHA256())
    )

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate states, and how much of its life is left. Pure; the only place that calls cryptography."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from .names import Address

NONSENSE: tuple[type[Exception], ...] = (ValueError, TypeError)  # what is raised for fields that cannot be understood
_NOT_ISSUED = NONSENSE
_KEY_TYPES: dict[str, type] = {}
try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    NONSENSE += (
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )
    _NOT_ISSUED = (*NONSENSE, InvalidSignature)
    _KEY_TYPES = {
        "rsa": rsa.RSAPublicKey,
        "ec": ec.EllipticCurvePublicKey,
        "ed25519": ed25519.Ed25519PublicKey,
        "ed448": ed448.Ed448PublicKey,
        "dsa": dsa.DSAPublicKey,
    }
except ImportError:  # the module ends before anything here is called: need_library()
    pass

__all__ = [
    "STATED",
    "alternative_names",
    "days_left",
    "fingerprint",
    "is_issued_by",
    "issuer",
    "key_type",
    "link",
    "loaded",
    "moment",
    "not_after",
    "not_before",
    "stated",
    "subject",
]

_FIXED_BITS = {"ed25519": 256, "ed448": 456}
_DAY = timedelta(days=1)


def loaded(der: bytes) -> x509.Certificate | None:
    """The certificate, or None when the bytes are none."""
    try:
        return x509.load_der_x509_certificate(der)
    except NONSENSE:
        return None


def fingerprint(der: bytes) -> str:
    """SHA-256 of the certificate, in hex."""
    return hashlib.sha256(der).hexdigest()


def moment(when: datetime) -> str:
    """*when* as ISO 8601, in UTC."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def not_before(certificate: x509.Certificate) -> datetime:
    """From when the certificate is valid."""
    return _utc(certificate, "not_valid_before")


def not_after(certificate: x509.Certificate) -> datetime:
    """Until when the certificate is valid."""
    return _utc(certificate, "not_valid_after")


def _utc(certificate: x509.Certificate, name: str) -> datetime:
    if hasattr(certificate, f"{name}_utc"):  # since cryptography 42, which warns about the other
        aware: datetime = getattr(certificate, f"{name}_utc")
        return aware
    naive: datetime = getattr(certificate, name)
    return naive.replace(tzinfo=timezone.utc)


def days_left(certificate: x509.Certificate, now: datetime) -> float:
    """Days until the certificate expires; negative when it has."""
    return round((not_after(certificate) - now) / _DAY, 4)


def subject(certificate: x509.Certificate) -> str:
    """Whom the certificate is for, as RFC 4514 writes it."""
    return certificate.subject.rfc4514_string()


def issuer(certificate: x509.Certificate) -> str:
    """Who issued the certificate, as RFC 4514 writes it."""
    return certificate.issuer.rfc4514_string()


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether *authority*'s name and key are those that signed *certificate*."""
    try:
        certificate.verify_directly_issued_by(authority)
    except _NOT_ISSUED:
        return False
    return True


def alternative_names(certificate: x509.Certificate) -> tuple[list[str], list[Address]]:
    """The DNS names and the IP addresses that the certificate is for."""
    names = _names(certificate)
    return [name for name in names if isinstance(name, str)], [name for name in names if not isinstance(name, str)]


def _names(certificate: x509.Certificate) -> Sequence[str | Address]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    values = [name.value for name in extension.value if isinstance(name, (x509.DNSName, x509.IPAddress))]
    return [value for value in values if isinstance(value, (str, ipaddress.IPv4Address, ipaddress.IPv6Address))]


def key_type(certificate: x509.Certificate) -> str:
    """The public key's kind: rsa, ec, ed25519, ed448, dsa, or the library's word for a newer one."""
    key = certificate.public_key()
    known = (word for word, kind in _KEY_TYPES.items() if isinstance(key, kind))
    return next(known, type(key).__name__.replace("PublicKey", "").strip("_").lower())


def _key_bits(certificate: x509.Certificate) -> int | None:
    bits = getattr(certificate.public_key(), "key_size", None)
    return _FIXED_BITS.get(key_type(certificate)) if bits is None else int(bits)


def _signature_hash(certificate: x509.Certificate) -> str | None:
    algorithm = certificate.signature_hash_algorithm
    return None if algorithm is None else algorithm.name


def _serial(certificate: x509.Certificate) -> str:
    digits = f"{certificate.serial_number:X}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


def _lifetime(certificate: x509.Certificate) -> timedelta:
    return not_after(certificate) - not_before(certificate)


def _lifetime_left(certificate: x509.Certificate, now: datetime) -> float | None:
    whole = _lifetime(certificate)
    return round((not_after(certificate) - now) / whole * 100, 2) if whole > timedelta(0) else None


STATED: dict[str, Callable[[x509.Certificate, datetime], Any]] = {
    "subject": lambda certificate, _now: subject(certificate),
    "names": lambda certificate, _now: [str(name) for name in _names(certificate)],
    "issuer": lambda certificate, _now: issuer(certificate),
    "serial": lambda certificate, _now: _serial(certificate),
    "not_before": lambda certificate, _now: moment(not_before(certificate)),
    "not_after": lambda certificate, _now: moment(not_after(certificate)),
    "lifetime_days": lambda certificate, _now: round(_lifetime(certificate) / _DAY, 4),
    "days_left": days_left,
    "lifetime_left_percent": _lifetime_left,
    "self_signed": lambda certificate, _now: is_issued_by(certificate, certificate),
    "key_type": lambda certificate, _now: key_type(certificate),
    "key_bits": lambda certificate, _now: _key_bits(certificate),
    "signature_hash": lambda certificate, _now: _signature_hash(certificate),
}


def stated(certificate: x509.Certificate, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """All facts of STATED, those that cannot be understood as None, and why each of these cannot."""
    facts: dict[str, Any] = {}
    problems: list[str] = []
    for name, fact in STATED.items():
        try:
            facts[name] = fact(certificate, now)
        except NONSENSE as error:
            facts[name] = None
            problems.append(f"{name}: {error}")
    return facts, problems


def link(der: bytes, now: datetime) -> dict[str, Any]:
    """A certificate as one link of a chain; what cannot be understood is None."""
    certificate = loaded(der)
    facts = {} if certificate is None else stated(certificate, now)[0]
    return {name: facts.get(name) for name in ("subject", "issuer", "not_after", "days_left")}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for tests: authorities, intermediates, servers, of any age and with any fault."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Issued", "authority", "issue", "loaded", "new_key", "signed"]


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def save(self, folder: Path, name: str, chain: Sequence[Issued] = ()) -> tuple[Path, Path]:
        """Write ``name.crt``, with *chain* after it, and ``name.key``; return both paths."""
        folder.mkdir(parents=True, exist_ok=True)
        certificates, key = folder / f"{name}.crt", folder / f"{name}.key"
        certificates.write_bytes(b"".join(issued.pem for issued in (self, *chain)))
        key.touch(mode=0o600)
        key.write_bytes(self.key_pem)
        return certificates, key


def new_key(kind: str = "ec") -> Any:
    """A private key: ec (P-256, quick to make), rsa (2048), weak (RSA of 1024 bits) or ed25519."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, {"rsa": 2048, "weak": 1024}[kind])


def issue(
    name: str,
    names: Sequence[str] = (),
    by: Issued | None = None,
    *,
    authority: bool = False,
    days: tuple[float, float] = (-10, 30),
    key: Any = None,
    use: str | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Issued:
    """A certificate for the common name *name*, signed by *by*, or by its own key.

    :param names: alternative names, DNS names and IP addresses.
    :param authority: whether it may sign others.
    :param days: from when and until when it is valid, in days from now.
    :param use: ``client`` for one that is no server's.
    """
    key = key or new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(one) for one in names]), False)
    if use == "client":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signer = by.key if by else key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, digest), key)


def authority(name: str, days: tuple[float, float]) -> Issued:
    """An authority as the newest clients want them: it says what its key is for."""
    use = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False
    )  # fmt: skip
    said = x509.KeyUsage(key_cert_sign=True, crl_sign=True, **use)
    return issue(name, authority=True, days=days, extensions=[(said, True)])


def loaded(folder: Path, name: str) -> Issued:
    """What :meth:`Issued.save` wrote."""
    return Issued(
        x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes()),
        serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None),
    )


def signed(by: Issued, names: Sequence[str], days: tuple[float, float]) -> Issued:
    """A server's certificate for *names*, the first its common name; it says which key signed, as clients want it."""
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    return issue(names[0], names, by=by, days=days, extensions=[(signer, False)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

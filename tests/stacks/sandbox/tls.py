# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox's own certificate authority, and the certificates of its web application."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ..pki import Issued, issue

__all__ = ["ca_file", "ensure_certificates", "expiring", "issued"]

_NAMES = ("localhost", "127.0.0.1")
_VALID = (-30.0, 60.0)  # a certificate of 90 days, a third of them gone
_RENEW_BELOW_DAYS = 50
_CA_DAYS = (-400.0, 3650.0)


def ca_file(folder: Path) -> Path:
    """The authority that all certificates of the sandbox lead to."""
    return folder / "ca.crt"


def issued(folder: Path) -> tuple[Path, Path]:
    """The certificate that is meant to be served, and its key."""
    return folder / "server.crt", folder / "server.key"


def ensure_certificates(folder: Path) -> bool:
    """Make the authority once; renew the certificate when it gets old. Return whether it is a new one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if not ca_file(folder).exists() or not (folder / "ca.key").exists():
        issue("day2.ops sandbox authority", authority=True, days=_CA_DAYS, extensions=_ca_extensions()).save(
            folder, "ca"
        )
        issued(folder)[0].unlink(missing_ok=True)
    certificate = issued(folder)[0]
    if certificate.exists() and _days_left(certificate) > _RENEW_BELOW_DAYS:
        return False
    _issue(folder, _VALID).save(folder, "server")
    return True


def expiring(folder: Path) -> tuple[Path, Path]:
    """A certificate that ends the day after tomorrow: the one before the one that is meant to be served."""
    return _issue(folder, (-88.0, 2.0)).save(folder, "expiring")


def _issue(folder: Path, days: tuple[float, float]) -> Issued:
    authority = Issued(
        x509.load_pem_x509_certificate(ca_file(folder).read_bytes()),
        serialization.load_pem_private_key((folder / "ca.key").read_bytes(), password=None),
    )
    # Python 3.13 and later want to be told which key signed.
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return issue("localhost", _NAMES, by=authority, days=days, extensions=[(signer, False)])


def _ca_extensions() -> list[tuple[x509.ExtensionType, bool]]:
    use = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False
    )  # fmt: skip
    return [(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **use), True)]


def _days_left(certificate: Path) -> float:
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return (end - datetime.now(timezone.utc)) / timedelta(days=1)

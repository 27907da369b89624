# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox's own certificate authority, and the certificates of its web application."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509

from ..pki import Issued, authority, loaded, signed

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
        authority("day2.ops sandbox authority", _CA_DAYS).save(folder, "ca")
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
    return signed(loaded(folder, "ca"), _NAMES, days)


def _days_left(certificate: Path) -> float:
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return (end - datetime.now(timezone.utc)) / timedelta(days=1)

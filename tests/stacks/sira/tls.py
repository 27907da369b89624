# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sira's own authority, and what nginx serves: a certificate for the platform's name, another for everybody else."""

from __future__ import annotations

from pathlib import Path

from ..pki import authority, loaded, signed
from .layout import DOMAIN

__all__ = ["FRESH", "UNRENEWED", "ca_file", "ensure_certificates", "issue_site"]

# Certificates of 90 days: one as it should be, and one that should have been renewed ten days ago.
FRESH = (-30.0, 60.0)
UNRENEWED = (-70.0, 20.0)


def ca_file(folder: Path) -> Path:
    """The authority that all of them lead to."""
    return folder / "ca.crt"


def ensure_certificates(folder: Path) -> None:
    """Make the authority and the certificates where they are missing."""
    if not ca_file(folder).exists():
        authority("day2.ops stand-in authority", (-400.0, 3650.0)).save(folder, "ca")
        signed(loaded(folder, "ca"), ("localhost", "127.0.0.1"), FRESH).save(folder, "localhost")
        issue_site(folder, FRESH)


def issue_site(folder: Path, days: tuple[float, float]) -> None:
    """A certificate for the platform's name, from and until so many days from now; nginx has to be told to load it."""
    signed(loaded(folder, "ca"), (DOMAIN,), days).save(folder, "site")

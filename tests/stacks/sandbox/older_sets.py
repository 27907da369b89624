# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup sets of the days before: made now, then dated back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from ..embedded import EmbeddedServer
from ..sets import date_back, ran
from .build import OFFICE
from .layout import Layout, SandboxError

__all__ = ["ENVIRONMENT", "make_older_sets"]

ENVIRONMENT = "sandbox"
_DAYS = (1, 2, 3, 9, 20, 50)  # no verified set is young enough to make the backup of the weekly runbook unnecessary


def make_older_sets(server: EmbeddedServer, layout: Layout) -> int:
    """Make them, unless there are sets of that database. Return how many were made."""
    marker = layout.backups / "older-sets-made"
    if marker.exists():
        return 0
    layout.backups.mkdir(mode=0o700, exist_ok=True)
    for days in _DAYS:
        date_back(Path(_make(server, layout)["path"]), timedelta(days=days, hours=3))
    marker.touch()
    return len(_DAYS)


def _make(server: EmbeddedServer, layout: Layout) -> dict[str, Any]:
    arguments = {
        "login_host": server.host, "login_port": server.port, "login_user": "backup",
        "login_password": layout.password("backup"), "bin_dir": str(server.bin_dir), "database": OFFICE,
        "directory": str(layout.backups), "environment": ENVIRONMENT, "label": "weekly",
    }  # fmt: skip
    result = ran("postgresql_backup", arguments)
    if result.get("failed"):
        raise SandboxError(f"No backup set could be made for the sandbox: {result['msg']}")
    backup: dict[str, Any] = result["backup"]
    return backup

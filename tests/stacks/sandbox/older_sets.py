# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup sets of the days before: made now by the collection's own module, then dated back.

A set's age stands in its manifest, with a checksum. The times are changed there through the collection's own code,
which writes a valid checksum again; nothing else of the set is touched.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.testing import patch_module_args

from ...collection import COLLECTIONS
from ..embedded import EmbeddedServer
from .build import OFFICE
from .layout import Layout, SandboxError

__all__ = ["ENVIRONMENT", "make_older_sets"]

ENVIRONMENT = "sandbox"
_DAYS = (1, 2, 3, 9, 20, 50)  # no verified set is young enough to make the backup of the weekly runbook unnecessary
assert COLLECTIONS.is_dir()


def make_older_sets(server: EmbeddedServer, layout: Layout) -> int:
    """Make them, unless there are sets of that database. Return how many were made."""
    marker = layout.backups / "older-sets-made"
    if marker.exists():
        return 0
    layout.backups.mkdir(mode=0o700, exist_ok=True)
    for days in _DAYS:
        _date_back(Path(_make(server, layout)["path"]), timedelta(days=days, hours=3))
    marker.touch()
    return len(_DAYS)


def _make(server: EmbeddedServer, layout: Layout) -> dict[str, Any]:
    module = importlib.import_module("ansible_collections.day2.ops.plugins.modules.postgresql_backup")
    arguments = {
        "login_host": server.host, "login_port": server.port, "login_user": "backup",
        "login_password": layout.password("backup"), "bin_dir": str(server.bin_dir), "database": OFFICE,
        "directory": str(layout.backups), "environment": ENVIRONMENT, "label": "weekly",
    }  # fmt: skip
    printed = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    result = json.loads(printed.getvalue())
    if result.get("failed"):
        raise SandboxError(f"No backup set could be made for the sandbox: {result['msg']}")
    backup: dict[str, Any] = result["backup"]
    return backup


def _date_back(folder: Path, age: timedelta) -> None:
    from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import MANIFEST, Manifest, moment, stamp

    file = folder / MANIFEST
    manifest = Manifest.from_json(file.read_bytes(), str(folder))
    started, finished, snapshot = (
        (moment(text) - age).isoformat().replace("+00:00", "Z")
        for text in (manifest.started, manifest.finished, manifest.snapshot)
    )
    older = replace(manifest, started=started, finished=finished, snapshot=snapshot)
    file.write_text(older.to_json())
    folder.rename(folder.with_name(f"{stamp(datetime.now(timezone.utc) - age)}-{manifest.label}"))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup sets and drills of small platforms: made by the collection's own modules, then dated back.

A set's age stands in its manifest, with a checksum. The times are changed there through the collection's own code,
which writes a valid checksum again; nothing else of the set is touched.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible.module_utils.testing import patch_module_args

from ..collection import COLLECTIONS

__all__ = ["date_back", "ran"]

assert COLLECTIONS.is_dir()


def ran(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of a module that is run in this process."""
    module = importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{name}")
    printed = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def date_back(folder: Path, age: timedelta) -> Path:
    """Let a set be so much older than it is, in its manifest and in its name; return its new folder."""
    from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import MANIFEST, Manifest, moment, stamp

    file = folder / MANIFEST
    manifest = Manifest.from_json(file.read_bytes(), str(folder))
    started, finished, snapshot = (
        (moment(text) - age).isoformat().replace("+00:00", "Z")
        for text in (manifest.started, manifest.finished, manifest.snapshot)
    )
    file.write_text(replace(manifest, started=started, finished=finished, snapshot=snapshot).to_json())
    name = f"{stamp(moment(started))}-{manifest.label}"
    names = (name, *(f"{name}.{number}" for number in range(1, 100)))  # those made in one second are so afterwards
    return folder.rename(next(place for one in names if not (place := folder.with_name(one)).exists()))

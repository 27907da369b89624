# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets made by the store itself, small, of any age, without a server."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Part, stamp
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore

from .samples import MANIFEST

NOW = datetime(2020, 11, 22, 2, 0, tzinfo=timezone.utc)


def make_set(
    folder: Path, database: str, days_ago: float = 0, verified: bool = True, label: str = "daily", since: datetime = NOW
) -> Path:
    """Publish a complete set that ended so many days before *since*; return its folder."""
    store = DirectoryStore(str(folder), "test")
    ended = since - timedelta(days=days_ago)
    with store.lock(database), store.draft(database, stamp(ended), label) as draft:
        content = f"rows of {days_ago}".encode()
        with draft.file("rest.dump") as stream:
            stream.write(content)
        part = Part("rest.dump", "rest", len(content), hashlib.sha256(content).hexdigest())
        finished = ended.isoformat().replace("+00:00", "Z")
        return draft.publish(
            replace(
                MANIFEST, database=database, label=label, parts=[part], verified=verified, started=finished,
                finished=finished,
            )
        )  # fmt: skip


def record_drill(folder: Path, database: str, path: Path, passed: bool, finished: str = "2026-11-22T03:00:00Z") -> None:
    """Put a drill of a set on record."""
    drill = {"path": str(path), "passed": passed, "finished": finished, "seconds": 1.5 if passed else None}
    DirectoryStore(str(folder), "test").record_drill(database, drill)

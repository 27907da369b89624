# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills of this run: what was compared with what the backups recorded."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Note, Table
from ..run import Run, items, mapping
from .proof import proof

__all__ = ["drills"]


def drills(run: Run, facts: Any) -> list[Block]:
    """What was compared, one row for each database; then what stands out of each."""
    held = [(str(one.get("database") or "a database"), one) for one in items(facts)]
    columns = (
        Column("Database", "code"),
        Column("Result", "tone"),
        Column("Restored in (RTO)", "seconds"),
        Column("Compared in", "seconds"),
        Column("Tables", "number"),
        Column("Rows", "number"),
        Column("Contents of", "number"),
        Column("Objects", "number"),
        Column("By amcheck", "number"),
        Column("Differences", "number"),
    )
    rows = [[name, *_compared(mapping(one.get("restore")))] for name, one in held if one.get("restore")]
    found: list[Block] = [Table("What was compared with the backup", columns, rows)] if rows else []
    for name, one in held:
        if one.get("failed") and one.get("msg"):
            found.append(Note(f"{name}: {one['msg']}", "critical"))
        found += proof(name, one)
    return found


def _compared(done: dict[str, Any]) -> list[Any]:
    return [
        "passed" if done.get("verified") is True else "failed",
        done.get("seconds"),
        done.get("seconds_verifying"),
        done.get("tables_compared"),
        done.get("rows_compared"),
        done.get("contents_compared"),
        done.get("objects_compared"),
        done.get("amchecked"),
        done.get("differences_total"),
    ]

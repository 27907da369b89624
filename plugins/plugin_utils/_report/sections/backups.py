# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups: what there is, and when it was last proven by restoring it."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Note, Table
from ..run import Run, dig, items, mapping, number
from ..words import figure

__all__ = ["backups", "drill_words"]


def backups(run: Run, facts: Any) -> list[Block]:
    """The sets and the last drill of each database."""
    databases = items(facts)
    found: list[Block] = [
        Note(f"There is no backup of {database.get('database')}.", "critical")
        for database in databases
        if database.get("newest") is None
    ]
    columns = (
        Column("Database", "code"),
        Column("Newest set", "when"),
        Column("Size", "bytes"),
        Column("Took", "seconds"),
        Column("Verified", "yes"),
        Column("Sets", "number"),
        Column("Partial", "number"),
        Column("Corrupt", "number"),
    )
    rows = [
        [
            database.get("database"),
            dig(database, "newest", "finished"),
            dig(database, "newest", "bytes"),
            dig(database, "newest", "seconds"),
            database.get("verified"),
            database.get("complete"),
            database.get("partial"),
            database.get("corrupt"),
        ]
        for database in databases
    ]
    found.append(Table("Backup sets", columns, rows))
    found.append(_drills(databases))
    found += _faults(databases)
    return found


def _drills(databases: list[dict[str, Any]]) -> Block:
    columns = (
        Column("Database", "code"),
        Column("Last drill", "tone"),
        Column("Finished", "when"),
        Column("Restored in (RTO)", "seconds"),
        Column("Differences", "number"),
        Column("Last passed", "when"),
        Column("Set", "code"),
    )
    rows = [_drill(database.get("database"), mapping(database.get("drill"))) for database in databases]
    return Table("Drills: the newest set restored and compared", columns, rows)


def _drill(database: Any, drill: dict[str, Any]) -> list[Any]:
    if not drill:
        return [database, "never", *[None] * 5]
    differences = drill.get("differences_total", drill.get("differences"))
    return [
        database,
        "passed" if drill.get("passed") is True else "failed",
        drill.get("finished"),
        drill.get("seconds"),
        len(differences) if isinstance(differences, list) else differences,
        dig(drill, "last_passed", "finished") or (drill.get("finished") if drill.get("passed") is True else None),
        drill.get("path"),
    ]


def _faults(databases: list[dict[str, Any]]) -> list[Block]:
    rows = [
        [database.get("database"), fault.get("path"), fault.get("reason")]
        for database in databases
        for fault in items(database.get("faults"))
    ]
    if not rows:
        return []
    columns = (Column("Database", "code"), Column("Set", "code"), Column("What is wrong"))
    return [Table("Corrupt sets", columns, rows[:50], total=len(rows))]


def drill_words(database: dict[str, Any]) -> str:
    """A database's backup and drill in one sentence, for the terminal and for the top of the page."""
    name = database.get("database") or "a database"
    newest = mapping(database.get("newest"))
    if not newest:
        told = f"{name}: no backup"
    else:
        verified = "verified" if database.get("verified") is True else "NOT verified"
        told = f"{name}: backup {figure(database.get('age_seconds'), 'seconds')} old, {verified}"
        told += f", {figure(newest.get('bytes'), 'bytes')}" if number(newest.get("bytes")) is not None else ""
    drill = mapping(database.get("drill"))
    if not drill:
        return f"{told}; never drilled"
    result = "passed" if drill.get("passed") is True else "FAILED"
    old = figure(drill.get("age_seconds"), "seconds")
    return f"{told}; drill {result} {old} ago, restored in {figure(drill.get('seconds'), 'seconds')}"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores: what was put in place of what, how it is known to be right, and what is live now."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Note, Pairs, Table
from ..run import Run, dig, items, mapping
from .proof import plain, proof

__all__ = ["restores"]

_TONES: dict[Any, str] = {True: "ok", False: "critical"}
_LIVE = {
    "restored": "what was put in its place",
    "before": "what was there before",
    "unknown": "not known",
}


def restores(run: Run, facts: Any) -> list[Block]:
    """The blocks of each database."""
    return [block for one in items(facts) for block in _restore(one)]


def _restore(one: dict[str, Any]) -> list[Block]:
    name, done = str(one.get("database") or "a database"), mapping(one.get("restore"))
    blocks: list[Block] = [Note(str(one.get("message") or ""), _TONES.get(one.get("succeeded"), "info"))]
    values: list[tuple[str, Any, str, str]] = [
        (name, _LIVE.get(str(one.get("live")), "not known"), "text", "live now"),
        ("Kept as", one.get("previous"), "code", ""),
        ("Set", done.get("path") or dig(one, "plan", "backup"), "code", ""),
        ("Restored in", done.get("seconds"), "seconds", "RTO"),
        ("Compared in", done.get("seconds_verifying"), "seconds", ""),
        ("Without database", done.get("seconds_without_database"), "seconds", ""),
        ("Tables compared", done.get("tables_compared"), "number", ""),
        ("Rows compared", done.get("rows_compared"), "number", ""),
        ("Objects compared", done.get("objects_compared"), "number", ""),
        ("Differences", done.get("differences_total"), "number", ""),
        ("Backup of what was live", done.get("safety_backup"), "code", ""),
        ("Services", ", ".join(map(str, one.get("services") or [])) or "none", "text", ""),
    ]
    blocks.append(Pairs([value for value in values if value[1] is not None]))
    return [*blocks, *_properties(name, one), *proof(name, one)]


def _properties(name: str, one: dict[str, Any]) -> list[Block]:
    changed = mapping(dig(one, "plan", "replaces", "properties"))
    rows = [[key, plain(dig(two, "live")), plain(dig(two, "backup"))] for key, two in changed.items()]
    columns = (Column("Property", "code"), Column("Before", "code"), Column("In the backup", "code"))
    return [Table(f"{name}: properties that differ", columns, rows, folded=True)] if rows else []

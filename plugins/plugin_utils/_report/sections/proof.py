# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a restored database is known to be right: what both restores and drills tell of it."""

from __future__ import annotations

import json
from typing import Any

from ..blocks import Block, Column, Note, Table
from ..run import dig, items, mapping

__all__ = ["plain", "proof"]

_SHOWN = 50


def proof(name: str, one: dict[str, Any]) -> list[Block]:
    """What differs, what the application's own questions were answered, what was not restored, and what else was noted.

    :param name: the database's.
    :param one: a result of the module postgresql_restore.
    """
    done = mapping(one.get("restore"))
    notes: list[Block] = [Note(f"{name}: {note}") for note in done.get("notes") or []]
    return [*_differences(name, done), *_answers(name, done), *notes, *_left_alone(name, one)]


def _differences(name: str, done: dict[str, Any]) -> list[Block]:
    columns = (Column("Kind"), Column("Object", "code"), Column("Was", "code"), Column("Is", "code"))
    rows = [
        [found.get("kind"), found.get("object"), plain(found.get("expected")), plain(found.get("found"))]
        for found in items(done.get("differences"))[:_SHOWN]
    ]
    return [Table(f"{name}: what differs", columns, rows, total=done.get("differences_total"))] if rows else []


def _answers(name: str, done: dict[str, Any]) -> list[Block]:
    columns = (Column("Question"), Column("Result", "tone"), Column("Expected", "code"), Column("Answer", "code"))
    rows = [
        [
            asked.get("name"),
            "passed" if asked.get("passed") is True else "failed",
            plain(asked.get("expected")),
            plain(asked.get("reason") or asked.get("observed")),
        ]
        for asked in items(done.get("checks"))
    ]
    return [Table(f"{name}: what it was asked", columns, rows[:_SHOWN], total=len(rows))] if rows else []


def _left_alone(name: str, one: dict[str, Any]) -> list[Block]:
    left = mapping(dig(one, "restore", "left_alone") or dig(one, "plan", "left_alone"))
    rows = [[kind.replace("_", " "), what] for kind, names in left.items() for what in names or []]
    columns = (Column("Kind"), Column("What", "code"))
    caption = f"{name}: what was not restored"
    return [Table(caption, columns, rows[:_SHOWN], total=len(rows), folded=True)] if rows else []


def plain(value: Any) -> str:
    """A value in words: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

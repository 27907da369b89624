# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that were live once, and were kept under another name when another took theirs: a mark in the comment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .session import Session
from .sql import compose

__all__ = ["Kept", "kept_comment", "kept_databases"]

_MARK = "day2.ops: kept since "
_KEPT = re.compile(re.escape(_MARK) + r"(\S+); it was (\"(?:[^\"]|\"\")+\")\.(?:\n(.*))?", re.DOTALL)

_MARKED = """
SELECT d.datname AS name, quote_ident(d.datname) AS identifier, shobj_description(d.oid, 'pg_database') AS comment,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_database_size(d.oid) END AS bytes
  FROM pg_database AS d
 WHERE starts_with(shobj_description(d.oid, 'pg_database'), {mark})
"""


@dataclass(frozen=True)
class Kept:
    """A database that was live once, and was kept.

    :ivar identifier: its name as SQL takes it.
    :ivar was: the name that it had.
    :ivar since: when it lost that name; ISO 8601 in UTC.
    :ivar comment: the comment that it had of its own.
    :ivar bytes: its size; None where the role may not see it.
    """

    name: str
    identifier: str
    was: str
    since: str
    comment: str | None
    bytes: int | None


def kept_databases(session: Session, was: str) -> list[Kept]:
    """The databases that were kept under another name and once had the name *was*; the newest first."""
    found = []
    for row in session.query(compose(_MARKED, mark=_MARK)):
        parts = _KEPT.fullmatch(row["comment"])
        if parts is not None and parts.group(2)[1:-1].replace('""', '"') == was:
            found.append(Kept(row["name"], row["identifier"], was, parts.group(1), parts.group(3), row["bytes"]))
    return sorted(found, key=lambda one: (one.since, one.name), reverse=True)


def kept_comment(was: str, since: str, comment: str | None) -> str:
    """The comment that marks a database as kept, before the one that it had."""
    quoted = was.replace('"', '""')
    return f'{_MARK}{since}; it was "{quoted}".' + (f"\n{comment}" if comment else "")

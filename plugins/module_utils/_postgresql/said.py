# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What PostgreSQL's programs say of a failure, without the rows that they quote."""

from __future__ import annotations

import re

__all__ = ["without_rows"]

_QUOTES = re.compile(
    r"^\s*(?:pg_\w+: (?:detail: )?)?(DETAIL|CONTEXT|STATEMENT|QUERY|LINE \d+|Command was|Query was)\b:?"
)
_SPEAKS = re.compile(r"^\s*(?:(?:pg_\w+|psql\S*): .*|(?:ERROR|FATAL|PANIC|HINT|WARNING|NOTICE):.*)$")


def without_rows(text: str) -> str:
    """Return *text* on one line, without details, contexts and statements: those hold people's data."""
    kept, quoting = [], False
    for line in text.splitlines():
        if _QUOTES.match(line):
            quoting = True
        elif _SPEAKS.match(line):
            quoting = False
        if not quoting:
            kept.append(line)
    return " ".join(" ".join(kept).split())

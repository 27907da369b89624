# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts what a dump really holds, from the SQL that pg_restore writes of it.

The stream is text of pg_restore's own making: statements, and between ``COPY … FROM stdin;`` and ``\\.`` one line a
row (line breaks in values are escaped). It is read in chunks, in constant memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable

from .._errors import Day2Error
from .._postgresql.sql import split_qualified, unquoted
from .._present import present

__all__ = ["DumpCounter", "DumpUnreadable"]

_IDENTIFIER = rb'(?:"(?:[^"]|"")+"|[^\s".(),]+)'
_COPY = re.compile(
    rb"\nCOPY (" + _IDENTIFIER + rb")\.(" + _IDENTIFIER + rb") "
    rb"(?:\(" + _IDENTIFIER + rb"(?:, " + _IDENTIFIER + rb")*\))? ?FROM stdin;\n"
)
_SETVAL = re.compile(rb"SELECT pg_catalog\.setval\(\s?E?'((?:[^'\\]|''|\\\\)*)', (-?\d+), (true|false)\);")
_LARGE_OBJECT = re.compile(rb"\nSELECT pg_catalog\.lo_open\('(\d+)', \d+\);")

# Each byte as one character.
_BYTES = "latin-1"

# A COPY's head names every column: 1600 columns of 63 bytes, quoted, fit.
_LONGEST_HEAD = 1 << 20


class DumpUnreadable(Day2Error):
    """What pg_restore wrote is not what it writes of a whole dump."""


@dataclass
class DumpCounter:
    """Takes the chunks; afterwards tells what was in them.

    :param read: reads a name in the encoding of the dump. No encoding of a database has bytes of ASCII within others.
    :ivar rows: rows by (schema, table).
    :ivar sequences: (last value, handed out) by (schema, sequence).
    :ivar large_objects: object identifiers of the large objects with content.
    """

    read: Callable[[bytes], str]
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    sequences: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    large_objects: set[int] = field(default_factory=set)
    # While statements are read, the buffer begins with the line break before the first of them.
    _buffer: bytes = b"\n"
    _searched: int = 0
    _table: tuple[str, str] | None = None
    _at_line_start: bool = True

    def __call__(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self._buffer += chunk
        while self._in_rows() if self._table is not None else self._in_statements():
            pass

    def finish(self) -> DumpCounter:
        """Say that the stream has ended.

        :raises DumpUnreadable: when it ended inside a table.
        """
        if self._table is not None:
            raise DumpUnreadable(
                "reading a dump back",
                ".".join(self._table),
                "the stream ended in the middle of the table's rows",
                "Use another backup set.",
            )
        self._take_statements(self._buffer)
        self._buffer = b"\n"
        return self

    def _in_statements(self) -> bool:
        start = self._buffer.find(b"\nCOPY ", self._searched)
        if start < 0:
            self._searched = max(0, len(self._buffer) - len(b"\nCOPY"))
            self._pass_statements()
            return False
        head = _COPY.match(self._buffer, start)
        if head is None:
            whole = len(self._buffer) - start > _LONGEST_HEAD
            self._searched = start + 1 if whole else start
            return whole
        self._take_statements(self._buffer[: start + 1])
        schema, table = (unquoted(part.decode(_BYTES)) for part in head.groups())
        self._table = self._name(schema), self._name(table)
        self.rows.setdefault(self._table, 0)
        self._buffer = self._buffer[head.end() :]
        self._at_line_start = True
        return True

    def _pass_statements(self) -> None:
        """Take most of a long run of statements; what may be the beginning of something stays."""
        if len(self._buffer) > 2 * _LONGEST_HEAD:
            cut = self._buffer.rfind(b"\n", 0, -_LONGEST_HEAD)
            if cut > 0:
                self._take_statements(self._buffer[: cut + 1])
                self._buffer = self._buffer[cut:]
                self._searched = max(0, self._searched - cut)

    def _in_rows(self) -> bool:
        table = present(self._table)
        if self._at_line_start and self._buffer.startswith(b"\\.\n"):
            end = 0
        else:
            end = self._buffer.find(b"\n\\.\n") + 1
            if not end:
                self._count_what_is_sure()
                return False
        self.rows[table] += self._buffer.count(b"\n", 0, end)
        self._buffer = self._buffer[end + 2 :]
        self._searched = 0
        self._table = None
        return True

    def _count_what_is_sure(self) -> None:
        # The last three bytes may be the beginning of the mark that ends the rows.
        if len(self._buffer) > 3:
            taken = self._buffer[:-3]
            self.rows[present(self._table)] += taken.count(b"\n")
            self._at_line_start = taken.endswith(b"\n")
            self._buffer = self._buffer[-3:]

    def _take_statements(self, text: bytes) -> None:
        for found in _SETVAL.finditer(text):
            name = found.group(1).decode(_BYTES).replace("''", "'").replace("\\\\", "\\")
            parts = split_qualified(name)
            if parts is not None:
                schema, sequence = map(self._name, parts)
                self.sequences[schema, sequence] = (int(found.group(2)), found.group(3) == b"true")
        self.large_objects.update(int(found.group(1)) for found in _LARGE_OBJECT.finditer(text))

    def _name(self, bytes_of_it: str) -> str:
        return self.read(bytes_of_it.encode(_BYTES))

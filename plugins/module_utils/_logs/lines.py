# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line of any format to an entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .json_lines import JsonLines
from .text_lines import AccessLines, TextLines
from .times import LEADING, Clock

if TYPE_CHECKING:
    from .specs import Entry, SourceSpec

__all__ = ["PREFIX", "LineParser"]

# What may stand before an object: the service's name, as compose writes it, and a time, as container engines do.
PREFIX = re.compile(
    rb"((?:[\w.-]{1,80} +\| )?)(?:(?:" + b"|".join(pattern.pattern for pattern in LEADING[:1]) + rb") )?(?=\{)"
)
_SERVICE = re.compile(rb"[\w.-]{1,80} +\| ")


class LineParser:
    """Reads the lines of one source.

    A line is an entry, or part of the entry before it, or neither: see *broken*.
    """

    def __init__(self, spec: SourceSpec, clock: Clock) -> None:
        self.format = spec.format
        self.clock = clock
        self.objects = JsonLines(spec, clock)
        self.access = AccessLines(spec, clock)
        self.text = TextLines(spec, clock, self.objects)

    def entry(self, line: bytes, outer: float | None = None) -> Entry | None:
        """Return what the line says, None when it begins no entry.

        :param outer: the moment that a container engine gave to the line.
        """
        if self.format == "access":
            return self.access.entry(line)
        if self.format != "plain" and b"{" in line:
            prefix = PREFIX.match(line)
            if prefix:
                if prefix[2]:
                    outer = self.clock.moment(LEADING[0], prefix[2], prefix[3] or b"")
                return self._object(line[prefix.end() :] if prefix.end() else line, outer)
        return None if self.format == "json" else self._text(line, outer)

    def broken(self, line: bytes) -> bool:
        """Whether a line that is no entry should have been one, and so is no part of the entry before it."""
        if self.format == "access":
            return True
        return self.format != "plain" and line.startswith(b'{"') and self.objects.load(line) is None

    def _object(self, line: bytes, outer: float | None) -> Entry | None:
        fields = self.objects.load(line)
        if fields is None:
            return None
        inner = self.objects.engine_line(fields)
        if inner is None:
            return self.objects.entry(fields, outer)
        return self.entry(inner, self.objects.time(fields))

    def _text(self, line: bytes, outer: float | None) -> Entry | None:
        entry = None
        if self.format == "auto":
            service = _SERVICE.match(line)
            if service:
                line = line[service.end() :]
            if b'] "' in line:
                entry = self.access.entry(line)
        if entry is None:
            entry = self.text.entry(line)
        if entry is not None and entry.time is None and outer is not None:
            return entry._replace(time=outer)
        return entry

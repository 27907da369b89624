# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scanner: blocks of lines to the numbers of one source, in one pass and in constant memory.

Most lines are taken a block at a time, by shapes; what no shape takes is read line by line. Both ways count the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from .json_lines import ANSI
from .json_shape import json_shape
from .lines import PREFIX, LineParser
from .patterns import PatternCounts
from .rows import ready
from .shapes import Rows, Shape, Shapes
from .specs import Entry, Settings, SourceSpec
from .tally import Tally
from .text_shape import access_shape, text_shape
from .times import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .budget import Budget

__all__ = ["Scanner"]

WORTH_LEARNING = 16
LOOKED_BACK = 200

_Period = Optional[tuple[float, float]]
_Line = tuple[bytes, Optional[Entry]]


class Scanner:
    """Scans the lines of one source, file by file."""

    def __init__(self, spec: SourceSpec, settings: Settings, budget: Budget) -> None:
        self._spec = spec
        self._settings = settings
        self._bounded = settings.since is not None or settings.until is not None
        clock = Clock(settings.zone, settings.now)
        self._parser = LineParser(spec, clock)
        self._clock = clock
        self._patterns = PatternCounts(spec.patterns, budget)
        self._shapes = Shapes(spec, self._patterns.fields)
        self._tally = Tally(settings, clock, self._patterns, spec.durations_of)
        self.outside = 0
        self.unparsed = 0
        self.continued = 0
        self.begin_file()

    def begin_file(self) -> None:
        """Forget what the lines of the file before have left behind."""
        self._moment: float | None = None
        self._level: str | None = None
        self._in_entry = False

    def begin_part(self, before: bytes) -> None:
        """Begin in the midst of a file, after the whole lines *before*."""
        self.begin_file()
        self._look_back(b"\n" + before)

    def counted(self) -> dict[str, Any]:
        """Return all counts, so that they can be sent to another process."""
        return {
            "outside": self.outside,
            "unparsed": self.unparsed,
            "continued": self.continued,
            "patterns": self._patterns.counts,
            "tally": self._tally.counted(),
        }

    def absorb(self, counted: Mapping[str, Any]) -> None:
        """Add the counts of another process."""
        self.outside += counted["outside"]
        self.unparsed += counted["unparsed"]
        self.continued += counted["continued"]
        self._patterns.absorb(counted["patterns"])
        self._tally.absorb(counted["tally"])

    def block(self, lines: bytes) -> None:
        """Scan whole lines, each with its newline."""
        text = b"\n" + lines
        if b"\x1b" in text:
            text = ANSI.sub(b"", text)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        taken, left = self._take(text)
        others = [(line, self._parser.entry(line)) for line in left[1:-1].split(b"\n") if line]
        periods = [rows.period(self._clock) for rows in taken]
        within = self._within(text, periods, others)
        if within is None:
            self._one_by_one(text)
        elif within:
            self._patterns.block(text, partial(self._level_at, text))
            self._count_rows(taken, periods)
            self._in_entry = True
            for line, entry in others:
                self._count(line, entry)
        else:
            self.outside += sum(rows.count for rows in taken) + len(others)
        if within is not None:
            self._look_back(text)

    def told(self) -> dict[str, Any]:
        """Return the numbers of all that was scanned."""
        return {
            "lines_outside": self.outside,
            "continued": self.continued,
            "unparsed": self.unparsed,
            **self._tally.told(),
        }

    def _take(self, text: bytes) -> tuple[list[Rows], bytes]:
        """Take what has a shape; learn new ones from what is left."""
        taken, left = self._shapes.take(text)
        tried = 0
        while self._shapes.may_learn and left.count(b"\n") > WORTH_LEARNING and tried < 4:
            tried += 1
            # Not always the first line left: one of no use would be in the way for good.
            lines = left[1:-1].split(b"\n", WORTH_LEARNING)
            rows, left = self._shapes.learn(self._shape(lines[(tried * 7) % len(lines)]), left)
            if rows is not None:
                taken.append(rows)
        return taken, left

    def _shape(self, line: bytes) -> Shape | None:
        asked, kind = self._shapes.asked, self._spec.format
        if kind in ("auto", "json") and PREFIX.match(line):
            return json_shape(self._parser.objects, line, asked, self._spec.duration_unit)
        if asked or kind == "json":
            return None
        if kind == "access" or (kind == "auto" and b'] "' in line and self._parser.access.entry(line)):
            return access_shape(line, self._parser.access)
        return text_shape(line, objects=kind == "auto")

    def _within(self, text: bytes, periods: Sequence[_Period], others: Sequence[_Line]) -> bool | None:
        """Whether all lines lie in the period that is asked for, or all outside; None when each has to be asked."""
        if not periods:
            return None
        first = self._parser.entry(text[1 : text.find(b"\n", 1)])
        if first is None and not self._in_entry:
            return None
        if not self._bounded:
            return True
        moments = [entry.time for _line, entry in others if entry is not None and entry.time is not None]
        if first is None and self._moment is not None:
            moments.append(self._moment)
        answers = {self._settings.within(moment) for moment in moments}
        for period in periods:
            if period is None or not self._settings.same_side(*period):
                return None
            answers.add(self._settings.within(period[0]))
        return answers.pop() if len(answers) == 1 else None

    def _count_rows(self, taken: Sequence[Rows], periods: Sequence[_Period]) -> None:
        for rows, period in zip(taken, periods):
            batches, entries, continued = ready(rows, self._parser)
            self.continued += continued
            for batch, durations in batches:
                if batch.count:
                    known = period if batch is rows else batch.period(self._clock)
                    self._tally.add_rows(batch, durations, known)
            for entry in entries:
                self._tally.add(entry)

    def _one_by_one(self, text: bytes) -> None:
        for line in text[1:-1].split(b"\n"):
            if not line:
                continue
            entry = self._parser.entry(line)
            if entry is not None:
                self._moment = self._moment if entry.time is None else entry.time
                self._level = entry.level
            if self._settings.within(self._moment):
                self._patterns.line(line, self._level)
                self._count(line, entry)
            else:
                self.outside += 1
            self._in_entry = self._in_entry or entry is not None

    def _count(self, line: bytes, entry: Entry | None) -> None:
        if entry is not None:
            self._tally.add(entry)
        elif self._in_entry and not self._parser.broken(line):
            self.continued += 1
        else:
            self.unparsed += 1

    def _level_at(self, text: bytes, start: int) -> str | None:
        """The level of the entry to which the line that starts at an offset belongs."""
        entry, _start = self._entry_before(text, text.find(b"\n", start))
        return entry.level if entry else self._level

    def _look_back(self, text: bytes) -> None:
        """Remember the last entry of a block, and the last time, for the lines of the next."""
        entry, start = self._entry_before(text, len(text) - 1)
        if entry is None:
            return
        self._level, self._in_entry = entry.level, True
        while entry is not None and entry.time is None:
            entry, start = self._entry_before(text, start - 1)
        if entry is not None:
            self._moment = entry.time

    def _entry_before(self, text: bytes, end: int) -> tuple[Entry | None, int]:
        """The last entry that begins before an offset, and where."""
        for _line in range(LOOKED_BACK):
            start = text.rfind(b"\n", 0, max(end, 0)) + 1
            if start <= 0:
                break
            entry = self._parser.entry(text[start:end])
            if entry is not None:
                return entry, start
            end = start - 1
        return None, 0

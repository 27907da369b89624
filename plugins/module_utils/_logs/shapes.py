# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shapes: lines that are alike but for their values, read many at a time.

An application writes most of its lines from a few templates. From one line that was read field by field, a regular
expression is made that matches the lines of its template and captures what is asked for; a whole block of lines is then
taken apart by one call. A shape only matches where it gives what reading field by field would give: what it does not
match is read field by field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .specs import LOGICAL, SourceSpec
from .times import CLF, CTIME, EPOCH, ISO, MONTH, SYSLOG, Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rows", "Shape", "Shapes", "time_template"]

MOST_SHAPES = 12
MOST_ATTEMPTS = 150
ENOUGH_LINES = 8


@dataclass(frozen=True)
class Shape:
    """A template of lines.

    :ivar regex: matches the newline before a line, and the line.
    :ivar columns: what each group holds: a name of specs.FIELDS, or of a field that a pattern asks for.
    :ivar kind: of what lines: V(json), V(access) or V(plain).
    :ivar time: the pattern of times.py that the times follow; None when there are none.
    :ivar zone: what follows each time.
    :ivar scale: milliseconds of a duration of 1.
    :ivar level_name: the field that holds the level.
    """

    regex: re.Pattern[bytes]
    columns: tuple[str, ...]
    kind: str
    time: re.Pattern[bytes] | None
    zone: bytes = b""
    scale: float = 1.0
    level_name: str = ""

    @cached_property
    def quick(self) -> re.Pattern[bytes]:
        """The same for text without backslashes, faster; it may run on past the end of a broken line."""
        return re.compile(self.regex.pattern.replace(rb'[^"\\\n]', b'[^"]'))


@dataclass(frozen=True)
class Rows:
    """The lines of a block that have one shape, as columns."""

    shape: Shape
    count: int
    columns: Mapping[str, list[bytes]]

    def period(self, clock: Clock) -> tuple[float, float] | None:
        """Return the first and the last moment; None when there are no times, or not all can be read."""
        times = self.columns.get("time")
        if times is None or self.shape.time is None:
            return None
        pattern, zone = self.shape.time, self.shape.zone
        if pattern is EPOCH:
            extremes = [min(times, key=float), max(times, key=float)]
        else:
            extremes = [min(times), max(times)]
            # Without the year in front, text sorts as time does only within one day.
            if pattern is not ISO and extremes[0][: _DAY[pattern]] != extremes[1][: _DAY[pattern]]:
                extremes = list(set(times))
        moments = [clock.moment(pattern, text, zone) for text in extremes]
        known = [moment for moment in moments if moment is not None]
        return (min(known), max(known)) if len(known) == len(moments) else None


_DAY = {CLF: 11, SYSLOG: 6}


class Shapes:
    """The shapes of one source, the most frequent first."""

    def __init__(self, spec: SourceSpec, asked: frozenset[str]) -> None:
        self.spec = spec
        # Fields that patterns ask for, and that are no logical ones.
        self.asked = asked - frozenset(LOGICAL)
        self._shapes: list[Shape] = []
        self._attempts = 0
        self._blocks = 0

    def take(self, text: bytes) -> tuple[list[Rows], bytes]:
        """Return the rows of all known shapes in *text*, and what is left: lines between newlines too."""
        self._blocks += 1
        taken = []
        for shape in list(self._shapes):
            if len(text) < 2:
                break
            rows, text = _taken(shape, text)
            if rows.count:
                taken.append(rows)
        # What was frequent now is tried first next time; what was not seen for longest is the first to be forgotten.
        self._shapes = _frequent_first(self._shapes, taken)
        return taken, text

    @property
    def may_learn(self) -> bool:
        """Whether it is worth while to offer more shapes."""
        return self._attempts < MOST_ATTEMPTS + self._blocks // 4

    def learn(self, shape: Shape | None, text: bytes) -> tuple[Rows | None, bytes]:
        """Try a shape on what is left; keep it when it takes enough. Return its rows, and what is left then."""
        self._attempts += 1
        if shape is None or any(shape.regex.pattern == known.regex.pattern for known in self._shapes):
            return None, text
        rows, left = _taken(shape, text)
        if rows.count < ENOUGH_LINES:
            return None, text
        self._attempts -= 1
        self._shapes.insert(0, shape)
        del self._shapes[MOST_SHAPES:]
        return rows, left


def _frequent_first(shapes: list[Shape], taken: list[Rows]) -> list[Shape]:
    used = [rows.shape for rows in sorted(taken, key=lambda rows: -rows.count)]
    return used + [shape for shape in shapes if shape not in used]


def _taken(shape: Shape, text: bytes) -> tuple[Rows, bytes]:
    stride = len(shape.columns) + 1
    parts: list[bytes] = []
    if b"\\" not in text:
        parts = shape.quick.split(text)
        if len(parts) // stride + b"".join(parts[::stride]).count(b"\n") != text.count(b"\n"):
            parts = []
    parts = parts or shape.regex.split(text)
    columns = {name: parts[place::stride] for place, name in enumerate(shape.columns, 1)}
    rows = Rows(shape, len(parts) // stride, columns)
    return rows, b"".join(parts[::stride])


def time_template(pattern: re.Pattern[bytes], local: bytes) -> bytes | None:
    """Return a pattern, with one group, for times written like *local*; None where there is none.

    Texts that it captures sort as time does, within one day where the year does not come first.
    """
    if pattern is EPOCH:
        whole, point, _fraction = local.partition(b".")
        return rb"(\d{%d}%s)" % (len(whole), rb"\.\d{1,9}" if point else b"")
    if pattern is SYSLOG:
        return rb"(" + MONTH + rb" [ \d]\d \d\d:\d\d:\d\d)"
    if pattern is CTIME:
        return None
    # The month stays as it is: text is compared faster than classes of characters. Each month makes its own shape.
    whole, comma, _fraction = local.partition(b"," if b"," in local else b".")
    month, rest = (whole[:8], whole[8:]) if pattern is ISO else (whole[2:12], whole[12:])
    digits = rb"\d\d" if pattern is CLF else b""
    template = digits + re.escape(month) + re.sub(rb"\d", rb"\\d", re.escape(rest))
    return rb"(" + template + (re.escape(comma) + rb"\d{1,9}" if comma else b"") + rb")"

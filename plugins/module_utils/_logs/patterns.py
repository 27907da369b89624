# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counting the lines in which patterns are found, most lines without running a regular expression on them.

From each pattern the plain texts are read of which one must stand in any line that it matches. They are searched for
in a whole block of lines at once; only the lines that hold one are tried.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .budget import OutOfTime
from .json_lines import found
from .specs import LOGICAL, Entry, PatternSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .budget import Budget

__all__ = ["Pattern", "PatternCounts", "needles_of"]

Result = TypeVar("Result")

_CLASSES = frozenset("dDsSwWbBAZ")
_QUANTIFIED = frozenset("*?{")


def needles_of(regex: str) -> tuple[list[str], bool]:
    """Return texts of which one is in every match, and whether the pattern is nothing but that text.

    No texts means that nothing is known: every line has to be tried. Only what stands outside of groups is read.
    """
    needles: list[str] = []
    alternatives = _alternatives(regex)
    for runs, _plain in alternatives or ():
        longest = max(runs, key=len, default="")
        if len(longest) < 2:
            return [], False
        needles.append(longest)
    if not needles or alternatives is None:
        return [], False
    return needles, len(needles) == 1 and alternatives[0][1]


def _alternatives(regex: str) -> list[tuple[list[str], bool]] | None:
    """The runs of literal characters of each top-level alternative, and whether it is one such run."""
    result: list[tuple[list[str], bool]] = []
    runs, run, plain, position = [], "", True, 0
    while position < len(regex):
        character, after = _literal(regex, position)
        if after is None:
            return None
        follows = regex[after : after + 1]
        if character is not None and follows not in _QUANTIFIED:
            run += character
            if follows != "+":
                position = after
                continue
        # The run ends here; what is between runs may be anything.
        runs.append(run)
        run = ""
        if regex[position] == "|":
            result.append(([text for text in runs if text], plain))
            runs, plain = [], True
        else:
            plain = False
        position = _past_quantifier(regex, after)
    runs.append(run)
    result.append(([text for text in runs if text], plain))
    return result


def _literal(regex: str, position: int) -> tuple[str | None, int | None]:
    """The literal character at a position, None when it is none, and where the element ends; None when unclear."""
    character = regex[position]
    if character == "\\":
        escaped = regex[position + 1 : position + 2]
        if not escaped or (escaped.isalnum() and escaped not in _CLASSES):
            return None, None
        return (None if escaped.isalnum() else escaped), position + 2
    if character == "[":
        end = _class_end(regex, position)
    elif character == "(":
        end = _group_end(regex, position)
    else:
        return (None if character in ".^$|*+?{})" else character), position + 1
    return None, end


def _class_end(regex: str, position: int) -> int | None:
    position += 2 if regex[position + 1 : position + 2] == "^" else 1
    position += 1  # A bracket in the first place is a member.
    while position < len(regex) and regex[position] != "]":
        position += 2 if regex[position] == "\\" else 1
    return position + 1 if position < len(regex) else None


def _group_end(regex: str, position: int) -> int | None:
    depth = 0
    while position < len(regex):
        if regex[position] == "[":
            end = _class_end(regex, position)
            if end is None:
                return None
            position = end
            continue
        depth += {"(": 1, ")": -1}.get(regex[position], 0)
        position += 2 if regex[position] == "\\" else 1
        if depth == 0:
            return position
    return None


def _past_quantifier(regex: str, position: int) -> int:
    if regex[position : position + 1] == "{":
        closing = regex.find("}", position)
        position = closing + 1 if closing > 0 else position + 1
    while regex[position : position + 1] in ("*", "+", "?") and position < len(regex):
        position += 1
    return position


class Pattern:
    """One pattern, ready to be used.

    :raises re.error: when its regular expression cannot be read.
    """

    def __init__(self, spec: PatternSpec) -> None:
        self.name = spec.name
        self.doing = f"while it was searched for {spec.name!r}"
        self.field = spec.field
        self.level = spec.level
        compiled = re.compile(spec.regex)
        folded = bool(compiled.flags & re.IGNORECASE)
        body = re.sub(r"\A\(\?([aims]+)\)", "", spec.regex)
        readable = not compiled.flags & re.VERBOSE and (not folded or spec.regex.isascii())
        needles, plain = needles_of(body) if readable else ([], False)
        self.folded = folded
        self.needles = [(needle.lower() if folded else needle).encode() for needle in needles]
        self.plain = plain and not folded
        self.search: Callable[[bytes], object]
        if spec.regex.isascii():
            # Python's bytes patterns know no (?u); what is left of the flags is the same for both.
            flags = compiled.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE)
            self.search = re.compile(re.sub(r"\A\(\?[aimsux]+\)", "", spec.regex).encode(), flags).search
        else:
            self.search = lambda line: compiled.search(line.decode("utf-8", "replace"))


class PatternCounts:
    """Counts of all patterns of one source.

    Patterns without a field count lines; those with one count entries whose field they match.

    :param budget: when its time is over, nothing more is counted.
    """

    def __init__(self, specs: Sequence[PatternSpec], budget: Budget) -> None:
        self._budget = budget
        patterns = [Pattern(spec) for spec in specs]
        self.counts = {pattern.name: 0 for pattern in patterns}
        self._of_lines = [pattern for pattern in patterns if pattern.field is None]
        self._of_fields = [pattern for pattern in patterns if pattern.field is not None]
        self.fields = frozenset(pattern.field for pattern in self._of_fields if pattern.field is not None)
        self._folded = any(pattern.folded and pattern.needles for pattern in self._of_lines)

    def absorb(self, other: Mapping[str, int]) -> None:
        """Add what was counted elsewhere."""
        for name, times in other.items():
            self.counts[name] += times

    def block(self, text: bytes, level_at: Callable[[int], str | None]) -> None:
        """Count in all lines of *text*, each between two newlines.

        :param level_at: gives the level of the entry to which the line that starts at an offset belongs.
        """
        lowered = text.lower() if self._folded else b""
        for pattern in self._of_lines:
            if pattern.needles:
                search = partial(_lines_with, lowered if pattern.folded else text, text, pattern)
            else:
                search = partial(_lines_tried, text, pattern.search)
            starts = self._in_time(pattern, search) or []
            if pattern.level is not None:
                starts = [start for start in starts if level_at(start) == pattern.level]
            self.counts[pattern.name] += len(starts)

    def line(self, line: bytes, level: str | None, times: int = 1) -> None:
        """Count in one line; *times* -1 takes it back."""
        for pattern in self._of_lines:
            asked = pattern.level is None or pattern.level == level
            if asked and self._in_time(pattern, partial(pattern.search, line)) is not None:
                self.counts[pattern.name] += times

    def entry(self, entry: Entry) -> None:
        """Count in the fields of one entry."""
        for pattern in self._of_fields:
            if pattern.level is None or pattern.level == entry.level:
                value = _field(entry, pattern.field or "")
                if value is not None and self._in_time(pattern, partial(pattern.search, value)) is not None:
                    self.counts[pattern.name] += 1

    def columns(self, columns: Mapping[str, Sequence[bytes | None]], levels: Sequence[str | None]) -> None:
        """Count in the fields of many entries at once: *columns* holds them by name, *levels* where asked for."""
        for pattern in self._of_fields:
            values = columns.get(pattern.field or "")
            if values is None:
                continue
            if pattern.level is not None:
                values = [value for value, level in zip(values, levels) if level == pattern.level]
            self.counts[pattern.name] += self._in_time(pattern, partial(_times, pattern, Counter(values))) or 0

    def _in_time(self, pattern: Pattern, search: Callable[[], Result]) -> Result | None:
        """Search as long as there is time; whoever reads the lines stops then."""
        try:
            with self._budget.watched(pattern.doing):
                return search()
        except OutOfTime:
            return None


def _field(entry: Entry, name: str) -> bytes | None:
    value: Any = getattr(entry, name) if name in LOGICAL else found(entry.fields, name)
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return str(value).encode()


def _times(pattern: Pattern, values: Mapping[bytes | None, int]) -> int:
    search = pattern.search
    return sum(times for value, times in values.items() if value is not None and search(value))


def _lines_with(haystack: bytes, text: bytes, pattern: Pattern) -> list[int]:
    """The starts of the lines that hold a needle and match. *haystack* is *text*, in lower case where asked for."""
    starts: set[int] = set()
    for needle in pattern.needles:
        at = haystack.find(needle)
        while at >= 0:
            start = text.rfind(b"\n", 0, at) + 1
            end = text.find(b"\n", at)
            if pattern.plain or pattern.search(text[start:end]):
                starts.add(start)
            at = haystack.find(needle, end)
    return sorted(starts)


def _lines_tried(text: bytes, search: Callable[[bytes], object]) -> list[int]:
    starts, offset = [], 1
    for line in text[1:-1].split(b"\n"):
        if search(line):
            starts.append(offset)
        offset += len(line) + 1
    return starts

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads one rule from data, and says everything that is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Callable, TypeVar

from .condition import OPERATORS, Condition
from .paths import BadPath, Path, compiled
from .rule import GROUPS, LEVELS, Rule
from .silence import read_silence
from .text import BadText, Text, read_text
from .times import span_of

__all__ = ["OVERRIDE_KEYS", "RULE_KEYS", "BadRule", "nearest", "read_rule", "unknown_keys"]

RULE_KEYS = (
    "check",
    "title",
    "requires",
    "each",
    "subject",
    "value",
    "reason",
    "unit",
    *LEVELS,
    "for",
    "message",
    "remedy",
    "procedures",
)
OVERRIDE_KEYS = (*RULE_KEYS, "enabled", "only", "silence")
_NEEDED = ("check", "requires", "value", "message", "remedy")
_CHECK = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_PROCEDURE = re.compile(r"[A-Z]{3}-[0-9]{2}", re.ASCII)

Read = TypeVar("Read")


class BadRule(ValueError):
    """A rule that cannot be used; holds everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that offers what *word* probably meant; nothing where none is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def unknown_keys(data: dict[str, Any], known: Iterable[str]) -> list[str]:
    """A complaint for each key of *data* that is not *known*."""
    known = tuple(known)
    return [f"unknown key {key!r}{nearest(key, known)}" for key in data if key not in known]


def read_rule(data: dict[str, Any]) -> Rule:
    """The rule that the plain *data* describes, its silence included.

    :raises BadRule: with everything that is wrong.
    """
    reader = _Reader(data)
    rule = reader.rule()
    if reader.problems:
        raise BadRule(reader.problems)
    return rule


class _Reader:
    """Reads the keys of one rule and gathers what is wrong."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.problems = unknown_keys(data, OVERRIDE_KEYS)
        self.problems += [f"{key} is missing" for key in _NEEDED if data.get(key) in (None, "")]

    def rule(self) -> Rule:
        check = self._text("check")
        if check and not _CHECK.fullmatch(check):
            self.problems.append(f"check {check!r} is no lower-case name with a dot in it, such as host.disk_space")
        silence, complaint = read_silence(self.data.get("silence"), check)
        return Rule(
            check=check,
            title=self._text("title") or check.rpartition(".")[2].replace("_", " "),
            requires=self._group(),
            each=self._each(),
            subject=self._subject(),
            value=self._path("value") or compiled("@"),
            reason=self._path("reason"),
            unit=self._text("unit"),
            levels=self._levels(),
            span=self._span(),
            message=self._filled("message"),
            remedy=self._filled("remedy"),
            procedures=self._procedures(),
            silence=silence,
            complaint=complaint,
        )

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value or ""
        self.problems.append(f"{key} must be text, not {value!r}")
        return ""

    def _try(self, key: str, read: Callable[[str], Read], text: str) -> Read | None:
        try:
            return read(text)
        except (BadPath, BadText) as error:
            self.problems.append(f"{key}: {error}")
            return None

    def _group(self) -> str:
        group = self._text("requires")
        if group and group not in GROUPS:
            self.problems.append(f"requires {group!r} is none of {', '.join(GROUPS)}{nearest(group, GROUPS)}")
        return group

    def _path(self, key: str) -> Path | None:
        text = self._text(key)
        return self._try(key, compiled, text) if text else None

    def _each(self) -> tuple[Path, ...]:
        given = self.data.get("each")
        if given is None:
            return ()
        texts = given if isinstance(given, list) else [given]
        if not texts or not all(isinstance(text, str) and text for text in texts):
            self.problems.append(f"each must be a path or a list of paths, not {given!r}")
            return ()
        if self.data.get("subject") in (None, ""):
            self.problems.append("subject is missing: with each, findings must tell their subjects apart")
        paths = [self._try("each", compiled, text) for text in texts]
        return tuple(path for path in paths if path is not None)

    def _subject(self) -> Text | Path | None:
        text = self._text("subject")
        if not text:
            return None
        return self._try("subject", read_text, text) if "{" in text else self._try("subject", compiled, text)

    def _filled(self, key: str) -> Text:
        text = " ".join(self._text(key).split())
        return self._try(key, read_text, text) or Text(text, ())

    def _levels(self) -> tuple[tuple[str, Condition], ...]:
        levels = []
        for level in LEVELS:
            given = self.data.get(level)
            if given is None:
                continue
            condition = self._condition(level, given)
            if condition:
                levels.append((level, condition))
        if not any(self.data.get(level) is not None for level in LEVELS):
            self.problems.append(f"one of {', '.join(LEVELS)} is needed, else the rule can find nothing")
        return tuple(levels)

    def _condition(self, level: str, given: Any) -> Condition | None:
        if not isinstance(given, dict):
            self.problems.append(f"{level} must be a dictionary of op and value, not {given!r}")
            return None
        faults = unknown_keys(given, ("op", "value"))
        faults += [f"{key} is missing" for key in ("op", "value") if key not in given]
        if not faults:
            condition = Condition(given["op"], given["value"])
            problem = condition.problem()
            if problem is None:
                return condition
            hint = nearest(str(condition.op), OPERATORS) if condition.op not in OPERATORS else ""
            faults = [problem + hint]
        self.problems += [f"{level}: {fault}" for fault in faults]
        return None

    def _span(self) -> timedelta | None:
        given = self.data.get("for")
        if given is None:
            return None
        try:
            return span_of(given)
        except ValueError as error:
            self.problems.append(f"for: {error}")
            return None

    def _procedures(self) -> tuple[str, ...]:
        given = self.data.get("procedures")
        if given is None:
            return ()
        if not isinstance(given, list) or not all(
            isinstance(item, str) and _PROCEDURE.fullmatch(item) for item in given
        ):
            self.problems.append(f"procedures must be a list of ids such as SIR-06, not {given!r}")
            return ()
        return tuple(given)

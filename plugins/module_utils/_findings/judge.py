# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From facts and rules to findings: a pure function."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any

from .._errors import Refused
from .condition import CannotCompare, Condition
from .finding import Finding, sorted_worst_first
from .past import Past
from .paths import BadPath, Path
from .plain import plain
from .rule import Rule
from .text import Text
from .units import duration_text, text_of

__all__ = ["judge"]

_CANNOT = "Find out why it was not collected; until it is, nobody knows whether this is well."


def judge(
    facts: Any, rules: Sequence[Rule], history: Iterable[Any] = (), now: datetime | None = None, host: str = ""
) -> list[Finding]:
    """What *rules* say about the *facts* of one *host*, the worst first.

    A rule whose group of facts is absent does not apply; one whose value is null or missing gives an ``unknown``.
    The same input gives the same findings: *now* serves for spans of time and for the ends of silences.
    """
    known = plain(facts)
    if not isinstance(known, dict):
        raise Refused(
            "judging facts",
            host or "a host",
            f"they are no dictionary but {known!r:.80}",
            "Give the facts of one host.",
        )
    moment = now or datetime.now(timezone.utc)
    court = _Court(host, Past(plain(list(history)), moment), moment)
    applying = [rule for rule in rules if rule.requires in known]
    return sorted_worst_first(finding for rule in applying for finding in court.judge(rule, known[rule.requires]))


@dataclass(frozen=True)
class _Element:
    """One thing to judge, and what it was found in. ``missing`` says why there is nothing to look at."""

    item: Any
    parent: Any
    missing: str | None = None


@dataclass(frozen=True)
class _Court:
    """Judges the rules of one host at one moment."""

    host: str
    past: Past
    now: datetime

    def judge(self, rule: Rule, group: Any) -> Iterator[Finding]:
        for version in (rule, *(variant for _other, variant in rule.variants if variant)):
            yield from self._complaints(version)
        for element in _elements(rule.each, group):
            subject = _subject(rule, element, self.host)
            applying = _version(rule, subject)
            if applying:
                yield self._judged(applying, element, subject)

    def _judged(self, rule: Rule, element: _Element, subject: str) -> Finding:
        if element.missing:
            return self._unknown(rule, subject, None, element.missing)
        try:
            observed = rule.value.of(element.item)
        except BadPath as error:
            return self._unknown(rule, subject, None, str(error))
        if observed is None:
            return self._unknown(rule, subject, None, _reason(rule, element))
        try:
            holding = [level for level, condition in rule.levels if condition.holds(observed)]
        except CannotCompare as error:
            return self._unknown(rule, subject, observed, str(error))
        if not holding:
            words = f"{rule.title}: {text_of(observed, rule.unit)}"
            return self._finding(rule, subject, "ok", observed, words, "")
        severity, held = self._lasting(rule, subject, holding)
        message = self._filled(rule, rule.message, element, subject, observed, severity)
        if held is not None:
            message += f" (not yet for {duration_text(rule.span.total_seconds() if rule.span else 0)}: {held})"
        remedy = self._filled(rule, rule.remedy, element, subject, observed, severity)
        return self._finding(rule, subject, severity, observed, message, remedy)

    def _lasting(self, rule: Rule, subject: str, holding: list[str]) -> tuple[str, str | None]:
        """The worst level that has held for as long as the rule asks, else info and for how long it has held."""
        if rule.span is None:
            return holding[0], None
        spans = {}
        for level in holding:
            worse = _as_bad_as(rule, level)
            spans[level] = self.past.held_for((rule.check, self.host, subject), worse)
            if spans[level] >= rule.span:
                return level, None
        longest = max(spans.values()).total_seconds()
        return "info", f"seen for {duration_text(longest)}" if longest else "seen for the first time"

    def _filled(self, rule: Rule, text: Text, element: _Element, subject: str, observed: Any, severity: str) -> str:
        limits = dict(rule.levels)
        limit = limits.get(severity, rule.levels[-1][1])
        context = {
            "expected": rule.expected,
            "host": self.host,
            "item": element.item,
            "limit": limit.value,
            "observed": observed,
            "parent": element.parent,
            "subject": subject or self.host,
            "title": rule.title,
        }
        return text.filled(context, rule.unit)

    def _unknown(self, rule: Rule, subject: str, observed: Any, reason: str) -> Finding:
        message = f"{rule.title} is not known: {reason}"
        remedy = _CANNOT if observed is None else "Mend what collects it, or the rule, so that the two are of one kind."
        # Infinity and NaN cannot be written as JSON; the message names them.
        told = None if isinstance(observed, float) and not math.isfinite(observed) else observed
        return self._finding(rule, subject, "unknown", told, message, remedy)

    def _finding(self, rule: Rule, subject: str, severity: str, observed: Any, message: str, remedy: str) -> Finding:
        quiet = rule.silence is not None and severity != "ok" and self.now.date() <= rule.silence.until
        return Finding(
            check=rule.check,
            host=self.host,
            subject=subject,
            severity=severity,
            observed=observed,
            expected=rule.expected,
            unit=rule.unit,
            message=message,
            remedy=remedy,
            procedures=rule.procedures,
            silenced=rule.silence.as_dict() if rule.silence and quiet else None,
        )

    def _complaints(self, rule: Rule) -> Iterator[Finding]:
        told = rule.complaint
        if rule.silence and self.now.date() > rule.silence.until:
            until = rule.silence.until.isoformat()
            told = ("info", f"The silence of {rule.check} ended on {until}; it was: {rule.silence.reason}")
        if told:
            yield Finding(
                check="rules.silence",
                host=self.host,
                subject=rule.check,
                severity=told[0],
                observed=None,
                expected="a reason and a date to come",
                unit="",
                message=told[1],
                remedy="Remove the silence from day2_rules, or give it a reason and a date to come.",
            )


def _elements(each: tuple[Path, ...], group: Any) -> Iterator[_Element]:
    """The things that *each* leads to, one path inside the other."""
    elements = [_Element(group, None)]
    for path in each:
        elements = [inner for element in elements for inner in _inner(path, element)]
    yield from elements


def _inner(path: Path, element: _Element) -> Iterator[_Element]:
    if element.missing:
        yield element
        return
    missing = f"{path.text} is not there or null"
    try:
        found = path.of(element.item)
    except BadPath as error:
        found, missing = None, str(error)
    if isinstance(found, dict):
        missing = f"{path.text} is a dictionary where a list is needed"
    if not isinstance(found, list):
        # The subject can then only come from where the list should have been.
        yield _Element(element.item, element.parent, missing)
        return
    for item in found:
        yield _Element(item, element.item)


def _subject(rule: Rule, element: _Element, host: str) -> str:
    subject = rule.subject
    if isinstance(subject, Text):
        return subject.filled({"item": element.item, "parent": element.parent, "host": host, "title": rule.title})
    try:
        found = subject.of(element.item) if subject else None
    except BadPath:
        found = None
    if found is None and rule.each:
        return "not known"
    return "" if found is None else text_of(found)


def _version(rule: Rule, subject: str) -> Rule | None:
    """The version of *rule* that the inventory wants for *subject*; None when it is switched off there."""
    for patterns, version in rule.variants:
        if any(fnmatchcase(subject, pattern) for pattern in patterns):
            return version
    return rule


def _as_bad_as(rule: Rule, level: str) -> list[Condition]:
    """The conditions of *level* and of the worse ones."""
    names = [name for name, _other in rule.levels]
    return [condition for _other, condition in rule.levels[: names.index(level) + 1]]


def _reason(rule: Rule, element: _Element) -> str:
    """Why the value is null, in the words of whoever collected it where there are any."""
    given = None
    if rule.reason:
        try:
            given = rule.reason.of(element.item)
        except BadPath:
            given = None
    if given:
        return text_of(given)
    return f"{rule.value.text} is not there or null"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed since the run before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.finding import SEVERITIES
from ansible_collections.day2.ops.plugins.module_utils._findings.units import text_of

from .run import Run, finding_of, items, mapping, number, text

__all__ = ["KINDS", "Changes", "Moved", "changes_since"]

KINDS = ("new", "worse", "better", "resolved")
_Key = tuple[str, str, str]
# Below these a movement is noise, by unit; beyond them it counts from a tenth of the larger value on.
_LEAST = {"percent": 2.0, "bytes": 10 * 1024**2, "seconds": 1.0, "milliseconds": 100.0, "": 2.0}
# Time that passes moves by itself.
_ITSELF = ("days",)


@dataclass(frozen=True)
class Moved:
    """A number that is not what it was."""

    finding: dict[str, Any]
    before: float
    after: float

    @property
    def words(self) -> str:
        unit = self.finding["unit"]
        sign = "+" if self.after > self.before else "-"
        moved = text_of(abs(self.after - self.before), unit)
        return f"{text_of(self.before, unit)} → {text_of(self.after, unit)} ({sign}{moved})"

    @property
    def share(self) -> float:
        return abs(self.after - self.before) / max(abs(self.after), abs(self.before))


@dataclass(frozen=True)
class Changes:
    """What is new, worse, better, resolved, and which numbers moved; or why that cannot be told."""

    since: dict[str, Any] | None = None
    reason: str = ""
    new: list[dict[str, Any]] = field(default_factory=list)
    worse: list[dict[str, Any]] = field(default_factory=list)
    better: list[dict[str, Any]] = field(default_factory=list)
    resolved: list[dict[str, Any]] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.new, self.worse, self.better, self.resolved, self.moved))

    def as_dict(self) -> dict[str, Any]:
        """The changes as plain data."""
        return {
            "since": self.since,
            "reason": self.reason,
            **{kind: [_brief(finding) for finding in getattr(self, kind)] for kind in KINDS},
            "moved": [
                {**_brief(moved.finding), "unit": moved.finding["unit"], "before": moved.before, "after": moved.after}
                for moved in self.moved
            ],
        }


def changes_since(run: Run, previous: dict[str, Any] | None, reason: str = "") -> Changes:
    """Compare *run* with the digest of the *previous* one."""
    before = mapping(previous)
    about = mapping(before.get("run"))
    if previous is None or not about:
        return Changes(reason=reason or "there is no earlier report")
    changes = Changes(since={key: text(about.get(key)) for key in ("id", "runbook", "started", "finished")})
    old = {_key(finding): finding for finding in map(finding_of, items(before.get("findings")))}
    new = {_key(finding): finding for finding in run.findings}
    same_runbook = about.get("runbook") == run.runbook
    checked_before = {(key[0], key[1]) for key in old}
    checked_now = {(key[0], key[1]) for key in new}
    for key, finding in new.items():
        # Another runbook may not have looked at this at all.
        if key in old or same_runbook or (key[0], key[1]) in checked_before:
            _compare(changes, old.get(key), finding)
    for key, finding in old.items():
        if key not in new and (key[0], key[1]) in checked_now and _rank(finding) > 1:
            changes.resolved.append(finding)
    changes.moved.sort(key=lambda moved: -moved.share)
    return changes


def _compare(changes: Changes, old: dict[str, Any] | None, new: dict[str, Any]) -> None:
    before, after = (_rank(old) if old else 0), _rank(new)
    # Below a warning nobody has to know, and of what is silenced neither.
    if max(before, after) > 1 and before != after and not new["silenced"]:
        if before <= 1:
            changes.new.append(new)
        elif after <= 1:
            changes.resolved.append(new)
        else:
            (changes.worse if after > before else changes.better).append(new)
    if old:
        moved = _moved(old, new)
        if moved:
            changes.moved.append(moved)


def _moved(old: dict[str, Any], new: dict[str, Any]) -> Moved | None:
    before, after = number(old.get("observed")), number(new["observed"])
    unit = new["unit"]
    if before is None or after is None or unit in _ITSELF or old.get("unit") != unit:
        return None
    least = max(_LEAST.get(unit, _LEAST[""]), max(abs(before), abs(after)) / 10)
    return Moved(new, before, after) if abs(after - before) >= least else None


def _key(finding: dict[str, Any]) -> _Key:
    return (str(finding.get("check")), str(finding.get("host")), str(finding.get("subject")))


def _rank(finding: dict[str, Any]) -> int:
    severity = finding.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def _brief(finding: dict[str, Any]) -> dict[str, Any]:
    return {key: finding.get(key) for key in ("check", "host", "subject", "severity", "message")}

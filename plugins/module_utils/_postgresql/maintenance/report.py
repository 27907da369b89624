# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes that vacuum and reindex share: what came of each object, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..._errors import Day2Error, Unfinished

__all__ = ["LOCK", "NotProven", "Outcome", "ReindexCode", "Report", "VacuumCode", "done", "failed", "skipped"]

Entry = dict[str, Any]

# Why an object that needs work did not get it. The modules document each.
VacuumCode = Literal["gone", "held_back", "interrupted", "locked", "permission", "window"]
ReindexCode = Literal[
    "gone",
    "interrupted",
    "locked",
    "not_estimated",
    "original",
    "permission",
    "snapshot",
    "space",
    "unsupported",
    "window",
]

# VACUUM, ANALYZE, REINDEX CONCURRENTLY and DROP INDEX CONCURRENTLY all take this one: it lets reads and writes pass.
LOCK = "SHARE UPDATE EXCLUSIVE"


class NotProven(Day2Error):
    """A statement succeeded and the server does not show its effect."""


@dataclass(frozen=True)
class Outcome:
    """What came of one object: *kind* is ``done``, ``skipped`` or ``failed``."""

    kind: str
    entry: Entry
    warnings: tuple[str, ...] = ()


def done(entry: Entry, warnings: Sequence[str] = (), **after: Any) -> Outcome:
    """The object was worked on, and that is proven."""
    return Outcome("done", {**entry, **after}, tuple(warnings))


def skipped(entry: Entry, code: VacuumCode | ReindexCode, why: str) -> Outcome:
    """The object needs work and did not get it. *code* is for machines, *why* for people."""
    after = {"bytes_after": entry["bytes_before"], "seconds": entry.get("seconds", 0.0)}
    return Outcome("skipped", {**entry, **after, "code": code, "why": why})


def failed(entry: Entry, error: Day2Error, **after: Any) -> Outcome:
    """Work on the object was begun and did not succeed."""
    return Outcome("failed", {**entry, **after, "why": str(error), "error": error.as_dict()})


@dataclass
class Report:
    """Everything that a module tells of its run."""

    plan: list[Entry] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)
    skipped: list[Entry] = field(default_factory=list)
    failed: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Sort outcomes into their lists."""
        for outcome in outcomes:
            getattr(self, outcome.kind).append(outcome.entry)
            self.warn(*outcome.warnings)

    def warn(self, *texts: str) -> None:
        """Tell something that concerns the whole, once."""
        self.warnings += [text for text in dict.fromkeys(texts) if text not in self.warnings]

    @property
    def planned_bytes(self) -> int:
        """The size of everything that is planned for."""
        return sum(entry.get("bytes_before") or 0 for entry in self.plan)

    def result(self, check_mode: bool, diff: bool) -> dict[str, Any]:
        """What the module returns; in check mode the plan stands for what would be done."""
        left = any(entry.get("remains") or entry.get("rebuilt") for entry in self.failed)
        result: dict[str, Any] = {
            "changed": bool(self.plan) if check_mode else bool(self.done) or left,
            "plan": self.plan,
            "done": self.done,
            "skipped": self.skipped,
            "failures": self.failed,
            "warnings": self.warnings,
        }
        return {**result, "diff": self._diff(check_mode)} if diff else result

    def finished(self, doing: str, where: str, check_mode: bool, diff: bool) -> dict[str, Any]:
        """The result, when nothing failed.

        :raises Unfinished: with the result in it, when something did.
        """
        result = self.result(check_mode, diff)
        if not self.failed:
            return result
        names = "; ".join(f"{_name(entry)}: {entry['error']['why']}" for entry in self.failed[:5])
        more = f"; and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
        raise Unfinished(
            doing,
            where,
            f"{len(self.failed)} of {len(self.plan)} planned objects failed: {names}{more}",
            "Everything else was worked on; failures holds what to do about each.",
            result,
        )

    def _diff(self, check_mode: bool) -> dict[str, str]:
        acted_on = self.plan if check_mode else self.done
        lines = [f"{entry['statement']}  -- {'; '.join(entry['reasons'])}; lock {entry['lock']}" for entry in acted_on]
        return {
            "before_header": "maintenance that is due",
            "after_header": "statements that would run" if check_mode else "statements that ran",
            "before": "",
            "after": "".join(f"{line}\n" for line in lines),
        }


def _name(entry: Entry) -> str:
    return str(entry.get("index") or entry["table"])

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report says first: how it stands, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.finding import SEVERITIES, at_least

from .run import Run
from .words import count

__all__ = ["Group", "Verdict", "groups", "verdict"]


@dataclass(frozen=True)
class Verdict:
    """How it stands: the worst severity, the counts of each, and a line that says so."""

    worst: str
    counts: dict[str, int]
    line: str
    fails: bool


@dataclass(frozen=True)
class Group:
    """Findings of one check and severity, told together."""

    severity: str
    check: str
    findings: list[dict[str, Any]]
    # What to do, when it is the same for all.
    remedy: str
    procedures: list[str]

    @property
    def size(self) -> int:
        return len(self.findings)


def verdict(run: Run) -> Verdict:
    """How *run* stands. Where nothing was judged, nothing is known."""
    counting = run.counting
    counts = dict.fromkeys(reversed(SEVERITIES), 0)
    for finding in counting:
        counts[finding["severity"]] += 1
    judged = bool(run.findings)
    worst = next((severity for severity in counts if counts[severity]), "ok" if judged else "unknown")
    limit = run.about.get("fail_on")
    fails = limit != "never" and at_least(worst, limit if limit in SEVERITIES else "critical")
    return Verdict(worst, counts, _line(run, counts), fails)


def _line(run: Run, counts: dict[str, int]) -> str:
    checks = count(len(run.findings), "check")
    if not run.findings:
        return "Nothing was judged, so nothing is known."
    told = [
        words
        for severity, words in (
            ("critical", f"{counts['critical']} critical"),
            ("unknown", f"{counts['unknown']} unknown"),
            ("warning", count(counts["warning"], "warning")),
        )
        if counts[severity]
    ]
    if not told:
        return f"All is well: {checks}, nothing to do."
    need = "Needs a person now" if counts["critical"] else "Needs a look"
    return f"{need}: {', '.join(told)}; {checks} in all."


def groups(findings: Iterable[dict[str, Any]], limit: str = "warning") -> list[Group]:
    """The *findings* at or above *limit*, grouped by check, the worst first."""
    wanted = [finding for finding in findings if at_least(finding["severity"], limit)]
    wanted.sort(key=lambda finding: (-SEVERITIES.index(finding["severity"]), finding["check"]))
    grouped = groupby(wanted, key=lambda finding: (finding["severity"], finding["check"]))
    return [_group(severity, check, list(members)) for (severity, check), members in grouped]


def _group(severity: str, check: str, findings: list[dict[str, Any]]) -> Group:
    remedies = {finding["remedy"] for finding in findings}
    procedures = sorted({procedure for finding in findings for procedure in finding["procedures"]})
    return Group(severity, check, findings, remedies.pop() if len(remedies) == 1 else "", procedures)

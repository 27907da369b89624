# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report in a few lines for the terminal, and as an entry of the history."""

from __future__ import annotations

from typing import Any

from .run import number, text
from .verdict import Group
from .view import View
from .words import clean, count, figure

__all__ = ["history_entry", "summary"]

_GROUPS = 12
_LONGEST = 500
_EACH = 3


def summary(view: View, where: str) -> list[str]:
    """What somebody who waits at the terminal wants to know; *where* says where the report is."""
    run = view.run
    took = f", {figure(run.about['seconds'], 'seconds')}" if isinstance(run.about.get("seconds"), (int, float)) else ""
    plan = ", plan: nothing was changed" if run.check_mode else ""
    lines = [f"{run.environment}: {run.runbook}, {figure(run.about.get('started'), 'when')}{took}{plan}"]
    lines.append(view.verdict.line)
    for group in view.needs[:_GROUPS]:
        lines += _told(group)
    left = len(view.needs) - _GROUPS
    if left > 0:
        lines.append(f"  and {count(left, 'check')} more in the report")
    lines += [f"Backup of {line}" for line in view.proof]
    lines.append(f"Changes: {_changes(view)}")
    if where:
        lines.append(where)
    return [clean(line) for line in lines]


def _told(group: Group) -> list[str]:
    severity = group.severity.upper()
    lines = [f"  {severity}: {finding['message']} ({finding['host']})" for finding in group.findings[:_EACH]]
    if group.size > _EACH:
        lines.append(f"  {severity}: and {group.size - _EACH} more of {group.check}")
    remedy = group.remedy or group.findings[0]["remedy"]
    return [*lines, f"    Do: {remedy}"] if remedy else lines


def _changes(view: View) -> str:
    changes = view.changes
    if not changes.since:
        return f"not known, {changes.reason}"
    told = [
        f"{len(getattr(changes, kind))} {kind}"
        for kind in ("new", "worse", "better", "resolved")
        if getattr(changes, kind)
    ]
    since = figure(changes.since.get("started"), "when")
    return f"{', '.join(told) or 'none that matter'} since {changes.since.get('runbook')} of {since}"


def history_entry(view: View) -> dict[str, Any]:
    """What later runs want to know of this one."""
    about = view.run.about
    keys = ("id", "runbook", "environment", "started", "finished")
    return {
        "schema": 1,
        "run": {
            **{key: text(about.get(key))[:_LONGEST] or None for key in keys},
            "seconds": number(about.get("seconds")),
        },
        "worst": view.verdict.worst,
        "counts": view.verdict.counts,
        "findings": [
            {
                **{key: finding[key][:_LONGEST] for key in ("check", "host", "subject", "severity", "unit")},
                "observed": _remembered(finding["observed"]),
            }
            for finding in view.run.findings
        ],
    }


def _remembered(observed: Any) -> Any:
    """A value that can be compared later; None for any other."""
    if isinstance(observed, str):
        return observed[:_LONGEST]
    return observed if isinstance(observed, bool) else number(observed)

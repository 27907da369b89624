# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance: what was planned, done and left, with the bytes before and after."""

from __future__ import annotations

from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.units import bytes_text

from ..blocks import Block, Column, Note, Table
from ..charts import Bar, bars
from ..run import Run, dig, items, mapping, number
from ..words import count

__all__ = ["maintenance"]

_ROWS = 40
_BARS = 6


def maintenance(run: Run, facts: Any) -> list[Block]:
    """Vacuum and reindex of each database."""
    found: list[Block] = []
    for entry in items(facts):
        name = str(entry.get("database"))
        for kind, title in (("vacuum", "Vacuum"), ("reindex", "Reindex")):
            work = entry.get(kind)
            if isinstance(work, dict):
                found += _work(f"{title} of {name}", work, run.check_mode)
    return found


def _work(title: str, work: dict[str, Any], planned_only: bool) -> list[Block]:
    done, skipped = items(work.get("done")), items(work.get("skipped"))
    failures, plan = items(work.get("failures")), items(work.get("plan"))
    found: list[Block] = []
    if failures:
        found.append(Note(f"{title}: {count(len(failures), 'object')} failed.", "critical"))
    if planned_only and plan:
        found.append(_plan(f"{title}: planned", plan))
    if not (done or skipped or failures or (planned_only and plan)):
        return [Note(f"{title}: nothing needed it.", "ok")]
    if done:
        found += _done(title, done)
    rest = [("failed", entry) for entry in failures] + [("skipped", entry) for entry in skipped]
    if rest:
        columns = (Column("Object", "code"), Column("Result", "tone"), Column("Size", "bytes"), Column("Why"))
        rows = [
            [_name(entry), kind, entry.get("bytes_before"), entry.get("why") or dig(entry, "error", "why")]
            for kind, entry in rest[:_ROWS]
        ]
        found.append(Table(f"{title}: not done", columns, rows, total=len(rest)))
    return found


def _plan(title: str, plan: list[dict[str, Any]]) -> Block:
    columns = (Column("Object", "code"), Column("Action"), Column("Size", "bytes"), Column("Why"))
    rows = [[_name(entry), entry.get("action"), entry.get("bytes_before"), _why(entry)] for entry in plan[:_ROWS]]
    return Table(title, columns, rows, total=len(plan))


def _done(title: str, done: list[dict[str, Any]]) -> list[Block]:
    before = sum(number(entry.get("bytes_before")) or 0 for entry in done)
    after = sum(number(entry.get("bytes_after")) or 0 for entry in done)
    freed = _freed(before, after)
    shrunk = sorted(done, key=lambda entry: -((_gain(entry)) or 0))
    drawn: list[Bar] = []
    for entry in shrunk[:_BARS]:
        if (_gain(entry) or 0) > 0:
            drawn.append((f"{_name(entry)}, before", entry["bytes_before"], "second"))
            drawn.append((f"{_name(entry)}, after", entry["bytes_after"], "ok"))
    found: list[Block] = []
    chart = bars(f"{title}: size before and after", drawn, "bytes")
    if chart:
        found.append(chart)
    columns = (
        Column("Object", "code"),
        Column("Action"),
        Column("Before", "bytes"),
        Column("After", "bytes"),
        Column("Took", "seconds"),
        Column("Why"),
    )
    rows = [
        [
            _name(entry),
            entry.get("action"),
            entry.get("bytes_before"),
            entry.get("bytes_after"),
            entry.get("seconds"),
            _why(entry),
        ]
        for entry in shrunk[:_ROWS]
    ]
    caption = f"{title}: {count(len(done), 'object')} done, {freed}"
    return [*found, Table(caption, columns, rows, total=len(done), folded=len(done) > 12)]


def _freed(before: float, after: float) -> str:
    if after < before:
        return f"{bytes_text(before - after)} of {bytes_text(before)} freed"
    return f"{bytes_text(after - before)} more than before" if after > before else "same size as before"


def _gain(entry: dict[str, Any]) -> float | None:
    before, after = number(entry.get("bytes_before")), number(entry.get("bytes_after"))
    return None if before is None or after is None else before - after


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("index") or entry.get("table") or entry.get("name") or "?")


def _why(entry: dict[str, Any]) -> str:
    reasons = entry.get("reasons")
    if isinstance(reasons, list):
        return "; ".join(str(reason) for reason in reasons)
    return str(entry.get("why") or mapping(entry.get("error")).get("why") or "")

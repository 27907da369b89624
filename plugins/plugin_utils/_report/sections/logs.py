# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs: how much, how bad, how fast, and which errors come again."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Note, Pairs, Table
from ..charts import Bar, bars, whole
from ..run import Run, dig, items, mapping, number

__all__ = ["logs"]

_ROWS = 15
_QUANTILES = (
    ("min", "fastest"),
    ("p50", "half below"),
    ("p95", "95 % below"),
    ("p99", "99 % below"),
    ("max", "slowest"),
)
_BAD = {"critical": "critical", "fatal": "critical", "emergency": "critical", "alert": "critical", "error": "warning"}


def logs(run: Run, facts: Any) -> list[Block]:
    """The blocks of each source."""
    return [block for source in items(facts) for block in _source(source)]


def _source(facts: dict[str, Any]) -> list[Block]:
    name = str(facts.get("name") or "a log")
    found: list[Block] = []
    if facts.get("timed_out"):
        found.append(Note(f"{name}: all counts are too low, for {facts.get('timed_out')}", "warning"))
    for file in items(facts.get("files")):
        if file.get("error"):
            found.append(Note(f"{name}: {file.get('path')}: {file.get('error')}", "warning"))
    rate = number(facts.get("error_rate"))
    found.append(
        Pairs(
            [
                (name, facts.get("lines"), "number", "lines"),
                ("From", facts.get("first_time"), "when", ""),
                ("To", facts.get("last_time"), "when", ""),
                ("Errors", facts.get("errors"), "number", ""),
                ("Requests", facts.get("requests"), "number", ""),
                ("Failed on our side", None if rate is None else rate * 100, "percent", "answered 5xx"),
                ("Unauthorized", facts.get("unauthorized"), "number", "answered 401"),
                ("Not understood", facts.get("unparsed"), "number", "lines"),
            ]
        )
    )
    found += [chart for chart in _charts(name, facts) if chart]
    found += _tables(name, facts)
    return found


def _charts(name: str, facts: dict[str, Any]) -> list[Block | None]:
    levels: list[Bar] = [
        (str(level), times, _BAD.get(str(level).lower(), "ok")) for level, times in mapping(facts.get("levels")).items()
    ]
    statuses: list[Bar] = [
        (str(status), times, "warning" if str(status).startswith("5") else "ok")
        for status, times in mapping(facts.get("status_classes")).items()
        if times
    ]
    latency = mapping(facts.get("latency"))
    scale = 1000 if latency.get("unit") == "ms" else 1
    quantiles: list[Bar] = [
        (words, value / scale, "ok") for key, words in _QUANTILES if (value := number(latency.get(key))) is not None
    ]
    return [
        whole(f"{name}: entries by level", levels),
        whole(f"{name}: answers by status", statuses),
        bars(
            f"{name}: {'response times' if latency.get('complete') else 'durations of what was slow'}",
            quantiles,
            "seconds",
        ),
    ]


def _tables(name: str, facts: dict[str, Any]) -> list[Block]:
    scale = 1000 if dig(facts, "latency", "unit") == "ms" else 1
    found: list[Block] = []
    columns: tuple[Column, ...]
    groups = items(facts.get("groups"))
    if groups:
        columns = (Column("Error"), Column("Times", "number"), Column("First", "when"), Column("Last", "when"))
        rows = [
            [item.get("message"), item.get("count"), item.get("first_time"), item.get("last_time")]
            for item in groups[:_ROWS]
        ]
        kept = facts.get("groups_kept")
        total = kept if isinstance(kept, int) else len(groups)
        found.append(Table(f"{name}: errors that say the same", columns, rows, total=total))
    slowest = items(facts.get("slowest"))
    if slowest:
        columns = (
            Column("Endpoint", "code"),
            Column("Times", "number"),
            Column("Half below", "seconds"),
            Column("95 % below", "seconds"),
            Column("Slowest", "seconds"),
        )
        rows = [
            [
                " ".join(str(part) for part in (item.get("method"), item.get("path")) if part),
                item.get("count"),
                *[None if (value := number(item.get(key))) is None else value / scale for key in ("p50", "p95", "max")],
            ]
            for item in slowest[:_ROWS]
        ]
        found.append(Table(f"{name}: slowest endpoints", columns, rows, total=len(slowest)))
    patterns = mapping(facts.get("patterns"))
    if patterns:
        columns = (Column("Pattern"), Column("Times", "number"))
        counted = [[pattern, times] for pattern, times in patterns.items()]
        found.append(Table(f"{name}: patterns", columns, counted[:60], total=len(counted)))
    return found

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints: what answered, how fast, with what."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Table
from ..charts import Bar, bars
from ..run import Run, dig, items, number

__all__ = ["probes"]

_ROWS = 60
_BARS = 12


def probes(run: Run, facts: Any) -> list[Block]:
    """Response times as a chart, the answers as a table."""
    every = items(facts)
    drawn: list[Bar] = [
        (str(item.get("name") or item.get("url")), item["seconds"], "ok")
        for item in sorted(every, key=lambda item: -(number(item.get("seconds")) or 0))[:_BARS]
        if item.get("reached") is True and number(item.get("seconds")) is not None
    ]
    chart = bars("Time until the whole answer was there", drawn, "seconds")
    columns = (
        Column("Endpoint"),
        Column("URL", "code"),
        Column("Reached", "yes"),
        Column("Status", "number"),
        Column("Took", "seconds"),
        Column("First byte", "seconds"),
        Column("Says"),
    )
    rows = [
        [
            item.get("name"),
            item.get("url"),
            item.get("reached"),
            item.get("status"),
            item.get("seconds") if item.get("reached") is True else None,
            item.get("first_byte_seconds"),
            _says(item),
        ]
        for item in every[:_ROWS]
    ]
    table = Table("Endpoints", columns, rows, total=len(every))
    return [chart, table] if chart else [table]


def _says(item: dict[str, Any]) -> str:
    why = dig(item, "error", "why")
    if why:
        return str(why)
    told = item.get("json")
    if not isinstance(told, dict):
        return ""
    plain = [f"{key}: {value}" for key, value in told.items() if isinstance(value, (str, int, float))]
    return ", ".join(plain)[:200]

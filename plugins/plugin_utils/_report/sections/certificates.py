# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, those that end first at the top."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Table
from ..charts import bars
from ..run import Run, dig, items, number

__all__ = ["certificates"]

_ROWS = 60
_BARS = 12


def certificates(run: Run, facts: Any) -> list[Block]:
    """Days left as a chart, the rest as a table."""
    every = sorted(items(facts), key=_days)
    drawn = [
        (str(item.get("name") or item.get("source")), max(0.0, _days(item)), _tone(item))
        for item in every[:_BARS]
        if number(item.get("days_left")) is not None
    ]
    found: list[Block] = []
    chart = bars("Days until certificates end", drawn, "number")
    if chart:
        found.append(chart)
    columns = (
        Column("Certificate"),
        Column("Source"),
        Column("Reached", "yes"),
        Column("Days left", "number"),
        Column("Of its life", "percent"),
        Column("Ends", "when"),
        Column("Chain", "yes"),
        Column("Name", "yes"),
        Column("As file", "yes"),
        Column("Remark"),
    )
    rows = [
        [
            item.get("name"),
            item.get("source"),
            item.get("reached"),
            number(item.get("days_left")),
            item.get("lifetime_left_percent"),
            item.get("not_after"),
            item.get("chain_valid"),
            item.get("name_matches"),
            item.get("matches_file"),
            item.get("chain_error") or dig(item, "error", "why"),
        ]
        for item in every[:_ROWS]
    ]
    return [*found, Table("Certificates, the first to end at the top", columns, rows, total=len(every))]


def _days(item: dict[str, Any]) -> float:
    days = number(item.get("days_left"))
    return float("-inf") if days is None else days


def _tone(item: dict[str, Any]) -> str:
    # Only what is broken is coloured here: limits are the rules' affair.
    return "critical" if _days(item) <= 0 or item.get("chain_valid") is False else "ok"

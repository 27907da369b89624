# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host itself: disks, memory, load, the largest processes."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Pairs, Table
from ..charts import Bar, bars
from ..run import Run, dig, items, number
from ..words import count

__all__ = ["host"]

_BARS = 10
_ROWS = 40


def host(run: Run, facts: Any) -> list[Block]:
    """The blocks of a host."""
    if not isinstance(facts, dict):
        return []
    found: list[Block] = [_overview(facts), *_charts(facts), _disks(facts)]
    unseen = items(facts.get("unseen"))
    if unseen:
        rows = [[item.get("what"), item.get("reason")] for item in unseen]
        columns = (Column("Fact", "code"), Column("Why"))
        found.append(Table(f"{count(len(rows), 'fact')} could not be seen", columns, rows, folded=True))
    return found


def _overview(facts: dict[str, Any]) -> Block:
    return Pairs(
        [
            (
                str(facts.get("hostname") or "Host"),
                facts.get("os"),
                "text",
                f"kernel {facts.get('kernel') or 'not known'}",
            ),
            ("Up for", facts.get("uptime_seconds"), "seconds", ""),
            ("Processors busy", facts.get("cpu_percent"), "percent", f"of {facts.get('cpus') or '?'}"),
            ("Memory used", dig(facts, "memory", "used_percent"), "percent", ""),
            ("Memory left", dig(facts, "memory", "available_bytes"), "bytes", ""),
            ("Swap used", dig(facts, "memory", "swap_used_percent"), "percent", ""),
            ("Processes", dig(facts, "processes", "total"), "number", ""),
            ("Clock kept right", dig(facts, "clock", "ntp_synchronized"), "yes", ""),
            ("Restart needed", facts.get("reboot_required"), "text", ""),
        ]
    )


def _charts(facts: dict[str, Any]) -> list[Block]:
    disks: list[Bar] = [
        (str(item.get("mount")), item["used_percent"], "ok")
        for item in sorted(items(facts.get("disks")), key=lambda item: -(number(item.get("used_percent")) or 0))[:_BARS]
        if number(item.get("used_percent")) is not None
    ]
    largest: list[Bar] = [
        (f"{item.get('name') or 'process'} ({item.get('pid')})", item["memory_bytes"], "second")
        for item in items(dig(facts, "processes", "top_memory"))[:6]
        if number(item.get("memory_bytes"))
    ]
    most = number(dig(facts, "memory", "bytes"))
    drawn = (
        bars("Disk space used", disks, "percent", most=100.0),
        bars("Largest processes, of all memory", largest, "bytes", most=most),
    )
    return [chart for chart in drawn if chart]


def _disks(facts: dict[str, Any]) -> Block:
    columns = (
        Column("Mounted at", "code"),
        Column("Used", "bar"),
        Column("Free", "bytes"),
        Column("Size", "bytes"),
        Column("Inodes used", "percent"),
        Column("File system", "code"),
        Column("Read-only", "text"),
    )
    every = items(facts.get("disks"))
    rows = [
        [
            item.get("mount"),
            item.get("used_percent"),
            item.get("free_bytes"),
            item.get("bytes"),
            item.get("inodes_used_percent"),
            item.get("filesystem"),
            item.get("read_only"),
        ]
        for item in every[:_ROWS]
    ]
    return Table("Disks", columns, rows, total=len(every))

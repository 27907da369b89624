# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services: whether they run, and what they use."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Table
from ..charts import Bar, bars
from ..run import Run, dig, items, number

__all__ = ["services"]

_ROWS = 100
_BARS = 12


def services(run: Run, facts: Any) -> list[Block]:
    """Memory as a chart, the state and what is used as a table; instances by themselves where there are several."""
    every = items(facts)
    drawn: list[Bar] = [
        (_name(item), item["memory_bytes"], "ok")
        for item in sorted(every, key=lambda item: -(number(item.get("memory_bytes")) or 0))[:_BARS]
        if number(item.get("memory_bytes"))
    ]
    chart = bars("Memory of services", drawn, "bytes")
    found: list[Block] = [chart] if chart else []
    columns = (Column("Service"), Column("Runtime"), *_COLUMNS, Column("Log", "bytes"), Column("Remark"))
    rows = [
        [_name(item), item.get("runtime"), *_cells(item, _replicas(item)), item.get("log_bytes"), _remark(item)]
        for item in every[:_ROWS]
    ]
    found.append(Table("Services", columns, rows, total=len(every)))
    several = [
        (item, instance)
        for item in every
        for instance in items(item.get("instances"))
        if len(items(item.get("instances"))) > 1
    ]
    if several:
        rows = [[_name(item), *_cells(instance, instance.get("name"))] for item, instance in several[:_ROWS]]
        instances = (Column("Service"), *(Column("Instance", "code") if one is _REPLICAS else one for one in _COLUMNS))
        found.append(Table("Instances of services", instances, rows, total=len(several), folded=True))
    return found


_UNSEEN = {"state": "Its state", "use": "Its use of processors and memory", "log": "The size of its log"}
_REPLICAS = Column("Run", "text")
_COLUMNS = (
    _REPLICAS,
    Column("State"),
    Column("Health"),
    Column("Restarts", "number"),
    Column("Processors", "percent"),
    Column("Of its limit", "percent"),
    Column("Memory", "bytes"),
    Column("Limit", "bytes"),
    Column("Memory used", "percent"),
    Column("Since", "when"),
    Column("Image", "code"),
)


def _cells(item: dict[str, Any], called: Any) -> list[Any]:
    """The cells of a service, or of an instance of one, for the columns above."""
    return [
        called,
        item.get("state"),
        item.get("health"),
        item.get("restarts"),
        item.get("cpu_percent"),
        item.get("cpu_limit_percent"),
        item.get("memory_bytes"),
        item.get("memory_limit_bytes"),
        item.get("memory_percent"),
        item.get("started"),
        item.get("image"),
    ]


def _name(item: dict[str, Any]) -> str:
    name = str(item.get("name") or "a service")
    return f"{item['project']}/{name}" if item.get("project") else name


def _replicas(item: dict[str, Any]) -> str | None:
    running, total = dig(item, "replicas", "running"), dig(item, "replicas", "total")
    return None if running is None else f"{running} of {total}"


def _remark(item: dict[str, Any]) -> str:
    why = dig(item, "error", "why")
    notes = item.get("notes")
    unseen = [
        f"{_UNSEEN.get(str(one.get('what')), 'A fact')} is not known: {one.get('reason')}."
        for one in items(item.get("unseen"))
    ]
    told = [f"{why}."] if why else []
    if item.get("oom_killed") is True:
        told.append("The kernel killed it because memory ran out.")
    if item.get("images_differ") is True:
        told.append("Its instances have different images.")
    return " ".join([*told, *(str(note) for note in (notes if isinstance(notes, list) else [])), *unseen])

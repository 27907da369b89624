# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases: connections, sizes, hits, what waits, what lacks."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Note, Pairs, Table
from ..charts import Bar, bars
from ..run import Run, dig, items, mapping, number
from ..words import count

__all__ = ["postgresql"]

_ROWS = 15
_BARS = 8


def postgresql(run: Run, facts: Any) -> list[Block]:
    """The blocks of each database."""
    return [block for database in items(facts) for block in _database(database)]


def _database(facts: dict[str, Any]) -> list[Block]:
    name = str(dig(facts, "database", "name") or "a database")
    if facts.get("reached") is not True:
        why = dig(facts, "error", "why") or "no reason was given"
        return [Note(f"{name} was not reached: {why}", "critical")]
    found: list[Block] = [_overview(name, facts), *_charts(name, facts)]
    for caption, columns, rows, total in _tables(name, facts):
        if rows:
            found.append(Table(caption, columns, rows[:_ROWS], total=total, folded=True))
    unseen = items(facts.get("unseen"))
    if unseen:
        rows = [[item.get("what"), item.get("reason")] for item in unseen]
        caption = f"{name}: {count(len(rows), 'fact')} could not be seen"
        found.append(Table(caption, (Column("Fact", "code"), Column("Why")), rows, folded=True))
    return found


def _overview(name: str, facts: dict[str, Any]) -> Block:
    hits = number(facts.get("cache_hit_ratio"))
    lag = dig(facts, "replication", "standby", "replay_lag_seconds")
    values = [
        (name, f"PostgreSQL {dig(facts, 'server', 'version') or '?'}", "text", _role(facts)),
        ("Size", dig(facts, "database", "bytes"), "bytes", ""),
        ("Connections", dig(facts, "connections", "total"), "number", _of_most(facts)),
        ("Cache hits", None if hits is None else hits * 100, "percent", ""),
        ("Oldest transaction", dig(facts, "connections", "oldest_transaction_seconds"), "seconds", ""),
        ("Blocked sessions", dig(facts, "blocking", "total"), "number", ""),
        ("Long queries", dig(facts, "long_queries", "total"), "number", ""),
        ("Freeze age", dig(facts, "wraparound", "xid_percent_of_freeze"), "percent", "of where a vacuum is forced"),
        ("Up for", dig(facts, "server", "uptime_seconds"), "seconds", ""),
    ]
    if lag is not None:
        values.append(("Replay lag", lag, "seconds", ""))
    return Pairs(values)


def _role(facts: dict[str, Any]) -> str:
    standby = dig(facts, "server", "in_recovery")
    return ("standby" if standby else "primary") if isinstance(standby, bool) else ""


def _of_most(facts: dict[str, Any]) -> str:
    most = dig(facts, "connections", "max_connections")
    return f"of {most}" if most is not None else ""


def _charts(name: str, facts: dict[str, Any]) -> list[Block]:
    states = mapping(dig(facts, "connections", "by_state"))
    by_state: list[Bar] = [(str(state), total, "ok") for state, total in states.items()]
    sizes = items(dig(facts, "table_sizes", "top"))[:_BARS]
    largest: list[Bar] = [(str(item.get("table")), item.get("bytes") or 0, "ok") for item in sizes]
    bloated = items(dig(facts, "bloat", "tables", "top")) + items(dig(facts, "bloat", "indexes", "top"))
    wasted: list[Bar] = [
        (str(item.get("index") or item.get("table")), item["bloat_bytes"], "second")
        for item in sorted(bloated, key=lambda item: -(number(item.get("bloat_bytes")) or 0))[:_BARS]
        if number(item.get("bloat_bytes"))
    ]
    drawn = (
        bars(f"{name}: largest tables, indexes included", largest, "bytes"),
        bars(f"{name}: space that would not be needed (estimated)", wasted, "bytes"),
        bars(f"{name}: connections by state", by_state, "number", most=_most(facts)),
    )
    return [chart for chart in drawn if chart]


def _most(facts: dict[str, Any]) -> float | None:
    return number(dig(facts, "connections", "max_connections")) or None


_Rows = tuple[str, tuple[Column, ...], list[list[Any]], Any]


def _tables(name: str, facts: dict[str, Any]) -> list[_Rows]:
    return [
        _table(
            f"{name}: largest tables",
            mapping(facts.get("table_sizes")),
            ("table", "Table", "code"),
            ("table_bytes", "Table", "bytes"),
            ("index_bytes", "Indexes", "bytes"),
            ("bytes", "Together", "bytes"),
            ("estimated_rows", "Rows (estimated)", "number"),
        ),
        _table(
            f"{name}: tables with most dead rows",
            mapping(facts.get("vacuum_times")),
            ("table", "Table", "code"),
            ("live_tuples", "Live", "number"),
            ("dead_tuples", "Dead", "number"),
            ("dead_percent", "Dead share", "percent"),
            ("vacuum_age_seconds", "Vacuumed ago", "seconds"),
            ("statistics_age_seconds", "Analysed ago", "seconds"),
        ),
        _table(
            f"{name}: statements that cost most time",
            {"top": dig(facts, "slow_statements", "by_total_time")},
            ("query", "Statement", "code"),
            ("calls", "Calls", "number"),
            ("total_seconds", "Total", "seconds"),
            ("mean_seconds", "Mean", "seconds"),
            ("max_seconds", "Longest", "seconds"),
        ),
        _table(
            f"{name}: long queries",
            mapping(facts.get("long_queries")),
            ("query", "Query", "code"),
            ("user", "Role", "code"),
            ("seconds", "For", "seconds"),
            ("state", "State", "text"),
        ),
        _table(
            f"{name}: sessions that wait for a lock",
            mapping(facts.get("blocking")),
            ("query", "Query", "code"),
            ("relation", "On", "code"),
            ("seconds", "For", "seconds"),
            ("blocked_by", "Blocked by", "text"),
        ),
        _table(
            f"{name}: sequences most used up",
            mapping(facts.get("sequences")),
            ("sequence", "Sequence", "code"),
            ("used_percent", "Of its own range", "percent"),
            ("column_used_percent", "Of its column's range", "percent"),
        ),
        _table(
            f"{name}: indexes that no query has used and nothing needs",
            {
                "top": [
                    item for item in items(dig(facts, "index_usage", "unused", "top")) if item.get("is_needed") is False
                ]
            },
            ("index", "Index", "code"),
            ("table", "Table", "code"),
            ("bytes", "Size", "bytes"),
        ),
        _table(
            f"{name}: indexes that are not valid",
            mapping(dig(facts, "index_usage", "invalid")),
            ("index", "Index", "code"),
            ("table", "Table", "code"),
            ("bytes", "Size", "bytes"),
            ("in_progress", "Being built", "yes"),
        ),
        _table(
            f"{name}: databases that restores kept",
            {"top": facts.get("kept_databases")},
            ("name", "Database", "code"),
            ("was", "Was", "code"),
            ("since", "Until", "when"),
            ("age_seconds", "Kept for", "seconds"),
            ("bytes", "Size", "bytes"),
        ),
        _table(
            f"{name}: replication slots",
            {"top": dig(facts, "replication", "slots")},
            ("name", "Slot", "code"),
            ("active", "Active", "yes"),
            ("retained_bytes", "WAL kept for it", "bytes"),
            ("wal_status", "State", "text"),
        ),
    ]


def _table(caption: str, facts: dict[str, Any], *columns: tuple[str, str, str]) -> _Rows:
    rows = [[_cell(item.get(key)) for key, _other, _other in columns] for item in items(facts.get("top"))]
    return caption, tuple(Column(title, kind) for _other, title, kind in columns), rows, facts.get("total")


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value

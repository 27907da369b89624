# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far sequences are used up, by their own limit and by that of the columns that they fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..session import QueryFailed, Row
from ..sql import Identifier, compose
from .look import Look

__all__ = ["sequences", "used_percent"]

# Values are read from the sequences themselves, many in a statement: pg_sequence_last_value() would lock each as a
# writer does.
_BATCH = 200
_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def sequences(look: Look) -> dict[str, Any]:
    """Sequences, those of identity and serial columns too, the most used up first."""
    every = _catalog(look)
    readable = [row for row in every if row["readable"]]
    hidden = len(every) - len(readable)
    if hidden:
        look.miss(
            "sequences.top[].used_percent",
            f"{hidden} sequences may not be read (or are locked, or are not on this standby); grant the role "
            "pg_read_all_data or SELECT on them",
        )
    positions: dict[int, Row] = {}
    for first in range(0, len(readable), _BATCH):
        positions.update(_positions(look, readable[first : first + _BATCH]))
    told = [_told(row, positions.get(row["oid"])) for row in every]
    told.sort(key=lambda row: (-(_worst(row)), row["sequence"]))
    worst = [_worst(row) for row in told if row["used_percent"] is not None]
    return {
        "total": len(told),
        "unread": sum(row["used_percent"] is None for row in told),
        "highest_used_percent": max(worst, default=None),
        "top": told[: look.wanted.top],
    }


def used_percent(last: int, called: bool, increment: int, low: int, high: int) -> float:
    """How much of the range from *low* to *high* is used up after *last*, in the direction of *increment*.

    All of it when nothing is left between a sequence's start and the end of what its column holds.
    """
    if high < low:
        return 100.0
    if not called:
        last -= increment
    used = last - low + 1 if increment > 0 else high - last + 1
    return round(min(100.0, max(0.0, 100 * used / (high - low + 1))), 2)


def _catalog(look: Look) -> list[Row]:
    return look.query(
        """
        SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname, {name} AS sequence,
          s.seqtypid::regtype::text AS type, s.seqincrement::text AS increment, s.seqmin::text AS low,
          s.seqmax::text AS high, s.seqcycle AS cycles,
          has_sequence_privilege(c.oid, 'SELECT')
            AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
            AND c.oid NOT IN ({locked})
            AS readable,
          o.columns
        FROM pg_sequence s
        JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN (
          SELECT u.sequence, jsonb_agg(jsonb_build_object(
            'column', quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.' || quote_ident(a.attname),
            'type', CASE WHEN y.typtype = 'd' THEN y.typbasetype ELSE y.oid END::regtype::text,
            'identity', a.attidentity <> '') ORDER BY t.oid, a.attnum) AS columns
          FROM (
            SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum
            FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
              AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') AND d.objid IN (SELECT q.seqrelid FROM pg_sequence q)
            UNION
            SELECT d.refobjid, f.adrelid, f.adnum
            FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid
            WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
              AND d.refobjid IN (SELECT q.seqrelid FROM pg_sequence q)
          ) u
          JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.attnum
          JOIN pg_type y ON y.oid = a.atttypid
          JOIN pg_class t ON t.oid = u.relation
          JOIN pg_namespace tn ON tn.oid = t.relnamespace
          GROUP BY u.sequence
        ) o ON o.sequence = c.oid
        WHERE {user_schema}
        """
    )


def _positions(look: Look, rows: Sequence[Row]) -> dict[int, Row]:
    """Where the sequences stand. When one of them has gone meanwhile, it is searched for by halves."""
    try:
        found = look.query(" UNION ALL ".join(_position(row) for row in rows))
    except QueryFailed as error:
        if error.sqlstate in ("57014", "55P03") or len(rows) == 1:
            look.miss("sequences.top[].used_percent", error.why)
            return {}
        half = len(rows) // 2
        return {**_positions(look, rows[:half]), **_positions(look, rows[half:])}
    return {row["oid"]: row for row in found}


def _position(row: Row) -> str:
    select = compose(
        "SELECT {oid}::bigint AS oid, last_value::text AS last, is_called AS called FROM {sequence}",
        oid=row["oid"],
        sequence=Identifier(row["schema"], row["relname"]),
    )
    return select.replace("{", "{{").replace("}", "}}")


def _told(row: Row, position: Row | None) -> Row:
    columns = row["columns"] or []
    increment, low, high = int(row["increment"]), int(row["low"]), int(row["high"])
    limits = [_RANGES[column["type"]] for column in columns if column["type"] in _RANGES]
    used = column_used = last = None
    if position is not None:
        last = int(position["last"])
        used = used_percent(last, position["called"], increment, low, high)
        if limits:
            narrow = min(limits)
            low, high = (max(low, -narrow), narrow - 1) if increment > 0 else (-narrow, min(high, narrow - 1))
            column_used = used_percent(last, position["called"], increment, low, high)
    return {
        "sequence": row["sequence"],
        "type": row["type"],
        "increment": increment,
        "last_value": last,
        "limit": int(row["high"] if increment > 0 else row["low"]),
        "cycles": row["cycles"],
        "used_percent": used,
        "column_used_percent": column_used,
        "columns": columns,
    }


def _worst(row: Row) -> float:
    """How near a sequence is to failing: one that begins anew fails only where its column holds less than it gives."""
    own = 0.0 if row["cycles"] else row["used_percent"] or 0.0
    return max(own, row["column_used_percent"] or 0.0)

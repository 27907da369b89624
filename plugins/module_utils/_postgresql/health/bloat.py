# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Space that tables and indexes hold and would not need, estimated without reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..index_estimates import Sketch, bloat_percent, index_estimates
from ..relations import column_statistics
from ..session import Row
from .look import Look
from .table_estimate import Column, table_pages

__all__ = ["bloat"]

_TABLES = """
WITH statistics AS MATERIALIZED ({statistics})
SELECT {name} AS name, c.relpages AS pages, c.reltuples AS tuples,
  COALESCE(substring(array_to_string(c.reloptions, ',') FROM 'fillfactor=([0-9]+)')::int, 100) AS fillfactor,
  c.reltuples < 0 OR (c.relpages = 0 AND pg_stat_get_live_tuples(c.oid) > 0) AS unknown,
  COALESCE(k.dropped, 0) AS dropped, COALESCE(k.columns, '[]') AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (
  SELECT a.attrelid, count(*) FILTER (WHERE a.attisdropped) AS dropped,
    jsonb_agg(jsonb_build_array(a.attlen, a.attalign, s.avg_width, s.null_frac) ORDER BY a.attnum)
      FILTER (WHERE NOT a.attisdropped) AS columns
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN statistics s ON s.relation = a.attrelid AND s.attnum = a.attnum
  WHERE a.attnum > 0 AND {user_schema}
  GROUP BY a.attrelid
) k ON k.attrelid = c.oid
WHERE c.relkind IN ('r', 'm') AND {user_schema}
"""

METHOD = (
    "estimated from pg_class and from what ANALYZE found (widths, NULLs, common and distinct values), as of the last "
    "VACUUM or ANALYZE; indexes as day2.ops.postgresql_reindex does, the larger size where that leaves something open; "
    "neither TOAST tables nor indexes other than B-trees are estimated"
)
_WITHOUT_STATISTICS = (
    "there are no statistics that this role may read: the table was never analyzed, or the role may not read its "
    "columns (grant it pg_read_all_data from PostgreSQL 14 on)"
)


@dataclass(frozen=True)
class Estimated:
    """A table or an index: its names, its size now and if it were written anew, or why that is not known."""

    known: dict[str, str]
    size: int | None
    expected: int | None
    fillfactor: int
    why_not: str

    def told(self) -> Row:
        """The fact, where something is known."""
        size, expected = self.size or 0, self.expected or 0
        return {
            **self.known,
            "bytes": size,
            "bloat_bytes": max(0, size - expected),
            "bloat_percent": round(bloat_percent(size, expected), 1),
            "fillfactor": self.fillfactor,
        }


def bloat(look: Look) -> dict[str, Any]:
    """Estimated bloat of tables and B-tree indexes, the most bytes first; null where statistics are missing."""
    block_size = int(look.row("SELECT current_setting('block_size') AS b")["b"])
    tables = [_table(row, block_size) for row in look.query(_TABLES, statistics=column_statistics(look.session))]
    indexes = [_index(sketch) for sketch in index_estimates(look.session).values()]
    return {
        "method": METHOD,
        "tables": _summed(look, "tables", "table", tables),
        "indexes": _summed(look, "indexes", "index", indexes),
    }


def _table(row: Row, block_size: int) -> Estimated:
    columns = _columns(row)
    need = None
    if columns is not None:
        need = table_pages(row["tuples"], columns, row["fillfactor"], block_size, row["dropped"]) * block_size
    why_not = "" if columns is not None else _WITHOUT_STATISTICS
    return Estimated({"table": row["name"]}, row["pages"] * block_size, need, row["fillfactor"], why_not)


def _index(sketch: Sketch) -> Estimated:
    known = {"index": sketch.key, "table": sketch.table}
    return Estimated(known, sketch.bytes, sketch.expected, sketch.fillfactor, sketch.why_not)


def _columns(row: Row) -> list[Column] | None:
    """The columns; None where neither statistics nor the type tell how wide one is, or nobody has counted the rows."""
    if row["unknown"]:
        return None
    columns = []
    for length, alignment, width, nulls in row["columns"]:
        if width is None and length < 0:
            return None
        columns.append(Column(length, alignment, width if width is not None else length, nulls or 0.0))
    return columns


def _summed(look: Look, what: str, key: str, every: Sequence[Estimated]) -> dict[str, Any]:
    known = [one.told() for one in every if one.expected is not None]
    unknown = [one for one in every if one.expected is None]
    if unknown:
        largest = min(unknown, key=lambda one: (-(one.size or 0), one.known[key]))
        why = f"{largest.known[key]}, the largest: {largest.why_not}"
        look.miss(f"bloat.{what}", f"{len(unknown)} of {len(every)} are not estimated; of {why}")
    known.sort(key=lambda row: (-row["bloat_bytes"], row[key]))
    size = sum(row["bytes"] for row in known)
    wasted = sum(row["bloat_bytes"] for row in known)
    nothing_known = not known and unknown
    return {
        "total": len(every),
        "unknown": len(unknown),
        "bytes": None if nothing_known else size,
        "bloat_bytes": None if nothing_known else wasted,
        "bloat_percent": None if nothing_known else round(bloat_percent(size, size - wasted), 1),
        "top": known[: look.wanted.top],
    }

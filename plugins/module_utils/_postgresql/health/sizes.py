# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large tables and indexes are."""

from __future__ import annotations

from typing import Any

from .look import Look

__all__ = ["index_sizes", "table_sizes"]

_TABLES = """
WITH locked AS MATERIALIZED ({locked}),
indexes AS MATERIALIZED (
  SELECT i.indrelid, sum(pg_table_size(i.indexrelid))::bigint AS bytes
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i'
  WHERE i.indexrelid NOT IN (SELECT relation FROM locked)
  GROUP BY i.indrelid
),
tables AS MATERIALIZED (
  SELECT {name} AS "table", {user_schema} AS is_user,
    CASE WHEN c.oid NOT IN (SELECT relation FROM locked) AND c.reltoastrelid NOT IN (SELECT relation FROM locked)
      THEN pg_table_size(c.oid) END AS table_bytes,
    COALESCE(x.bytes, 0) AS index_bytes,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimated_rows,
    CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END AS persistence,
    CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
    CASE WHEN c.relispartition THEN (
      SELECT quote_ident(rn.nspname) || '.' || quote_ident(r.relname)
      FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE r.oid = pg_partition_root(c.oid)
    ) END AS partition_of
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN indexes x ON x.indrelid = c.oid
  WHERE c.relkind IN ('r', 'm')
)
"""

_INDEXES = """
WITH locked AS MATERIALIZED ({locked}),
indexes AS MATERIALIZED (
  SELECT {name} AS index, quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS "table",
    a.amname AS method, i.indisvalid AS is_valid,
    CASE WHEN c.oid NOT IN (SELECT relation FROM locked) THEN pg_table_size(c.oid) END AS bytes
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_am a ON a.oid = c.relam
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE {user_schema}
)
"""


def table_sizes(look: Look) -> dict[str, Any]:
    """Tables and materialised views of users, partitions one by one and summed up, largest first."""
    # One statement for all of it: sizes are read once.
    facts = look.row(
        _TABLES
        + """
        SELECT
          (SELECT count(*) FROM tables t WHERE t.is_user) AS total,
          (SELECT COALESCE(sum(t.table_bytes), 0)::bigint FROM tables t WHERE t.is_user) AS table_bytes,
          (SELECT COALESCE(sum(t.index_bytes), 0)::bigint FROM tables t WHERE t.is_user) AS index_bytes,
          (SELECT COALESCE(sum(t.table_bytes + t.index_bytes), 0)::bigint FROM tables t WHERE NOT t.is_user)
            AS other_bytes,
          (SELECT count(*) FROM tables t WHERE t.is_user AND t.table_bytes IS NULL) AS unmeasured,
          COALESCE((SELECT jsonb_agg(to_jsonb(t) - 'is_user') FROM (
            SELECT t.*, t.table_bytes + t.index_bytes AS bytes FROM tables t WHERE t.is_user
            ORDER BY t.table_bytes + t.index_bytes DESC NULLS LAST, t."table" LIMIT {top}) t), '[]') AS top,
          (SELECT count(DISTINCT t.partition_of) FROM tables t) AS partitioned_total,
          COALESCE((SELECT jsonb_agg(p) FROM (
            SELECT t.partition_of AS "table", count(*) AS partitions,
              sum(t.table_bytes + t.index_bytes)::bigint AS bytes
            FROM tables t WHERE t.partition_of IS NOT NULL
            GROUP BY 1 ORDER BY 3 DESC NULLS LAST, 1 LIMIT {top}) p), '[]') AS partitioned_top
        """
    )
    _tell_unmeasured(look, "table_sizes", facts["unmeasured"])
    partitioned = {"total": facts.pop("partitioned_total"), "top": facts.pop("partitioned_top")}
    return {**facts, "bytes": facts["table_bytes"] + facts["index_bytes"], "partitioned": partitioned}


def index_sizes(look: Look) -> dict[str, Any]:
    """Indexes of users, largest first."""
    facts = look.row(
        _INDEXES
        + """
        SELECT
          (SELECT count(*) FROM indexes) AS total,
          (SELECT COALESCE(sum(x.bytes), 0)::bigint FROM indexes x) AS bytes,
          (SELECT count(*) FROM indexes x WHERE x.bytes IS NULL) AS unmeasured,
          COALESCE((SELECT jsonb_agg(x) FROM (
            SELECT x.* FROM indexes x ORDER BY x.bytes DESC NULLS LAST, x.index LIMIT {top}) x), '[]') AS top
        """
    )
    _tell_unmeasured(look, "index_sizes", facts["unmeasured"])
    return facts


def _tell_unmeasured(look: Look, what: str, unmeasured: int) -> None:
    if unmeasured:
        look.miss(f"{what}.bytes", f"{unmeasured} are locked exclusively by others; the totals are without them")

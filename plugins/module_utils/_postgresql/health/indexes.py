# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Indexes that nobody uses, that double others, that are not valid."""

from __future__ import annotations

from typing import Any

from ..session import Row
from .look import Look, topped

__all__ = ["index_usage"]

# What every list tells of an index; of pg_index i, pg_class c (the index), pg_class t (its table).
_COMMON = """
  {name} AS index, quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS "table",
  CASE WHEN c.oid NOT IN ({locked}) THEN pg_relation_size(c.oid) END AS bytes,
  i.indisunique AS is_unique, i.indisprimary AS is_primary,
  i.indisreplident OR (i.indisprimary AND t.relreplident = 'd') AS is_replica_identity,
  c.oid IN (SELECT k.conindid FROM pg_constraint k) AS backs_constraint,
  c.oid IN (SELECT h.inhrelid FROM pg_inherits h) AS is_partition
"""

_FROM = """
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
"""


def index_usage(look: Look) -> dict[str, Any]:
    """How indexes of user tables are used, as counted on this server since its statistics were reset."""
    return {
        "unused": _unused(look),
        "duplicates": _duplicates(look),
        "overlapping": _overlapping(look),
        "invalid": _invalid(look),
    }


def _unused(look: Look) -> Row:
    """Indexes that no query has read. What else may need one: a constraint, replication, its partitioned parent."""
    return look.row(
        "WITH found AS (SELECT "
        + _COMMON
        + ", s.idx_scan AS scans, {last_index_scan} AS last_idx_scan"
        + _FROM
        + """
          JOIN pg_stat_all_indexes s ON s.indexrelid = c.oid
          WHERE s.idx_scan = 0 AND c.relkind = 'i' AND i.indisvalid AND {user_schema}
        ),
        unused AS MATERIALIZED (
          SELECT *, is_unique OR is_replica_identity OR backs_constraint OR is_partition AS is_needed FROM found
        )
        SELECT count(*) AS total, COALESCE(sum(u.bytes), 0)::bigint AS bytes,
          count(*) FILTER (WHERE NOT u.is_needed) AS not_needed_total,
          COALESCE(sum(u.bytes) FILTER (WHERE NOT u.is_needed), 0)::bigint AS not_needed_bytes,
          COALESCE((SELECT jsonb_agg(t) FROM (
            SELECT * FROM unused ORDER BY is_needed, bytes DESC NULLS LAST, index LIMIT {top}) t), '[]') AS top
        FROM unused u
        """
    )


# Two indexes are the same when they order the same rows by the same columns in the same way. Expressions are compared
# as they are stored, less where in the command they stood: to show them, the server would have to lock their table.
_SHAPES = """
  SELECT i.indexrelid, i.indrelid, i.indisunique, i.indnatts, i.indnkeyatts, c.relam, m.amname,
    i.indkey::text || ' ' AS columns, i.indclass::text || ' ' AS classes, i.indcollation::text || ' ' AS collations,
    i.indoption::text || ' ' AS options,
    COALESCE(regexp_replace(i.indexprs::text, ':location -?[0-9]+', '', 'g'), '') AS expressions,
    COALESCE(regexp_replace(i.indpred::text, ':location -?[0-9]+', '', 'g'), '') AS predicate
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
  JOIN pg_am m ON m.oid = c.relam
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE i.indisvalid AND {user_schema}
    AND EXISTS (SELECT FROM pg_index o WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid)
"""


def _duplicates(look: Look) -> dict[str, Any]:
    rows = look.query(
        "WITH shapes AS MATERIALIZED ("
        + _SHAPES
        + """),
        doubled AS (
          SELECT array_agg(indexrelid) AS members, min(indexrelid) AS leader FROM shapes
          GROUP BY indrelid, relam, indnkeyatts, columns, classes, collations, options, expressions, predicate
          HAVING count(*) > 1
        )
        SELECT d.leader AS same_as, """
        + _COMMON
        + _FROM
        + "JOIN doubled d ON c.oid = ANY (d.members) ORDER BY 2"
    )
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.pop("same_as"), []).append(row)
    told = [
        {
            "table": members[0]["table"],
            "indexes": [{key: value for key, value in member.items() if key != "table"} for member in members],
            "bytes": sum(member["bytes"] or 0 for member in members) - max(member["bytes"] or 0 for member in members),
        }
        for members in groups.values()
    ]
    told.sort(key=lambda group: (-group["bytes"], group["table"], group["indexes"][0]["index"]))
    return {**topped(told, look.wanted.top), "bytes": sum(group["bytes"] for group in told)}


def _overlapping(look: Look) -> dict[str, Any]:
    rows = look.query(
        "WITH shapes AS MATERIALIZED ("
        + _SHAPES
        + """),
        covered AS (
          SELECT a.indexrelid, min(b.indexrelid) AS by
          FROM shapes a JOIN shapes b ON b.indrelid = a.indrelid AND b.relam = a.relam AND b.indexrelid <> a.indexrelid
          WHERE a.amname = 'btree' AND NOT a.indisunique AND a.indnatts = a.indnkeyatts AND b.indnkeyatts > a.indnatts
            AND starts_with(b.columns, a.columns) AND starts_with(b.classes, a.classes)
            AND starts_with(b.collations, a.collations) AND starts_with(b.options, a.options)
            AND a.expressions = b.expressions AND a.predicate = b.predicate
          GROUP BY a.indexrelid
        )
        SELECT """
        + _COMMON
        + """, (SELECT quote_ident(bn.nspname) || '.' || quote_ident(b.relname) FROM pg_class b
                JOIN pg_namespace bn ON bn.oid = b.relnamespace WHERE b.oid = v.by) AS covered_by"""
        + _FROM
        + "JOIN covered v ON v.indexrelid = c.oid ORDER BY bytes DESC NULLS LAST, index"
    )
    return {**topped(rows, look.wanted.top), "bytes": sum(row["bytes"] or 0 for row in rows)}


def _invalid(look: Look) -> dict[str, Any]:
    """Indexes that cost every write and serve no query; those that a command is building now are marked."""
    rows = look.query(
        """
        SELECT {name} AS index, quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS "table",
          CASE WHEN c.oid NOT IN ({locked}) THEN pg_relation_size(c.oid) END AS bytes,
          c.relkind = 'I' AS is_partitioned,
          i.indisready AS is_ready, i.indislive AS is_live, i.indisunique AS is_unique,
          substring(c.relname FROM '_(ccnew|ccold)[0-9]*$') AS leftover,
          EXISTS (SELECT FROM pg_locks l WHERE l.relation = i.indrelid AND l.granted
            AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock')) AS in_progress
        """
        + _FROM
        + "WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND n.nspname !~ '^pg_temp_' ORDER BY 1"
    )
    return {
        **topped(rows, look.wanted.top),
        "leftovers": sum(row["leftover"] is not None for row in rows),
        "in_progress": sum(row["in_progress"] for row in rows),
    }

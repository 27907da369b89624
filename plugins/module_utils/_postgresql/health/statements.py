# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements that cost most, as pg_stat_statements counts them."""

from __future__ import annotations

from typing import Any

from ..session import Row
from ..sql import Identifier, Raw, compose
from .look import Look

__all__ = ["slow_statements"]

_RESET = "SELECT i.stats_reset AS reset FROM {view} i"

# One read for all lists: each read of the view reads the file of the query texts.
_STATEMENTS = """
WITH statements AS MATERIALIZED (
  SELECT s.queryid::text AS query_id, pg_get_userbyid(s.userid) AS user, s.calls,
    round((s.total_exec_time / 1000)::numeric, 6) AS total_seconds,
    round((s.mean_exec_time / 1000)::numeric, 6) AS mean_seconds,
    round((s.max_exec_time / 1000)::numeric, 6) AS max_seconds,
    s.rows, s.shared_blks_hit AS shared_blocks_hit, s.shared_blks_read AS shared_blocks_read,
    s.temp_blks_written AS temp_blocks_written, left(s.query, 4000) AS query
  FROM {statements}({texts}) s WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT count(*) AS total, COALESCE(sum(a.total_seconds), 0) AS total_seconds, {by_total_time} AS by_total_time,
  {by_mean_time} AS by_mean_time, {by_calls} AS by_calls
FROM statements a
"""

_LISTS = {"by_total_time": "total_seconds", "by_mean_time": "mean_seconds", "by_calls": "calls"}


def slow_statements(look: Look) -> dict[str, Any] | None:
    """Statements of this database: by total time, by mean time, by calls."""
    found = look.query(
        """
        SELECT n.nspname AS schema, e.extversion AS version FROM pg_extension e
        JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
        """
    )
    if not found:
        look.miss("slow_statements", "pg_stat_statements is not installed in this database")
        return None
    if not look.role["pg_read_all_stats"]:
        look.miss("slow_statements", "the role may not read other roles' statements; grant it pg_read_all_stats")
        return None
    schema = found[0]["schema"]
    statements = Identifier(schema, "pg_stat_statements")
    info = Identifier(schema, "pg_stat_statements_info")
    lists = {name: Raw(_list(order, look.wanted.top)) for name, order in _LISTS.items()}

    def read(texts: bool) -> Row:
        return look.row(_STATEMENTS, statements=statements, texts=texts, **lists)

    # The server reads the texts of all its databases, and fails at one that is written in another encoding.
    facts = look.attempt("slow_statements.query", lambda: read(texts=True)) or read(texts=False)
    for name in _LISTS:
        facts[name] = [{**row, "query": look.shown(row["query"])} for row in facts[name]]
    # Told from version 1.9 of the extension on.
    reset = look.attempt("slow_statements.reset", lambda: look.row(_RESET, view=info)["reset"])
    return {**facts, "reset": reset}


def _list(order: str, top: int) -> str:
    return compose(
        "COALESCE((SELECT jsonb_agg(t) FROM ("
        "SELECT * FROM statements ORDER BY {order} DESC, query_id LIMIT {top}) t), '[]')",
        order=Identifier(order),
        top=top,
    )

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server has counted since its statistics were reset: hits, transactions, failures of checksums."""

from __future__ import annotations

from typing import Any

from .look import Look, ratio

__all__ = ["cache_hit_ratio", "checksum_failures", "index_hit_ratio", "statistics"]


def cache_hit_ratio(look: Look) -> float | None:
    """Share of block reads that the buffers served, from 0 to 1; None when there were none."""
    counted = look.row(
        "SELECT s.blks_hit AS hit, s.blks_hit + s.blks_read AS every FROM pg_stat_database s"
        " WHERE s.datname = current_database()"
    )
    if not counted["every"]:
        look.miss("cache_hit_ratio", "no block has been read since the statistics were reset")
    return ratio(counted["hit"], counted["every"])


def index_hit_ratio(look: Look) -> float | None:
    """The same for blocks of indexes of user tables."""
    counted = look.row(
        "SELECT sum(s.idx_blks_hit)::bigint AS hit, sum(s.idx_blks_hit + s.idx_blks_read)::bigint AS every"
        " FROM pg_statio_user_indexes s"
    )
    if not counted["every"]:
        look.miss("index_hit_ratio", "no block of an index has been read since the statistics were reset")
    return ratio(counted["hit"], counted["every"])


def statistics(look: Look) -> dict[str, Any]:
    """Transactions, deadlocks, conflicts, temporary files, and since when they are counted.

    A database whose statistics were never reset counts since the server was made or crashed, which the server's own
    counters tell.
    """
    facts = look.row(
        """
        SELECT s.stats_reset AS reset,
          round(extract(epoch FROM clock_timestamp() - COALESCE(s.stats_reset, c.since))::numeric) AS age_seconds,
          s.xact_commit AS commits, s.xact_rollback AS rollbacks, s.deadlocks, s.conflicts,
          s.temp_files, s.temp_bytes,
          {sessions_abandoned} AS sessions_abandoned, {sessions_fatal} AS sessions_fatal,
          {sessions_killed} AS sessions_killed
        FROM pg_stat_database s, (
          SELECT LEAST(a.stats_reset, b.stats_reset) AS since FROM pg_stat_archiver a, pg_stat_bgwriter b) c
        WHERE s.datname = current_database()
        """
    )
    return {**facts, "rollback_ratio": ratio(facts["rollbacks"], facts["commits"] + facts["rollbacks"])}


def checksum_failures(look: Look) -> dict[str, Any]:
    """Pages whose checksum was found wrong, in this database and in all of the server."""
    rows = look.query(
        """
        SELECT s.datname AS database, s.checksum_failures AS count, s.checksum_last_failure AS last,
          s.datname IS NOT DISTINCT FROM current_database() AS here
        FROM pg_stat_database s
        """
    )
    enabled = look.row("SELECT current_setting('data_checksums') AS value")["value"] == "on"
    if not enabled:
        look.miss("checksum_failures.count", "data checksums are off: damaged pages go unnoticed")
        return {"enabled": False, "count": None, "last": None, "server_count": None, "server_last": None}
    (here,) = [row for row in rows if row["here"]]
    lasts = [row["last"] for row in rows if row["last"] is not None]
    return {
        "enabled": True,
        "count": here["count"],
        "last": here["last"],
        "server_count": sum(row["count"] or 0 for row in rows),
        "server_last": max(lasts, default=None),
    }

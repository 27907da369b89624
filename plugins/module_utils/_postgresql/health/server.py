# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server, the database, those that it replaced, the role; settings and extensions."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..._findings.times import moment_of
from ..kept import Kept, kept_databases
from ..session import Row
from .look import Look, topped

__all__ = ["collations", "database", "extensions", "kept", "role", "server", "settings"]

# What decides durability, memory, autovacuum, time-outs, logging. Nothing that may hold a secret.
_SETTINGS = (
    "archive_mode", "archive_timeout", "autovacuum", "autovacuum_analyze_scale_factor", "autovacuum_freeze_max_age",
    "autovacuum_max_workers", "autovacuum_multixact_freeze_max_age", "autovacuum_naptime",
    "autovacuum_vacuum_cost_delay", "autovacuum_vacuum_cost_limit", "autovacuum_vacuum_scale_factor",
    "checkpoint_completion_target", "checkpoint_timeout", "data_checksums", "default_statistics_target",
    "effective_cache_size", "effective_io_concurrency", "fsync", "full_page_writes", "hot_standby",
    "hot_standby_feedback", "huge_pages", "idle_in_transaction_session_timeout", "idle_session_timeout", "jit",
    "listen_addresses", "lock_timeout", "log_autovacuum_min_duration", "log_checkpoints", "log_lock_waits",
    "log_min_duration_statement", "log_temp_files", "logging_collector", "maintenance_work_mem",
    "max_connections", "max_locks_per_transaction", "max_parallel_workers", "max_prepared_transactions",
    "max_replication_slots", "max_slot_wal_keep_size", "max_standby_streaming_delay", "max_wal_senders", "max_wal_size",
    "max_worker_processes", "min_wal_size", "password_encryption", "port", "random_page_cost",
    "reserved_connections", "row_security", "shared_buffers", "shared_preload_libraries", "ssl",
    "statement_timeout", "superuser_reserved_connections", "synchronous_commit", "synchronous_standby_names",
    "temp_file_limit", "track_activities", "track_counts", "track_io_timing", "transaction_timeout", "wal_compression",
    "wal_keep_size", "wal_level", "wal_log_hints", "work_mem", "zero_damaged_pages",
)  # fmt: skip


def server(look: Look) -> dict[str, Any]:
    """The server: version, age, kind, size."""
    facts = look.row(
        """
        SELECT version() AS version, current_setting('server_version') AS release,
          current_setting('server_version_num')::int AS version_num,
          pg_postmaster_start_time() AS started,
          round(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::numeric) AS uptime_seconds,
          pg_is_in_recovery() AS in_recovery, current_setting('data_checksums') = 'on' AS data_checksums
        """
    )
    facts["version"], text = facts.pop("release"), facts["version"]
    return {
        "where": look.session.where,
        **facts,
        "version_text": text,
        "system_identifier": look.attempt(
            "server.system_identifier",
            lambda: look.row("SELECT system_identifier::text AS id FROM pg_control_system()")["id"],
        ),
        "bytes": _cluster_bytes(look),
    }


def _cluster_bytes(look: Look) -> int | None:
    unseen = look.row(
        """
        SELECT count(*) AS n FROM pg_database d
        WHERE NOT pg_has_role('pg_read_all_stats', 'USAGE') AND NOT has_database_privilege(d.oid, 'CONNECT')
        """
    )["n"]
    if unseen:
        look.miss("server.bytes", f"the role may not size {unseen} of the databases; grant it pg_read_all_stats")
        return None
    return look.attempt(
        "server.bytes",
        lambda: int(look.row("SELECT sum(pg_database_size(d.oid))::bigint AS bytes FROM pg_database d")["bytes"]),
    )


def database(look: Look) -> dict[str, Any]:
    """The database that the session is connected to."""
    facts = look.row(
        """
        SELECT d.datname AS name, pg_get_userbyid(d.datdba) AS owner,
          pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
          CASE {locale_provider} WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END
            AS locale_provider,
          {provider_locale} AS locale,
          {recorded_collation} AS collation_version, {actual_collation} AS actual_collation_version,
          {collation_mismatch} AS collation_mismatch,
          NULLIF(d.datconnlimit, -1) AS connection_limit, d.datallowconn AS allows_connections,
          d.datistemplate AS is_template
        FROM pg_database d WHERE d.datname = current_database()
        """
    )
    size = look.attempt(
        "database.bytes", lambda: look.row("SELECT pg_database_size(current_database()) AS bytes")["bytes"]
    )
    return {**facts, "bytes": size}


def kept(look: Look) -> list[dict[str, Any]]:
    """The databases that had this one's name before a restore took it, the newest first."""
    now = datetime.now(timezone.utc)
    found = kept_databases(look.session, look.session.database)
    if any(one.bytes is None for one in found):
        look.miss("kept_databases[].bytes", "the role may not size them; grant it pg_read_all_stats")
    return [
        {
            "name": one.name,
            "identifier": one.identifier,
            "was": one.was,
            "since": one.since,
            "age_seconds": _age(one, now),
            "bytes": one.bytes,
        }
        for one in found
    ]


def _age(one: Kept, now: datetime) -> int | None:
    since = moment_of(one.since)
    return None if since is None else max(0, round((now - since).total_seconds()))


def role(look: Look) -> dict[str, Any]:
    """The role, and what it cannot see for lack of membership."""
    needs = (
        ("pg_read_all_stats", "other roles' sessions and statements, replication, sizes of other databases"),
        ("pg_read_all_settings", "settings that are shown to few"),
        ("pg_monitor", "the folders of WAL and its archive"),
        ("pg_read_all_data", "statistics of columns and sequences of tables that the role may not read"),
    )
    return {**look.role, "cannot_see": [what for name, what in needs if not look.role[name]]}


def settings(look: Look) -> dict[str, Any]:
    """Settings that matter, those that wait for a restart, and mistakes in the files. Server-wide.

    What the server's command line overrides neither waits for a restart nor is a mistake, although the server says so.
    """
    rows = look.query(
        """
        SELECT s.name, s.setting AS value, s.unit, s.source, s.pending_restart FROM pg_settings s
        WHERE s.name = ANY ({names}) OR s.pending_restart
        ORDER BY s.name
        """,
        names=_SETTINGS,
    )
    if not look.role["pg_read_all_settings"]:
        look.miss("settings", "settings that are shown to few are missing; grant the role pg_read_all_settings")
    return {
        "values": {
            row["name"]: {key: row[key] for key in ("value", "unit", "source")}
            for row in rows
            if row["name"] in _SETTINGS
        },
        "pending_restart": [row["name"] for row in rows if row["pending_restart"] and row["source"] != "command line"],
        "file_errors": look.attempt(
            "settings.file_errors",
            lambda: look.query(_FILE_ERRORS),
            "; only superusers may read the server's files, unless granted",
        ),
    }


# The value is left out: it may hold a password.
_FILE_ERRORS = """
SELECT f.sourcefile AS file, f.sourceline AS line, f.name, f.error FROM pg_file_settings f
WHERE f.error IS NOT NULL AND NOT EXISTS (
  SELECT FROM pg_settings s WHERE s.name = f.name AND s.source = 'command line'
    AND f.error = 'setting could not be applied')
ORDER BY f.seqno
"""


def extensions(look: Look) -> list[Row]:
    """Extensions of the database, and the version that the server could update them to."""
    return look.query(
        """
        SELECT e.extname AS name, n.nspname AS schema, e.extversion AS installed, a.default_version AS available,
          a.default_version <> e.extversion AS update_available
        FROM pg_extension e
        JOIN pg_namespace n ON n.oid = e.extnamespace
        LEFT JOIN pg_available_extensions a ON a.name = e.extname
        ORDER BY e.extname
        """
    )


def collations(look: Look) -> dict[str, Any]:
    """Collations in use by columns and indexes whose library has changed since they were made."""
    rows = look.query(
        """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS collation,
          c.collversion AS recorded, pg_collation_actual_version(c.oid) AS actual
        FROM pg_collation c
        JOIN pg_namespace n ON n.oid = c.collnamespace
        WHERE c.collversion IS NOT NULL AND c.collprovider <> 'd'
          AND c.oid IN (SELECT a.attcollation FROM pg_attribute a WHERE a.attcollation <> 0)
        ORDER BY 1
        """
    )
    mismatched = [row for row in rows if row["recorded"] != row["actual"]]
    return {"in_use": len(rows), "mismatched": topped(mismatched, look.wanted.top)}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between PostgreSQL 13 and 18, in one place, as data.

Each entry names a piece of SQL and gives its form from a version on, newest first. Templates use it as ``{name}``.
"""

from __future__ import annotations

from ..sql import Raw

__all__ = ["KEPT_SINCE", "pieces"]

_CHECKPOINTER = """
  SELECT num_timed AS timed, num_requested AS requested, write_time / 1000 AS write_seconds,
    sync_time / 1000 AS sync_seconds, buffers_written, stats_reset AS reset
  FROM pg_stat_checkpointer
"""
_BGWRITER = """
  SELECT checkpoints_timed AS timed, checkpoints_req AS requested, checkpoint_write_time / 1000 AS write_seconds,
    checkpoint_sync_time / 1000 AS sync_seconds, buffers_checkpoint AS buffers_written, stats_reset AS reset
  FROM pg_stat_bgwriter
"""

_BY_VERSION: dict[str, tuple[tuple[int, str], ...]] = {
    # pg_stat_activity a, pg_locks l
    "query_id": ((140000, "a.query_id::text"), (0, "NULL::text")),
    "wait_start": ((140000, "l.waitstart"), (0, "NULL::timestamptz")),
    "reserved_connections": ((160000, "current_setting('reserved_connections')::int"), (0, "0")),
    # pg_database d
    "locale_provider": ((150000, "d.datlocprovider"), (0, "'c'")),
    "provider_locale": ((170000, "d.datlocale"), (150000, "d.daticulocale"), (0, "NULL::text")),
    "recorded_collation": ((150000, "d.datcollversion"), (0, "NULL::text")),
    "actual_collation": ((150000, "pg_database_collation_actual_version(d.oid)"), (0, "NULL::text")),
    "collation_mismatch": (
        (150000, "(d.datcollversion IS DISTINCT FROM pg_database_collation_actual_version(d.oid))"),
        (0, "NULL::bool"),
    ),
    # Roles
    "reads_all_data": ((140000, "pg_has_role('pg_read_all_data', 'USAGE')"), (0, "rolsuper")),
    # pg_stat_database s
    "sessions_abandoned": ((140000, "s.sessions_abandoned"), (0, "NULL::bigint")),
    "sessions_fatal": ((140000, "s.sessions_fatal"), (0, "NULL::bigint")),
    "sessions_killed": ((140000, "s.sessions_killed"), (0, "NULL::bigint")),
    # pg_stat_all_indexes s, pg_constraint k
    "last_index_scan": ((160000, "s.last_idx_scan"), (0, "NULL::timestamptz")),
    "enforced": ((180000, "k.conenforced"), (0, "true")),
    # pg_replication_slots s
    "slot_inactive_since": ((170000, "s.inactive_since"), (0, "NULL::timestamptz")),
    "slot_invalidation": (
        (170000, "s.invalidation_reason"),
        (160000, "CASE WHEN s.conflicting THEN 'conflict' END"),
        (0, "NULL::text"),
    ),
    # Subscriptions: pg_subscription s, pg_stat_subscription w
    "main_apply_worker": ((160000, "w.relid IS NULL AND w.leader_pid IS NULL"), (0, "w.relid IS NULL")),
    "apply_errors": (
        (150000, "(SELECT e.apply_error_count FROM pg_stat_subscription_stats e WHERE e.subid = s.oid)"),
        (0, "NULL::bigint"),
    ),
    "sync_errors": (
        (150000, "(SELECT e.sync_error_count FROM pg_stat_subscription_stats e WHERE e.subid = s.oid)"),
        (0, "NULL::bigint"),
    ),
    "published_schemas": (
        (150000, "(SELECT count(*) FROM pg_publication_namespace r WHERE r.pnpubid = p.oid)"),
        (0, "0"),
    ),
    # Checkpoints and WAL
    "checkpoints": ((170000, _CHECKPOINTER), (0, _BGWRITER)),
    "written_wal": ((140000, "(SELECT w.wal_bytes FROM pg_stat_wal w)"), (0, "NULL::numeric")),
}

# Facts that older servers do not keep, and the major version from which on they do.
KEPT_SINCE: dict[str, dict[str, int]] = {
    "database": {"collation_mismatch": 15},
    "statistics": {"sessions_abandoned": 14, "sessions_fatal": 14, "sessions_killed": 14},
    "index_usage": {"unused.top[].last_idx_scan": 16},
    "replication": {"slots[].inactive_since": 17, "subscriptions[].apply_error_count": 15},
    "wal": {"written_bytes": 14},
}


def pieces(version: int) -> dict[str, Raw]:
    """The pieces of SQL that fit a server of *version*, such as 170005."""
    return {name: Raw(next(sql for since, sql in forms if version >= since)) for name, forms in _BY_VERSION.items()}

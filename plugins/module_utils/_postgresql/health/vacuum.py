# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When tables were vacuumed and analyzed, and how far the server is from having to do so by force."""

from __future__ import annotations

from typing import Any

from .look import Look

__all__ = ["vacuum_times", "wraparound"]

_TABLES = """
WITH tables AS MATERIALIZED (
  SELECT {name} AS "table", s.n_live_tup AS live_tuples, s.n_dead_tup AS dead_tuples,
    round((100.0 * s.n_dead_tup / NULLIF(s.n_live_tup + s.n_dead_tup, 0))::numeric, 1) AS dead_percent,
    s.n_mod_since_analyze AS modified_since_analyze, s.n_ins_since_vacuum AS inserted_since_vacuum,
    s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze,
    round(extract(epoch FROM clock_timestamp() - GREATEST(s.last_vacuum, s.last_autovacuum))::numeric)
      AS vacuum_age_seconds,
    round(extract(epoch FROM clock_timestamp() - GREATEST(s.last_analyze, s.last_autoanalyze))::numeric)
      AS statistics_age_seconds,
    COALESCE(array_to_string(c.reloptions, ','), '') !~ 'autovacuum_enabled=(off|false|no|0)' AS autovacuum_enabled
  FROM pg_stat_all_tables s
  JOIN pg_class c ON c.oid = s.relid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {user_schema}
)
SELECT count(*) AS total,
  count(*) FILTER (WHERE t.vacuum_age_seconds IS NULL) AS never_vacuumed,
  count(*) FILTER (WHERE t.statistics_age_seconds IS NULL) AS never_analyzed,
  count(*) FILTER (WHERE NOT t.autovacuum_enabled) AS autovacuum_disabled,
  COALESCE(sum(t.live_tuples), 0)::bigint AS live_tuples,
  COALESCE(sum(t.dead_tuples), 0)::bigint AS dead_tuples,
  max(t.vacuum_age_seconds) AS oldest_vacuum_seconds,
  max(t.statistics_age_seconds) AS oldest_statistics_seconds,
  COALESCE((SELECT jsonb_agg(d) FROM (
    SELECT * FROM tables ORDER BY dead_tuples DESC, "table" LIMIT {top}) d), '[]') AS top,
  COALESCE((SELECT jsonb_agg(m) FROM (
    SELECT * FROM tables ORDER BY modified_since_analyze DESC, "table" LIMIT {top}) m), '[]') AS most_modified
FROM tables t
"""

# What keeps the oldest row versions from being removed, whoever vacuums.
_HORIZON = """
SELECT
  (SELECT max(age(s.xmin)) FROM pg_replication_slots s WHERE s.xmin IS NOT NULL) AS slots,
  (SELECT max(age(s.catalog_xmin)) FROM pg_replication_slots s WHERE s.catalog_xmin IS NOT NULL) AS slots_catalog,
  (SELECT max(age(p.transaction)) FROM pg_prepared_xacts p) AS prepared_transactions,
  (SELECT max(age(a.backend_xmin)) FROM pg_stat_activity a
   WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid() AND a.backend_type <> 'walsender') AS sessions,
  (SELECT max(age(a.backend_xmin)) FROM pg_stat_activity a
   WHERE a.backend_xmin IS NOT NULL AND a.backend_type = 'walsender') AS standbys
"""


def vacuum_times(look: Look) -> dict[str, Any] | None:
    """Dead rows and the age of statistics, table by table; what holds back the removal of old row versions."""
    if look.in_recovery:
        look.miss("vacuum_times", "a standby counts neither dead rows nor vacuums; ask the primary")
        return None
    horizon = look.row(_HORIZON)
    if any(row["hidden"] for row in look.activity):
        horizon["sessions"] = horizon["standbys"] = None
        reason = "the role does not see other roles' sessions; grant it pg_monitor (or pg_read_all_stats)"
        look.miss("vacuum_times.horizon_xid_age.sessions", reason)
    return {**look.row(_TABLES), "horizon_xid_age": horizon}


_DATABASES = """
SELECT d.datname AS database, age(d.datfrozenxid) AS xid_age, mxid_age(d.datminmxid) AS mxid_age,
  round(100.0 * age(d.datfrozenxid) / f.xid, 2) AS xid_percent_of_freeze,
  round(100.0 * mxid_age(d.datminmxid) / f.mxid, 2) AS mxid_percent_of_freeze,
  round(100.0 * age(d.datfrozenxid) / 2147483648, 2) AS xid_percent_of_limit,
  round(100.0 * mxid_age(d.datminmxid) / 2147483648, 2) AS mxid_percent_of_limit,
  d.datname = current_database() AS here
FROM pg_database d, (
  SELECT current_setting('autovacuum_freeze_max_age')::bigint AS xid,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint AS mxid
) f
ORDER BY GREATEST(age(d.datfrozenxid), mxid_age(d.datminmxid)) DESC, d.datname
"""

# A table's TOAST table is told under its own name: it is vacuumed with the table.
_WORST_TABLES = """
SELECT {name} AS "table", age(c.relfrozenxid) AS xid_age, mxid_age(c.relminmxid) AS mxid_age,
  round(100.0 * age(c.relfrozenxid) / current_setting('autovacuum_freeze_max_age')::bigint, 2)
    AS xid_percent_of_freeze,
  round(100.0 * mxid_age(c.relminmxid) / current_setting('autovacuum_multixact_freeze_max_age')::bigint, 2)
    AS mxid_percent_of_freeze,
  c.relpersistence = 't' AS is_temporary,
  (SELECT quote_ident(on_.nspname) || '.' || quote_ident(o.relname) FROM pg_class o
   JOIN pg_namespace on_ ON on_.oid = o.relnamespace WHERE c.relkind = 't' AND o.reltoastrelid = c.oid) AS toast_of
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
ORDER BY GREATEST(age(c.relfrozenxid), mxid_age(c.relminmxid)) DESC, 1 LIMIT {top}
"""


def wraparound(look: Look) -> dict[str, Any]:
    """How much of the transaction and multixact numbers is used up before the server must freeze, and before it stops.

    ``…_of_freeze`` is towards autovacuum_freeze_max_age, where a forced vacuum begins; ``…_of_limit`` towards 2^31.
    """
    databases = look.query(_DATABASES)
    (here,) = [row for row in databases if row["here"]]
    for row in databases:
        del row["here"]
    return {
        **{key: value for key, value in here.items() if key != "database"},
        "databases": databases[: look.wanted.top],
        "tables": look.query(_WORST_TABLES),
    }

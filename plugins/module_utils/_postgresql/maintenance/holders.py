# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in the way: transactions that keep dead rows alive, and those that hold locks."""

from __future__ import annotations

from dataclasses import dataclass

from ..session import Row, Session
from ..sql import compose

__all__ = ["Holder", "Horizon", "horizon", "lock_holders", "long_transactions"]

# A session's xmin keeps the dead rows of its own database; that of a slot, and of a WAL sender, those of all.
_HORIZON = """
SELECT * FROM (
    SELECT format('process %s (role %s, application %s)', a.pid, coalesce(a.usename, '?'),
                  coalesce(nullif(a.application_name, ''), '?')) AS who,
           greatest(age(a.backend_xmin), age(a.backend_xid)) AS xid_age,
           extract(epoch FROM a.xact_start)::float8 AS since
      FROM pg_stat_activity a
     WHERE a.pid <> pg_backend_pid() AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
       AND (a.datname = current_database() OR a.datname IS NULL)
       AND a.pid NOT IN (SELECT v.pid FROM pg_stat_progress_vacuum v)
    UNION ALL
    SELECT format('prepared transaction %s (role %s)', quote_literal(p.gid), p.owner), age(p.transaction),
           extract(epoch FROM p.prepared)::float8
      FROM pg_prepared_xacts p
     WHERE p.database = current_database()
    UNION ALL
    SELECT format('replication slot %s', quote_ident(s.slot_name)), age(s.xmin), NULL
      FROM pg_replication_slots s
     WHERE s.xmin IS NOT NULL
) AS holder
ORDER BY xid_age DESC, who
"""

# What conflicts with SHARE UPDATE EXCLUSIVE, and any lock of a prepared transaction, which ends only by hand.
_LOCKS = """
SELECT CASE WHEN l.pid IS NULL THEN 'a prepared transaction'
            ELSE format('process %s (role %s, application %s)', l.pid, coalesce(a.usename, '?'),
                        coalesce(nullif(a.application_name, ''), '?')) END || ' holds ' || l.mode AS who
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.granted AND l.relation = {oid}
   AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
   AND l.pid IS DISTINCT FROM pg_backend_pid()
   AND (l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                   'AccessExclusiveLock') OR (l.pid IS NULL AND {prepared}))
 ORDER BY l.pid
"""

# A concurrent rebuild waits for every snapshot older than its own, except those of vacuum, and for every transaction
# that has any lock on the table, a mere reader's that sits idle included.
_LONG = """
SELECT format('process %s (role %s, application %s, in a transaction for %s s)', a.pid, coalesce(a.usename, '?'),
              coalesce(nullif(a.application_name, ''), '?'),
              round(extract(epoch FROM clock_timestamp() - a.xact_start))) AS who
  FROM pg_stat_activity a
 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
   AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL OR a.pid IN (
            SELECT l.pid FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = {oid} AND l.granted))
   AND a.backend_type = 'client backend' AND a.application_name <> {own}
   AND a.pid NOT IN (SELECT v.pid FROM pg_stat_progress_vacuum v)
   AND (a.application_name = 'pg_dump' OR a.xact_start < clock_timestamp() - make_interval(secs => {seconds}))
 ORDER BY a.xact_start, a.pid
"""


@dataclass(frozen=True)
class Holder:
    """Something that keeps dead rows alive: in words, how many transactions ago it began, and when, if that is seen."""

    who: str
    xid_age: int
    since: float | None


@dataclass(frozen=True)
class Horizon:
    """All holders, the oldest first, and the server's time."""

    holders: tuple[Holder, ...]
    now: float

    @property
    def oldest(self) -> Holder | None:
        """The holder that decides."""
        return self.holders[0] if self.holders else None


def horizon(session: Session) -> Horizon:
    """Who keeps dead rows of the session's database alive now."""
    now = session.value("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
    return Horizon(tuple(_holder(row) for row in session.query(_HORIZON)), now)


def lock_holders(session: Session, oid: int, prepared: bool = False) -> list[str]:
    """Who holds a lock on the table that keeps maintenance out; with *prepared*, any lock of a prepared transaction."""
    return session.values(compose(_LOCKS, oid=oid, prepared=prepared))


def long_transactions(session: Session, seconds: float, own: str, oid: int = 0) -> list[str]:
    """Transactions that a concurrent rebuild would wait for and that do not look like ending: old ones, and dumps.

    :param oid: the table on which the index is; 0 for what would keep every rebuild waiting.
    """
    return session.values(compose(_LONG, seconds=float(seconds), own=f"day2.ops {own}", oid=oid))


def _holder(row: Row) -> Holder:
    return Holder(row["who"], row["xid_age"], row["since"])

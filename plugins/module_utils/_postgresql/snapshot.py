# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One moment of a database, shared by many sessions and programs.

The session that exports the snapshot locks every table in ACCESS SHARE mode *before* the snapshot is taken (the order
that PostgreSQL's documentation of LOCK TABLE asks for at REPEATABLE READ), so that no TRUNCATE, DROP or ALTER can come
between the moment that is counted and the moment that is dumped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from .._errors import Refused
from .catalog import Table, tables
from .pool import SessionPool
from .server import Server
from .session import QueryFailed, Session
from .sql import Identifier, Raw, compose

__all__ = ["Snapshot", "limit_lock_waits"]

# Tables may be created while others are being locked; each round locks what is new.
_ROUNDS = 5
UNDEFINED_TABLE, INVALID_SCHEMA = "42P01", "3F000"
_LOCKED_AT_ONCE = 500


class Snapshot:
    """A snapshot of one database, held by a session of its own until the block ends.

    :ivar id: what other sessions and programs take part with.
    :ivar session: the session that holds it; reads the database as it was at that moment.
    :ivar pool: other sessions that do, for several threads.
    :ivar tables: the relations at that moment, the largest first.
    """

    def __init__(self, server: Server, database: str, lock_wait_seconds: float) -> None:
        self._server = server
        self._database = database
        self._lock_wait_seconds = lock_wait_seconds
        self.pool = SessionPool(self._join)
        self.session = server.session(database)
        try:
            self.tables, self.id, self.moment = self._take(lock_wait_seconds)
        except BaseException:
            self.session.close()
            raise

    def _take(self, lock_wait_seconds: float) -> tuple[list[Table], str, str]:
        session = self.session
        session.execute(
            compose("SELECT set_config('lock_timeout', {ms}, false)", ms=f"{lock_wait_seconds * 1000:.0f}ms")
        )
        for _round in range(_ROUNDS):
            wanted = {table.oid: table for table in tables(session) if _lockable(table)}
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if not _locked(session, list(wanted.values())):
                session.execute("ROLLBACK")
                continue
            now = tables(session)  # the first query: it takes the snapshot, after the locks
            if all(table.oid in wanted for table in now if _lockable(table)):
                row = session.row("SELECT pg_export_snapshot() AS id, now() AS moment")
                return now, row["id"], row["moment"]
            session.execute("ROLLBACK")
        raise Refused(
            "taking a snapshot",
            session.where,
            f"tables were still being created or dropped after {_ROUNDS} attempts to lock them all",
            "Run it when no migration is going on.",
        )

    def _join(self) -> Session:
        session = self._server.session(self._database)
        try:
            # Whoever wants to alter a table now waits for our locks, and we would wait behind him: never for ever.
            limit_lock_waits(session, self._lock_wait_seconds)
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            session.execute(compose("SET TRANSACTION SNAPSHOT {id}", id=self.id))
        except BaseException:
            session.close()
            raise
        return session

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.closing(self.session):
            self.pool.close()


def _lockable(table: Table) -> bool:
    return table.kind in ("r", "p") and table.condition is not None


def _locked(session: Session, wanted: Sequence[Table]) -> bool:
    """Lock the tables; False when one of them has gone meanwhile."""
    for start in range(0, len(wanted), _LOCKED_AT_ONCE):
        names = ", ".join(
            compose("ONLY {table}", table=Identifier(table.schema, table.relation))
            for table in wanted[start : start + _LOCKED_AT_ONCE]
        )
        try:
            session.execute(compose("LOCK TABLE {names} IN ACCESS SHARE MODE", names=Raw(names)))
        except QueryFailed as error:
            if error.sqlstate in (UNDEFINED_TABLE, INVALID_SCHEMA):
                return False
            raise
    return True


def limit_lock_waits(session: Session, seconds: float) -> None:
    """Let statements of the session fail that wait longer than this for a lock; measuring a table's size waits too."""
    session.execute(compose("SELECT set_config('lock_timeout', {limit}, false)", limit=f"{seconds * 1000:.0f}ms"))

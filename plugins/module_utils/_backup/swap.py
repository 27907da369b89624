# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Giving the name of a live database to another one, in one transaction that keeps the live one under a third name.

``ALTER DATABASE … RENAME`` first locks the database against newcomers, then waits up to five seconds until nobody is
connected (PostgreSQL's documentation; ``RenameDatabase`` and ``CountOtherDBBackends`` of its source). Meanwhile a
second session ends those who are. A newcomer waits for the lock, is told that the database was renamed, and finds the
new one under the name when it tries again. No committed state lacks the name.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

from .._errors import Day2Error, Refused
from .._interruption import too_late, uninterrupted
from .._postgresql.kept import kept_comment
from .._postgresql.server import Server
from .._postgresql.session import ConnectionLost, QueryFailed, Session
from .._postgresql.sql import Identifier, compose
from .._postgresql.work_lock import holders
from .manifest import stamp

__all__ = ["EXCHANGING", "InTheWay", "Swap", "home_of", "in_the_way", "kept_name", "sessions_on"]

EXCHANGING = "exchanging the names"
NAME_BYTES = 63  # NAMEDATALEN - 1

# What an attempt may wait for the lock on the name: while it waits, newcomers wait behind it.
_LOCK_TIMEOUT = "2s"
_POLL_SECONDS = 0.02
_OBJECT_IN_USE, _LOCK_NOT_AVAILABLE, _QUERY_CANCELED = "55006", "55P03", "57014"

_SESSIONS = """
SELECT a.pid, a.usename AS role, a.application_name AS application, a.client_addr::text AS address, a.backend_type,
       a.state, a.backend_start::text AS since
  FROM pg_stat_activity AS a
 WHERE a.datname = {name} AND a.pid <> pg_backend_pid()
 ORDER BY a.backend_start, a.pid
"""
_PREPARED = "SELECT gid FROM pg_prepared_xacts WHERE database = {name} ORDER BY 1"
_SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE database = {name} ORDER BY 1"
_SUBSCRIPTIONS = """
SELECT s.subname FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
 WHERE d.datname = {name} ORDER BY 1
"""
_SERVERS = """
SELECT s.srvname AS name FROM pg_foreign_server AS s
 WHERE {option} = ANY (s.srvoptions) ORDER BY 1
"""
_LOCKED = """
SELECT EXISTS (
  SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.objid
   WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted
         AND l.pid = {pid} AND d.datname = {name}) AS locked
"""


@dataclass(frozen=True)
class InTheWay:
    """What a swap would leave behind or break, by kind.

    :ivar unseen: databases that could not be looked into for foreign servers.
    """

    prepared_transactions: list[str]
    logical_slots: list[str]
    subscriptions: list[str]
    foreign_servers: list[str]
    unseen: list[str]

    def problems(self, database: str, despite: Sequence[str]) -> list[str]:
        """What forbids the swap, in words. Prepared transactions always do: the server renames nothing under them."""
        told = {
            "prepared_transactions": "prepared transactions would be left in the kept database: {}; commit or roll "
            "them back",
            "logical_slots": "logical replication slots would stay with the kept database: {}",
            "subscriptions": "subscriptions would go on writing to the kept database: {}",
            "foreign_servers": "foreign servers of other databases point at the name: {}",
        }
        return [
            f'"{database}": ' + text.format(", ".join(getattr(self, kind)))
            for kind, text in told.items()
            if getattr(self, kind) and (kind == "prepared_transactions" or kind not in despite)
        ]

    def as_dict(self) -> dict[str, list[str]]:
        """What was found, by kind, without the kinds of which there is nothing."""
        return {kind: names for kind, names in self.__dict__.items() if names}


def home_of(server: Server, *databases: str) -> str:
    """A database of the server that is none of *databases*: where sessions are while those are renamed."""
    return next(name for name in (server.login.database, "postgres", "template1") if name not in databases)


def in_the_way(server: Server, session: Session, database: str) -> InTheWay:
    """Look for what a swap of *database* would leave behind or break."""
    foreign: list[str] = []
    unseen: list[str] = []
    others = "SELECT datname FROM pg_database WHERE datallowconn AND datname <> {name} ORDER BY 1"
    for other in session.values(compose(others, name=database)):
        try:
            with server.session(other) as inside:
                found = inside.values(compose(_SERVERS, option=f"dbname={database}"))
        except Day2Error:
            unseen.append(other)
        else:
            foreign += [f"{name} in {other}" for name in found]
    return InTheWay(
        prepared_transactions=session.values(compose(_PREPARED, name=database)),
        logical_slots=session.values(compose(_SLOTS, name=database)),
        subscriptions=session.values(compose(_SUBSCRIPTIONS, name=database)),
        foreign_servers=foreign,
        unseen=unseen,
    )


def sessions_on(session: Session, database: str) -> list[dict[str, Any]]:
    """Who is connected to a database, but the session itself."""
    return session.query(compose(_SESSIONS, name=database))


def kept_name(session: Session, database: str, when: Any) -> str:
    """A free name for the database that is kept: ``<name>_before_<stamp>``, the name cut to fit into 63 bytes."""
    taken = set(session.values("SELECT datname FROM pg_database"))
    number = 1
    while True:
        ending = f"_before_{stamp(when).lower()}" + (f"_{number}" if number > 1 else "")
        # A character cut in two is left out.
        name = database.encode()[: NAME_BYTES - len(ending)].decode("utf-8", "ignore") + ending
        if name not in taken:
            return name
        number += 1


@dataclass(frozen=True)
class Swap:
    """One exchange of names.

    :ivar home: a database of the server that is none of the three.
    :ivar live: the name that changes hands.
    :ivar incoming: the database that gets it.
    :ivar kept: the name that the live one gets.
    :ivar since: this moment, for the mark of the kept one; ISO 8601 in UTC.
    :ivar statements: what is done to the incoming one, under its new name, in the same transaction.
    :ivar prove: looks at the result in the same transaction, and raises an error when it is not what it is to be.
    """

    server: Server
    home: str
    live: str
    incoming: str
    kept: str
    since: str
    statements: Sequence[str]
    prove: Callable[[Session], None] | None = None

    def run(self, wait_seconds: float) -> float:
        """Exchange the names; return the seconds for which newcomers were held off.

        :param wait_seconds: how long to try again while somebody cannot be moved.
        :raises Refused: when somebody stays connected, or another work of this collection is under way.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                with uninterrupted():
                    seconds = self._attempt()
                    too_late()
                    return seconds
            except QueryFailed as error:
                busy = error.sqlstate in (_OBJECT_IN_USE, _LOCK_NOT_AVAILABLE)
                if not busy or time.monotonic() > deadline:
                    raise self._refused(error.why) from error

    def _attempt(self) -> float:
        rename = "ALTER DATABASE {old} RENAME TO {new}"
        mark = "COMMENT ON DATABASE {name} IS {text}"
        with self.server.session(self.home) as renamer, _Ender(self, renamer) as ender:
            renamer.execute(compose("SELECT set_config('lock_timeout', {limit}, false)", limit=_LOCK_TIMEOUT))
            described = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {name}"
            before = renamer.value(compose(described, name=self.live))
            renamer.execute("BEGIN")
            try:
                renamer.execute(compose(rename, old=Identifier(self.live), new=Identifier(self.kept)))
                renamer.execute(compose(rename, old=Identifier(self.incoming), new=Identifier(self.live)))
            except QueryFailed as error:
                if ender.fault is not None and error.sqlstate == _QUERY_CANCELED:
                    raise ender.fault from error
                raise
            text = kept_comment(self.live, self.since, before)
            renamer.execute(compose(mark, name=Identifier(self.kept), text=text))
            for statement in self.statements:
                renamer.execute(statement)
            if self.prove is not None:
                self.prove(renamer)
            self._commit(renamer)
            return ender.seconds()

    def _commit(self, session: Session) -> None:
        try:
            session.execute("COMMIT")
        except ConnectionLost as error:
            raise ConnectionLost(
                f'exchanging "{self.live}" and "{self.incoming}"',
                session.where,
                error.why,
                f'Both names changed at one moment or not at all: if a database "{self.kept}" exists, they did.',
            ) from error

    def _refused(self, why: str) -> Refused:
        with self.server.session(self.home) as session:
            there = ", ".join(
                f"{row['application'] or row['backend_type'] or 'somebody'} (process {row['pid']}, role {row['role']})"
                for row in sessions_on(session, self.live)
            )
        return Refused(
            f'giving the name "{self.live}" to the restored database',
            self.server.where,
            f"{why}; connected now: {there or 'nobody'}",
            "Nothing was changed. Stop what connects there, or log in as a role that may end those sessions.",
        )


class _Ender(threading.Thread):
    """Ends the sessions on the databases that are being renamed, from the moment on at which nobody new can come.

    :ivar fault: why the swap was called off.
    """

    def __init__(self, swap: Swap, renamer: Session) -> None:
        super().__init__(daemon=True)
        self._swap = swap
        self._renamer: int = renamer.value("SELECT pg_backend_pid() AS pid")
        self._session = swap.server.session(swap.home)
        self._over = threading.Event()
        self._since: float | None = None
        self.fault: Day2Error | None = None

    def seconds(self) -> float:
        """Seconds since the name was locked; since the beginning, where that was too quick to be seen."""
        return time.monotonic() - (self._began if self._since is None else self._since)

    def __enter__(self) -> _Ender:
        self._began = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self.join()
        self._session.close()

    def run(self) -> None:
        try:
            while not self._over.wait(_POLL_SECONDS):
                self._look()
        except Day2Error as error:
            self._call_off(error)

    def _look(self) -> None:
        if self._since is None:
            locked = compose(_LOCKED, pid=self._renamer, name=self._swap.live)
            if not self._session.value(locked):
                return
            self._since = time.monotonic()
        works = holders(self._session, self._swap.live)
        if works:
            self._call_off(
                Refused(
                    f'giving the name "{self._swap.live}" to another database',
                    self._swap.server.where,
                    f"it is being worked on by {', '.join(works)}",
                    "Nothing was changed. Run it again when that has ended.",
                )
            )
            return
        for name in (self._swap.live, self._swap.incoming):
            for row in sessions_on(self._session, name):
                self._end(row["pid"])

    def _end(self, process: int) -> None:
        try:
            self._session.value(compose("SELECT pg_terminate_backend({process}) AS ended", process=process))
        except QueryFailed as error:
            if error.sqlstate != "42501":  # somebody whom this role may not end: the renaming will fail, and tell
                raise

    def _call_off(self, fault: Day2Error) -> None:
        self.fault = fault
        self._over.set()
        try:
            self._session.execute(compose("SELECT pg_cancel_backend({process})", process=self._renamer))
        except Day2Error:
            return  # the server is gone, and the renaming with it

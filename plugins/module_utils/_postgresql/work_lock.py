# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock that keeps works on one database apart: backup, vacuum, reindex, restore.

It is an advisory lock in the server, so it holds wherever the others run, and ends with its session whatever happens
to its holder. Advisory locks belong to the database of their session; therefore the session is opened on the very
database that is worked on. A database that is about to be renamed bears no session: whoever made it says from another
database that somebody works on it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .._errors import Refused
from .server import Server
from .session import Session
from .sql import Raw, compose

__all__ = ["holders", "keep_alive", "kept_alive", "work_lock"]

NAMESPACE = 0x64617932  # "day2" in ASCII
POLL_SECONDS = 0.5

_KEY = f"{NAMESPACE}, (SELECT d.oid::int FROM pg_database d WHERE d.datname = current_database())"

_HOLDERS = """
SELECT l.pid, a.application_name AS application, a.usename AS role, a.backend_start AS since
  FROM pg_locks l
  JOIN pg_database d ON d.oid = l.database AND d.datname = {database}
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
   AND l.classid = {namespace}::oid AND l.objid = d.oid AND l.pid <> pg_backend_pid()
 ORDER BY a.backend_start, l.pid
"""


@contextmanager
def work_lock(
    server: Server, database: str, what: str, wait_seconds: float = 0, shared: bool = False
) -> Iterator[Session]:
    """Hold the lock on *database* for the block, in a session of its own, which is given for looking whether it lives.

    :param what: the work in one word, such as ``reindex``; others are told it when they are refused.
    :param wait_seconds: how long to wait for others to end.
    :param shared: share it with others who also share it; otherwise hold it alone.
    :raises Refused: when others hold it, and tells who.
    """
    with server.session(database) as session:
        session.execute(compose("SET application_name = {name}", name=f"day2.ops {what}"))
        _acquire(session, what, wait_seconds, "_shared" if shared else "")
        yield session


def keep_alive(session: Session, database: str) -> None:
    """Say, for as long as the session lives and from whatever database it is on, that somebody works on *database*.

    It may be said of a database that is yet to be made: the key is its name. See :func:`kept_alive`.
    """
    session.query(
        compose(
            "SELECT pg_advisory_lock({namespace}, hashtext({name})) IS NULL AS kept", namespace=NAMESPACE, name=database
        )
    )


def kept_alive(name: str, *oids: str) -> str:
    """The condition that somebody keeps alive, or works on, what expressions of a query name and identify."""
    keys = ", ".join([f"hashtext({name})::oid", *oids])
    return (
        "EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 "
        f"AND l.classid = {NAMESPACE}::oid AND l.objid IN ({keys}))"
    )


def holders(session: Session, database: str | None = None) -> list[str]:
    """Who else holds the lock on a database, by default the session's own, in words."""
    return [
        f"{row['application'] or 'an unnamed application'} (process {row['pid']}, role {row['role'] or 'unknown'}, "
        f"since {row['since'] or 'a time that this role may not see'})"
        for row in session.query(compose(_HOLDERS, namespace=NAMESPACE, database=database or session.database))
    ]


def _acquire(session: Session, what: str, wait_seconds: float, suffix: str) -> None:
    # Asked for again and again: a statement that waits would hold a snapshot, and the work waited for may itself be
    # waiting until no such snapshot is left.
    attempt = compose("SELECT pg_try_advisory_lock{suffix}({key}) AS got", suffix=Raw(suffix), key=Raw(_KEY))
    end = time.monotonic() + wait_seconds
    while not session.value(attempt):
        left = end - time.monotonic()
        if left <= 0:
            raise Refused(
                f"starting the work {what}",
                session.where,
                f"the database is being worked on by {', '.join(holders(session)) or 'somebody who has just ended'}",
                "Run it again when that has ended, or allow a longer wait.",
            )
        time.sleep(min(POLL_SECONDS, left))

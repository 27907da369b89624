# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that restores make for themselves, and what killed restores leave of them."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._errors import Day2Error
from .._interruption import uninterrupted
from .._postgresql.server import Server
from .._postgresql.session import Session
from .._postgresql.sql import Identifier, Raw, compose
from .._postgresql.work_lock import keep_alive, kept_alive
from .manifest import now, stamp
from .properties import create_database

__all__ = ["SCRATCH", "drop_orphans", "drop_scratch", "of_restores", "orphans", "scratch_database"]

SCRATCH = "day2_restore_"
_NAME = re.compile(SCRATCH + r"\d{8}t\d{6}z_[0-9a-f]{6}")

# What tells a scratch database from anybody else's of such a name. A comment comes after the database, and a process
# may be killed between the two; the limit comes with it. Nobody sets this one by chance, and it limits nobody.
_MARK = 64793
_DROPPED_HALF_WAY = -2  # what the server sets before it drops a database; such a one can only be dropped
# A dump of other tools is loaded by a role of the database's own name, which owns it and may set another limit.
_OURS = "(d.datconnlimit IN ({mark}, {dropped}) OR pg_get_userbyid(d.datdba) = d.datname)"
_COMMENT = "day2.ops: a restore in progress; removed by the next one if it was killed"


@contextmanager
def scratch_database(server: Server, home: str, properties: dict[str, Any]) -> Iterator[str]:
    """A new, empty database like the one that was dumped; gone after the block, unless it was renamed in it.

    :param home: a database of the server that stays as it is meanwhile.
    :param properties: of the database that was dumped.
    """
    name = f"{SCRATCH}{stamp(now()).lower()}_{secrets.token_hex(3)}"
    with server.session(home) as admin:
        try:
            with uninterrupted():  # a database that is being made cannot be dropped
                keep_alive(admin, name)
                admin.execute(create_database(name, properties, server.version, connection_limit=_MARK))
                admin.execute(compose("COMMENT ON DATABASE {name} IS {text}", name=Identifier(name), text=_COMMENT))
                admin.execute(compose("REVOKE ALL ON DATABASE {name} FROM PUBLIC", name=Identifier(name)))
            yield name
        except BaseException:
            with contextlib.suppress(Day2Error):  # the first failure is the one to tell; the next restore drops it
                _drop(server, home, name)
            raise
        _drop(server, home, name)


def _drop(server: Server, home: str, name: str) -> None:
    with uninterrupted(), contextlib.closing(server.session(home)) as dropper:
        drop_scratch(dropper, name)


def drop_scratch(session: Session, name: str) -> None:
    """Drop a scratch database if it is there. What was loaded into it may have made a template of it, which stays."""
    template = "SELECT datname AS name FROM pg_database WHERE datistemplate AND datname = {name}"
    if session.values(compose(template, name=name)):
        session.execute(compose("ALTER DATABASE {name} IS_TEMPLATE false", name=Identifier(name)))
    session.execute(compose("DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=Identifier(name)))


def orphans(session: Session) -> list[str]:
    """Scratch databases that nobody works on: made, or half dropped, by a restore that was killed."""
    names = session.values(
        compose(
            """
            SELECT d.datname AS name FROM pg_database AS d
            WHERE starts_with(d.datname, {prefix}) AND {ours} AND NOT {kept_alive}
            ORDER BY 1
            """,
            prefix=SCRATCH,
            ours=Raw(_ours()),
            kept_alive=Raw(kept_alive("d.datname", "d.oid")),
        )
    )
    return [name for name in names if _NAME.fullmatch(name)]


def of_restores(session: Session) -> list[str]:
    """All scratch databases, also those that somebody works on."""
    names = session.values(f"SELECT d.datname AS name FROM pg_database AS d WHERE {_ours()} ORDER BY 1")
    return [name for name in names if _NAME.fullmatch(name)]


def _ours() -> str:
    return compose(_OURS, mark=_MARK, dropped=_DROPPED_HALF_WAY)


def drop_orphans(session: Session) -> list[str]:
    """Drop them, and roles that were made for them; return their names.

    Looked for anew: what was one before may be somebody's finished restore by now.
    """
    found = orphans(session)
    for name in found:
        drop_scratch(session, name)
    roles = session.values(
        compose(
            """
            SELECT r.rolname AS name FROM pg_roles AS r
            WHERE starts_with(r.rolname, {prefix}) AND r.rolvaliduntil IS NOT NULL
                  AND NOT EXISTS (SELECT FROM pg_database AS d WHERE d.datname = r.rolname)
                  AND NOT {kept_alive}
            """,
            prefix=SCRATCH,
            kept_alive=Raw(kept_alive("r.rolname")),
        )
    )
    for name in filter(_NAME.fullmatch, roles):
        session.execute(compose("DROP ROLE IF EXISTS {name}", name=Identifier(name)))
        found.append(name)
    return sorted(set(found))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases in which maintenance is tested: one of its own for each test, on embedded servers and in containers."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, Raw, compose

from ...stacks.embedded import EmbeddedServer
from ...tools import servers
from .long import cases

# Every kind of server, embedded ones reached through psycopg2, those in containers through psql inside.
EVERY = ["embedded 18", "embedded 16", "container 17", "container 15", "container 13"]
NEWEST = ("embedded 18",)


def every(quick: Collection[str] = NEWEST) -> list[Any]:
    """Every kind of server, as parameters; on others than the *quick* ones, tests are those of the long run."""
    return cases(EVERY, quick)


# Nothing but the test itself works on its tables.
ALONE = "autovacuum_enabled = false"
ALONE_WITH_TOAST = "autovacuum_enabled = false, toast.autovacuum_enabled = false"


_NUMBERS = itertools.count(1)
_FLUSHED_SINCE = 150000


class Place:
    """A database of a test's own."""

    def __init__(self, options: dict[str, Any], database: str) -> None:
        self.options = options
        self.database = database

    @property
    def server(self) -> Server:
        given = {"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5}
        login = {"login_host": None, "login_port": 5432, "login_user": "postgres", "login_password": None}
        return server_of({**given, **login, "bin_dir": None, **self.options})

    def session(self) -> Session:
        return self.server.session(self.database)

    def run(self, *statements: str) -> None:
        """Run statements in a session that ends then, and has given away its counters.

        A session that ends gives them away too, but whoever follows may be faster. Before 15 they are on their way.
        """
        with self.session() as session:
            for statement in statements:
                session.execute(statement)
            if session.version >= _FLUSHED_SINCE:
                session.value("SELECT pg_stat_force_next_flush()::text AS flushed")

    @cached_property
    def onlooker(self) -> Session:
        """A session that only looks, and stays open."""
        return self.session()

    def value(self, select: str) -> Any:
        return self.onlooker.value(select)

    def values(self, select: str) -> list[Any]:
        return self.onlooker.values(select)

    def arguments(self, **more: Any) -> dict[str, Any]:
        return {**self.options, "database": self.database, **more}

    def settle(self, select: str, expected: Any) -> None:
        """Wait until a query gives what is expected; servers before 15 count with a delay."""
        assert until(lambda: self.value(select) == expected), (select, self.value(select))

    def burn(self, transactions: int) -> None:
        """Let so many transactions pass."""
        self.run(
            f"DO $$ BEGIN FOR i IN 1..{transactions} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
        )

    @staticmethod
    def own(name: str) -> str:
        """The name of a role of this process's own: roles are the whole server's."""
        return f"{name} {os.getpid()}"

    @contextmanager
    def role(self, name: str, *grants: str) -> Iterator[dict[str, Any]]:
        """A role of a test's own; gives the arguments with which a module logs in as it."""
        me = Identifier(name)
        self.run(compose("CREATE ROLE {r} LOGIN PASSWORD 'secret'", r=me), *grants)
        try:
            yield self.arguments(login_user=name, login_password="secret")
        finally:
            self.run(compose("DROP OWNED BY {r}", r=me), compose("DROP ROLE {r}", r=me))


def warnings_of(result: dict[str, Any]) -> list[str]:
    """A module's warnings as texts."""
    return [warning["event"]["msg"] for warning in result.get("warnings", [])]


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Behind(threading.Thread):
    """Runs something behind the test's back; its result is had by waiting for it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._result: Any = None
        self._fault: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as fault:
            self._fault = fault

    def result(self, seconds: float = 60) -> Any:
        self.join(seconds)
        assert not self.is_alive(), "it did not end"
        if self._fault is not None:
            raise self._fault
        return self._result


def options_of(kind: str, request: pytest.FixtureRequest, login: dict[str, Any]) -> dict[str, Any]:
    runtime, major = kind.split()
    if runtime == "container":
        return servers.options_of(int(major))
    if major == "16":
        server: EmbeddedServer = request.getfixturevalue("embedded_16")
        return {
            "login_host": server.host,
            "login_port": server.port,
            "login_user": server.user,
            "login_password": server.password,
            "bin_dir": str(server.bin_dir),
        }
    return login


def places(
    request: pytest.FixtureRequest, login: dict[str, Any], kind: str | None = None, encoding: str = "UTF8"
) -> Iterator[Place]:
    """Give a new database on a server of this kind, or of the one that the fixture's parameter names; drop it after."""
    options = options_of(kind or request.param, request, login)
    place = Place(options, f'maintenance; of "{os.getpid()}.{next(_NUMBERS)}" ünï')
    name = Identifier(place.database)
    like = "" if encoding == "UTF8" else f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
    with place.server.session() as admin:
        admin.execute(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=name))
        admin.execute(compose("CREATE DATABASE {d} TEMPLATE template0 {like}", d=name, like=Raw(like)))
    yield place
    place.onlooker.close()
    with place.server.session() as admin:
        admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=name))

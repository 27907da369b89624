# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both drivers give the same answers; every way of not getting in is told apart."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._interruption import Interrupted, interruptible
from ansible_collections.day2.ops.plugins.module_utils._postgresql import server as server_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import (
    ConnectionLost,
    PsqlSession,
    Psycopg2Session,
    QueryFailed,
    Session,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose, literal

from .maintenance_places import Behind, until

ODD = [
    "plain",
    "Mixed Case",
    'do"uble',
    "qu'ote",
    "back\\slash",
    "line\nbreak",
    "; DROP TABLE t",
    "ünïcødé ☃",
    "x" * 63,
    "{b}",
]


def options(login: dict[str, Any], **changed: Any) -> dict[str, Any]:
    given = {"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5, **login}
    return {**given, **changed}


@pytest.fixture(params=["psycopg2", "psql"])
def server(request: pytest.FixtureRequest, login: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Server:
    if request.param == "psql":
        monkeypatch.setattr(server_module, "psycopg2", None)
    return server_of(options(login))


def test_values_keep_their_types(server: Server) -> None:
    with server.session() as session:
        row = session.row("SELECT 1 AS i, 2.5::numeric AS d, NULL AS n, true AS b, '{1,2}'::int[] AS a, E'x\\ny' AS t")
        assert row == {"i": 1, "d": 2.5, "n": None, "b": True, "a": [1, 2], "t": "x\ny"}
        assert session.query("SELECT 1 AS i WHERE false") == []
        assert session.values("SELECT generate_series(1, 3) AS i") == [1, 2, 3]
        assert session.value("SELECT timestamptz '2026-01-02 03:04:05+02' AS t") == "2026-01-02T01:04:05+00:00"


@pytest.mark.parametrize("odd", ODD)
def test_names_and_values_are_quoted_as_the_server_does(server: Server, odd: str) -> None:
    with server.session() as session:
        assert session.value(f"SELECT {literal(odd)} AS v") == odd
        session.execute("BEGIN")
        session.execute(compose("CREATE TEMP TABLE {t} (c text) ON COMMIT DROP", t=Identifier(odd)))
        name = compose("SELECT relname FROM pg_class WHERE oid = to_regclass({n})", n=compose("{i}", i=Identifier(odd)))
        assert session.value(name) == odd
        session.execute("COMMIT")


def test_a_failed_statement_leaves_the_session_usable(server: Server) -> None:
    with server.session() as session:
        with pytest.raises(QueryFailed, match="division by zero") as failure:
            session.query("SELECT 1/0 AS x")
        assert failure.value.sqlstate == "22012"
        assert session.value("SELECT 1 AS one") == 1


def test_warnings_are_returned(server: Server) -> None:
    with server.session() as session:
        assert session.execute("ROLLBACK") == ["there is no transaction in progress"]
        assert session.execute("SET work_mem = '5MB'") == []


def test_a_role_cannot_cut_a_session_short_or_redirect_names(server: Server, login: dict[str, Any]) -> None:
    with server.session() as admin:
        admin.execute("DROP ROLE IF EXISTS hasty")
        admin.execute("CREATE ROLE hasty LOGIN PASSWORD 'hasty' SUPERUSER")
        admin.execute("ALTER ROLE hasty SET idle_in_transaction_session_timeout = '1s'")
        admin.execute("ALTER ROLE hasty SET search_path = public")
        hasty = server_of(options(login, login_user="hasty", login_password="hasty"))
        with hasty.session() as session:
            names = ["idle_in_transaction_session_timeout", "search_path", "row_security", "statement_timeout"]
            assert [session.value(f"SELECT current_setting('{name}')") for name in names] == [
                "0",
                "pg_catalog",
                "off",
                "0",
            ]
        admin.execute("DROP ROLE hasty")


def test_not_even_the_first_statement_is_cut_short(
    server: Server, login: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.session() as admin:
        admin.execute("DROP ROLE IF EXISTS hastier")
        admin.execute("CREATE ROLE hastier LOGIN PASSWORD 'hastier' SUPERUSER")
        admin.execute("ALTER ROLE hastier SET statement_timeout = 100000")
        admin.execute("ALTER ROLE hastier SET row_security = on")
        monkeypatch.setattr(Session, "prepare", lambda _session: None)
        server.login = replace(server.login, user="hastier", password="hastier")
        with server.session() as session:
            names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "row_security")
            assert [session.value(f"SELECT current_setting('{name}')") for name in names] == ["0", "0", "0", "off"]
        admin.execute("DROP ROLE hastier")


def running(session: Session) -> int:
    """How many statements wait on purpose."""
    count: int = session.value(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = 'day2.ops'"
    )
    return count


def test_a_statement_is_cut_short_from_another_thread_and_the_session_goes_on(server: Server) -> None:
    with server.session() as admin, server.session() as session:
        behind = Behind(lambda: session.execute("SELECT pg_sleep(60)"))
        assert until(lambda: running(admin) == 1)
        assert isinstance(session, (Psycopg2Session, PsqlSession))
        session._cancel()
        with pytest.raises(QueryFailed) as failed:
            behind.result()
        assert failed.value.sqlstate == "57014"
        assert session.value("SELECT 1 AS one") == 1
    session._cancel()  # of what is closed nothing is left to cut


def test_a_signal_ends_a_statement_here_and_in_the_server(server: Server) -> None:
    def work() -> None:
        with interruptible(), server.session() as session:
            session.execute("SELECT pg_sleep(60)")

    def signal_when_it_runs() -> None:
        with server.session() as other:
            assert until(lambda: running(other) == 1)
        os.kill(os.getpid(), signal.SIGTERM)

    began = time.monotonic()
    behind = Behind(signal_when_it_runs)
    with pytest.raises(Interrupted):
        work()
    behind.result()
    assert time.monotonic() - began < 15
    with server.session() as admin:
        assert until(lambda: running(admin) == 0)


class Told(Psycopg2Session):
    """A session with a server that answers one thing."""

    def __init__(self, answer: str) -> None:
        self.where = "a test"
        self.answer = answer

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        del statement
        return [self.answer], []


def test_an_old_server_is_refused() -> None:
    with pytest.raises(Refused, match=r"the server is PostgreSQL 12, older than 13\. Use a server of PostgreSQL 13"):
        Told("120022").prepare()


def test_a_cut_connection_is_told(server: Server) -> None:
    with server.session() as admin, server.session() as session:
        pid = session.value("SELECT pg_backend_pid() AS pid")
        admin.value(f"SELECT pg_terminate_backend({pid}, 5000) AS done")
        with pytest.raises(ConnectionLost, match="terminating connection|closed"):
            session.query("SELECT 1 AS one")
        with pytest.raises(ConnectionLost):  # whoever tidies up after that is told too, and does not wait for ever
            Behind(lambda: session.execute("ROLLBACK")).result(20)


@pytest.mark.parametrize(
    ("changed", "why", "remedy"),
    [
        ({"login_password": "wrong"}, "password authentication failed", "login_password"),
        ({"login_host": "host.invalid"}, "could not translate host name", "host that exists"),
        ({"login_port": 1}, "refused", "Start the server"),
        ({"login_db": "no such \"'db"}, "does not exist", "database that exists"),
    ],
)
def test_who_cannot_get_in_is_told_why(
    server: Server, login: dict[str, Any], changed: dict[str, Any], why: str, remedy: str
) -> None:
    with pytest.raises(Unreachable, match=why) as failure:
        server_of(options(login, **changed)).session()
    assert remedy in failure.value.remedy


def test_a_missing_program_is_named(login: dict[str, Any], tmp_path: Any) -> None:
    with pytest.raises(NotPossible, match="pg_dump"):
        server_of(options(login, bin_dir=str(tmp_path))).program("pg_dump")


def test_programs_of_the_servers_version_are_found(server: Server) -> None:
    assert server.program("pg_dump").major == server.major
    assert server.warnings == []

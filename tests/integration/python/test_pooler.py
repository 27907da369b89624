# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real PgBouncer between here and the server: refused through either driver, and nothing of ours stays behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.conftest import RunModule
from tests.tools import servers
from tests.tools.containers import container
from tests.tools.images import build
from tests.tools.program import output

from .backup_places import files_below
from .maintenance_places import until

CONFIGURATION = """
[databases]
* = host={host} user={user} password={password}
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 1
ignore_startup_parameters = {ignored}
"""
MAJOR = 17

# A pooler that is told to ignore what sessions are started with lets everybody in; another says that it cannot.
SAID = {
    "options": "a connection pooler stands between here and the server",
    "extra_float_digits": "unsupported startup parameter",
}
SETTINGS = ("search_path", "row_security", "statement_timeout", "lock_timeout", "DateStyle", "client_encoding")


@pytest.fixture(scope="module", params=[
    ("transaction", "options"), ("session", "options"), ("transaction", "extra_float_digits")
])  # fmt: skip
def pooler(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """A pooler in a container of its own: the container, its address, and what is said of it."""
    mode, ignored = request.param
    build(["pooler-17"])
    to = servers.tcp_options_of(MAJOR)
    configuration = CONFIGURATION.format(
        host=to["login_host"], user=to["login_user"], password=to["login_password"], mode=mode, ignored=ignored
    )
    serve = 'printf %s "$CONFIGURATION" > /tmp/pgbouncer.ini && exec pgbouncer /tmp/pgbouncer.ini'
    given = ["--env", f"CONFIGURATION={configuration}", "--entrypoint", "sh"]
    with container("pooler", "day2-test/pooler:17", "-c", serve, options=given) as name:
        (found,) = json.loads(output(["docker", "container", "inspect", name]))
        address = found["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        assert until(lambda: answers(address)), output(["docker", "logs", name])
        yield name, address, SAID[ignored]


def connection_to(address: str) -> Any:
    connection = psycopg2.connect(host=address, port=6432, user="postgres", dbname="postgres", connect_timeout=5)
    connection.autocommit = True
    return connection


def answers(address: str) -> bool:
    try:
        connection_to(address).close()
    except psycopg2.OperationalError:
        return False
    return True


@pytest.mark.parametrize("through", ["psql", "psycopg2"])
def test_a_pooler_is_refused_and_keeps_nothing_of_ours(
    pooler: tuple[str, str, str], through: str, run_module: RunModule, tmp_path: Path
) -> None:
    container, address, said = pooler
    before = settings_behind(address)
    given = {"login_port": 6432, "database": "postgres", "directory": str(tmp_path), "environment": "test"}
    if through == "psql":
        service = {"runtime": "container", "name": container, "user": "postgres"}
        given = {**given, "login_host": "127.0.0.1", "service": service}
    else:
        given = {**given, "login_host": address, "bin_dir": "/nonexistent"}
    result = run_module("postgresql_backup", given)
    assert said in result["msg"]
    assert "the server's own address and port" in result["error"]["remedy"]
    assert files_below(tmp_path) == {}
    assert settings_behind(address) == before


def settings_behind(address: str) -> dict[str, str]:
    """The settings that a client of the pooler finds in the server's session, after all others have left it."""
    connection = connection_to(address)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [list(SETTINGS)])
        found = dict(cursor.fetchall())
    connection.close()
    return found

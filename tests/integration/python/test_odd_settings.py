# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings that somebody gave a database or a role: they change no proof, forbid no work and lend nobody our power."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql import server as server_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, Raw, compose
from tests.conftest import RunModule

from .backup_places import arguments, databases, furnish
from .long import cases
from .maintenance_places import Place, places
from .test_postgresql_replace import kept_ones, replacing, succeeded


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        try:
            yield one
        finally:
            with one.server.session() as admin:
                for name in kept_ones(one):
                    admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))


# What these say is told otherwise under other settings.
WORDED = (
    r"""CREATE TABLE public.worded_otherwise (i interval DEFAULT '1 year 2 mons -3 days', b bytea DEFAULT '\x00ff',
        f float8 CHECK (f > '0.1'::float8), m money DEFAULT '1.5', d date DEFAULT '2026-02-03', t text COLLATE "POSIX",
        s timestamptz DEFAULT '2026-02-03 04:05:06+00', r regclass DEFAULT 'public.orders', c text COLLATE "C")""",
    "INSERT INTO public.worded_otherwise DEFAULT VALUES",
    "CREATE VIEW public.said AS SELECT '1 day'::interval AS i, '2026-01-02'::date AS d, '\\x00'::bytea AS b",
)
SETTINGS = [
    "quote_all_identifiers = on",
    "IntervalStyle = sql_standard",
    "bytea_output = escape",
    "DateStyle = 'SQL, DMY'",
    "extra_float_digits = -10",
    "lc_monetary = 'C.UTF-8'",
    "TimeZone = 'Asia/Kathmandu'",
    "search_path = public",
    "standard_conforming_strings = off",
    "default_transaction_read_only = on",
    "default_transaction_isolation = serializable",
    "statement_timeout = 1",
    "lock_timeout = 1",
    "session_replication_role = replica",
    "default_tablespace = pg_global",
    "client_min_messages = debug5",
]
QUICK = [
    "IntervalStyle = sql_standard",
    "search_path = public",
    "default_transaction_read_only = on",
    "statement_timeout = 1",
    "session_replication_role = replica",
]


@pytest.mark.parametrize("setting", cases(SETTINGS, QUICK))
def test_a_database_with_it_is_proven_and_replaced(
    place: Place, run_module: RunModule, tmp_path: Path, setting: str
) -> None:
    furnish(place)
    place.run(*WORDED, compose("ALTER DATABASE {d} SET {s}", d=Identifier(place.database), s=Raw(setting)))
    backup = run_module("postgresql_backup", arguments(place, tmp_path, fingerprint="content"))
    assert succeeded(backup)["backup"]["verified"]
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert succeeded(drill)["restore"]["verified"]
    restore = run_module("postgresql_restore", replacing(place, tmp_path, safety_backup=False))
    assert succeeded(restore)["restore"]["verified"]
    assert databases(place) == []


def test_a_role_that_writes_only_when_it_says_so_restores(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    furnish(place)
    name = place.own("careful")
    careful = "ALTER ROLE {r} SUPERUSER; ALTER ROLE {r} SET default_transaction_read_only = on"
    with place.role(name, compose(careful, r=Identifier(name))) as login:
        given = {**replacing(place, tmp_path), **login}
        backup = run_module("postgresql_backup", {**arguments(place, tmp_path), **login})
        assert succeeded(backup)["backup"]["verified"]
        assert succeeded(run_module("postgresql_restore", given))["restore"]["verified"]
        with place.server.session() as admin:  # the role owns what it restored
            for database in (place.database, *kept_ones(place)):
                admin.execute(compose("ALTER DATABASE {d} OWNER TO postgres", d=Identifier(database)))
    assert databases(place) == []


# Whoever owns a database may put functions of his own before the server's: they would be run with the login's power.
TRAPS = (
    ("current_setting(text)", "text", "pg_catalog.current_setting($1)"),
    ("current_setting(text, boolean)", "text", "pg_catalog.current_setting($1, $2)"),
    ("set_config(text, text, boolean)", "text", "pg_catalog.set_config($1, $2, $3)"),
    ("pg_backend_pid()", "int", "pg_catalog.pg_backend_pid()"),
)


@pytest.mark.parametrize("driver", ["psycopg2", "psql"])
def test_functions_that_stand_before_the_servers_own_are_never_run(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    trap = (
        "CREATE FUNCTION trap.{f} RETURNS {kind} LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO trap.trapped VALUES ({name}, current_user); RETURN {result}; END $$"
    )
    place.run(
        "CREATE SCHEMA trap",
        "CREATE TABLE trap.trapped (f text, who text)",
        *(compose(trap, f=Raw(f), kind=Raw(kind), name=f, result=Raw(result)) for f, kind, result in TRAPS),
        compose("ALTER DATABASE {d} SET search_path = trap, pg_catalog", d=Identifier(place.database)),
    )
    if driver == "psql":
        monkeypatch.setattr(server_module, "psycopg2", None)
    succeeded(run_module("postgresql_backup", arguments(place, tmp_path)))
    succeeded(run_module("postgresql_restore", arguments(place, tmp_path, mode="drill")))
    assert place.values("SELECT f FROM trap.trapped") == []

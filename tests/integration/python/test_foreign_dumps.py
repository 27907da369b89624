# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps that other tools made: what is in them arrives, and what is hidden in them does nothing."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import database_properties
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose, conninfo
from tests.conftest import RunModule

from .backup_places import arguments, content_of, databases, furnish
from .fault_scenes import run_faulty
from .maintenance_places import Place, every, places, until
from .test_ended_by_a_signal import works
from .test_postgresql_replace import kept_ones


@pytest.fixture(params=every())
def anywhere(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from _cleaned(request, login)


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from _cleaned(request, login)


def _cleaned(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        yield one
        with one.server.session() as admin:
            for name in [target_of(one), *kept_ones(one)]:
                admin.execute(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=Identifier(name)))


def target_of(place: Place) -> str:
    return f"sent {place.database}"[:63]


def roles(place: Place) -> list[str]:
    with place.server.session() as session:
        return session.values("SELECT rolname FROM pg_roles WHERE rolname LIKE 'day2\\_restore%'")


def dumped(place: Place, *options: str) -> bytes:
    """What the place's own pg_dump writes."""
    server = place.server
    written: list[bytes] = []
    argv = [server.program("pg_dump").path, *options, f"--dbname={conninfo(dbname=place.database)}"]
    streamed = server.runner.stream_from(argv, written.append, server.environment(place.database))
    assert streamed.returncode == 0, streamed.stderr
    return b"".join(written)


def restoring(place: Place, dump: Path, **more: Any) -> dict[str, Any]:
    folder = dump.parent / "sets"
    return arguments(place, folder, **{"mode": "new", "target": target_of(place), "dump": str(dump), **more})


def content(place: Place, database: str) -> dict[str, str]:
    with place.server.session(database) as session:
        return content_of(session)


FORMS = {
    "sql": ((), lambda text: text),
    "sql.gz": ((), gzip.compress),
    "dump": (("--format=custom",), lambda text: text),
    "dump.gz": (("--format=custom",), gzip.compress),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_row_arrives_and_belongs_to_one_owner(
    anywhere: Place, run_module: RunModule, tmp_path: Path, form: str
) -> None:
    furnish(anywhere)
    anywhere.run("ALTER TABLE public.orders OWNER TO pg_monitor", "GRANT SELECT ON public.customers TO pg_monitor")
    before = content(anywhere, anywhere.database)
    options, packed = FORMS[form]
    file = tmp_path / f"a dump.{form}"
    file.write_bytes(packed(dumped(anywhere, *options)))
    given = restoring(anywhere, file)

    planned = run_module("postgresql_restore", given, check_mode=True)
    assert (planned["changed"], planned["plan"]["problems"]) == (True, [])
    assert planned["plan"]["archive"] is form.startswith("dump")
    result = run_module("postgresql_restore", given)
    if form.startswith("sql") and anywhere.server.major == 13:
        assert "Install the latest minor release" in result["msg"]  # Debian's psql of 13 is older
        assert roles(anywhere) == []
        return
    assert not result.get("failed"), result["msg"]
    restore = result["restore"]
    assert restore["verified"]
    assert restore["rows_compared"] > 2500
    assert restore["left_alone"]["grants"]
    assert content(anywhere, target_of(anywhere)) == before
    with anywhere.server.session(target_of(anywhere)) as session:
        owners = session.values(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
        assert owners == ["postgres"]
    assert roles(anywhere) == []


def test_a_live_database_is_replaced_by_a_dump(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    furnish(place)
    name = Identifier(place.database)
    place.run(
        compose("ALTER DATABASE {d} SET work_mem = '7MB'", d=name),
        compose("ALTER ROLE postgres IN DATABASE {d} SET work_mem = '8MB'", d=name),
        compose("ALTER DATABASE {d} CONNECTION LIMIT 23", d=name),
        compose("REVOKE TEMPORARY ON DATABASE {d} FROM PUBLIC", d=name),
        compose("COMMENT ON DATABASE {d} IS 'it''s a shop'", d=name),
        compose("ALTER DATABASE {d} OWNER TO pg_signal_backend", d=name),
    )
    with place.session() as session:
        properties = {**database_properties(session), "bytes": None}
    then = content(place, place.database)
    file = tmp_path / "yesterday"
    file.write_bytes(dumped(place))
    place.run("DELETE FROM public.orders")
    now = content(place, place.database)
    given = restoring(place, file, mode="replace", target=None, confirm=place.database, safety_backup=False)
    result = run_module("postgresql_restore", given)
    assert not result.get("failed"), result["msg"]
    assert content(place, place.database) == then
    with place.session() as session:
        assert database_properties(session, sized=False) == properties
    (kept,) = kept_ones(place)
    assert content(place, kept) == now
    assert databases(place) == []


ALTERING = "DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I {}', current_database()); END $do$;\n"
ROWS = "CREATE TABLE public.t (i int);\nCOPY public.t (i) FROM stdin;\n1\n\\.\n\n"

MALICE = {
    "a command of psql": ("\\! touch {there}\n", "backslash commands are restricted"),
    "a command after a key": ("\\unrestrict abc\n\\! touch {there}\n", "backslash commands are restricted"),
    "another database": (
        "\\connect postgres\nCREATE TABLE public.planted (i int);\n",
        "backslash commands are restricted",
    ),
    "a program": ("COPY (SELECT 1) TO PROGRAM 'touch {there}';\n", "permission denied"),
    "a file": ("COPY (SELECT 1) TO '{there}';\n", "permission denied"),
    "a role": ("CREATE ROLE planted SUPERUSER;\n", "permission denied"),
    "its own role": ("ALTER ROLE CURRENT_USER SUPERUSER;\n", "permission denied"),
    "an event trigger": (
        """CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
        CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION public.e();
        """,
        "permission denied",
    ),
    "a setting": ("ALTER SYSTEM SET archive_command = 'touch {there}';\n", "permission denied"),
    "another role": ("SET ROLE postgres;\n", "permission denied"),
    "no statement at all": ("-- nothing\n", "there is no statement in it"),
    "a template": (f"{ALTERING.format('IS_TEMPLATE true CONNECTION LIMIT 5')}SELECT nonsense;\n", "nonsense"),
    "its own password": ("ALTER ROLE CURRENT_USER PASSWORD 'known';\n", "password authentication failed"),
    "a language": ("CREATE FUNCTION public.f() RETURNS int LANGUAGE c AS 'x';\n", "permission denied"),
}


@pytest.mark.parametrize("malice", MALICE)
def test_malice_does_nothing(place: Place, run_module: RunModule, tmp_path: Path, malice: str) -> None:
    there = tmp_path / "it was done"
    text, said = MALICE[malice]
    file = tmp_path / "malicious.sql"
    file.write_text("SET search_path = '';\n" * (malice != "no statement at all") + text.format(there=there))
    result = run_module("postgresql_restore", restoring(place, file))
    assert result["failed"]
    assert said in result["msg"]
    assert not there.exists()
    with place.server.session() as session:
        assert session.values("SELECT relname FROM pg_class WHERE relname = 'planted'") == []
        assert session.values("SELECT rolname FROM pg_roles WHERE rolname = 'planted'") == []
    assert roles(place) == []
    assert databases(place) == []


# What a dump may do, and must not outlive it.
LEAVINGS = [
    ALTERING.format("IS_TEMPLATE true"),
    ALTERING.format("CONNECTION LIMIT 5"),
    ALTERING.format("SET work_mem = ''123MB''"),
    ALTERING.format("SET role = ''pg_monitor''"),
    ALTERING.format("SET search_path = trap, pg_catalog"),
    "DO $do$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; END $do$;\n",
    "DO $do$ BEGIN EXECUTE format('GRANT ALL ON public.t TO %I', current_user); END $do$;\n",
]


@pytest.mark.parametrize("leaving", LEAVINGS)
def test_what_a_dump_makes_of_its_database_does_not_last(
    place: Place, run_module: RunModule, tmp_path: Path, leaving: str
) -> None:
    file = tmp_path / "leaving.sql"
    file.write_text(ROWS + leaving)
    result = run_module("postgresql_restore", restoring(place, file))
    assert not result.get("failed"), result["msg"]
    left = """
        SELECT datistemplate AS template, datconnlimit AS limit, pg_get_userbyid(datdba) AS owner,
               (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings,
               (SELECT count(*) FROM pg_default_acl) AS defaults
          FROM pg_database AS d WHERE datname = current_database()
    """
    with place.server.session(target_of(place)) as session:
        assert session.row(left) == {"template": False, "limit": -1, "owner": "postgres", "settings": 0, "defaults": 0}
    assert roles(place) == databases(place) == []


def test_functions_that_wait_for_a_superuser_are_run_by_nobody_else(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    """What the dump leaves behind in indexes, checks and rules must not be run with the login's power."""
    file = tmp_path / "waiting.sql"
    file.write_text(
        "CREATE FUNCTION public.trap(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN\n"
        "IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RAISE 'trapped'; END IF;\n"
        "RETURN $1; END $$;\n"
        "CREATE TABLE public.t (i int CHECK (public.trap(i) > 0));\n"
        "CREATE INDEX ON public.t (public.trap(i));\n"
        "CREATE FUNCTION public.count(text) RETURNS bigint LANGUAGE sql AS $$ SELECT public.trap(1)::bigint $$;\n"
        "COPY public.t (i) FROM stdin;\n1\n2\n\\.\n\n"
    )
    checks = [{"name": "trapped", "query": "SELECT public.trap(7)", "op": "==", "value": 7}]
    result = run_module("postgresql_restore", restoring(place, file, checks=checks))
    assert not result.get("failed"), result["msg"]
    assert result["restore"]["rows_compared"] == 2


DAMAGE = {
    "empty": (lambda _text: b"", "the dump is empty"),
    "cut": (lambda text: text[: len(text) // 2], ""),
    "its last lines missing": (lambda text: text[:-300], ""),
    "cut and packed": (lambda text: gzip.compress(text)[:-2000], "cut short"),
    "written through a terminal": (lambda text: text.replace(b"\n", b"\r\n"), "carriage returns"),
    "something else": (lambda _text: bytes(range(256)) * 40, "neither SQL nor an archive"),
    "a statement that fails": (lambda text: b"SELECT nonsense;\n" + text, "nonsense"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_and_nothing_stays(place: Place, run_module: RunModule, tmp_path: Path, damage: str) -> None:
    furnish(place)
    harm, said = DAMAGE[damage]
    file = tmp_path / "damaged"
    file.write_bytes(harm(dumped(place)))
    result = run_module("postgresql_restore", restoring(place, file))
    assert result["failed"]
    assert said in result["msg"]
    assert databases(place) == []
    assert roles(place) == []


def test_rows_as_inserts_are_proven_by_questions_only(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    file = tmp_path / "inserts.sql"
    file.write_text("CREATE TABLE public.t (i int);\nINSERT INTO public.t VALUES (1), (2);\n")
    given = restoring(place, file)
    assert "nothing proves it" in run_module("postgresql_restore", given)["msg"]
    checks = [{"name": "rows", "query": "SELECT count(*) FROM public.t", "op": "==", "value": 2}]
    assert run_module("postgresql_restore", {**given, "checks": checks})["restore"]["verified"]


def test_what_a_killed_one_left_is_gone_after_the_next(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    file = tmp_path / "small.sql"
    file.write_text(ROWS + ALTERING.format("IS_TEMPLATE true CONNECTION LIMIT 5"))
    given = restoring(place, file)
    for step in ("Client.load", "DumpRestore._prove"):
        assert run_faulty("postgresql_restore", given, f"_backup.foreign:{step}", {"kill": None}).returncode == -9
        assert len(roles(place)) == len(databases(place)) == 1
        assert until(lambda: works(place) == 0)
        assert run_module("postgresql_restore", {**given, "mode": "drill", "target": None})["changed"]
        assert roles(place) == databases(place) == []


def test_a_file_larger_than_the_disk_is_refused_before_anything_is_made(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    file = tmp_path / "huge.sql"
    file.write_bytes(b"SELECT 1;\n" * 200_000)
    os.truncate(file, 8 << 40)  # with a hole in it
    given = restoring(place, file)
    plan = run_module("postgresql_restore", given, check_mode=True)["plan"]
    assert plan["needed_bytes"] > 800 << 30 > plan["free_bytes"] > 0
    why = f"{plan['needed_bytes']} bytes are needed on the file system"
    assert [problem.startswith(why) for problem in plan["problems"]] == [True]
    assert why in run_module("postgresql_restore", given)["msg"]
    assert databases(place) == roles(place) == []


def test_a_file_that_is_not_there(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    result = run_module("postgresql_restore", restoring(place, tmp_path / "nowhere.sql"))
    assert "nowhere.sql" in result["msg"]


@pytest.mark.parametrize("place", ["container 17"], indirect=True)
def test_extensions_are_made_before(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    file = tmp_path / "extended.sql"
    file.write_text(
        "CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA public;\n"
        "COMMENT ON EXTENSION amcheck IS 'functions; for verifying';\n"
        "CREATE TABLE public.t (i int);\nCOPY public.t (i) FROM stdin;\n1\n\\.\n"
    )
    assert "permission denied" in run_module("postgresql_restore", restoring(place, file))["msg"]
    assert "nonsense" in run_module("postgresql_restore", restoring(place, file, extensions=["nonsense"]))["msg"]
    restore = run_module("postgresql_restore", restoring(place, file, extensions=["amcheck"]))["restore"]
    assert restore["verified"]
    assert restore["left_alone"] == {"comments on extensions": ["1 statements"]}

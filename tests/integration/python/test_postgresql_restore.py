# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores on real servers: what comes back is what was there, and what is wrong is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import proof as proof_module
from ansible_collections.day2.ops.plugins.module_utils._backup import restore as restore_module
from ansible_collections.day2.ops.plugins.module_utils._backup import scratch as scratch_module
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import Backup, BackupOptions
from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Manifest
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Comparison, Difference
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import keep_alive
from tests.conftest import RunModule
from tests.stacks.embedded import EmbeddedServer
from tests.stacks.sandbox.build import SHOP
from tests.stacks.sandbox.platform import Sandbox

from .backup_places import arguments, content_of, databases, files_below, furnish, furnished, manifest_of
from .maintenance_places import Place, every, places

anywhere = pytest.fixture(params=every(["embedded 18", "container 13"]))(furnished)


place = pytest.fixture(params=["embedded 18"])(furnished)


def record(place: Place, folder: Path) -> list[dict[str, Any]]:
    return DirectoryStore(str(folder), "test").drills(place.database)


# -- what comes back --------------------------------------------------------------------------------------------------


def test_a_drill_proves_a_set_and_leaves_nothing(anywhere: Place, run_module: RunModule, tmp_path: Path) -> None:
    assert run_module("postgresql_backup", arguments(anywhere, tmp_path))["backup"]["verified"]
    with anywhere.session() as session:
        before = content_of(session)
    files = files_below(tmp_path)

    given = arguments(anywhere, tmp_path, mode="drill")
    planned = run_module("postgresql_restore", given, check_mode=True)
    assert (planned["changed"], planned["restore"], planned["plan"]["problems"]) == (False, None, [])
    assert files_below(tmp_path) == files

    result = run_module("postgresql_restore", given)
    restore = result["restore"]
    assert not result["changed"]
    assert restore["verified"], restore["differences"]
    assert restore["differences"] == []
    assert restore["tables_compared"] > 15
    assert restore["rows_compared"] > 2500
    assert restore["seconds"] > 0
    assert restore["seconds_without_database"] == 0
    assert restore["database"] not in databases(anywhere)
    with anywhere.session() as session:
        assert content_of(session) == before
    (drill,) = record(anywhere, tmp_path)
    assert (drill["passed"], drill["path"], drill["seconds"]) == (True, restore["path"], restore["seconds"])
    again = run_module("postgresql_restore", given, check_mode=True)
    assert again["plan"]["expected_seconds"] == restore["seconds"]


def test_a_new_database_holds_every_byte(anywhere: Place, run_module: RunModule, tmp_path: Path) -> None:
    anywhere.run(
        compose(
            'ALTER DATABASE {d} SET search_path = "$user", public, \'Odd "Schema"\'', d=Identifier(anywhere.database)
        ),
        compose("ALTER DATABASE {d} CONNECTION LIMIT 17", d=Identifier(anywhere.database)),
        compose("REVOKE TEMPORARY ON DATABASE {d} FROM PUBLIC", d=Identifier(anywhere.database)),
        compose("COMMENT ON DATABASE {d} IS 'it''s a shop'", d=Identifier(anywhere.database)),
    )
    with anywhere.session() as session:
        before = content_of(session)
    run_module("postgresql_backup", arguments(anywhere, tmp_path))
    target = f'restored; "{anywhere.database}"'[:63]
    given = arguments(anywhere, tmp_path, mode="new", target=target)
    try:
        planned = run_module("postgresql_restore", given, check_mode=True)
        assert (planned["changed"], planned["plan"]["target"]) == (True, target)
        result = run_module("postgresql_restore", given)
        assert result["changed"]
        assert result["restore"]["database"] == target
        assert result["restore"]["amchecked"] == 0  # that is for drills
        with anywhere.server.session(target) as session:
            assert content_of(session) == before
            assert session.value("SELECT count(*) AS n FROM pg_statistic") > 400  # it was analysed
        rows = [
            anywhere.server.session(name).row(
                "SELECT datconnlimit, datacl::text, shobj_description(d.oid, 'pg_database') AS comment, "
                "(SELECT array_agg(setconfig::text) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings "
                "FROM pg_database AS d WHERE datname = current_database()"
            )
            for name in (anywhere.database, target)
        ]
        assert rows[0] == {**rows[1], "datacl": rows[0]["datacl"]}
        assert "=c/" in rows[1]["datacl"]

        again = run_module("postgresql_restore", given)
        assert "exists already" in again["msg"]
    finally:
        with anywhere.server.session() as admin:
            admin.execute(compose("DROP DATABASE IF EXISTS {t} WITH (FORCE)", t=Identifier(target)))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox's shop, small, with everything that a backup can lose."""
    one = Sandbox(tmp_path_factory.mktemp("shop") / ".sandbox", 0.01)
    one.start()
    yield one
    one.remove()


@pytest.fixture
def shop(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    """What the modules are called with for the shop, by the role for backups."""
    server = sandbox.server
    return {
        "login_host": server.host, "login_port": server.port, "login_user": "backup",
        "login_password": sandbox.layout.password("backup"), "bin_dir": str(server.bin_dir),
        "database": SHOP, "directory": str(tmp_path), "environment": "test",
    }  # fmt: skip


def test_the_whole_shop_comes_back(sandbox: Sandbox, shop: dict[str, Any], run_module: RunModule) -> None:
    backup = run_module("postgresql_backup", shop)["backup"]
    assert backup["verified"]
    assert len(backup["tables"]) >= 40
    login = {"login_user": "drill", "login_password": sandbox.layout.password("drill")}
    restore = run_module("postgresql_restore", {**shop, **login, "mode": "drill"})["restore"]
    assert restore["verified"], restore["differences"]
    assert restore["objects_compared"] > 600
    assert restore["left_alone"].keys() == {"foreign_tables", "user_mappings"}


# -- what is wrong is found -------------------------------------------------------------------------------------------

# Done to the restored database before it is compared. What else could be lost: test_catalog_differences.py.
SABOTAGE = {
    "rows": "DELETE FROM public.orders WHERE id = 1",
    "sequence: value": "SELECT nextval('public.lonely')",
    "sequence": "DROP SEQUENCE public.lonely",
    "relation": "DROP TABLE public.nothing",
    "index": "DROP INDEX public.orders_customer_idx",
    "extension": "DROP EXTENSION plpgsql CASCADE",
}


@pytest.fixture(scope="module", params=["embedded 18"])
def kept(
    request: pytest.FixtureRequest, login: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, Path]]:
    """A furnished database with a backup set, for all tests that leave both as they are."""
    folder = tmp_path_factory.mktemp("sets")
    for place in places(request, login):
        furnish(place)
        place.run("CREATE VIEW public.seen AS SELECT 1 AS two")
        options = BackupOptions("kept", 2, 10, "auto", None, True, False, None)
        backup = Backup(place.server, place.database, DirectoryStore(str(folder), "test"), options)
        backup.run(backup.plan())
        yield place, folder


@pytest.mark.parametrize("kind", SABOTAGE)
def test_whatever_a_restore_loses_is_found(
    kept: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    place, folder = kept
    prove = restore_module.prove

    def sabotaged(server: Any, session: Any, *rest: Any) -> Any:
        session.execute(SABOTAGE[kind])
        return prove(server, session, *rest)

    monkeypatch.setattr(restore_module, "prove", sabotaged)
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert result["failed"]
    assert kind in {difference["kind"] for difference in result["restore"]["differences"]}
    assert result["error"]["kind"] == "Unfinished"
    assert databases(place) == []
    drill = record(place, folder)[-1]
    assert not drill["passed"]
    assert "differences" in drill["reason"]


def test_a_new_database_that_differs_is_never_published(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    differs = Comparison([Difference("x", "y", 1, 2)])
    monkeypatch.setattr(proof_module, "compare", lambda *_all: differs)
    result = run_module("postgresql_restore", arguments(place, folder, mode="new", target="never"))
    assert result["failed"]
    with place.server.session() as session:
        assert session.values("SELECT datname FROM pg_database WHERE datname = 'never'") == []


# -- damaged sets -----------------------------------------------------------------------------------------------------


def newest(folder: Path) -> Path:
    return max(path.parent for path in folder.rglob("manifest.json"))


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["schema.dump", "rest.dump", "catalog.json"])
def test_a_flipped_bit_is_found_and_the_file_named(
    backed_up: tuple[Place, Path], run_module: RunModule, file: str
) -> None:
    place, folder = backed_up
    corrupt(newest(folder) / file)
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert result["failed"]
    assert file in result["msg"]
    assert databases(place) == []


@pytest.mark.parametrize("file", ["schema.dump", "rest.dump", "manifest.json"])
def test_a_cut_file_is_found(backed_up: tuple[Place, Path], run_module: RunModule, file: str) -> None:
    place, folder = backed_up
    whole = (newest(folder) / file).read_bytes()
    (newest(folder) / file).write_bytes(whole[:-2])
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert "no complete and verified one" in result["msg"]
    named = run_module("postgresql_restore", arguments(place, folder, mode="drill", backup=newest(folder).name))
    assert file in named["msg"]


def test_a_tampered_manifest_reaches_nothing_else(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    file = newest(folder) / "manifest.json"
    manifest = Manifest.from_json(file.read_bytes(), "here")
    evil = "public.orders; DROP TABLE public.orders; --"
    file.write_text(Manifest(**{**manifest.__dict__, "tables": {evil: 1}}).to_json())
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert result["failed"]
    assert place.value("SELECT count(*) AS n FROM public.orders") == 2000
    assert databases(place) == []


# -- what stands in the way -------------------------------------------------------------------------------------------


def test_missing_roles_are_told_before_anything_starts(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with place.role("soon gone"):
        place.run("CREATE TABLE public.owned (i int)", 'ALTER TABLE public.owned OWNER TO "soon gone"')
        run_module("postgresql_backup", arguments(place, tmp_path))
    given = arguments(place, tmp_path, mode="drill")
    assert run_module("postgresql_restore", given, check_mode=True)["plan"]["problems"] == [
        'the role "soon gone" is missing'
    ]
    result = run_module("postgresql_restore", given)
    assert 'the role "soon gone" is missing' in result["msg"]
    assert not record(place, tmp_path)[-1]["passed"]
    assert databases(place) == []


def test_a_missing_extension_is_told_before_anything_starts(
    backed_up: tuple[Place, Path], run_module: RunModule
) -> None:
    place, folder = backed_up
    file = newest(folder) / "manifest.json"
    manifest = Manifest.from_json(file.read_bytes(), "here")
    file.write_text(Manifest(**{**manifest.__dict__, "extensions": {"no_such": "1"}}).to_json())
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert 'the extension "no_such" is missing' in result["msg"]


def test_a_role_that_may_not_create_databases_is_told(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    with place.role("meek") as login:
        result = run_module("postgresql_restore", {**arguments(place, folder, mode="drill"), **login})
    assert "may not create databases" in result["msg"]


def test_the_owner_of_everything_may_drill_without_being_superuser(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    with place.role("owner_only", "ALTER ROLE owner_only CREATEDB") as login:
        place.run("DROP SCHEMA public CASCADE", 'DROP SCHEMA "Odd ""Schema""" CASCADE')
        place.run("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
        place.run(
            "CREATE SCHEMA mine AUTHORIZATION owner_only",
            "SET ROLE owner_only",
            "CREATE TABLE mine.things (id serial PRIMARY KEY, t text)",
            "INSERT INTO mine.things (t) SELECT 'x' FROM generate_series(1, 100)",
        )
        run_module("postgresql_backup", arguments(place, tmp_path))
        result = run_module("postgresql_restore", {**arguments(place, tmp_path, mode="drill"), **login})
        place.run("DROP SCHEMA mine CASCADE")
    assert result.get("restore", {}).get("verified"), result


def test_an_older_server_is_refused(
    backed_up: tuple[Place, Path], embedded_16: EmbeddedServer, run_module: RunModule
) -> None:
    place, folder = backed_up
    given = {
        **arguments(place, folder, mode="drill"), "login_port": embedded_16.port,
        "login_password": embedded_16.password, "bin_dir": str(embedded_16.bin_dir),
    }  # fmt: skip
    assert "the backup is of PostgreSQL 18, the server of 16" in run_module("postgresql_restore", given)["msg"]


def test_a_newer_server_takes_it(
    embedded_16: EmbeddedServer, place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    old = {
        **arguments(place, tmp_path), "login_port": embedded_16.port, "database": "postgres",
        "login_password": embedded_16.password, "bin_dir": str(embedded_16.bin_dir),
    }  # fmt: skip
    assert run_module("postgresql_backup", old)["backup"]["server_version"] // 10000 == 16
    drill = run_module("postgresql_restore", {**arguments(place, tmp_path, mode="drill"), "database": "postgres"})
    assert drill["restore"]["verified"], drill["restore"]["differences"]


def test_without_any_set(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    result = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert "Make a backup first" in result["error"]["remedy"]


# -- remains ----------------------------------------------------------------------------------------------------------


def test_what_a_killed_restore_left_is_dropped_and_nothing_else(
    backed_up: tuple[Place, Path], run_module: RunModule
) -> None:
    place, folder = backed_up
    old, alive, foreign = (
        "day2_restore_20200101t000000z_aaaaaa",
        "day2_restore_20200101t000000z_bbbbbb",
        "day2_restore_20200101t000000z_abcdef",
    )
    with place.server.session() as admin:
        for name in (old, alive, foreign):
            limit = 7 if name == foreign else scratch_module._MARK
            admin.execute(compose("CREATE DATABASE {d} CONNECTION LIMIT {limit}", d=Identifier(name), limit=limit))
    try:
        given = arguments(place, folder, mode="drill")
        with place.server.session() as other:
            keep_alive(other, alive)
            planned = run_module("postgresql_restore", given, check_mode=True)
            assert (planned["changed"], planned["plan"]["orphans"]) == (True, [old])
            assert databases(place) == [old, foreign, alive]
            done = run_module("postgresql_restore", given)
            assert (done["changed"], done["restore"]["verified"]) == (True, True)
            assert databases(place) == [foreign, alive]
        assert run_module("postgresql_restore", given)["changed"]
        assert databases(place) == [foreign]
        assert not run_module("postgresql_restore", given)["changed"]
    finally:
        with place.server.session() as admin:
            for name in (old, alive, foreign):
                admin.execute(compose("DROP DATABASE IF EXISTS {d}", d=Identifier(name)))


def test_the_result_is_json_without_secrets(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert place.options["login_password"] not in json.dumps(result)
    assert manifest_of(newest(folder))["verified"]

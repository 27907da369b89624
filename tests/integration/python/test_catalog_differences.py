# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a restore could lose or change of a database's definitions is told, and nothing else."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.day2.ops.plugins.module_utils._backup import restore as restore_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import read_catalog
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Catalog, Comparison, compare
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kinds.every import EVERY
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.snapshot import Snapshot
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule
from tests.tools import servers

from .backup_places import arguments
from .catalog_places import enrich, give_space, sabotage, server_of_its_own
from .long import cases
from .maintenance_places import Place, places

SABOTAGE = sabotage()

# What no dump holds is told as a note.
NOTED = [
    (
        "constraint: triggers",
        """UPDATE pg_trigger SET tgenabled = 'D'
           WHERE tgconstraint = (SELECT oid FROM pg_constraint WHERE conname = 'of_customer')""",
    ),
    ("extension: version", "UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'hstore'"),
    ("privileges", "UPDATE pg_language SET lanacl = '{postgres=U/postgres}' WHERE lanname = 'c'"),
]


def called(name: str, params: dict[str, Any]) -> dict[str, Any]:
    """What a module returns; for fixtures of a whole module, which have no ``run_module``."""
    printed = io.StringIO()
    module = importlib.import_module(f"ansible_collections.day2.ops.plugins.modules.{name}")
    with patch_module_args(params), contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        module.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


@pytest.fixture(scope="module")
def rich() -> Iterator[Place]:
    """A database with everything."""
    with server_of_its_own(18) as options:
        place = Place(options, "rich")
        with place.server.session() as admin:
            admin.execute("CREATE DATABASE rich")
        enrich(place)
        give_space(place)
        yield place


@pytest.fixture(scope="module")
def restored(rich: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catalog, Session]]:
    """The catalog that a backup recorded, and a session on what was restored from it."""
    folder = tmp_path_factory.mktemp("sets")
    backup = called("postgresql_backup", arguments(rich, folder))["backup"]
    recorded = json.loads((Path(backup["path"]) / "catalog.json").read_text())
    result = called("postgresql_restore", arguments(rich, folder, mode="new", target="restored"))
    assert result["changed"], result
    with rich.server.session("restored") as session:
        session.execute("SET allow_system_table_mods = on")
        yield recorded, session


def after(restored: tuple[Catalog, Session], *statements: str) -> Comparison:
    """What differs after these, which are taken back."""
    recorded, session = restored
    session.execute("BEGIN")
    try:
        for statement in statements:
            session.execute(statement)
        return compare(recorded, read_catalog(session))
    finally:
        session.execute("ROLLBACK")


def kinds(found: Comparison) -> set[str]:
    return {difference.kind for difference in found.differences}


def test_nothing_differs_when_nothing_was_lost(restored: tuple[Catalog, Session]) -> None:
    assert after(restored).differences == []


@pytest.mark.parametrize(("expected", "statement"), SABOTAGE)
def test_what_was_lost_or_changed_is_told_and_nothing_else(
    restored: tuple[Catalog, Session], expected: str, statement: str
) -> None:
    assert kinds(after(restored, statement)) == set(expected.split(", "))


def test_every_property_of_every_kind_is_altered_by_some_sabotage() -> None:
    told = {kind for expected, _statement in (*SABOTAGE, *NOTED) for kind in expected.split(", ")}
    told.add("security label: label")  # no restore makes a label here; it is altered in a test of its own
    every = {f"{kind.name}: {name}" for kind in EVERY for name in kind.properties} | {kind.name for kind in EVERY}
    assert sorted(every - told) == []


@pytest.mark.parametrize(("kind", "statement"), NOTED)
def test_what_no_dump_holds_is_a_note(restored: tuple[Catalog, Session], kind: str, statement: str) -> None:
    before = after(restored).notes
    found = after(restored, statement)
    assert found.differences == []
    (note,) = set(found.notes) - set(before)
    assert note.startswith(f"{kind} ")


def test_a_security_label_that_is_another_is_told(restored: tuple[Catalog, Session]) -> None:
    _recorded, session = restored
    label = "INSERT INTO pg_seclabel VALUES (2200, 'pg_namespace'::regclass, 0, 'guard', 'open')"
    session.execute("BEGIN")
    session.execute(label)
    before = read_catalog(session)
    session.execute("ROLLBACK")
    found = after((before, session), label, "UPDATE pg_seclabel SET label = 'closed'")
    assert [(one.kind, one.object) for one in found.differences] == [
        ("security label: label", "guard on schema public")
    ]


def test_nothing_secret_of_foreign_servers_is_told(restored: tuple[Catalog, Session]) -> None:
    recorded, session = restored
    found = after(restored, "ALTER SERVER elsewhere OPTIONS (SET password 'hush', SET host 'there')")
    (told,) = found.differences
    assert told.found == ["dbname=d", "host=there", "password=?"]
    assert "hush" not in str(told)
    assert "very secret" not in json.dumps(recorded)  # user mappings are no part of a catalog
    session.execute("BEGIN")
    session.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (password 'hush')")
    assert "hush" not in json.dumps(read_catalog(session))
    session.execute("ROLLBACK")


# -- every version, and from one to another ---------------------------------------------------------------------------


@pytest.fixture
def bare(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from places(request, login)


@pytest.fixture(params=cases(["container 13", "container 15", "container 17", "container 18"], ["container 13"]))
def anywhere(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for place in places(request, login):
        enrich(place)
        yield place


def test_a_rich_database_comes_back_on_every_version(anywhere: Place, run_module: RunModule, tmp_path: Path) -> None:
    assert run_module("postgresql_backup", arguments(anywhere, tmp_path))["backup"]["verified"]
    restore = run_module("postgresql_restore", arguments(anywhere, tmp_path, mode="drill"))["restore"]
    assert restore["verified"], restore["differences"]
    assert restore["objects_compared"] > 240
    assert restore["notes"] == [
        "privileges language sql: 'present' was, 'missing' is; dumps hold nothing of the system's own languages"
    ]
    assert restore["left_alone"] == {
        "foreign_tables": ["public.remote"],
        "user_mappings": ["USER MAPPING pg_monitor SERVER elsewhere postgres"],
    }


@pytest.mark.parametrize("anywhere", ["container 18"], indirect=True)
def test_a_rich_database_may_become_anothers(anywhere: Place, run_module: RunModule, tmp_path: Path) -> None:
    owner, target = anywhere.own("heir"), f"heritage of {anywhere.database}"[:60]
    run_module("postgresql_backup", arguments(anywhere, tmp_path))
    given = arguments(anywhere, tmp_path, mode="new", target=target, owner=owner)
    with anywhere.role(owner, compose("ALTER ROLE {r} SUPERUSER", r=Identifier(owner))):
        try:
            result = run_module("postgresql_restore", given)
            assert result.get("changed"), result["restore"]["differences"]
        finally:
            anywhere.run(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=Identifier(target)))


GONE = ["DROP EXTENSION plpgsql", "DROP SCHEMA public"]
OTHERS = [
    "ALTER SCHEMA public OWNER TO pg_monitor",
    "COMMENT ON SCHEMA public IS 'it''s'",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT CREATE ON SCHEMA public TO pg_signal_backend WITH GRANT OPTION",
]


@pytest.mark.parametrize(
    ("bare", "onto", "statements"),
    [
        ("container 18", 18, GONE),
        pytest.param("container 13", 13, OTHERS, marks=pytest.mark.long),
        pytest.param("container 13", 18, OTHERS, marks=pytest.mark.long),
    ],
    indirect=["bare"],
)
def test_what_every_new_database_has_comes_back_as_it_was(
    bare: Place, run_module: RunModule, tmp_path: Path, onto: int, statements: list[str]
) -> None:
    bare.run(*statements)
    assert run_module("postgresql_backup", arguments(bare, tmp_path))["backup"]["verified"]
    given = {**arguments(bare, tmp_path, mode="drill"), **servers.options_of(onto)}
    restore = run_module("postgresql_restore", given)["restore"]
    assert restore["verified"], restore["differences"]


# What is told of a restore to a newer version, beside the extensions' versions.
PUBLIC = [
    "from PostgreSQL 15 on it is pg_database_owner's",
    "from PostgreSQL 15 on not everybody may create in it: grant CREATE to whoever needs it",
]


@pytest.mark.parametrize(
    ("anywhere", "newer", "expected"), [("container 13", 18, PUBLIC), ("container 15", 17, [])], indirect=["anywhere"]
)
def test_a_rich_database_comes_back_on_a_newer_version(
    anywhere: Place, run_module: RunModule, tmp_path: Path, newer: int, expected: list[str]
) -> None:
    run_module("postgresql_backup", arguments(anywhere, tmp_path))
    given = {**arguments(anywhere, tmp_path, mode="drill"), **servers.options_of(newer)}
    restore = run_module("postgresql_restore", given)["restore"]
    assert restore["verified"], restore["differences"]
    others = [note for note in restore["notes"] if not note.startswith(("extension: version", "privileges language"))]
    assert [note.rsplit("; ", 1)[1] for note in others] == expected
    versions = {note.split(":")[1].split()[1] for note in restore["notes"] if note.startswith("extension: version")}
    assert versions == ({"hstore", "postgres_fdw"} if newer == 18 else set())


@pytest.mark.parametrize("anywhere", ["container 13"], indirect=True)
def test_what_a_newer_version_lost_is_told(
    anywhere: Place, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = {
        "relation: definition": "CREATE OR REPLACE VIEW public.seen WITH (security_barrier) AS SELECT o.id, c.name FROM"
        " public.orders AS o JOIN public.customers AS c ON c.id = o.customer WHERE o.note = 'a'",
        "relation: acl": "REVOKE TRUNCATE ON public.customers FROM pg_monitor",
        "column: definition": "ALTER TABLE public.customers ALTER worth SET DEFAULT 2.5",
        "function: source": "CREATE OR REPLACE FUNCTION public.add(int, int) RETURNS int LANGUAGE sql IMMUTABLE"
        " AS 'SELECT $1 - $2'",
        "collation": "DROP COLLATION public.posix",
        "schema: acl": "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "comment: definition": "COMMENT ON TRANSFORM FOR int LANGUAGE spoken IS 'other'",
    }
    prove = restore_module.prove

    def sabotaged(server: Any, session: Session, *rest: Any) -> Any:
        for statement in lost.values():
            session.execute(statement)
        return prove(server, session, *rest)

    monkeypatch.setattr(restore_module, "prove", sabotaged)
    run_module("postgresql_backup", arguments(anywhere, tmp_path))
    given = {**arguments(anywhere, tmp_path, mode="drill"), **servers.options_of(18)}
    result = run_module("postgresql_restore", given)
    assert result["failed"]
    assert {difference["kind"] for difference in result["restore"]["differences"]} == set(lost)


# -- the moment of the snapshot ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("anywhere", ["container 13", "container 18"], indirect=True)
def test_the_catalog_is_that_of_the_snapshot(anywhere: Place) -> None:
    before = read_catalog(anywhere.onlooker)
    with Snapshot(anywhere.server, anywhere.database, 10) as snapshot:
        anywhere.run(
            "CREATE OR REPLACE FUNCTION public.add(a int, b int DEFAULT 7) RETURNS int LANGUAGE plpgsql VOLATILE"
            " COST 3 SET work_mem = '1MB' AS 'BEGIN RETURN 1; END'",
            "CREATE OR REPLACE VIEW public.apart AS SELECT 2 AS one",
            "ALTER DOMAIN public.word ADD CONSTRAINT late CHECK (VALUE <> 'late')",
            "ALTER DOMAIN public.positive SET DEFAULT 9",
            "ALTER TYPE public.mood ADD VALUE 'late'",
            "ALTER FUNCTION public.nothing_much() OWNER TO pg_monitor",
            "GRANT SELECT ON public.fleeting TO pg_monitor",
            "COMMENT ON VIEW public.apart IS 'late'",
            "DROP FUNCTION public.nothing_much()",
            "ALTER PUBLICATION few SET (publish = 'delete')",
            "ALTER SERVER elsewhere OPTIONS (SET host 'late')",
            "CREATE OR REPLACE RULE loud AS ON INSERT TO public.apart DO INSTEAD NOTHING",
        )
        assert compare(before, read_catalog(snapshot.session)) == Comparison()
    assert len(compare(before, read_catalog(anywhere.onlooker)).differences) > 12

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill asks beyond the manifest: the application's questions, and whether indexes and tables are sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import restore as restore_module
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import Backup, BackupOptions
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from tests.conftest import RunModule

from .backup_places import arguments, databases, furnish
from .maintenance_places import Place, places


@pytest.fixture(scope="module", params=["container 17"])
def kept(
    request: pytest.FixtureRequest, login: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, Path]]:
    """A furnished database with a backup set, for all tests that leave both as they are."""
    folder = tmp_path_factory.mktemp("sets")
    for place in places(request, login):
        furnish(place)
        place.run(
            "CREATE FUNCTION public.same(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
            "CREATE INDEX by_same ON public.orders (public.same(id))",
            "CREATE TABLE public.long (t text)",
            "ALTER TABLE public.long ALTER t SET STORAGE EXTERNAL",
            "INSERT INTO public.long SELECT repeat('x', 10000) FROM generate_series(1, 3)",
        )
        options = BackupOptions("kept", 2, 10, "auto", None, True, False, None)
        backup = Backup(place.server, place.database, DirectoryStore(str(folder), "test"), options)
        backup.run(backup.plan())
        yield place, folder


def question(query: str, value: Any, op: str = "==", **more: Any) -> dict[str, Any]:
    return {"name": "asked", "query": query, "op": op, "value": value, **more}


def test_good_answers_are_part_of_the_proof(kept: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = kept
    checks = [
        question("SELECT count(*) FROM public.orders", 2000),
        question("SELECT max(id) FROM public.orders", [1000, 3000], "outside", name="the opposite"),
        question("SELECT note FROM public.orders WHERE id = 1 -- the first", ["a", "a\tb\\.\nc1"], "in"),
        question("SELECT bool_and(id > 0) FROM public.orders", True),
    ]
    given = arguments(place, folder, mode="drill", checks=checks)
    result = run_module("postgresql_restore", given)
    assert result["failed"]
    assert [answer["passed"] for answer in result["restore"]["checks"]] == [True, False, True, True]
    (difference,) = result["restore"]["differences"]
    assert (difference["kind"], difference["object"], difference["found"]) == ("check", "the opposite", 2000)

    del checks[1]
    restore = run_module("postgresql_restore", given)["restore"]
    assert restore["verified"]
    assert [answer["observed"] for answer in restore["checks"]] == [2000, "a\tb\\.\nc1", True]
    assert restore["amchecked"] > 20


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (question("SELECT 1, 2", 1), "only one column"),
        (question("SELECT id FROM public.orders", 1), "more than one row"),
        (question("SELECT 1 WHERE false", 1), "None"),
        (question("SELECT nonsense", 1), "nonsense"),
        (question("SELECT 'x'", 1), "text where a number is needed"),
        (question("SELECT NULL::int", 1), "None"),
        (question("SELECT 1 FROM pg_sleep(60)", 1, timeout=1), "statement timeout"),
        (question("SELECT lo_create(0) > 0", True), "read-only"),
        (question("SELECT 1; DROP TABLE public.orders", 1), "syntax error"),
    ],
)
def test_no_good_answer_is_a_difference(
    kept: tuple[Place, Path], run_module: RunModule, check: dict[str, Any], reason: str
) -> None:
    place, folder = kept
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill", checks=[check], amcheck=False))
    (answer,) = result["restore"]["checks"]
    assert not answer["passed"]
    assert reason in answer["reason"]
    assert result["restore"]["amchecked"] == 0
    assert "asked" in result["msg"]


@pytest.mark.parametrize(("op", "value"), [(">", "many"), ("outside", 3), ("outside", [3, 1]), ("in", [])])
def test_an_expectation_that_nothing_can_meet_is_refused_at_once(
    kept: tuple[Place, Path], run_module: RunModule, op: str, value: Any
) -> None:
    place, folder = kept
    checks = [question("SELECT 1", value, op)]
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill", checks=checks), check_mode=True)
    assert result["error"]["kind"] == "Refused"
    assert "asked" in result["error"]["on"]


# Each is damage that no count of rows and no catalog shows.
DAMAGE = {
    "index": ["CREATE OR REPLACE FUNCTION public.same(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -$1'"],
    "table": [
        "CREATE EXTENSION pg_surgery",
        """SELECT heap_force_kill(reltoastrelid::regclass, ARRAY['(0,1)']::tid[])
             FROM pg_class WHERE oid = 'public.long'::regclass""",
        "DROP EXTENSION pg_surgery",
    ],
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_in_files_is_found(
    kept: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    place, folder = kept
    prove = restore_module.prove

    def damaging(server: Any, session: Any, *rest: Any) -> Any:
        proof = prove(server, session, *rest)
        session.execute("SET search_path = public")
        for statement in DAMAGE[what]:
            session.execute(statement)
        return proof

    monkeypatch.setattr(restore_module, "prove", damaging)
    result = run_module("postgresql_restore", arguments(place, folder, mode="drill"))
    assert [difference["kind"] for difference in result["restore"]["differences"]] == [f"amcheck: {what}"]
    expected = {"index": "public.by_same", "table": "public.long"}[what]
    assert result["restore"]["differences"][0]["object"] == expected
    assert "xxx" not in str(result)


def test_without_the_right_to_use_amcheck_the_proof_says_so(
    kept: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = kept
    restored: list[str] = []
    integrity = restore_module.integrity

    def humbled(server: Any, session: Any, *rest: Any) -> Any:
        restored.append(session.database)
        session.execute("SET ROLE pg_monitor")
        try:
            return integrity(server, session, *rest)
        finally:
            session.execute("RESET ROLE")

    monkeypatch.setattr(restore_module, "integrity", humbled)
    restore = run_module("postgresql_restore", arguments(place, folder, mode="drill"))["restore"]
    assert restore["verified"]
    assert restore["amchecked"] == 0
    assert any("amcheck was not run" in note for note in restore["notes"])
    assert restored
    assert not set(restored) & set(databases(place))


def test_a_new_database_keeps_nothing_of_amcheck(kept: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = kept
    target = f"{place.database} again"[:63]
    try:
        given = arguments(place, folder, mode="new", target=target, amcheck=True)
        restore = run_module("postgresql_restore", given)["restore"]
        assert restore["verified"]
        assert restore["amchecked"] > 20
        with place.server.session(target) as session:
            assert session.values("SELECT extname FROM pg_extension WHERE extname = 'amcheck'") == []
            assert session.values("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'day2%'") == []
    finally:
        Place(place.options, "postgres").run(f'DROP DATABASE IF EXISTS "{target.replace(chr(34), chr(34) * 2)}"')

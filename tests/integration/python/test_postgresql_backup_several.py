# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several databases, or all of a server: each by itself, each told of, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.scratch import scratch_database
from ansible_collections.day2.ops.plugins.module_utils._backup.several import databases_of
from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import database_properties
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import arguments
from .maintenance_places import Place, places, warnings_of


@pytest.fixture(params=["embedded 18", "container 15"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        one.run("CREATE TABLE public.here (i int)", "INSERT INTO public.here SELECT generate_series(1, 7)")
        yield one


@contextmanager
def others(place: Place, *names: str) -> Iterator[list[str]]:
    """More databases like the place's own; their names are those of this test alone."""
    made = [f"{place.database[-20:]} {name}" for name in names]
    with place.server.session() as admin:
        for name in made:
            admin.execute(compose("CREATE DATABASE {d}", d=Identifier(name)))
    try:
        yield made
    finally:
        with place.server.session() as admin:
            for name in made:
                admin.execute(compose("ALTER DATABASE {d} IS_TEMPLATE false", d=Identifier(name)))
                admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))


def several(place: Place, folder: Path, **more: Any) -> dict[str, Any]:
    given = arguments(place, folder, **more)
    del given["database"]
    return given


def test_each_is_backed_up_by_itself(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with others(place, "one", "*") as (one, star):
        given = several(place, tmp_path, databases=[one, place.database, star, one], unless_newer_than=3600)
        planned = run_module("postgresql_backup", given, check_mode=True)
        assert planned["changed"]
        assert [(entry["changed"], entry["backup"], entry["error"]) for entry in planned["backups"]] == [
            (True, None, None)
        ] * 3
        assert not list(tmp_path.iterdir())
        made = run_module("postgresql_backup", given)
        assert [entry["database"] for entry in made["backups"]] == [one, place.database, star]
        assert [entry["backup"]["verified"] for entry in made["backups"]] == [True] * 3
        assert made["backups"][1]["backup"]["tables"] == {"public.here": 7}
        again = run_module("postgresql_backup", given)
        assert not again["changed"]
        assert [entry["backup"]["path"] for entry in again["backups"]] == [
            entry["backup"]["path"] for entry in made["backups"]
        ]


def test_one_that_fails_does_not_stop_the_others(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with others(place, "locked", "last") as (locked, last):
        names = [locked, place.database, "no such database", last]
        with place.server.session(locked) as session:
            session.execute("CREATE TABLE public.busy ()")
            session.execute("BEGIN; LOCK TABLE public.busy IN ACCESS EXCLUSIVE MODE")
            result = run_module("postgresql_backup", several(place, tmp_path, databases=names, lock_wait=1))
    assert result["failed"]
    assert result["changed"]
    assert "2 of them failed" in result["msg"]
    assert f'"{locked}": ' in result["msg"]
    assert '"no such database": ' in result["msg"]
    assert "lock timeout" in result["msg"]
    by_name = {entry["database"]: entry for entry in result["backups"]}
    assert list(by_name) == names
    assert {name: entry["changed"] for name, entry in by_name.items()} == {
        locked: False, place.database: True, "no such database": False, last: True,
    }  # fmt: skip
    assert by_name[last]["backup"]["verified"]
    assert "Name a database that exists" in by_name["no such database"]["error"]["remedy"]
    found = run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})["backups"]
    assert {one["database"] for one in found} == {place.database, last}


def test_all_of_a_server_are_found(place: Place) -> None:
    with others(place, "plain", "template", "closed", "Test a", "test b") as made:
        plain, template, closed, test_a, test_b = made
        with place.server.session() as admin:
            admin.execute(compose("ALTER DATABASE {d} IS_TEMPLATE true", d=Identifier(template)))
            admin.execute(compose("ALTER DATABASE {d} ALLOW_CONNECTIONS false", d=Identifier(closed)))
        with place.session() as session:
            properties = database_properties(session, place.database)
        with scratch_database(place.server, "postgres", properties) as scratch:
            server = place.server
            found = databases_of(server, ["*Test ?"])
            assert {"postgres", plain, test_b, place.database} <= set(found)
            assert not {"template0", "template1", template, closed, scratch, test_a} & set(found)
            assert found == sorted(found)
            assert server.warnings == []
            assert test_b not in databases_of(server, [test_b, "nothing like it"])
            assert server.warnings == [
                f"The database nothing like it, which is excluded, does not exist on {server.where}."
            ]
            with pytest.raises(Refused, match="databases are excluded"):
                databases_of(server, ["*"])


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_all_of_a_server_are_backed_up(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    given = several(place, tmp_path, all_databases=True, exclude_databases=["postgres", "gone"])
    result = run_module("postgresql_backup", given)
    by_name = {entry["database"]: entry for entry in result["backups"]}
    assert "postgres" not in by_name
    assert by_name[place.database]["backup"]["tables"] == {"public.here": 7}
    assert any("gone, which is excluded" in warning for warning in warnings_of(result))

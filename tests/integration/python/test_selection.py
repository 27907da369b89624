# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores of chosen tables and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import ODD_NAMES, arguments, content_of, databases, furnish
from .long import cases
from .maintenance_places import Place, places

ODD = 'Odd "Schema"'


@pytest.fixture(params=cases(["embedded 18", "container 17", "container 13"], ["embedded 18"]))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with foreign keys between what is chosen and what is not, and comments on them."""
    for one in places(request, login):
        furnish(one)
        one.run(*_MORE)
        yield one


_MORE = (
    "COMMENT ON CONSTRAINT orders_customer_fkey ON public.orders IS 'who ordered'",
    # Large enough for a part of its own.
    "CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 20) AS t FROM generate_series(1, 20000) AS i",
    "ALTER TABLE public.big ADD PRIMARY KEY (i)",
    'CREATE TABLE public."Big Lines" (big int REFERENCES public.big, note text)',
    """INSERT INTO public."Big Lines" SELECT i, 'note' FROM generate_series(1, 100) AS i""",
    # Not large enough for one, and more than programs read ahead.
    "CREATE TABLE public.noise AS SELECT md5(i::text) || md5((-i)::text) AS t FROM generate_series(1, 60000) AS i",
)


def rows_of(place: Place, database: str, table: str) -> int:
    with place.server.session(database) as session:
        number: int = session.value(f"SELECT count(*) AS n FROM ONLY {table}")
    return number


def drop(place: Place, database: str) -> None:
    with place.server.session() as admin:
        admin.execute(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=Identifier(database)))


@pytest.fixture
def target(place: Place) -> Iterator[str]:
    """A name for a database that is dropped in the end."""
    name = f"{place.database[:40]}_looked up"
    yield name
    drop(place, name)


CHOSEN = {"tables": ["public.orders", "public.parted"], "schemas": [ODD]}


def test_a_set_of_chosen_tables_is_restored_by_itself(
    place: Place, run_module: RunModule, tmp_path: Path, target: str
) -> None:
    given = arguments(place, tmp_path, label="chosen", fingerprint="content", **CHOSEN)
    planned = run_module("postgresql_backup", given, check_mode=True)
    left_out = planned["plan"]["left_out"]
    assert left_out["foreign_keys"] == ["public.orders.orders_customer_fkey to public.customers"]
    assert {"public.customers", "public.big", 'public."Big Lines"', "public.worded"} <= set(left_out["tables"])
    assert left_out["large_objects"] == ["all 2"]
    assert "views_of_tables" not in left_out, "both views read orders only"

    made = run_module("postgresql_backup", given)["backup"]
    assert made["verified"]
    assert made["selection"] == {"tables": ["public.orders", "public.parted"], "schemas": [ODD]}
    assert made["large_objects"] == 0
    assert {"public.orders": 2000, "public.parted_low": 50, "public.parted_rest": 50}.items() <= made["tables"].items()
    assert len(made["tables"]) == 3 + len(ODD_NAMES)

    told = run_module(
        "postgresql_restore",
        arguments(place, tmp_path, mode="new", target=target, backup=Path(made["path"]).name),
    )
    restore = told["restore"]
    assert restore["verified"], restore["differences"]
    assert restore["contents_compared"] == len(made["tables"])
    assert restore["left_alone"]["foreign_keys"] == ["public.orders.orders_customer_fkey to public.customers"]
    assert told["plan"]["selection"] == made["selection"]
    with place.server.session(place.database) as session:
        original = content_of(session)
    with place.server.session(target) as session:
        restored = content_of(session)
    for name in [*made["tables"], "public.z_first", "public.a_second"]:
        assert restored[name] == original[name], name
    assert rows_of(place, target, "public.customers") == 0
    assert rows_of(place, target, "public.big") == 0


def test_rows_of_chosen_tables_are_restored_from_a_whole_set(
    place: Place, run_module: RunModule, tmp_path: Path, target: str
) -> None:
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
    given = arguments(place, tmp_path, mode="new", target=target, tables=['public."Big Lines"', "public.customers"])
    planned = run_module("postgresql_restore", given, check_mode=True)
    keys = ['public."Big Lines"."Big Lines_big_fkey" to public.big']
    assert planned["plan"]["left_alone"]["foreign_keys"] == keys
    assert "public.big" in planned["plan"]["left_alone"]["tables"]
    restore = run_module("postgresql_restore", given)["restore"]
    assert restore["verified"], restore["differences"]
    assert restore["tables_compared"] == 2
    assert restore["left_alone"]["materialized_views"] == ["public.a_second", "public.z_first"]
    assert rows_of(place, target, 'public."Big Lines"') == 100
    assert rows_of(place, target, "public.customers") == 500
    assert rows_of(place, target, "public.orders") == 0
    with place.server.session(target) as session:
        assert session.value("SELECT count(*) AS n FROM pg_largeobject_metadata") == 0
        assert session.value("SELECT last_value AS v FROM public.lonely") == 19, "sequences go on where they were"


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_a_set_of_chosen_tables_stands_for_no_other(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    chosen = arguments(place, tmp_path, label="chosen", unless_newer_than=3600, tables=["public.orders"])
    first = run_module("postgresql_backup", chosen)
    again = run_module("postgresql_backup", chosen)
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["backup"]["path"] == first["backup"]["path"]
    assert run_module("postgresql_backup", {**chosen, "tables": ["public.big"]}, check_mode=True)["changed"]

    info = {"directory": str(tmp_path), "environment": "test", "databases": [place.database]}
    (state,) = run_module("postgresql_backup_info", info)["databases"]
    assert (state["complete"], state["newest"]) == (1, None)
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert "there is no complete and verified one" in drill["msg"]

    whole = run_module("postgresql_backup", {**chosen, "tables": [], "label": "whole"})
    assert whole["changed"]
    name = Path(first["backup"]["path"]).name
    partly = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill", backup=name))
    assert partly["restore"]["verified"]
    assert databases(place) == []
    (state,) = run_module("postgresql_backup_info", info)["databases"]
    assert state["newest"]["path"] == whole["backup"]["path"]
    assert state["drill"]["last_passed"] is None, "a drill of one table proves no backup of the database"
    pruned = run_module("backup_retention", {**info, "keep_last": 1, "keep_daily": 0, "keep_weekly": 0})
    assert not pruned["changed"]


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_what_cannot_be_is_refused(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    several = arguments(place, tmp_path, all_databases=True, schemas=["public"])
    del several["database"]
    assert "it says nothing beside all_databases" in run_module("postgresql_backup", several)["msg"]
    missing = run_module("postgresql_backup", arguments(place, tmp_path, tables=["public.ordres"]))
    assert "public.orders" in missing["error"]["remedy"]
    name = Path(run_module("postgresql_backup", arguments(place, tmp_path, schemas=["public"]))["backup"]["path"]).name
    replace = arguments(place, tmp_path, mode="replace", confirm=place.database, backup=name)
    refused = run_module("postgresql_restore", replace)
    assert "would lose all others" in refused["msg"]
    other = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill", backup=name, schemas=[ODD]))
    assert "does not hold the rows" in other["msg"]
    dump = run_module(
        "postgresql_restore",
        arguments(place, tmp_path, mode="drill", dump=str(tmp_path / "x.sql"), tables=["public.orders"]),
    )
    assert "mutually exclusive" in dump["msg"]

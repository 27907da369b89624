# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Partitions into which rows may fall otherwise after a restore: nothing is lost, and only their sum must agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents as contents_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.partitions import partitions
from tests.conftest import RunModule

from .backup_places import arguments, manifest_of, miscount
from .long import cases
from .maintenance_places import Place, places

# Trees of partitions by name: the key's type, how it is partitioned, its values; whether rows surely come back where
# they were.
TREES = {
    "by_number": ("int", "HASH (key)", "i", True),
    "by_text": ("text", "HASH (key)", "'t' || i", True),
    "by_time": ("timestamptz", "HASH (key)", "to_timestamp(i)", True),
    "by_mood": ("public.mood", "HASH (key)", "(enum_range(NULL::public.mood))[1 + i % 5]", False),
    "by_moods": ("public.mood[]", "HASH (key)", "ARRAY[(enum_range(NULL::public.mood))[1 + i % 5]]", False),
    "by_class": ("regtype", "HASH (key)", "(ARRAY['public.mood', 'public.other', 'int'])[1 + i % 3]::regtype", False),
    "by_some": ("public.mood", "HASH ((coalesce(key, 'ok'::public.mood)))", "'sad'", False),
    "by_order": ("text COLLATE public.local", "RANGE (key)", "chr(65 + i % 60)", False),
    "by_letter": ('text COLLATE "C"', "RANGE (key)", "chr(65 + i % 60)", True),
    "by_day": ("date", "RANGE (key)", "date '2026-01-01' + i % 60", True),
    "by_list": ("public.mood", "LIST (key)", "(enum_range(NULL::public.mood))[1 + i % 5]", True),
}  # fmt: skip
BOUNDS = {
    "by_order": "FROM (MINVALUE) TO ('a')", "by_letter": "FROM (MINVALUE) TO ('a')",
    "by_day": "FROM ('2026-01-01') TO ('2026-02-01')", "by_list": "IN ('sad', 'ok')",
}  # fmt: skip


def furnish(place: Place) -> None:
    """Trees of two partitions each, one of them with partitions of its own."""
    place.run(
        "CREATE TYPE public.mood AS ENUM ('sad', 'low', 'ok', 'high', 'happy')",
        "CREATE TYPE public.other AS ENUM ('x')",
        "CREATE COLLATION public.local (provider = libc, locale = 'C.UTF-8')",
    )
    for name, (kind, how, values, _certain) in TREES.items():
        first, second = "FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
        if name in BOUNDS:
            first, second = f"FOR VALUES {BOUNDS[name]}", "DEFAULT"
        place.run(
            f"CREATE TABLE public.{name} (i int, key {kind}) PARTITION BY {how}",
            f"CREATE TABLE public.{name}_1 PARTITION OF public.{name} {first}",
            f"CREATE TABLE public.{name}_2 PARTITION OF public.{name} {second} PARTITION BY RANGE (i)",
            f"CREATE TABLE public.{name}_2_low PARTITION OF public.{name}_2 FOR VALUES FROM (0) TO (50)",
            f"CREATE TABLE public.{name}_2_rest PARTITION OF public.{name}_2 DEFAULT",
            f"INSERT INTO public.{name} SELECT i, {values} FROM generate_series(1, 120) AS i",
        )


@pytest.fixture(params=cases(["embedded 18", "embedded 16", "container 13"], ["embedded 18"]))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        furnish(one)
        yield one


def test_where_rows_come_back_is_known(place: Place) -> None:
    with place.session() as session:
        found = partitions(session)
        names = {row["oid"]: row["name"] for row in session.query(
            "SELECT oid::bigint AS oid, relname AS name FROM pg_class WHERE relname LIKE 'by%'"
        )}  # fmt: skip
    assert {names[oid] for oid in found} == {
        f"{name}_{leaf}" for name in TREES for leaf in ("1", "2", "2_low", "2_rest")
    }
    for oid, partition in found.items():
        tree = names[partition.root]
        assert names[oid].startswith(tree)
        assert partition.certain == TREES[tree][3], names[oid]


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_some_of_those_alone_are_neither_backed_up_nor_restored(
    place: Place, run_module: RunModule, tmp_path: Path
) -> None:
    given = arguments(place, tmp_path)
    some, why = ["public.by_mood_1", "public.by_day_1"], "may belong to others of them in another database"
    refused = run_module("postgresql_backup", {**given, "tables": some})
    assert why in refused["msg"]
    assert refused["error"]["remedy"] == "Choose public.by_mood."
    assert run_module("postgresql_backup", given)["backup"]["verified"]
    drill = {**given, "mode": "drill"}
    (problem,) = run_module("postgresql_restore", {**drill, "tables": some}, check_mode=True)["plan"]["problems"]
    assert why in problem
    whole = run_module("postgresql_restore", {**drill, "tables": ["public.by_mood", "public.by_day_1"]})
    assert whole["restore"]["verified"]


@pytest.mark.parametrize("least_table_bytes", [1, 8 << 20])
def test_rows_that_may_lie_elsewhere_are_compared_by_their_sum(
    place: Place, least_table_bytes: int, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents_module, "LEAST_TABLE_BYTES", least_table_bytes)
    monkeypatch.setattr(contents_module, "LEAST_PART_BYTES", 1)
    made = run_module("postgresql_backup", arguments(place, tmp_path))
    assert made.get("backup", {}).get("verified"), made["msg"]
    tables = made["backup"]["tables"]
    assert len(tables) == 3 * len(TREES)
    assert sum(tables.values()) == 120 * len(TREES)
    uncertain = {name for name, tree in TREES.items() if not tree[3]}
    assert manifest_of(made["backup"]["path"])["summed"] == {
        f"public.{name}": [f"public.{name}_{leaf}" for leaf in ("1", "2_low", "2_rest")] for name in sorted(uncertain)
    }
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert drill.get("restore", {}).get("verified"), drill["msg"]


def test_a_lost_row_is_found_in_the_sum(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miscount(monkeypatch, "by_mood_1", 1)
    result = run_module("postgresql_backup", arguments(place, tmp_path))
    assert "public.by_mood: 121 rows in the database, 120 in the dump" in result["msg"]

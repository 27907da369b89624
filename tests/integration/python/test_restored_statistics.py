# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the planner knows of a restored database, from 18 on: what it knew before, where that still holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .backup_places import ODD_NAMES, arguments, manifest_of
from .maintenance_places import Place

_STATEMENTS = (
    # No analysis can find this share of nulls: who has it took the statistics as they were.
    "CREATE TABLE public.known (id int PRIMARY KEY, word text) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.known SELECT i, 'w' || i % 7 FROM generate_series(1, 30000) AS i",
    "DELETE FROM public.known WHERE id > 3000",
    "VACUUM (ANALYZE, TRUNCATE off) public.known",
    "CREATE TABLE public.changed (id int PRIMARY KEY) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.changed SELECT generate_series(1, 1000)",
    "ANALYZE public.changed",
    "INSERT INTO public.changed SELECT generate_series(1001, 2000)",
    "CREATE TABLE public.never (id int) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.never SELECT generate_series(1, 1000)",
    "CREATE TABLE public.wider (id int) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.wider SELECT generate_series(1, 1000)",
    "ANALYZE public.wider",
    "ALTER TABLE public.wider ADD COLUMN late text DEFAULT 'x'",
    "CREATE TABLE public.expressed (word text) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.expressed SELECT 'w' || i FROM generate_series(1, 1000) AS i",
    "ANALYZE public.expressed",
    "CREATE INDEX expression ON public.expressed (upper(word))",
    "CREATE TABLE public.related (a int, b int) WITH (autovacuum_enabled = off)",
    "INSERT INTO public.related SELECT i % 10, i % 10 FROM generate_series(1, 1000) AS i",
    "CREATE STATISTICS public.together ON a, b FROM public.related",
    "ANALYZE public.related",
    "CREATE TABLE public.parent (i int) WITH (autovacuum_enabled = off)",
    "CREATE TABLE public.child () INHERITS (public.parent)",
    "INSERT INTO public.child SELECT generate_series(1, 1000)",
    "ANALYZE public.parent, public.child",
    "CREATE TABLE public.parted (d int) PARTITION BY RANGE (d)",
    "CREATE TABLE public.sub PARTITION OF public.parted FOR VALUES FROM (0) TO (1000) PARTITION BY LIST (d)",
    "CREATE TABLE public.leaf PARTITION OF public.sub DEFAULT",
    "INSERT INTO public.parted SELECT i FROM generate_series(0, 999) AS i",
    "CREATE MATERIALIZED VIEW public.seen AS SELECT * FROM public.known",
    "CREATE TABLE public.empty (id int)",
)
_MARKED = 0.123
_MARK = """
SELECT pg_restore_attribute_stats('schemaname', {schema}, 'relname', {name}, 'attname', {column}, 'inherited', false,
                                  'null_frac', 0.123::real, 'avg_width', 4, 'n_distinct', -0.5::real)
"""
_NULLS = "SELECT null_frac FROM pg_stats WHERE (schemaname, tablename, attname) = ({schema}, {name}, {column})"


@pytest.fixture
def restored(place: Place, run_module: RunModule, tmp_path: Path) -> Iterator[tuple[Place, Session, Path]]:
    """A database with statistics of all kinds; a session on what a restore made of it; and the folder of the set."""
    place.run(*_STATEMENTS)
    for name in ODD_NAMES:
        table = Identifier("public", name)
        place.run(
            compose("CREATE TABLE {t} ({c} int) WITH (autovacuum_enabled = off)", t=table, c=Identifier(name)),
            compose("INSERT INTO {t} VALUES (1); ANALYZE {t}", t=table),
            compose(_MARK, schema="public", name=name, column=name),
        )
    place.run(compose(_MARK, schema="public", name="known", column="id"))
    path = Path(run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["path"])
    target = f"{place.database}_again"
    result = run_module("postgresql_restore", arguments(place, tmp_path, mode="new", target=target))
    assert result["restore"]["verified"], result
    with place.server.session(target) as session:
        yield place, session, path
    place.server.session().execute(compose("DROP DATABASE {t} WITH (FORCE)", t=Identifier(target)))


def nulls(session: Session, name: str, column: str) -> float:
    share: float = session.value(compose(_NULLS, schema="public", name=name, column=column))
    return round(share, 3)


def sizes(session: Session, name: str) -> dict[str, Any]:
    return session.row(
        compose(
            "SELECT relpages, reltuples::int AS tuples, relallvisible, pg_relation_size(oid) / 8192 AS pages "
            "FROM pg_class WHERE oid = {name}::regclass",
            name=name,
        )
    )


def test_what_was_known_is_known_again_but_for_the_size(restored: tuple[Place, Session, Path]) -> None:
    place, session, path = restored
    assert [part["kind"] for part in manifest_of(path)["parts"]][:2] == ["schema", "statistics"]
    assert nulls(session, "known", "id") == _MARKED
    for name in ODD_NAMES:
        assert nulls(session, name, name) == _MARKED, name
    table = sizes(session, "public.known")
    assert (table["tuples"], table["relpages"], table["relallvisible"]) == (3000, table["pages"], 0)
    with place.session() as before:
        assert sizes(before, "public.known")["relpages"] > table["relpages"] * 3 / 2
    index = sizes(session, "public.known_pkey")
    assert (index["tuples"], index["relpages"]) == (3000, index["pages"])


def test_what_does_not_hold_or_was_not_known_is_collected(restored: tuple[Place, Session, Path]) -> None:
    _place, session, _path = restored
    assert sizes(session, "public.changed")["tuples"] == 2000
    for table, columns in {"changed": 1, "never": 1, "wider": 2, "expressed": 1, "expression": 1, "related": 2}.items():
        query = "SELECT count(*) AS n FROM pg_stats WHERE tablename = {table} AND NOT inherited"
        assert session.value(compose(query, table=table)) == columns, table
    inherited = session.values("SELECT tablename AS name FROM pg_stats WHERE inherited ORDER BY 1")
    assert inherited == ["parent", "parted", "sub"]
    assert session.value("SELECT count(*) AS n FROM pg_stats_ext WHERE statistics_name = 'together'") == 1
    assert session.value("SELECT count(*) AS n FROM pg_stats WHERE tablename = 'seen'") == 2
    analysed = session.values(
        "SELECT relname AS name FROM pg_stat_user_tables WHERE analyze_count > 0 AND relname <> 'empty' ORDER BY 1"
    )
    assert analysed == ["changed", "expressed", "leaf", "never", "parent", "parted", "related", "seen", "sub", "wider"]


def test_chosen_tables_are_analysed(restored: tuple[Place, Session, Path], run_module: RunModule) -> None:
    place, _session, path = restored
    target = f"{place.database}_some"
    given = arguments(place, path.parents[2], mode="new", target=target, tables=["public.known"])
    assert run_module("postgresql_restore", given)["restore"]["verified"]
    with place.server.session(target) as session:
        assert nulls(session, "known", "id") == 0
    place.server.session().execute(compose("DROP DATABASE {t} WITH (FORCE)", t=Identifier(target)))


@pytest.mark.parametrize(
    ("options", "kinds"), [({"fingerprint": "none"}, ["schema"]), ({"tables": ["public.t"]}, ["schema"])]
)
def test_a_set_for_which_they_would_not_hold_has_none(
    place: Place, run_module: RunModule, tmp_path: Path, options: dict[str, Any], kinds: list[str]
) -> None:
    place.run("CREATE TABLE public.t (i int)")
    given = arguments(place, tmp_path, **options)
    planned = run_module("postgresql_backup", given, check_mode=True)["plan"]["parts"]
    parts = manifest_of(run_module("postgresql_backup", given)["backup"]["path"])["parts"]
    assert [part["kind"] for part in parts if part["kind"] in ("schema", "statistics")] == kinds
    assert len([part for part in parts if part["file"].endswith(".dump")]) == planned

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postgresql_vacuum on real servers: the plan is what is done, what is done is proven, what is not is told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...conftest import RunModule
from .long import cases
from .maintenance_places import ALONE, ALONE_WITH_TOAST, NEWEST, Place, every, warnings_of

ODD = ['Odd "name"', "; DROP TABLE x; --", "line\nbreak", "ünï ☃", "{brace}", "X" * 63]


def tables_of(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["table"]: entry["action"] for entry in entries}


def counters(place: Place) -> list[Any]:
    return place.values(
        """SELECT json_build_array(c.relname, pg_stat_get_vacuum_count(c.oid), pg_stat_get_analyze_count(c.oid),
                  pg_stat_get_autovacuum_count(c.oid), c.relfrozenxid)::text
             FROM pg_class c WHERE c.relkind IN ('r', 'm', 'p', 't') AND c.oid >= 16384 ORDER BY c.oid"""
    )


def plant(place: Place, *names: str, rows: int = 1000, dead: int = 0) -> None:
    """Tables whose statistics are fresh, with so many dead rows."""
    tables = [compose("public.{n}", n=Identifier(name)) for name in names]
    place.run(*(f"CREATE TABLE {table} (id int, v text) WITH ({ALONE_WITH_TOAST})" for table in tables))
    filled = f"SELECT g, md5(g::text) FROM generate_series(1, {rows + dead}) g"
    place.run(*(f"INSERT INTO {table} {filled}" for table in tables))
    place.run(*(f"VACUUM (ANALYZE) {table}" for table in tables))
    place.run(*(f"DELETE FROM {table} WHERE id > {rows}" for table in tables))
    changed = compose(
        "SELECT sum(pg_stat_get_mod_since_analyze(to_regclass(t))) AS n FROM unnest({tables}) AS t", tables=tables
    )
    place.settle(changed, dead * len(names))
    place.run(*(f"ANALYZE {table}" for table in tables))
    place.settle(changed, 0)


@pytest.mark.parametrize("place", every(), indirect=True)
def test_what_needs_it_is_planned_done_and_proven_and_then_is_well(place: Place, run_module: RunModule) -> None:
    plant(place, "well", dead=100)
    plant(place, "dead", dead=400)
    plant(place, *ODD, rows=300, dead=300)
    place.run(
        f"CREATE TABLE public.never (id int) WITH ({ALONE})",
        "INSERT INTO public.never SELECT generate_series(1, 100)",
        f"CREATE TABLE public.empty (id int) WITH ({ALONE})",
        f"CREATE TABLE public.grown (id int) WITH ({ALONE})",
        "INSERT INTO public.grown SELECT generate_series(1, 3000)",
        f"CREATE UNLOGGED TABLE public.unlogged (id int) WITH ({ALONE})",
        "INSERT INTO public.unlogged SELECT generate_series(1, 100)",
        f"CREATE MATERIALIZED VIEW public.view WITH ({ALONE}) AS SELECT generate_series(1, 100) AS id",
        "CREATE MATERIALIZED VIEW public.unpopulated AS SELECT 1 AS id WITH NO DATA",
        "CREATE TABLE public.parted (id int) PARTITION BY RANGE (id)",
        f"CREATE TABLE public.part1 PARTITION OF public.parted FOR VALUES FROM (0) TO (1000) WITH ({ALONE})",
        f"CREATE TABLE public.part2 PARTITION OF public.parted FOR VALUES FROM (1000) TO (2000) WITH ({ALONE})",
        "INSERT INTO public.parted SELECT generate_series(1, 1900)",
        f"CREATE TABLE public.mother (id int) WITH ({ALONE})",
        f"CREATE TABLE public.child () INHERITS (public.mother) WITH ({ALONE})",
        "INSERT INTO public.child SELECT generate_series(1, 500)",
    )
    place.run("VACUUM (ANALYZE) public.grown", "INSERT INTO public.grown SELECT generate_series(1, 2000)")
    place.settle("SELECT pg_stat_get_mod_since_analyze('public.grown'::regclass) AS n", 2000)
    place.settle("SELECT pg_stat_get_live_tuples('public.child'::regclass) AS n", 500)
    before = counters(place)

    check = run_module("postgresql_vacuum", place.arguments(), check_mode=True, diff=True)
    assert check["changed"] is True
    assert (check["done"], check["skipped"], check["failures"]) == ([], [], [])
    assert tables_of(check["plan"]) == {
        "public.dead": "vacuum",
        **{compose("public.{i}", i=Identifier(name)): "vacuum" for name in ODD},
        "public.never": "vacuum and analyze",
        "public.grown": "vacuum and analyze",
        "public.unlogged": "vacuum and analyze",
        "public.view": "vacuum and analyze",
        "public.part1": "vacuum and analyze",
        "public.part2": "vacuum and analyze",
        "public.child": "vacuum and analyze",
        "public.parted": "analyze",
        "public.mother": "analyze",
    }
    assert counters(place) == before
    dead = next(entry for entry in check["plan"] if entry["table"] == "public.dead")
    assert dead["reasons"] == ["400 dead rows, more than 150; autovacuum is switched off for it"]
    assert (dead["dead_rows"], dead["lock"]) == (400, "SHARE UPDATE EXCLUSIVE")
    assert check["diff"]["after"].count("VACUUM (") == 14

    done = run_module("postgresql_vacuum", place.arguments())
    assert done["plan"] == check["plan"]
    assert "diff" not in done
    assert done["changed"] is True
    assert (done["skipped"], done["failures"], done.get("warnings", [])) == ([], [], [])
    assert tables_of(done["done"]) == tables_of(check["plan"])
    assert [entry["table"] for entry in done["done"]][-2:] == ["public.mother", "public.parted"]
    assert all(entry["dead_rows_after"] == 0 and entry["seconds"] >= 0 for entry in done["done"])
    assert all(
        entry["bytes_after"] > 0 for entry in done["done"] if entry["table"] not in {"public.parted", "public.mother"}
    )
    assert place.value("SELECT pg_stat_get_dead_tuples('public.dead'::regclass) AS n") == 0
    assert place.value("SELECT count(*) AS n FROM pg_stats WHERE tablename IN ('parted', 'mother') AND inherited") == 2

    after = counters(place)
    again = run_module("postgresql_vacuum", place.arguments())
    assert (again["changed"], again["plan"], again["done"], again["skipped"]) == (False, [], [], [])
    assert counters(place) == after


def test_each_reason_has_its_statement(place: Place, run_module: RunModule) -> None:
    plant(place, "aged")
    plant(place, "toasty")
    plant(place, "own", dead=100)
    plant(place, "stale")
    place.run(
        # A table of its own limits, in both directions: 100 dead rows are many here, many inserts none.
        "ALTER TABLE public.own SET (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)",
        "ALTER TABLE public.stale SET (autovacuum_vacuum_insert_threshold = -1)",
        "ALTER TABLE public.aged SET (autovacuum_freeze_max_age = 100000)",
        "ALTER TABLE public.toasty ALTER v SET STORAGE EXTERNAL",
        "UPDATE public.toasty SET v = repeat('x', 5000) WHERE id <= 200",
    )
    place.run("VACUUM (ANALYZE) public.toasty")
    place.run("UPDATE public.toasty SET v = repeat('y', 5000) WHERE id <= 45")
    place.run("INSERT INTO public.stale SELECT 1 FROM generate_series(1, 5000)")
    place.settle("SELECT pg_stat_get_mod_since_analyze('public.stale'::regclass) AS n", 5000)
    toast = "(SELECT reltoastrelid FROM pg_class WHERE oid = 'public.toasty'::regclass)"
    place.settle(f"SELECT pg_stat_get_dead_tuples({toast}) AS n", 135)
    place.burn(6000)
    age = place.value("SELECT age(relfrozenxid) AS n FROM pg_class WHERE oid = 'public.aged'::regclass")
    assert age > 6000
    options = place.arguments(schemas=["public"], freeze_percent=5)
    done = run_module("postgresql_vacuum", options)
    assert {entry["table"]: entry["statement"] for entry in done["done"]} == {
        "public.aged": 'VACUUM (FREEZE, TRUNCATE FALSE, INDEX_CLEANUP AUTO) ONLY "public"."aged"',
        "public.own": 'VACUUM (TRUNCATE FALSE, INDEX_CLEANUP AUTO) ONLY "public"."own"',
        "public.stale": 'ANALYZE ONLY "public"."stale"',
        "public.toasty": 'VACUUM (TRUNCATE FALSE, INDEX_CLEANUP AUTO, PROCESS_MAIN FALSE) ONLY "public"."toasty"',
    }
    assert done["done"][0]["table"] == "public.aged"
    assert done["done"][0]["xid_age_after"] < age - 6000
    assert {entry["table"]: entry["dead_toast_rows_after"] for entry in done["done"]}["public.toasty"] == 0
    again = run_module("postgresql_vacuum", options)
    assert (again["changed"], again["plan"], again["skipped"]) == (False, [], [])


@pytest.mark.parametrize("place", cases(["embedded 18", "container 15", "container 13"], NEWEST), indirect=True)
def test_parents_follow_their_children(place: Place, run_module: RunModule) -> None:
    place.run(
        "CREATE TABLE public.top (id int, part int) PARTITION BY LIST (part)",
        "CREATE TABLE public.middle PARTITION OF public.top FOR VALUES IN (1, 2) PARTITION BY LIST (part)",
        f"CREATE TABLE public.leaf1 PARTITION OF public.middle FOR VALUES IN (1) WITH ({ALONE})",
        f"CREATE TABLE public.leaf2 PARTITION OF public.middle FOR VALUES IN (2) WITH ({ALONE})",
        f"CREATE TABLE public.leaf3 PARTITION OF public.top FOR VALUES IN (3) WITH ({ALONE})",
        f"CREATE TABLE public.granny (id int) WITH ({ALONE})",
        f"CREATE TABLE public.mummy () INHERITS (public.granny) WITH ({ALONE})",
        f"CREATE TABLE public.baby () INHERITS (public.mummy) WITH ({ALONE})",
        "CREATE TABLE public.hollow (id int) PARTITION BY LIST (id)",
        "INSERT INTO public.top SELECT g, 1 + g % 3 FROM generate_series(1, 900) g",
        "INSERT INTO public.baby SELECT generate_series(1, 300)",
    )
    place.settle("SELECT pg_stat_get_live_tuples('public.baby'::regclass) AS n", 300)
    first = run_module("postgresql_vacuum", place.arguments(jobs=3))
    order = [entry["table"] for entry in first["done"]]
    assert order[-1] in {"public.granny", "public.top"}
    assert order.index("public.middle") < order.index("public.top")
    assert order.index("public.mummy") < order.index("public.granny")
    assert "public.hollow" not in order
    again = run_module("postgresql_vacuum", place.arguments())
    assert (again["changed"], again["plan"]) == (False, [])

    place.run("INSERT INTO public.leaf1 SELECT g, 1 FROM generate_series(1, 100) g")
    place.settle("SELECT pg_stat_get_mod_since_analyze('public.leaf1'::regclass) AS n", 100)
    followed = run_module("postgresql_vacuum", place.arguments(tables=["public.top"]))
    assert tables_of(followed["done"]) == {
        "public.leaf1": "analyze",
        "public.middle": "analyze",
        "public.top": "analyze",
    }
    again = run_module("postgresql_vacuum", place.arguments())
    assert (again["changed"], again["plan"]) == (False, [])


def test_only_what_is_named_is_worked_on(place: Place, run_module: RunModule) -> None:
    plant(place, "mine", dead=300)
    plant(place, "Other; table", dead=300)
    place.run(
        'CREATE SCHEMA "Schema; 2"',
        f'CREATE TABLE "Schema; 2".third WITH ({ALONE}) AS SELECT 1 AS id',
        f'CREATE TABLE "Schema; 2".fourth WITH ({ALONE}) AS SELECT 1 AS id',
    )
    third = place.value("SELECT quote_ident('Schema; 2') || '.third' AS k")

    def planned(**options: Any) -> list[str]:
        return sorted(tables_of(run_module("postgresql_vacuum", place.arguments(**options), check_mode=True)["plan"]))

    assert planned(tables=["PUBLIC.mine"]) == ["public.mine"]
    assert planned(tables=['public."Other; table"']) == ['public."Other; table"']
    assert planned(tables=["public.mine"], schemas=["Schema; 2"], exclude_tables=['"Schema; 2".fourth']) == [
        third,
        "public.mine",
    ]
    assert planned(exclude_schemas=["public"], exclude_tables=[third]) == [third.replace("third", "fourth")]
    assert planned(tables=["public.mine"], exclude_schemas=["public"]) == []
    gone = run_module(
        "postgresql_vacuum",
        place.arguments(exclude_tables=["public.gone"], exclude_schemas=["gone"], tables=["public.mine"]),
        check_mode=True,
    )
    assert [warning.split(",")[0] for warning in warnings_of(gone)] == ["The table public.gone", "The schema gone"]
    for wrong, why in [
        ({"tables": ["public.gone"]}, "there is no table or materialised view public.gone"),
        ({"tables": ["mine"]}, "there is no table or materialised view mine"),
        ({"tables": ["not a name"]}, "string is not a valid identifier"),
        ({"tables": ["public.mine; DROP TABLE public.mine"]}, "string is not a valid identifier"),
        ({"schemas": ["gone"]}, "there is no schema gone"),
    ]:
        failed = run_module("postgresql_vacuum", place.arguments(**wrong))
        assert failed["failed"] is True
        assert why in failed["msg"]
        assert failed["error"]["kind"] == "Refused"


@pytest.mark.parametrize(
    "place",
    cases(["embedded 18", "embedded 16", "container 17", "container 13"], ["embedded 18", "container 17"]),
    indirect=True,
)
def test_what_the_role_may_not_is_told_with_the_grant_to_give(place: Place, run_module: RunModule) -> None:
    plant(place, "open", dead=300)
    plant(place, "theirs", dead=300)
    place.run("CREATE SCHEMA closed", f"CREATE TABLE closed.own (id int) WITH ({ALONE})",
              "INSERT INTO closed.own SELECT 1")  # fmt: skip
    version = place.server.version
    name = place.own('maint "of" ümläut')
    quoted = compose("{n}", n=Identifier(name))
    with place.role(
        name,
        f"ALTER TABLE public.open OWNER TO {quoted}",
        f"ALTER TABLE closed.own OWNER TO {quoted}",
        f"REVOKE USAGE ON SCHEMA closed FROM {quoted}",
    ) as arguments:
        done = run_module("postgresql_vacuum", {**arguments, "tables": ["public.open", "public.theirs", "closed.own"]})
        assert done["changed"] is True
        assert tables_of(done["done"]) == {"public.open": "vacuum"}
        why = {entry["table"]: entry["why"] for entry in done["skipped"]}
        assert {entry["code"] for entry in done["skipped"]} == {"permission"}
        assert f'GRANT USAGE ON SCHEMA "closed" TO {quoted};' in why["closed.own"]
        if version < 170000:
            assert f'GRANT "postgres" TO {quoted};' in why["public.theirs"]
            return
        grant = why["public.theirs"].split("give: ")[1].split(" or ")[0]
        place.run(grant)
        granted = run_module("postgresql_vacuum", {**arguments, "tables": ["public.theirs"]})
        assert (tables_of(granted["done"]), granted["skipped"]) == ({"public.theirs": "vacuum"}, [])


def test_pg_maintain_serves(place: Place, run_module: RunModule) -> None:
    plant(place, "theirs", dead=300)
    keeper = place.own("keeper")
    with place.role(keeper, compose("GRANT pg_maintain TO {k}", k=Identifier(keeper))) as arguments:
        done = run_module("postgresql_vacuum", arguments)
        assert (tables_of(done["done"]), done["skipped"]) == ({"public.theirs": "vacuum"}, [])


def test_the_owner_of_the_database_may(place: Place, run_module: RunModule) -> None:
    plant(place, "theirs", dead=300)
    database = Identifier(place.database)
    landlord = place.own("landlord")
    give = compose("ALTER DATABASE {d} OWNER TO {l}", d=database, l=Identifier(landlord))
    with place.role(landlord, give) as arguments:
        done = run_module("postgresql_vacuum", arguments)
        assert (tables_of(done["done"]), done["skipped"]) == ({"public.theirs": "vacuum"}, [])
        place.run(compose("ALTER DATABASE {d} OWNER TO postgres", d=database))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postgresql_reindex on real servers: what is bloated or broken is found, mended, proven, and found no more."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.index_estimates import (
    index_estimates,
    with_sampled_widths,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.index_catalog import indexes
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...conftest import RunModule
from .index_plants import KINDS, actions, bloated, index_files, interrupt, invalid, plant_zoo, settle
from .maintenance_places import (
    ALONE_WITH_TOAST,
    Place,
    every,
)

ODD = ['Odd "index"', "; DROP TABLE x; --", "line\nbreak", "ünï ☃", "{brace}", "X" * 63, "ü" * 31]


@pytest.mark.parametrize("place", ["embedded 18", "embedded 16", "container 13"], indirect=True)
def test_no_fresh_index_is_taken_for_bloated(place: Place, run_module: RunModule) -> None:
    plant_zoo(place, 20000)
    place.run("VACUUM (ANALYZE) public.zoo")
    settle(place, "public.zoo")
    done = run_module("postgresql_reindex", place.arguments(min_bytes=0, bloat_percent=20))
    assert (done["changed"], done["plan"]) == (False, [])
    assert {entry["code"] for entry in done["skipped"]} <= {"not_estimated"}


def test_the_estimate_is_near_the_truth(place: Place) -> None:
    plant_zoo(place, 20000)
    place.run("VACUUM (ANALYZE) public.zoo")
    settle(place, "public.zoo")
    near = 0
    with place.session() as session:
        every = [index for index in indexes(session) if index.method == "btree" and (index.bytes or 0) > 3 * 8192]
        drawn = index_estimates(session, [index.oid for index in every])
        for index in every:
            expected = with_sampled_widths(session, drawn[index.oid]).expected
            if expected is None:
                continue
            share = expected / (index.bytes or 1)
            kind = session.value(compose("SELECT pg_get_indexdef({o}) AS d", o=index.oid))
            assert share > 0.9, (kind, index.bytes, expected)
            near += share < 1.25
    assert near > 0.7 * len(every)


def test_every_kind_of_bloat_is_found_once(place: Place, run_module: RunModule) -> None:
    plant_zoo(place, 20000)
    place.run("DELETE FROM public.zoo WHERE id % 20 <> 7")
    place.run("VACUUM (ANALYZE) public.zoo")
    settle(place, "public.zoo")
    done = run_module("postgresql_reindex", place.arguments(min_bytes=65536))
    assert (done["failures"], done["changed"]) == ([], True)
    assert len(done["done"]) >= len(KINDS) - 8
    for entry in done["done"]:
        assert entry["bytes_after"] < 0.7 * entry["bytes_before"], entry
    again = run_module("postgresql_reindex", place.arguments(min_bytes=0))
    assert (again["changed"], again["plan"]) == (False, [])


@pytest.mark.parametrize("place", every(), indirect=True)
def test_what_is_bloated_is_rebuilt_and_then_is_well(place: Place, run_module: RunModule) -> None:
    bloated(place)
    bloated(place, 'Odd; "t"')
    place.run(
        "CREATE TABLE public.parted (id int, part int, PRIMARY KEY (part, id)) PARTITION BY LIST (part)",
        f"CREATE TABLE public.leaf1 PARTITION OF public.parted FOR VALUES IN (1) WITH ({ALONE_WITH_TOAST})",
        f"CREATE TABLE public.leaf2 PARTITION OF public.parted FOR VALUES IN (2) WITH ({ALONE_WITH_TOAST})",
        "INSERT INTO public.parted SELECT g, 1 FROM generate_series(1, 60000) g",
        f"CREATE TABLE public.owing (id int REFERENCES public.bloated) WITH ({ALONE_WITH_TOAST})",
        "INSERT INTO public.owing VALUES (5)",
        "CREATE INDEX brin ON public.bloated USING brin (id)",
        "CREATE INDEX hash ON public.bloated USING hash (id)",
        "CREATE INDEX gin ON public.bloated USING gin (to_tsvector('simple', v))",
        "CREATE INDEX half ON public.bloated (lower(v)) WHERE id > 5000",
    )
    place.run("DELETE FROM public.parted WHERE id % 5 > 0", "COMMENT ON INDEX public.bloated_pkey IS 'kept'")
    place.run("VACUUM (ANALYZE) public.leaf1")
    settle(place, "public.leaf1")
    before = index_files(place)
    check = run_module("postgresql_reindex", place.arguments(), check_mode=True, diff=True)
    assert actions(check["plan"]) == {
        "public.bloated_pkey": "rebuild",
        'public."bloated v"': "rebuild",
        'public."Odd; ""t""_pkey"': "rebuild",
        'public."Odd; ""t"" v"': "rebuild",
        "public.leaf1_pkey": "rebuild",
    }
    assert (check["done"], check["skipped"], check["failures"], check["changed"]) == ([], [], [], True)
    assert index_files(place) == before
    entry = next(entry for entry in check["plan"] if entry["index"] == "public.bloated_pkey")
    assert (entry["constraint"], entry["table"], entry["lock"]) == (
        "primary key",
        "public.bloated",
        "SHARE UPDATE EXCLUSIVE",
    )
    assert entry["bloat_percent"] > 70
    assert 'REINDEX INDEX CONCURRENTLY "public"."bloated_pkey"' in check["diff"]["after"]

    done = run_module("postgresql_reindex", place.arguments())
    assert done["plan"] == check["plan"]
    assert (done["skipped"], done["failures"]) == ([], [])
    assert actions(done["done"]) == actions(check["plan"])
    for entry in done["done"]:
        assert entry["bytes_after"] < 0.3 * entry["bytes_before"]
        assert abs(entry["bytes_after"] - entry["expected_bytes"]) < 0.15 * entry["expected_bytes"] + 16384
        assert entry["remains_dropped"] == []
    assert invalid(place) == []
    assert place.value("SELECT obj_description('public.bloated_pkey'::regclass) AS d") == "kept"
    assert place.value("SELECT count(*) AS n FROM public.bloated") == 12000
    with place.session() as session, pytest.raises(QueryFailed, match="violates foreign key|duplicate key"):
        session.execute("INSERT INTO public.owing VALUES (6)")
    with place.session() as session, pytest.raises(QueryFailed, match="duplicate key"):
        session.execute("INSERT INTO public.parted VALUES (5, 1)")

    after = index_files(place)
    again = run_module("postgresql_reindex", place.arguments())
    assert (again["changed"], again["plan"], again["done"], again["skipped"]) == (False, [], [], [])
    assert index_files(place) == after


@pytest.mark.parametrize("place", every(), indirect=True)
def test_what_interrupted_rebuilds_left_is_repaired(place: Place, run_module: RunModule) -> None:
    place.run("CREATE TABLE public.t (id int PRIMARY KEY, v text, w text)", "INSERT INTO public.t SELECT 1, 'a', 'b'")
    place.run(*(compose("CREATE INDEX {i} ON public.t (v)", i=Identifier(name)) for name in ODD))
    interrupt(
        place,
        *(compose("REINDEX INDEX CONCURRENTLY public.{i}", i=Identifier(name)) for name in ODD),
        "REINDEX INDEX CONCURRENTLY public.t_pkey",
        "REINDEX INDEX CONCURRENTLY public.t_pkey",  # leaves t_pkey_ccnew1
        "CREATE INDEX CONCURRENTLY failed ON public.t (w)",
        "CREATE INDEX CONCURRENTLY named_ccnew ON public.t (w, v)",
    )
    writing = ["LOCK TABLE public.t IN ROW EXCLUSIVE MODE"]
    interrupt(
        place, "REINDEX INDEX CONCURRENTLY public.t_pkey", blocking=writing
    )  # and t_pkey_ccnew2, of another phase
    # A person's own valid index of such a name, and the old index of a rebuild that was cut after the swap.
    place.run("CREATE INDEX mine_ccnew ON public.t (id, v)", "CREATE INDEX mine ON public.t (id, v)")
    place.run("CREATE INDEX swapped ON public.t (w, id)", "CREATE INDEX swapped_ccold ON public.t (w, id)")
    place.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.swapped_ccold'::regclass")
    left = invalid(place)
    assert len(left) == len(ODD) + 6
    assert {"t_pkey_ccnew", "t_pkey_ccnew1", "t_pkey_ccnew2", "failed", "named_ccnew", "swapped_ccold"} <= set(left)

    check = run_module("postgresql_reindex", place.arguments(), check_mode=True)
    assert sorted(entry["action"] for entry in check["plan"]) == ["drop"] * (len(ODD) + 4) + ["repair"] * 2
    assert invalid(place) == left
    done = run_module("postgresql_reindex", place.arguments())
    assert done["plan"] == check["plan"]
    assert (done["skipped"], done["failures"]) == ([], [])
    assert {entry["index"] for entry in done["done"] if entry["action"] == "repair"} == {
        "public.failed",
        "public.named_ccnew",
    }
    assert {entry["bytes_after"] for entry in done["done"] if entry["action"] == "drop"} == {0}
    assert invalid(place) == []
    names = set(place.values("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"))
    assert names == {*ODD, "t_pkey", "failed", "named_ccnew", "mine_ccnew", "mine", "swapped"}
    again = run_module("postgresql_reindex", place.arguments())
    assert (again["changed"], again["plan"], again["skipped"]) == (False, [], [])


def test_remains_go_only_when_their_original_is_valid(place: Place, run_module: RunModule) -> None:
    place.run("CREATE TABLE public.t (v text)", "INSERT INTO public.t VALUES ('same'), ('same')")
    interrupt(place, "CREATE INDEX CONCURRENTLY twice ON public.t (v)")
    interrupt(place, "REINDEX INDEX CONCURRENTLY public.twice")
    with place.session() as session, pytest.raises(QueryFailed, match="could not create unique index"):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY never ON public.t (v)")
    interrupt(place, "CREATE INDEX CONCURRENTLY other ON public.t ((v || '!'))")
    interrupt(place, "REINDEX INDEX CONCURRENTLY public.other")
    place.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.never'::regclass")
    assert invalid(place) == ["never", "other", "other_ccnew", "twice", "twice_ccnew"]
    done = run_module("postgresql_reindex", place.arguments())
    assert actions(done["done"]) == {
        "public.twice": "repair",
        "public.twice_ccnew": "drop",
        "public.other": "repair",
        "public.other_ccnew": "drop",
    }
    (failure,) = done["failures"]
    assert failure["index"] == "public.never"
    assert "could not create unique index" in failure["why"]
    assert failure["remains_dropped"] == ["public.never_ccnew"]
    assert invalid(place) == ["never"]


def test_toast_and_constraints_and_what_cannot_be_done(place: Place, run_module: RunModule) -> None:
    place.run(
        f"CREATE TABLE public.fat (id int, v text) WITH ({ALONE_WITH_TOAST})",
        "ALTER TABLE public.fat ALTER v SET STORAGE EXTERNAL",
        "INSERT INTO public.fat SELECT g, repeat('x', 40000) FROM generate_series(1, 3000) g",
        "DELETE FROM public.fat WHERE id % 5 > 0",
        f"CREATE TABLE public.booked (during int4range, EXCLUDE USING gist (during WITH &&)) WITH ({ALONE_WITH_TOAST})",
        "CREATE TABLE public.parted (id int) PARTITION BY LIST (id)",
        "CREATE TABLE public.leaf PARTITION OF public.parted FOR VALUES IN (1)",
        "CREATE INDEX lacking ON ONLY public.parted (id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.booked_during_excl'::regclass",
    )
    place.run("VACUUM (ANALYZE) public.fat")
    toast = place.value("SELECT reltoastrelid::regclass::text AS n FROM pg_class WHERE oid = 'public.fat'::regclass")
    interrupt(place, f"REINDEX INDEX CONCURRENTLY {toast}_index")
    done = run_module("postgresql_reindex", place.arguments(min_bytes=65536))
    assert actions(done["done"]) == {f"{toast}_index": "rebuild", f"{toast}_index_ccnew": "drop"}
    assert {entry["table"] for entry in done["done"]} == {"public.fat"}
    skipped = {entry["index"]: (entry["code"], entry["why"]) for entry in done["skipped"]}
    assert set(skipped) == {"public.lacking", "public.booked_during_excl"}
    assert skipped["public.lacking"][0] == skipped["public.booked_during_excl"][0] == "unsupported"
    assert "exclusion constraint" in skipped["public.booked_during_excl"][1]
    again = run_module("postgresql_reindex", place.arguments(min_bytes=65536))
    assert (again["changed"], again["plan"]) == (False, [])

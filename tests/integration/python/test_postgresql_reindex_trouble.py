# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rebuilds in trouble: cut, ended, killed, forbidden, without room, overtaken by others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.index_estimates import (
    index_estimates,
    with_sampled_widths,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import reindex as reindex_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.index_catalog import indexes
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.measure import Measure
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import work_lock

from ...conftest import RunModule
from .index_plants import actions, bloated, interrupt, invalid, old_snapshot, plant_zoo, settle
from .long import cases
from .maintenance_places import (
    ALONE_WITH_TOAST,
    NEWEST,
    Behind,
    Place,
    until,
    warnings_of,
)


@pytest.mark.parametrize("place", cases(["embedded 18", "container 13"], NEWEST), indirect=True)
def test_a_rebuild_that_is_cut_leaves_nothing(place: Place, run_module: RunModule) -> None:
    bloated(place)
    with old_snapshot(place) as holder:
        pid = holder.value("SELECT pg_backend_pid() AS pid")
        cut = run_module("postgresql_reindex", place.arguments(snapshot_timeout=1, tables=["public.bloated"], jobs=1))
    # The first rebuild began while the transaction was young; by then it was older than snapshot_timeout.
    codes = [entry["code"] for entry in cut["skipped"]]
    assert sorted(codes) in (["locked", "snapshot"], ["snapshot", "snapshot"])
    assert all(f"process {pid}" in entry["why"] for entry in cut["skipped"])
    assert (cut["changed"], cut["done"], cut["failures"]) == (False, [], [])
    assert invalid(place) == []
    done = run_module("postgresql_reindex", place.arguments())
    assert len(done["done"]) == 2


def test_who_keeps_a_rebuild_from_ending_is_told_before_it_is_begun(place: Place, run_module: RunModule) -> None:
    bloated(place)
    with place.session() as dump:
        dump.execute("SET application_name = 'pg_dump'")
        dump.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        dump.value("SELECT count(*) AS n FROM pg_class")
        told = run_module("postgresql_reindex", place.arguments(), check_mode=True)
        assert "A run now would rebuild nothing while this goes on: process" in warnings_of(told)[-1]
        done = run_module("postgresql_reindex", place.arguments(lock_timeout=0.3))
        assert [entry["code"] for entry in done["skipped"]] == ["snapshot", "snapshot"]
        assert "application pg_dump, in a transaction for" in done["skipped"][0]["why"]
    with place.session() as locker:
        locker.execute("BEGIN")
        locker.execute("LOCK TABLE public.bloated IN SHARE MODE")
        done = run_module("postgresql_reindex", place.arguments(lock_timeout=0.3))
        assert [entry["code"] for entry in done["skipped"]] == ["locked", "locked"]
        assert "holds ShareLock" in done["skipped"][0]["why"]
    assert invalid(place) == []


def test_remains_that_cannot_be_dropped_are_told_and_go_the_next_time(place: Place, run_module: RunModule) -> None:
    bloated(place)
    with place.session() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO public.bloated VALUES (0, 'x')")
        failed = run_module("postgresql_reindex", place.arguments(snapshot_timeout=2, jobs=1, lock_timeout=0.3))
        writer.execute("ROLLBACK")
    assert (failed["failed"], failed["changed"]) == (True, True)  # an index is left that was not there
    (failure,) = failed["failures"]
    (left,) = invalid(place)
    assert left.endswith("_ccnew")
    assert left in failure["why"]
    assert (failure["remains"], failure["rebuilt"]) == ([f'public."{left}"'], False)
    assert "what it left could not be dropped" in failed["msg"]
    assert failed["skipped"][0]["code"] == "snapshot"
    place.run("VACUUM (ANALYZE) public.bloated")
    done = run_module("postgresql_reindex", place.arguments())
    assert sorted(entry["action"] for entry in done["done"]) == ["drop", "rebuild", "rebuild"]
    assert invalid(place) == []


def test_a_rebuild_that_is_cut_after_the_swap_is_told_as_it_is(place: Place, run_module: RunModule) -> None:
    bloated(place)
    with place.session() as reader:
        reader.execute("BEGIN")
        reader.value("SELECT count(*) AS n FROM public.bloated")  # it keeps a lock on the table and no snapshot
        options = place.arguments(snapshot_timeout=2, min_bytes=2000000)
        failed = run_module("postgresql_reindex", options)
        assert (failed["failed"], failed["changed"]) == (True, True)
        (failure,) = failed["failures"]
        assert (failure["remains"], failure["rebuilt"]) == (['public."bloated v_ccold"'], True)
        assert failure["bytes_after"] < 0.3 * failure["bytes_before"]
        assert invalid(place) == ["bloated v_ccold"]
        # By now the reader is old: it is told of, and nothing is begun; nor can the remains be dropped.
        place.run("CREATE INDEX more ON public.bloated (id, v)", "UPDATE public.bloated SET v = v")
        place.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.more'::regclass")
        later = run_module("postgresql_reindex", {**options, "lock_timeout": 0.3})
        assert {entry["index"]: entry["code"] for entry in later["skipped"]} == {
            "public.more": "snapshot",
            'public."bloated v_ccold"': "locked",
        }
        assert "in a transaction for" in later["skipped"][0]["why"]
        assert later["changed"] is False
        reader.execute("COMMIT")
    done = run_module("postgresql_reindex", options)
    assert actions(done["done"]) == {"public.more": "repair", 'public."bloated v_ccold"': "drop"}
    assert invalid(place) == []


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [("DROP INDEX public.\"bloated v\"", "gone"), ("ALTER INDEX public.\"bloated v\" RENAME TO other", "gone"),
     ("REINDEX INDEX CONCURRENTLY public.\"bloated v\"", "gone")],
)  # fmt: skip
def test_what_changed_since_the_plan_is_left_alone(
    place: Place, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, meanwhile: str, code: str
) -> None:
    bloated(place)
    real = reindex_module.plan_indexes

    def plan_and_change(*arguments: Any) -> Any:
        made = real(*arguments)
        place.run(meanwhile)
        return made

    monkeypatch.setattr(reindex_module, "plan_indexes", plan_and_change)
    done = run_module("postgresql_reindex", place.arguments(min_bytes=2000000))
    assert (done["changed"], [entry["code"] for entry in done["skipped"]]) == (False, [code])


@pytest.mark.parametrize("meanwhile", ["DROP INDEX public.t_v_ccnew", "UPDATE pg_index SET indisvalid = false"])
def test_remains_that_changed_since_the_plan_are_left_alone(
    place: Place, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    place.run("CREATE TABLE public.t (v text)", "CREATE INDEX t_v ON public.t (v)")
    interrupt(place, "REINDEX INDEX CONCURRENTLY public.t_v")
    real = reindex_module.plan_indexes

    def plan_and_change(*arguments: Any) -> Any:
        made = real(*arguments)
        place.run(meanwhile + (" WHERE indexrelid = 'public.t_v'::regclass" if "UPDATE" in meanwhile else ""))
        return made

    monkeypatch.setattr(reindex_module, "plan_indexes", plan_and_change)
    done = run_module("postgresql_reindex", place.arguments())
    expected = "original" if "UPDATE" in meanwhile else "gone"
    assert (done["changed"], [entry["code"] for entry in done["skipped"]]) == (False, [expected])


@pytest.mark.parametrize("how", ["cancel", "terminate"])
def test_a_rebuild_that_somebody_ends_leaves_nothing(place: Place, run_module: RunModule, how: str) -> None:
    bloated(place)
    with old_snapshot(place):
        running = Behind(lambda: run_module("postgresql_reindex", place.arguments(min_bytes=2000000)))
        waiting = """SELECT pid FROM pg_stat_activity WHERE query LIKE 'REINDEX%'
                        AND application_name = 'day2.ops reindex' AND wait_event_type = 'Lock'"""
        assert until(lambda: len(place.values(waiting)) == 1)
        place.run(f"SELECT pg_{how}_backend(({waiting}))")
        failed = running.result()
    assert (failed["failed"], failed["changed"], failed["done"]) == (True, False, [])
    (failure,) = failed["failures"]
    assert failure["remains_dropped"] == ['public."bloated v_ccnew"']
    assert {"cancel": "QueryFailed", "terminate": "ConnectionLost"}[how] == failure["error"]["kind"]
    assert invalid(place) == []


def test_after_a_kill_in_the_middle_the_next_run_cleans_up(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    bloated(place)
    with old_snapshot(place):
        process = start_module(place.arguments(jobs=1), tmp_path)
        assert until(lambda: invalid(place) != [])
        building = run_module("postgresql_reindex", place.arguments(), check_mode=True)
        assert "A run now would be refused: day2.ops reindex" in warnings_of(building)[0]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        backends = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'day2.ops reindex'"
        assert until(lambda: place.value(backends) == 0)  # the server ends what has lost its client
    assert len(invalid(place)) == 1
    done = run_module("postgresql_reindex", place.arguments())
    assert sorted(entry["action"] for entry in done["done"]) == ["drop", "rebuild", "rebuild"]
    assert invalid(place) == []


def start_module(arguments: dict[str, Any], folder: Path) -> subprocess.Popen[bytes]:
    program = folder / "run.py"
    program.write_text(
        "import json, sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from ansible.module_utils.testing import patch_module_args\n"
        "from ansible_collections.day2.ops.plugins.modules import postgresql_reindex\n"
        f"with patch_module_args({arguments!r}):\n"
        "    postgresql_reindex.main()\n"
    )
    return subprocess.Popen([sys.executable, str(program)], stdout=subprocess.DEVNULL, start_new_session=True)


def test_an_index_that_is_being_built_is_left_alone(place: Place, run_module: RunModule) -> None:
    place.run("CREATE TABLE public.t (v text)", "INSERT INTO public.t VALUES ('a')")
    with old_snapshot(place):
        building = Behind(lambda: place.run("CREATE INDEX CONCURRENTLY slow_ccnew ON public.t (v)"))
        assert until(lambda: invalid(place) == ["slow_ccnew"])
        done = run_module("postgresql_reindex", place.arguments(lock_timeout=0.3))
        assert (done["changed"], done["skipped"][0]["code"]) == (False, "locked")
        assert "ShareUpdateExclusiveLock" in done["skipped"][0]["why"]
    building.result()
    assert invalid(place) == []


@pytest.mark.parametrize("place", cases(["embedded 18", "embedded 16", "container 17"], NEWEST), indirect=True)
def test_what_the_role_may_not_is_told_with_the_grant_to_give(place: Place, run_module: RunModule) -> None:
    bloated(place, "own")
    bloated(place, "theirs")
    interrupt(place, "REINDEX INDEX CONCURRENTLY public.theirs_pkey")
    version = place.server.version
    name = place.own("Index; keeper")
    keeper = Identifier(name)
    quoted = compose("{k}", k=keeper)
    with place.role(name, compose("ALTER TABLE public.own OWNER TO {k}", k=keeper)) as arguments:
        done = run_module("postgresql_reindex", arguments)
        assert actions(done["done"]) == {"public.own_pkey": "rebuild", 'public."own v"': "rebuild"}
        skipped = {entry["index"]: entry for entry in done["skipped"]}
        assert {entry["code"] for entry in skipped.values()} <= {"permission", "not_estimated"}
        assert f'GRANT "postgres" TO {quoted};' in skipped["public.theirs_pkey_ccnew"]["why"]
        assert "grant SELECT on it or membership in pg_read_all_data" in skipped['public."theirs v"']["why"]
        if version < 170000:
            assert f'GRANT "postgres" TO {quoted}; (its owner)' in skipped["public.theirs_pkey"]["why"]
            return
        assert "GRANT MAINTAIN ON TABLE public.theirs" in skipped["public.theirs_pkey"]["why"]
        place.run(compose("GRANT pg_maintain, pg_read_all_data TO {k}", k=keeper))
        kept = run_module("postgresql_reindex", arguments)
        assert actions(kept["done"]) == {"public.theirs_pkey": "rebuild", 'public."theirs v"': "rebuild"}
        assert [entry["code"] for entry in kept["skipped"]] == ["permission"]


@pytest.mark.parametrize("place", cases(["container 17", "container 13"], ["container 17"]), indirect=True)
def test_where_the_extension_is_the_index_is_read(place: Place, run_module: RunModule) -> None:
    bloated(place)
    plant_zoo(place, 5000)
    place.run('CREATE SCHEMA "Ext; 1"', 'CREATE EXTENSION pgstattuple SCHEMA "Ext; 1"')
    place.run("VACUUM (ANALYZE) public.zoo")
    settle(place, "public.zoo")
    with place.session() as session:
        measure = Measure(session)
        assert measure.possible
        every = [index for index in indexes(session) if index.table == "public.zoo" and index.method == "btree"]
        drawn = index_estimates(session, [index.oid for index in every])
        for index in every:
            shape = with_sampled_widths(session, drawn[index.oid]).shape
            if shape is not None and index.bytes and index.bytes > 10 * 8192 and index.valid:
                read = measure.expected_bytes(index.oid, shape)
                assert read > 0.8 * index.bytes, (index.key, index.bytes, read)
    done = run_module("postgresql_reindex", place.arguments())
    assert len(done["done"]) == 2
    for entry in done["done"]:
        assert entry["measured"] is True
        assert abs(entry["bytes_after"] - entry["expected_bytes"]) < 0.15 * entry["bytes_after"] + 16384


def test_too_little_room_is_told_before_anything_is_done(
    place: Place, run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bloated(place)
    fake = tmp_path / "df"
    fake.write_text(
        "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho disk 1 1 7 99% /\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    done = run_module("postgresql_reindex", place.arguments())
    assert (done["changed"], done["plan"]) == (False, [])
    assert [entry["code"] for entry in done["skipped"]] == ["space", "space"]
    assert "bytes are needed on the file system disk|/, 7168 are free" in done["skipped"][0]["why"]


def test_stale_or_missing_statistics_are_told(place: Place, run_module: RunModule) -> None:
    bloated(place)
    place.run("UPDATE public.bloated SET v = v || 'x'")
    place.run(f"CREATE TABLE public.unknown WITH ({ALONE_WITH_TOAST}) AS SELECT md5(g::text) AS v "
              "FROM generate_series(1, 40000) g", "CREATE INDEX unknown_v ON public.unknown (v)")  # fmt: skip
    done = run_module("postgresql_reindex", place.arguments())
    why = {entry["index"]: entry["why"] for entry in done["skipped"] if entry["code"] == "not_estimated"}
    assert "rows of its table changed since the last analysis; analyse it" in why["public.bloated_pkey"]
    assert "public.unknown_v" in why


def test_a_window_and_a_work_lock_hold(place: Place, run_module: RunModule) -> None:
    bloated(place)
    late = run_module("postgresql_reindex", place.arguments(window=0))
    assert (late["changed"], [entry["code"] for entry in late["skipped"]]) == (False, ["window", "window"])
    with work_lock(place.server, place.database, "backup"):
        refused = run_module("postgresql_reindex", place.arguments())
    assert "is being worked on by day2.ops backup" in refused["msg"]
    assert refused["error"]["kind"] == "Refused"
    low = run_module("postgresql_reindex", place.arguments(bloat_percent=5))
    assert "option bloat_percent failed: 5 is not between 20 and 99" in low["msg"]

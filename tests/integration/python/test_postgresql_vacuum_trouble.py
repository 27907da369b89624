# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vacuum in trouble: locks, windows, held-back rows, lost connections, wrong options, standbys and poolers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import vacuum as vacuum_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import vacuum_catalog
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import work_lock

from ...conftest import RunModule
from ...stacks.embedded import EmbeddedServer
from .maintenance_places import ALONE_WITH_TOAST, Behind, Place, until, warnings_of

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


def test_a_locked_table_is_skipped_and_its_holder_named_and_the_others_done(
    place: Place, run_module: RunModule
) -> None:
    plant(place, "free", dead=300)
    plant(place, "locked", dead=300)
    plant(place, "exclusive", dead=300)
    with place.session() as other, place.session() as another:
        for session, lock in ((other, "locked IN SHARE"), (another, "exclusive IN ACCESS EXCLUSIVE")):
            session.execute("SET application_name = 'the holder'")
            session.execute("BEGIN")
            session.execute(f"LOCK TABLE public.{lock} MODE")
        pid = other.value("SELECT pg_backend_pid() AS pid")
        done = run_module("postgresql_vacuum", place.arguments(lock_timeout=0.3))
    assert tables_of(done["done"]) == {"public.free": "vacuum"}
    assert [(entry["table"], entry["code"]) for entry in done["skipped"]] == [
        ("public.locked", "locked"),
        ("public.exclusive", "locked"),
    ]
    assert f"process {pid} (role postgres, application the holder) holds ShareLock" in done["skipped"][0]["why"]
    exclusive = done["skipped"][1]
    assert "AccessExclusiveLock" in exclusive["why"]
    assert exclusive["bytes_before"] is None  # not even its size was waited for


def test_nothing_is_begun_after_the_window(place: Place, run_module: RunModule) -> None:
    plant(place, "first", dead=300)
    done = run_module("postgresql_vacuum", place.arguments(window=0))
    assert done["changed"] is False
    assert tables_of(done["plan"]) == {"public.first": "vacuum"}
    assert [(entry["code"], entry["why"]) for entry in done["skipped"]] == [
        ("window", "the window of 0 seconds was over before its turn")
    ]


@pytest.mark.parametrize("place", ["embedded 18", "container 13"], indirect=True)
def test_dead_rows_that_are_held_back_are_told_and_not_vacuumed_in_vain(place: Place, run_module: RunModule) -> None:
    place.run(f"CREATE TABLE public.held WITH ({ALONE_WITH_TOAST}) AS SELECT generate_series(1, 1000) AS id")
    place.run("VACUUM (ANALYZE) public.held")
    with place.session() as holder:
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holder.value("SELECT count(*) AS n FROM public.held")
        pid = holder.value("SELECT pg_backend_pid() AS pid")
        place.run("DELETE FROM public.held WHERE id <= 500")
        place.settle("SELECT pg_stat_get_dead_tuples('public.held'::regclass) AS n", 500)
        done = run_module("postgresql_vacuum", place.arguments(tables=["public.held"]))
        (entry,) = done["done"]
        assert entry["dead_rows_after"] == 500
        assert entry["held_back_by"][0].startswith(f"process {pid} (role postgres")
        assert "public.held still has dead rows that vacuum could not remove" in warnings_of(done)[0]

        vain = run_module("postgresql_vacuum", place.arguments(tables=["public.held"]))
        assert (vain["changed"], vain["plan"]) == (False, [])
        assert vain["skipped"][0]["code"] == "held_back"
        assert f"while process {pid} (role postgres" in vain["skipped"][0]["why"]
        holder.execute("COMMIT")
    freed = run_module("postgresql_vacuum", place.arguments(tables=["public.held"]))
    assert [entry["dead_rows_after"] for entry in freed["done"]] == [0]


def test_a_freeze_that_is_held_back_is_told(place: Place, run_module: RunModule) -> None:
    plant(place, "aged")
    place.run("ALTER TABLE public.aged SET (autovacuum_freeze_max_age = 100000)")
    with place.session() as holder:
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holder.value("SELECT count(*) AS n FROM public.aged")
        place.burn(6000)
        done = run_module("postgresql_vacuum", place.arguments(tables=["public.aged"], freeze_percent=5))
        assert (done["plan"], done["skipped"][0]["code"]) == ([], "held_back")
        assert "its old transactions cannot be frozen while process" in done["skipped"][0]["why"]


def test_a_failure_stops_no_other_and_keeps_the_result(place: Place, run_module: RunModule) -> None:
    plant(place, "fine", dead=300)
    plant(place, "slow", rows=1000, dead=300)
    with place.session() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE public.slow IN SHARE MODE")
        running = Behind(lambda: run_module("postgresql_vacuum", place.arguments(lock_timeout=60)))
        waiting = """SELECT pid FROM pg_stat_activity
                      WHERE application_name = 'day2.ops vacuum' AND wait_event_type = 'Lock'"""
        assert until(lambda: len(place.values(waiting)) == 1)
        place.run(f"SELECT pg_cancel_backend(({waiting}))")
        failed = running.result()
    assert failed["failed"] is True
    assert failed["changed"] is True
    assert tables_of(failed["done"]) == {"public.fine": "vacuum"}
    (failure,) = failed["failures"]
    assert failure["table"] == "public.slow"
    assert "canceling statement due to user request" in failure["why"]
    assert failure["error"]["kind"] == "QueryFailed"
    assert "1 of 2 planned objects failed: public.slow: canceling statement" in failed["msg"]
    assert failed["error"]["kind"] == "Unfinished"


def test_a_lost_connection_fails_one_table_only(place: Place, run_module: RunModule) -> None:
    plant(place, "fine", dead=200)
    plant(place, "large", rows=5000, dead=900)
    with place.session() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE public.large IN SHARE MODE")
        running = Behind(lambda: run_module("postgresql_vacuum", place.arguments(lock_timeout=60, jobs=1)))
        waiting = """SELECT pid FROM pg_stat_activity
                      WHERE application_name = 'day2.ops vacuum' AND wait_event_type = 'Lock'"""
        assert until(lambda: len(place.values(waiting)) == 1)
        place.run(f"SELECT pg_terminate_backend(({waiting}))")
        failed = running.result()
    assert failed["failures"][0]["error"]["kind"] == "ConnectionLost"
    assert tables_of(failed["done"]) == {"public.fine": "vacuum"}


def test_a_vacuum_that_only_warned_is_not_called_done(
    place: Place, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's command succeeds where the role may not vacuum; here the planner is made to believe that it may."""
    plant(place, "theirs", dead=300)
    monkeypatch.setattr(vacuum_catalog, "_MAY_MAINTAIN", "true")
    with place.role(place.own("hopeful")) as arguments:
        failed = run_module("postgresql_vacuum", {**arguments, "tables": ["public.theirs"]})
    assert (failed["failed"], failed["changed"], failed["done"]) == (True, False, [])
    assert "permission denied to vacuum" in failed["failures"][0]["why"]
    assert failed["failures"][0]["error"]["kind"] == "NotProven"


@pytest.mark.parametrize("meanwhile", ["DROP TABLE public.due", "ALTER TABLE public.due RENAME TO other"])
def test_what_is_gone_since_the_plan_is_told(
    place: Place, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    plant(place, "due", dead=300)
    real = vacuum_module.plan

    def plan_and_change(*arguments: Any) -> Any:
        made = real(*arguments)
        place.run(meanwhile)
        return made

    monkeypatch.setattr(vacuum_module, "plan", plan_and_change)
    done = run_module("postgresql_vacuum", place.arguments())
    assert (done["changed"], [entry["code"] for entry in done["skipped"]]) == (False, ["gone"])


def test_a_second_work_is_refused_and_check_mode_says_so(place: Place, run_module: RunModule) -> None:
    plant(place, "due", dead=300)
    with work_lock(place.server, place.database, "backup"):
        refused = run_module("postgresql_vacuum", place.arguments())
        assert refused["failed"] is True
        assert "is being worked on by day2.ops backup (process" in refused["msg"]
        told = run_module("postgresql_vacuum", place.arguments(), check_mode=True)
        assert warnings_of(told)[0].startswith("A run now would be refused: day2.ops backup (process")
    assert run_module("postgresql_vacuum", place.arguments())["changed"] is True


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"jobs": 0}, "option jobs failed: 0 is not between 1 and 64"),
        ({"freeze_percent": 101}, "option freeze_percent failed: 101 is not between 1 and 100"),
        ({"window": -1}, "option window failed"),
        ({"lock_timeout": 0}, "option lock_timeout failed"),
        ({"jobs": "many"}, "argument 'jobs' is of type str"),
        ({"database": 'no such "; DROP'}, "Name a database that exists"),
        ({"login_password": "wrong"}, "Give the right login_user and login_password"),
    ],
)
def test_wrong_options_are_told(place: Place, run_module: RunModule, wrong: dict[str, Any], why: str) -> None:
    failed = run_module("postgresql_vacuum", place.arguments(**wrong))
    assert failed["failed"] is True
    assert why in failed["msg"]


@pytest.mark.parametrize("module", ["postgresql_vacuum", "postgresql_reindex"])
def test_a_standby_is_refused(run_module: RunModule, tmp_path: Path, module: str) -> None:
    standby = EmbeddedServer(tmp_path / "standby")
    (standby.data / "standby.signal").touch()
    standby.start({"fsync": "off"})
    try:
        arguments = {
            "login_host": standby.host,
            "login_port": standby.port,
            "login_password": standby.password,
            "database": "postgres",
        }
        for check_mode in (True, False):
            refused = run_module(module, arguments, check_mode=check_mode)
            assert refused["error"]["kind"] == "Refused"
            assert "the server is a standby, which replays its primary's maintenance" in refused["msg"]
    finally:
        standby.stop("immediate")


@pytest.mark.parametrize("module", ["postgresql_vacuum", "postgresql_reindex"])
def test_a_pooler_is_refused(place: Place, run_module: RunModule, module: str) -> None:
    with pooler(place.options["login_host"], place.options["login_port"]) as port:
        refused = run_module(module, place.arguments(login_port=port, ssl_mode="disable"))
    assert refused["error"]["kind"] == "Refused"
    assert "a connection pooler stands between here and the server" in refused["msg"]


@contextmanager
def pooler(host: str, port: int) -> Iterator[int]:
    """Hands bytes on, and tells clients another process number than the server's, as poolers do."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)

    def hand_on(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
        while data := source.recv(65536):
            target.sendall(change(data))
        target.shutdown(socket.SHUT_WR)

    def other_number(data: bytes) -> bytes:
        mark = b"K\x00\x00\x00\x0c"  # BackendKeyData; the number is the next four bytes
        at = data.find(mark)
        return data if at < 0 else data[: at + 5] + b"\x00\x00\x00\x2a" + data[at + 9 :]

    def serve() -> None:
        client, _address = listener.accept()
        with client, socket.create_connection((host, port)) as server:
            back = Behind(lambda: hand_on(server, client, other_number))
            hand_on(client, server, bytes)
            back.join(20)

    serving = Behind(serve)
    try:
        yield listener.getsockname()[1]
        serving.result()
    finally:
        listener.close()

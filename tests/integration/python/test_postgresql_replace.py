# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a live database on real servers, and undoing it: nothing is lost, nobody is refused for long."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import ending as ending_module
from ansible_collections.day2.ops.plugins.module_utils._backup import proof as proof_module
from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import now
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._backup.swap import kept_name
from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Comparison, Difference
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import space as space_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import work_lock
from tests.conftest import RunModule

from .backup_places import arguments, content_of, databases, furnish
from .long import cases
from .maintenance_places import Place, every, places, until


@pytest.fixture(params=every(["embedded 18"]))
def anywhere(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from _furnished(request, login)


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from _furnished(request, login)


def _furnished(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        furnish(one)
        try:
            yield one
        finally:
            with one.server.session() as admin:
                for name in kept_ones(one):
                    admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))


def kept_ones(place: Place) -> list[str]:
    """The kept databases of this place's database alone."""
    with place.server.session() as session:
        return [one.name for one in kept_databases(session, place.database)]


def replacing(place: Place, folder: Path, **more: Any) -> dict[str, Any]:
    return arguments(place, folder, mode="replace", **{"confirm": place.database, **more})


def succeeded(result: dict[str, Any]) -> dict[str, Any]:
    assert not result.get("failed"), result["msg"]
    return result


def content(place: Place, database: str | None = None) -> dict[str, str]:
    with place.server.session(database or place.database) as session:
        return content_of(session)


DESCRIBED = """
SELECT datconnlimit, shobj_description(oid, 'pg_database') AS comment,
       (SELECT setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
  FROM pg_database AS d WHERE datname = {d}
"""


class Visitors:
    """Clients that connect, write a row, and connect again when they are thrown out, until they are told to stop."""

    def __init__(self, place: Place, number: int = 3) -> None:
        self._place = place
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, daemon=True) for _number in range(number)]
        self.written = 0
        self.longest = 0.0
        self.refusals: set[str] = set()
        self._mutex = threading.Lock()

    def _visit(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            try:
                with self._place.server.session(self._place.database) as session:
                    while not self._stop.is_set():
                        session.execute("INSERT INTO public.visits DEFAULT VALUES")
                        with self._mutex:
                            self.longest = max(self.longest, time.monotonic() - last)
                            self.written += 1
                        last = time.monotonic()
            except Day2Error as error:
                with self._mutex:
                    self.refusals.add(error.why)

    @contextmanager
    def at_work(self) -> Iterator[Visitors]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()


def replaced_under_visitors(
    place: Place, run_module: RunModule, given: dict[str, Any]
) -> tuple[Visitors, dict[str, Any]]:
    """Replace the database while clients write into it; give them back, and what the module said."""
    with Visitors(place).at_work() as visitors:
        assert until(lambda: visitors.written > 0)
        done = succeeded(run_module("postgresql_restore", given))
        seen = visitors.written
        assert until(lambda: visitors.written > seen), "they never came back"
    return visitors, done


def test_a_live_database_is_replaced_under_its_visitors_and_comes_back(
    anywhere: Place, run_module: RunModule, tmp_path: Path
) -> None:
    anywhere.run(
        "CREATE TABLE public.visits (at timestamptz DEFAULT now())",
        compose("COMMENT ON DATABASE {d} IS 'it''s a shop'", d=Identifier(anywhere.database)),
        compose("ALTER DATABASE {d} SET work_mem = '7MB'", d=Identifier(anywhere.database)),
        compose("ALTER DATABASE {d} CONNECTION LIMIT 23", d=Identifier(anywhere.database)),
    )
    assert run_module("postgresql_backup", arguments(anywhere, tmp_path))["backup"]["verified"]
    backed_up = content(anywhere)
    anywhere.run(
        "DELETE FROM public.orders WHERE id > 10",
        "DROP TABLE public.nothing",
        compose("ALTER DATABASE {d} RESET work_mem", d=Identifier(anywhere.database)),
    )
    given = replacing(anywhere, tmp_path)

    planned = run_module("postgresql_restore", given, check_mode=True)
    assert planned["plan"]["problems"] == []
    replaces = planned["plan"]["replaces"]
    assert replaces["database"] == anywhere.database
    assert "_before_" in replaces["kept_as"]
    assert replaces["properties"].keys() == {"settings"}
    assert replaces["safety_backup_free_bytes"] > replaces["safety_backup_bytes"] > 0
    plan = planned["plan"]
    assert plan["free_bytes"] > plan["needed_bytes"] > plan["database_bytes"]
    assert plan["backup_version"] == plan["server_version"] == anywhere.server.version
    assert kept_ones(anywhere) == []

    visitors, done = replaced_under_visitors(anywhere, run_module, given)
    assert done["changed"], done
    restore = done["restore"]
    assert restore["verified"], restore["differences"]
    assert restore["database"] == anywhere.database
    assert 0 < restore["seconds_without_database"] < 1
    assert visitors.longest < 3, visitors.refusals

    (previous,) = kept_ones(anywhere)
    assert previous == restore["previous_database"]
    now_live = content(anywhere)
    del now_live["public.visits"], backed_up["public.visits"]
    assert now_live == backed_up
    with anywhere.server.session() as session:
        live = session.row(compose(DESCRIBED, d=anywhere.database))
        assert live == {"datconnlimit": 23, "comment": "it's a shop", "settings": "{work_mem=7MB}"}
        assert "it's a shop" in session.row(compose(DESCRIBED, d=previous))["comment"]
    with anywhere.server.session(previous) as session:
        rows = session.value("SELECT count(*) FROM public.orders")
        assert (rows, session.value("SELECT to_regclass('public.nothing') IS NULL")) == (10, True)
    before = content(anywhere, previous)
    (safety,) = (path for path in tmp_path.rglob("*-before-replace") if path.is_dir())
    assert restore["safety_backup"] == str(safety)

    back = arguments(anywhere, tmp_path, mode="rollback", confirm=anywhere.database)
    planned = run_module("postgresql_restore", back, check_mode=True)
    assert planned["plan"]["previous"]["name"] == previous
    assert planned["plan"]["problems"] == []
    assert kept_ones(anywhere) == [previous]
    undone = succeeded(run_module("postgresql_restore", back))
    assert undone["changed"], undone
    assert content(anywhere) == before
    (kept,) = kept_ones(anywhere)
    assert kept == undone["restore"]["previous_database"]
    with anywhere.server.session() as session:
        assert session.row(compose(DESCRIBED, d=anywhere.database))["comment"] == "it's a shop"


def unharmed(place: Place, before: dict[str, str]) -> None:
    """The live database is what it was, and nothing else is there."""
    assert content(place) == before
    assert kept_ones(place) == []
    assert databases(place) == []


@pytest.mark.parametrize("confirm", [None, "", "postgres", "SHOP"])
def test_without_the_name_once_more_nothing_is_done(
    backed_up: tuple[Place, Path], run_module: RunModule, confirm: str | None
) -> None:
    place, folder = backed_up
    before = content(place)
    given = replacing(place, folder, confirm=confirm)
    assert "not confirmed" in run_module("postgresql_restore", given, check_mode=True)["plan"]["problems"][0]
    result = run_module("postgresql_restore", given)
    assert result["error"]["kind"] == "Refused"
    assert "not confirmed" in result["msg"]
    unharmed(place, before)
    assert list(folder.rglob("*before-replace*")) == []


def test_a_database_that_is_not_there_is_not_replaced(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    name = Identifier(place.database)
    with place.server.session() as admin:
        admin.execute(compose("ALTER DATABASE {d} RENAME TO away", d=name))
        result = run_module("postgresql_restore", replacing(place, folder))
        admin.execute(compose("ALTER DATABASE away RENAME TO {d}", d=name))
    assert "mode=new" in result["msg"]


def test_who_would_be_ended_is_told(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    with place.session() as session:
        session.execute("SET application_name = 'a visitor'")
        me = session.value("SELECT pg_backend_pid()")
        planned = run_module("postgresql_restore", replacing(place, folder), check_mode=True)["plan"]["replaces"]
        (seen,) = [one for one in planned["sessions"] if one["pid"] == me]
    assert (seen["application"], seen["role"], seen["backend_type"]) == ("a visitor", "postgres", "client backend")
    assert seen["state"] == "idle"


def test_too_little_space_is_told_before_anything_starts(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    before = content(place)
    given = replacing(place, folder)
    with monkeypatch.context() as patched:
        patched.setattr(DirectoryStore, "free_bytes", lambda _store: 4096)
        (problem,) = run_module("postgresql_restore", given, check_mode=True)["plan"]["problems"]
        assert "the safety backup cannot be made" in problem
        assert "4096 are free" in problem
        assert problem in run_module("postgresql_restore", given)["msg"]
    monkeypatch.setattr(space_module, "NEEDED", 1e9)
    plan = run_module("postgresql_restore", {**given, "safety_backup": False}, check_mode=True)["plan"]
    assert f"{plan['free_bytes']} are free" in plan["problems"][0]
    result = run_module("postgresql_restore", {**given, "mode": "drill"})
    assert (result["error"]["kind"], "bytes are needed on the file system" in result["msg"]) == ("Refused", True)
    unharmed(place, before)


@pytest.mark.parametrize("place", ["container 17"], indirect=True)
def test_what_would_be_left_behind_is_named_and_refused(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    before = content(place)
    name = place.database
    place.run(
        compose("SELECT pg_create_logical_replication_slot({s}, 'pgoutput')", s=f"slot_{os.getpid()}"),
        compose("CREATE SUBSCRIPTION sub CONNECTION {c} PUBLICATION p WITH (connect = false)", c="dbname=nowhere"),
    )
    with place.server.session() as other:
        other.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
        other.execute(
            compose("CREATE SERVER points_here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname {d})", d=name)
        )
        try:
            given = replacing(place, folder)
            result = run_module("postgresql_restore", given)
            assert result["failed"]
            for told in ("logical replication slots", "subscriptions", "points_here in postgres"):
                assert told in result["msg"]
            assert content(place) == before
            assert kept_ones(place) == []
            despite = ["logical_slots", "subscriptions", "foreign_servers"]
            done = succeeded(run_module("postgresql_restore", {**given, "despite": despite, "safety_backup": False}))
            assert done["restore"]["verified"], done
            assert done["plan"]["replaces"]["in_the_way"].keys() >= set(despite)
        finally:
            other.execute("DROP SERVER points_here")
            for database in (name, *kept_ones(place)):
                with place.server.session(database) as inside:
                    for sub in inside.values(
                        "SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid "
                        "WHERE datname = current_database()"
                    ):
                        inside.execute(compose("ALTER SUBSCRIPTION {s} SET (slot_name = NONE)", s=Identifier(sub)))
                        inside.execute(compose("DROP SUBSCRIPTION {s}", s=Identifier(sub)))
                    for slot in inside.values(
                        "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
                    ):
                        inside.execute(compose("SELECT pg_drop_replication_slot({s})", s=slot))


@pytest.mark.parametrize("place", cases(["container 17", "container 13"], ["container 17"]), indirect=True)
def test_a_prepared_transaction_is_never_accepted(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    before = content(place)
    place.run("BEGIN", "DELETE FROM public.orders", "PREPARE TRANSACTION 'in doubt'")
    try:
        despite = ["logical_slots", "subscriptions", "foreign_servers"]
        result = run_module("postgresql_restore", replacing(place, folder, despite=despite))
        assert "in doubt" in result["msg"]
    finally:
        place.run("ROLLBACK PREPARED 'in doubt'")
    unharmed(place, before)


def test_what_differs_never_goes_live(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    before = content(place)
    monkeypatch.setattr(proof_module, "compare", lambda *_all: Comparison([Difference("x", "y", 1, 2)]))
    result = run_module("postgresql_restore", replacing(place, folder))
    assert result["error"]["kind"] == "Unfinished"
    unharmed(place, before)


def test_another_work_on_the_live_database_is_not_cut_short(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    before = content(place)
    with work_lock(place.server, place.database, "reindex"):
        result = run_module("postgresql_restore", replacing(place, folder, safety_backup=False, swap_timeout=0))
        assert "reindex" in result["msg"]
        assert "Nothing was changed" in result["msg"]
    unharmed(place, before)


def test_a_property_that_was_not_given_never_goes_live(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    before = content(place)
    monkeypatch.setattr(ending_module, "admission", lambda *_all: [])
    given = replacing(place, folder, safety_backup=False)
    result = run_module("postgresql_restore", given)
    assert "database: connection_limit: -1 was to be, 64793 is" in result["msg"]
    assert "Nothing was changed" in result["error"]["remedy"]
    unharmed(place, before)
    assert "connection_limit" in run_module("postgresql_restore", {**given, "mode": "new", "target": "never"})["msg"]
    unharmed(place, before)


def test_when_the_swap_fails_half_way_nothing_has_changed(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    before = content(place)
    monkeypatch.setattr(ending_module, "admission", lambda *_all: ["ALTER DATABASE nowhere CONNECTION LIMIT 3"])
    result = run_module("postgresql_restore", replacing(place, folder))
    assert "nowhere" in result["msg"]
    assert result["error"]["kind"] == "Refused"
    unharmed(place, before)


def test_the_newest_set_is_never_a_safety_backup(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    first = succeeded(run_module("postgresql_restore", replacing(place, folder)))
    again = succeeded(run_module("postgresql_restore", replacing(place, folder)))
    assert again["plan"]["backup"] == first["plan"]["backup"]
    assert first["restore"]["safety_backup"] != again["restore"]["safety_backup"]
    assert len(kept_ones(place)) == 2
    names = {first["restore"]["previous_database"], again["restore"]["previous_database"]}
    assert set(kept_ones(place)) == names


def test_a_rollback_needs_something_to_go_back_to(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    before = content(place)
    given = arguments(place, folder, mode="rollback", confirm=place.database)
    assert "there is none" in run_module("postgresql_restore", given)["msg"]
    assert '"postgres" is none' in run_module("postgresql_restore", {**given, "previous": "postgres"})["msg"]
    unharmed(place, before)


def test_what_nobody_may_connect_to_gets_no_name_back(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    place, folder = backed_up
    succeeded(run_module("postgresql_restore", replacing(place, folder, safety_backup=False)))
    (kept,) = kept_ones(place)
    before = content(place)
    given = arguments(place, folder, mode="rollback", confirm=place.database)
    with place.server.session() as admin:
        admin.execute(compose("ALTER DATABASE {d} ALLOW_CONNECTIONS false", d=Identifier(kept)))
        (problem,) = run_module("postgresql_restore", given, check_mode=True)["plan"]["problems"]
        assert problem.startswith(f'nobody may connect to "{kept}"')
        assert problem in run_module("postgresql_restore", given)["msg"]
        admin.execute(compose("ALTER DATABASE {d} ALLOW_CONNECTIONS true", d=Identifier(kept)))
    assert content(place) == before
    assert kept_ones(place) == [kept]


def test_what_was_undone_can_be_undone_again_and_again(backed_up: tuple[Place, Path], run_module: RunModule) -> None:
    """Each time the one that was kept last comes back, however many are kept within one second."""
    place, folder = backed_up
    restored = content(place)
    place.run("DELETE FROM public.orders")
    replaced = content(place)
    succeeded(run_module("postgresql_restore", replacing(place, folder, safety_backup=False)))
    given = arguments(place, folder, mode="rollback", confirm=place.database)
    for number in range(4):
        succeeded(run_module("postgresql_restore", given))
        assert content(place) == (restored if number % 2 else replaced)
        assert len(kept_ones(place)) == 1


def test_two_replacements_within_one_second_keep_both(
    backed_up: tuple[Place, Path], run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, folder = backed_up
    at_once = now()
    monkeypatch.setattr(ending_module, "now", lambda: at_once)
    names = []
    for number in (1, 2):
        place.run(f"CREATE TABLE public.number_{number} ()")
        done = succeeded(run_module("postgresql_restore", replacing(place, folder, safety_backup=False)))
        names.append(done["restore"]["previous_database"])
    assert names[1] == f"{names[0]}_2"
    given = arguments(place, folder, mode="rollback", confirm=place.database)
    assert run_module("postgresql_restore", given, check_mode=True)["plan"]["previous"]["name"] == names[1]
    succeeded(run_module("postgresql_restore", given))
    with place.session() as session:
        assert session.values("SELECT relname FROM pg_class WHERE relname ~ '^number_'") == ["number_2"]


@pytest.mark.parametrize("letter", ["y", "ü", "☃"])
def test_names_that_are_cut_to_the_same_do_not_clash(place: Place, letter: str) -> None:
    """Two long names that differ at their ends only, kept within one second."""
    when = now()
    with place.server.session() as admin:
        long = letter * (63 // len(letter.encode()))
        kept = kept_name(admin, long, when)
        assert len(kept.encode()) <= 63
        admin.execute(compose("CREATE DATABASE {d}", d=Identifier(kept)))
        try:
            other = kept_name(admin, long[:-1] + "x", when)
        finally:
            admin.execute(compose("DROP DATABASE {d}", d=Identifier(kept)))
    assert other != kept
    assert other.endswith(f"{kept.partition('_before_')[2]}_2")
    assert len(other.encode()) <= 63


@pytest.mark.parametrize("name", ["y" * 63, "ü" * 31, 'qu"ote; DROP', "line\nbreak"])
def test_odd_names_are_kept_without_a_clash(place: Place, run_module: RunModule, tmp_path: Path, name: str) -> None:
    with place.server.session() as admin:
        admin.execute(compose("ALTER DATABASE {d} RENAME TO {n}", d=Identifier(place.database), n=Identifier(name)))
    odd = Place(place.options, name)
    try:
        before = content(odd)
        assert run_module("postgresql_backup", arguments(odd, tmp_path))["backup"]["verified"]
        done = succeeded(run_module("postgresql_restore", replacing(odd, tmp_path, safety_backup=False)))
        assert done["restore"]["verified"], done
        kept = done["restore"]["previous_database"]
        assert len(kept.encode()) <= 63
        assert content(odd) == before
        assert content(odd, kept) == before
        assert run_module("postgresql_restore", arguments(odd, tmp_path, mode="rollback", confirm=name, previous=kept))[
            "changed"
        ]
    finally:
        with place.server.session() as admin:
            for database in kept_ones(odd):
                admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(database)))
            admin.execute(compose("ALTER DATABASE {n} RENAME TO {d}", d=Identifier(place.database), n=Identifier(name)))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots while others create and drop tables: all or nothing, and never for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._parallel import run_all
from ansible_collections.day2.ops.plugins.module_utils._postgresql import snapshot as snapshot_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Table
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import count_rows
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed, Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.snapshot import Snapshot
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import compose

from .maintenance_places import Place, places, until

LOCKED = snapshot_module._locked


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with two tables, one of them in a schema of its own."""
    for one in places(request, login):
        one.run("CREATE TABLE public.kept (id int); INSERT INTO public.kept SELECT generate_series(1, 10)")
        one.run("CREATE SCHEMA other", "CREATE TABLE other.doomed (id int)")
        yield one


def meanwhile(monkeypatch: pytest.MonkeyPatch, place: Place, *statements: str, times: int = 1) -> list[int]:
    """Let others run these while the tables are being locked; *times* times."""
    calls: list[int] = []

    def locked(session: Session, wanted: Sequence[Table]) -> bool:
        calls.append(len(wanted))
        if len(calls) <= times:
            place.run(*(statement.format(number=len(calls)) for statement in statements))
        return LOCKED(session, wanted)

    monkeypatch.setattr(snapshot_module, "_locked", locked)
    return calls


def names(snapshot: Snapshot) -> set[str]:
    return {table.name for table in snapshot.tables}


def test_many_sessions_see_one_moment(place: Place) -> None:
    with Snapshot(place.server, place.database, 5) as snapshot:
        place.run("INSERT INTO public.kept VALUES (11)")
        kept = next(table for table in snapshot.tables if table.relation == "kept")
        counts = run_all([partial(snapshot.pool.ask, partial(count_rows, table=kept))] * 6, 2)
        assert {count.rows for count in counts} == {count_rows(snapshot.session, kept).rows} == {10}
    assert place.value("SELECT count(*) AS n FROM public.kept") == 11


def test_while_it_is_held_no_table_can_be_truncated_or_dropped(place: Place) -> None:
    with Snapshot(place.server, place.database, 5), place.session() as other:
        other.execute("SET lock_timeout = 100")
        for statement in ("TRUNCATE public.kept", "DROP TABLE other.doomed", "ALTER TABLE public.kept ADD c int"):
            with pytest.raises(QueryFailed, match="lock timeout"):
                other.execute(statement)
        other.execute("INSERT INTO public.kept VALUES (11)")


def test_a_table_that_is_created_meanwhile_is_locked_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = meanwhile(monkeypatch, place, "CREATE TABLE public.late (id int)")
    with Snapshot(place.server, place.database, 5) as snapshot, place.session() as other:
        assert names(snapshot) == {"public.kept", "other.doomed", "public.late"}
        other.execute("SET lock_timeout = 100")
        with pytest.raises(QueryFailed):
            other.execute("TRUNCATE public.late")
    assert calls == [2, 3]


@pytest.mark.parametrize("statement", ["DROP TABLE other.doomed", "DROP SCHEMA other CASCADE"])
def test_a_table_that_goes_meanwhile_is_no_part_of_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    calls = meanwhile(monkeypatch, place, statement)
    with Snapshot(place.server, place.database, 5) as snapshot:
        assert names(snapshot) == {"public.kept"}
    assert calls == [2, 1]


def test_when_it_never_ends_it_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = meanwhile(monkeypatch, place, "CREATE TABLE public.late_{number} (id int)", times=100)
    with pytest.raises(Refused, match="still being created or dropped after 5 attempts"):
        Snapshot(place.server, place.database, 5)
    assert len(calls) == 5
    assert until(lambda: sessions(place) == 0)


def test_a_table_that_stays_locked_fails_in_time(place: Place) -> None:
    with place.session() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE public.kept IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryFailed, match="lock timeout"):
            Snapshot(place.server, place.database, 0.2)
    assert until(lambda: sessions(place) == 0)


def test_a_failing_reader_leaves_no_session(place: Place) -> None:
    def fail(_session: Session) -> None:
        raise ZeroDivisionError

    with Snapshot(place.server, place.database, 5) as snapshot:
        with pytest.raises(ZeroDivisionError):
            run_all([partial(snapshot.pool.ask, fail)] * 4, 2)
        assert until(lambda: sessions(place) == 1)


def sessions(place: Place) -> int:
    """How many of our sessions there are on the place's database."""
    ours = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'day2.ops%' AND datname = {d}"
    with place.server.session() as admin:
        count: int = admin.value(compose(ours, d=place.database))
        return count

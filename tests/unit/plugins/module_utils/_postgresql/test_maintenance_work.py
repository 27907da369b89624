# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Working side by side, telling the result, refusing servers, and asking for room."""

from __future__ import annotations

import re
import threading
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused, Unfinished, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance import reindex as reindex_module
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.crew import Crew, Window
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.guard import check_server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.report import (
    Outcome,
    Report,
    done,
    failed,
    skipped,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.selection import Wanted
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.space import Space
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import ConnectionLost, QueryFailed, Session
from ansible_collections.day2.ops.plugins.module_utils._runtime.runner import Completed

Entry = dict[str, Any]
LOST = ConnectionLost("running a statement", "a server", "the server closed the connection", "Look at its log.")


def entry_of(name: str) -> Entry:
    return {"table": name, "statement": f"VACUUM {name}", "reasons": ["dead"], "lock": "SHARE", "bytes_before": 8}


class Tick:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def crew(do: Any, jobs: int = 2, window: Window | None = None, opener: Any = None) -> Crew[str]:
    return Crew(opener or (lambda: Mock(spec=Session)), jobs, window or Window(None), entry_of, do)


def test_outcomes_come_in_the_order_of_the_items() -> None:
    outcomes = crew(lambda _session, item: done(entry_of(item))).work([["a", "b"], ["c"]])
    assert [(outcome.kind, outcome.entry["table"]) for outcome in outcomes] == [
        ("done", "a"),
        ("done", "b"),
        ("done", "c"),
    ]


def test_groups_go_side_by_side_and_members_of_one_do_not() -> None:
    both = threading.Barrier(2, timeout=10)
    order: list[str] = []

    def meet(_session: Session, item: str) -> Outcome:
        if item in {"a1", "b1"}:
            both.wait()
        order.append(item)
        return done(entry_of(item))

    crew(meet).work([["a1", "a2"], ["b1"]])
    assert order.index("a1") < order.index("a2")


def test_what_must_go_alone_goes_alone() -> None:
    threads = set()

    def note(_session: Session, item: str) -> Outcome:
        threads.add(threading.current_thread().name)
        return done(entry_of(item))

    assert len(crew(note, jobs=5).work([["a"], ["b"], ["c"]], alone=True)) == 3
    assert len(threads) == 1
    assert crew(note).work([]) == []


def test_a_failure_stops_no_other_and_a_lost_session_is_opened_anew() -> None:
    opened: list[Mock] = []

    def opener() -> Session:
        opened.append(Mock(spec=Session))
        return opened[-1]

    def do(_session: Session, item: str) -> Outcome:
        if item == "lost":
            raise LOST
        if item == "bad":
            raise QueryFailed("a server", "42501", "permission denied")
        return done(entry_of(item))

    outcomes = crew(do, jobs=1, opener=opener).work([["bad"], ["lost"], ["good"]])
    assert [outcome.kind for outcome in outcomes] == ["failed", "failed", "done"]
    assert outcomes[0].entry["error"]["kind"] == "QueryFailed"
    assert len(opened) == 2
    assert all(session.close.called for session in opened)


def test_a_session_that_cannot_be_opened_fails_the_item() -> None:
    def opener() -> Session:
        raise Unreachable("connecting", "a server", "refused", "Start it.")

    (outcome,) = crew(lambda _session, item: done(entry_of(item)), opener=opener).work([["a"]])
    assert (outcome.kind, outcome.entry["error"]["kind"]) == ("failed", "Unreachable")


def test_a_defect_of_ours_is_not_hidden() -> None:
    def do(_session: Session, _item: str) -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crew(do).work([["a"]])


def test_nothing_is_begun_after_the_window() -> None:
    clock = Tick()
    window = Window(60, clock)

    def do(_session: Session, item: str) -> Outcome:
        clock.now += 40
        return done(entry_of(item))

    outcomes = crew(do, jobs=1, window=window).work([["a"], ["b"], ["c"]])
    assert [outcome.kind for outcome in outcomes] == ["done", "done", "skipped"]
    assert outcomes[2].entry["code"] == "window"
    assert outcomes[2].entry["why"] == "the window of 60 seconds was over before its turn"


def test_the_report_tells_all_and_fails_at_the_end() -> None:
    report = Report(plan=[entry_of("a"), entry_of("b")])
    report.take([done(entry_of("a"), ["odd"], bytes_after=4), skipped(entry_of("c"), "locked", "by somebody")])
    report.warn("odd")
    result = report.finished("vacuuming", "a server", check_mode=False, diff=True)
    assert result["changed"] is True
    assert result["warnings"] == ["odd"]
    assert result["diff"]["after"] == "VACUUM a  -- dead; lock SHARE\n"
    assert result["skipped"][0]["bytes_after"] == 8
    report.take([failed(entry_of(f"t{number}"), LOST) for number in range(7)])
    with pytest.raises(Unfinished, match="7 of 2 planned objects failed: t0: .*; and 2 more") as failure:
        report.finished("vacuuming", "a server", check_mode=False, diff=False)
    assert len(failure.value.result["failures"]) == 7
    assert len(failure.value.result["done"]) == 1


def test_in_check_mode_the_plan_is_the_change() -> None:
    assert Report(plan=[entry_of("a")]).result(check_mode=True, diff=True)["diff"]["after_header"] == (
        "statements that would run"
    )
    assert Report(plan=[entry_of("a")]).result(check_mode=True, diff=False)["changed"] is True
    assert Report(plan=[entry_of("a")]).result(check_mode=False, diff=False)["changed"] is False
    assert Report().result(check_mode=True, diff=False)["changed"] is False


@pytest.mark.parametrize(
    ("state", "direct", "host", "why"),
    [
        ({"standby": True}, True, "db", "the server is a standby"),
        ({"counted": False}, True, "db", "track_counts is off"),
        ({"port": 5433}, False, None, "the server itself listens on port 5433: a connection pooler stands between"),
        ({"port": 5433}, False, "127.0.0.1", "a connection pooler stands between"),
        ({"port": 5433}, False, "/run/postgresql", "a connection pooler stands between"),
        ({"port": 5433}, False, "db.example.org", None),
        ({"port": 5433}, True, "127.0.0.1", None),
        ({}, False, None, None),
    ],
)
def test_senseless_servers_are_refused(state: Entry, direct: bool, host: str | None, why: str | None) -> None:
    session = Mock(spec=Session, where="a server")
    session.row.return_value = {"standby": False, "counted": True, "port": 5432, **state}
    server = Mock()
    server.runner.direct = direct
    server.login.host, server.login.port = host, 5432
    if why is None:
        check_server(server, session, "vacuuming")
        return
    with pytest.raises(Refused, match=why):
        check_server(server, session, "vacuuming")


@pytest.mark.parametrize(("version", "refused"), [(140000, True), (140003, True), (140004, False), (150000, False)])
def test_servers_that_corrupt_indexes_are_refused(version: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Passed(Exception):
        """Got past the checks."""

    session = Mock(spec=Session, where="a server", version=version)
    server = Mock()
    server.session.return_value.__enter__ = lambda _self: session
    server.session.return_value.__exit__ = lambda *_exception: None
    monkeypatch.setattr(reindex_module, "check_server", lambda *_arguments: None)
    monkeypatch.setattr(reindex_module, "prepare", Mock(side_effect=Passed))
    order = reindex_module.ReindexOrder("shop", Wanted())
    with pytest.raises(Refused if refused else Passed, match="mended in 14.4" if refused else None):
        reindex_module.reindex(server, order, check_mode=True)


# -- room ---------------------------------------------------------------------------------------------------------


def space(lines: list[str], status: int = 0, tablespaces: int = 1, temporary: tuple[int, ...] = ()) -> Space:
    session = Mock(spec=Session, database="shop")
    session.query.return_value = [{"oid": number, "path": f"/data/{number}"} for number in range(tablespaces)]
    session.values.return_value = list(temporary)
    session.value.return_value = 4711
    runner = Mock(where="this host")
    runner.run.return_value = Completed(status, "".join(f"{line}\n" for line in lines).encode(), "")
    return Space(runner, session)


def test_room_is_asked_for_and_kept() -> None:
    there = space(["/dev/disk|/data 1000"])
    assert there.why_not == ""
    assert there.lack(0, 800_000, 100) == ""
    assert "1080000 bytes are needed on the file system /dev/disk|/data, 1024000 are free" in there.lack(
        0, 900_000, 100
    )
    with there.reserved(0, 800_000, 100) as lack:
        assert lack == ""
        with there.reserved(0, 100_000, 100) as second:
            assert "960000 of which other rebuilds take" in second
    with there.reserved(0, 100_000, 100) as lack:
        assert lack == ""


def test_sorting_elsewhere_needs_room_there() -> None:
    there = space(["/dev/a|/a 1000000", "/dev/b|/b 1"], tablespaces=2, temporary=(1,))
    assert "5000 bytes are needed on the file system /dev/b|/b" in there.lack(0, 8000, 5000)
    assert there.lack(0, 8000, 500) == ""
    assert there.lack(99, 8000, 500) == ""


@pytest.mark.parametrize(
    ("lines", "status", "why_not"),
    [
        (["elsewhere"], 0, "the server does not run on this host"),
        ([], 0, "the server does not run on this host"),
        (["/dev/a|/a 5"], 1, "the server does not run on this host"),
        (["unknown 0"], 0, "nobody lets the user on this host look"),
    ],
)
def test_where_room_cannot_be_seen_that_is_told(lines: list[str], status: int, why_not: str) -> None:
    there = space(lines, status)
    assert there.why_not
    assert re.search(why_not, there.why_not)
    assert there.lack(0, 10**15, 10**15) == ""


def test_a_role_that_may_not_see_where_the_data_lies_is_told_what_to_get() -> None:
    session = Mock(spec=Session)
    session.query.side_effect = QueryFailed("a server", "42501", "permission denied to examine data_directory")
    assert "pg_read_all_settings" in Space(Mock(), session).why_not
    runner = Mock(where="this host")
    runner.run.side_effect = NotPossible("starting sh", "this host", "there is no sh", "Install it.")
    session = Mock(spec=Session, database="shop")
    session.query.return_value = [{"oid": 1, "path": "/data"}]
    assert Space(runner, session).why_not == "there is no sh"

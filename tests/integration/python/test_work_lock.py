# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Works on one database keep apart, know of one another, and leave nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._postgresql.work_lock import holders, work_lock


@pytest.fixture
def server(login: dict[str, Any]) -> Server:
    return server_of({"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5, **login})


def test_a_second_work_is_refused_and_told_who_holds_it(server: Server) -> None:
    with work_lock(server, "postgres", "backup") as session:
        pid = session.value("SELECT pg_backend_pid() AS pid")
        with (
            pytest.raises(Refused, match=rf"day2\.ops backup \(process {pid}, role postgres, since 2"),
            work_lock(server, "postgres", "reindex"),
        ):
            raise AssertionError("two works at once")
    with work_lock(server, "postgres", "reindex"), server.session("postgres") as other:
        assert len(holders(other)) == 1
    with server.session("postgres") as other:
        assert holders(other) == []


def test_who_shares_it_excludes_only_who_does_not(server: Server) -> None:
    with (
        work_lock(server, "postgres", "backup", shared=True),
        work_lock(server, "postgres", "backup", shared=True),
        pytest.raises(Refused, match=r"day2\.ops backup .*, day2\.ops backup "),
        work_lock(server, "postgres", "vacuum"),
    ):
        raise AssertionError("alone, yet with two others")


def test_other_databases_are_free(server: Server) -> None:
    with work_lock(server, "postgres", "backup"), work_lock(server, "template1", "backup"):
        pass


def test_a_wait_ends_when_the_holder_does_and_holds_no_snapshot(server: Server) -> None:
    release, got = threading.Event(), threading.Event()

    def hold() -> None:
        with work_lock(server, "postgres", "backup"):
            got.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert got.wait(10)

    def look_then_release() -> None:
        idle = """SELECT count(*) AS n FROM pg_stat_activity
                   WHERE application_name = 'day2.ops vacuum' AND state = 'idle' AND backend_xmin IS NULL"""
        with server.session("postgres") as admin:
            seen.append(until(lambda: admin.value(idle) == 1))
        release.set()

    seen: list[bool] = []
    looker = threading.Thread(target=look_then_release)
    looker.start()
    with work_lock(server, "postgres", "vacuum", wait_seconds=20):
        pass
    holder.join()
    looker.join()
    assert seen == [True]


def until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_wait_that_is_too_short_ends_in_time(server: Server) -> None:
    with (
        work_lock(server, "postgres", "backup"),
        pytest.raises(Refused, match="worked on by day2.ops backup"),
        work_lock(server, "postgres", "vacuum", wait_seconds=0.7),
    ):
        raise AssertionError("two works at once")

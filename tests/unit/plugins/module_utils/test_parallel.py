# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several pieces of work at once: results in their order, and one failure that stops the rest."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from ansible_collections.day2.ops.plugins.module_utils import _parallel
from ansible_collections.day2.ops.plugins.module_utils._parallel import run_all


def test_results_come_in_the_order_given() -> None:
    second_done = threading.Event()

    def first() -> int:
        assert second_done.wait(20)
        return 1

    def second() -> int:
        second_done.set()
        return 2

    assert run_all([first, second], 2) == [1, 2]


def test_nothing_is_nothing() -> None:
    assert run_all([], 2) == []


@pytest.mark.parametrize("jobs", [-1, 0, 1, 3])
def test_no_more_at_once_than_asked(jobs: int) -> None:
    running, most, guard = 0, 0, threading.Lock()

    def piece(number: int) -> int:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with guard:
            running -= 1
        return number

    assert run_all([partial(piece, number) for number in range(8)], jobs) == list(range(8))
    assert most <= max(1, jobs)


def test_the_first_failure_stops_the_rest_and_is_told() -> None:
    stop = threading.Event()
    begun: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    def wait_for_it() -> None:
        begun.append(0)
        assert stop.wait(20)

    with pytest.raises(ZeroDivisionError):
        run_all([wait_for_it, fail, *(wait_for_it for _number in range(50))], 2, stop)
    assert stop.is_set()
    assert len(begun) <= 2


def test_an_interruption_of_the_caller_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_parallel, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_all([lambda: stop.wait(20)], 1, stop)
    assert stop.is_set()

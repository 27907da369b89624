# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interruptions, with real signals to this process: where they are raised, where they wait, what they cut short."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Ended
from ansible_collections.day2.ops.plugins.module_utils._interruption import (
    Interrupted,
    attended,
    interrupted,
    interruptible,
    too_late,
    unattended,
    uninterrupted,
)
from ansible_collections.day2.ops.plugins.module_utils._parallel import run_all

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """No handler and no wake-up is left behind."""
    before = [signal.getsignal(number) for number in NUMBERS]
    yield
    assert [signal.getsignal(number) for number in NUMBERS] == before
    assert signal.set_wakeup_fd(-1) == -1


def send(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0)


def until_set(event: threading.Event) -> None:
    assert event.wait(20)


def interruption_of(work: Callable[[], object]) -> Interrupted:
    """The interruption that ends the work."""

    def whole() -> None:
        with interruptible():
            work()

    with pytest.raises(Interrupted) as ended:
        whole()
    return ended.value


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_ends_the_block_and_its_finally_runs_to_its_end(number: signal.Signals) -> None:
    cleared: list[str] = []

    def work() -> None:
        try:
            send(number)
            time.sleep(20)
        finally:
            send(number)  # a second one, while it is being cleared away
            cleared.append("all")

    assert str(interruption_of(work)) == number.name
    assert cleared == ["all"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            send(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert not interrupted()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nothing_is_different_without_a_signal() -> None:
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        with uninterrupted():
            pass
    with pytest.raises(ZeroDivisionError), interruptible():
        raise ZeroDivisionError


def test_it_waits_for_what_must_not_be_interrupted() -> None:
    done: list[str] = []

    def work() -> None:
        with uninterrupted():
            with uninterrupted():
                send()
                done.append("inner")
            done.append("outer")
        done.append("never")

    interruption_of(work)
    assert done == ["inner", "outer"]


def test_an_error_there_is_told_rather_than_the_signal() -> None:
    def fail() -> None:
        with interruptible(), uninterrupted():
            send()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_what_is_waited_for_is_cut_short_at_once_and_from_another_thread() -> None:
    cut: list[str] = []
    heard = threading.Event()

    def cancel() -> None:
        cut.append(threading.current_thread().name)
        heard.set()

    def work() -> None:
        attended(cut, cancel)
        with uninterrupted():
            attended(heard, lambda: cut.append("what clears away"))  # not cut short
            send()
            until_set(heard)

    interruption_of(work)
    assert len(cut) == 1
    assert cut != [threading.main_thread().name]


def test_what_is_over_is_not_cut_short() -> None:
    cut: list[str] = []
    heard = threading.Event()

    def work() -> None:
        attended(cut, lambda: cut.append("over"))
        unattended(cut)
        unattended(cut)
        attended(heard, heard.set)
        with uninterrupted():
            send()
            until_set(heard)

    interruption_of(work)
    assert cut == []


def test_outside_of_a_block_nothing_is_attended() -> None:
    attended(NUMBERS, lambda: None)
    unattended(NUMBERS)
    assert not interrupted()


def test_off_the_main_thread_nothing_changes() -> None:
    seen: list[Any] = []

    def work() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_pieces_of_work_that_had_not_begun_do_not_begin() -> None:
    begun: list[int] = []
    released = threading.Event()

    def piece(number: int) -> None:
        begun.append(number)
        if number == 0:
            send()
            until_set(released)

    def work() -> None:
        attended(released, released.set)
        run_all([partial(piece, number) for number in range(50)], 1)

    interruption_of(work)
    assert begun == [0]


def test_what_is_done_is_not_interrupted_any_more() -> None:
    with interruptible():
        with uninterrupted():
            send()
            too_late()
        send()
    with pytest.raises(Interrupted), interruptible():
        send()


def test_a_piece_that_is_late_is_refused() -> None:
    def work() -> None:
        with uninterrupted():
            send()
            with pytest.raises(Ended):
                run_all([lambda: None], 1)

    interruption_of(work)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hearing that a run is cancelled."""

from __future__ import annotations

import os
import pty
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.plugin_utils._long_work.cancellation import (
    Cancelled,
    cancellable,
    say_past_ansible,
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_heard_once_and_ansible_s_own_handler_comes_after(number: signal.Signals) -> None:
    came: list[str] = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)  # somebody cannot wait
            came.append("stopped")

    before = signal.signal(number, lambda _number, _frame: came.append("ansible"))
    try:
        with pytest.raises(Cancelled, match=number.name), cancellable():
            work()
        assert came == ["stopped", "ansible"]
        os.kill(os.getpid(), number)
        assert came == ["stopped", "ansible", "ansible"]
    finally:
        signal.signal(number, before)


def test_a_run_that_is_not_cancelled_hears_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with cancellable():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_off_the_main_thread_nothing_can_be_heard() -> None:
    done: list[bool] = []

    def work() -> None:
        with cancellable():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def said_to(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Say something to a process whose standard error this is."""
    opened = os.open

    def elsewhere(path: Any, *flags: Any, **more: Any) -> int:
        assert path == "/proc/4711/fd/2"
        return opened(f"/proc/self/fd/{descriptor}", *flags, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", elsewhere)
        return say_past_ansible(4711, "gone ☃\udcff")


def test_a_line_past_ansible_reaches_terminals_and_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    end, pipe = os.pipe()
    assert said_to(pipe, monkeypatch)
    assert os.read(end, 100) == "gone ☃?\n".encode()
    os.close(end)
    assert not said_to(pipe, monkeypatch)  # nobody reads it
    os.close(pipe)
    master, terminal = pty.openpty()
    assert said_to(terminal, monkeypatch)
    assert os.read(master, 100) == "gone ☃?\r\n".encode()
    os.close(master)
    os.close(terminal)


def test_but_not_files_where_it_would_be_written_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        assert not said_to(log.fileno(), monkeypatch)
    assert (tmp_path / "log").read_text() == ""
    assert not say_past_ansible(2**22 + 1, "nobody")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hearing that the run is cancelled, in time to tell the host."""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Cancelled", "cancellable", "say_past_ansible"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Cancelled(BaseException):
    """Ctrl-C, or a signal that tells the controller to end. No error: nothing may take it for one."""


@contextmanager
def cancellable() -> Iterator[None]:
    """Raise :class:`Cancelled` in the block when the run is cancelled; once, so that the block can end its work.

    Ansible's own handler, which ends this worker process at once, comes to its right after the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def hear(number: int, _frame: Any) -> None:
        came.append(number)
        if len(came) == 1:
            raise Cancelled(signal.Signals(number).name)

    before = {number: signal.signal(number, hear) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            os.kill(os.getpid(), came[0])


def say_past_ansible(controller: int, text: str) -> bool:
    """Write a line to the terminal, or the pipe, of Ansible's main process; return whether that was possible.

    A cancelled run reads nothing any more of what its workers have to display, but waits for them to end.
    """
    try:
        descriptor = os.open(f"/proc/{controller}/fd/2", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISCHR(mode) and not stat.S_ISFIFO(mode):  # in a file, others write at a place of their own
            return False
        try:
            stream.write(f"{text}\n".encode("utf-8", "replace"))
        except OSError:
            return False
    return True

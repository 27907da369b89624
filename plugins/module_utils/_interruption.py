# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clean end when a signal tells the process to end: what was begun is cleared away by the blocks that began it.

Python runs its signal handlers in the main thread, and only when that is not waiting inside a library. So there is a
thread that hears of a signal at once and cuts short what the process waits for; then the main thread raises
:class:`Interrupted` wherever it is, and every ``finally`` on the way does its work.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

__all__ = ["Interrupted", "attended", "deaf", "interrupted", "interruptible", "too_late", "unattended", "uninterrupted"]

_NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal told the process to end. No error: nothing may take it for the failure of one piece of work."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return signal.Signals(self.number).name


class _Watch:
    """What is known of signals within one block.

    :ivar number: the first signal that came.
    :ivar raised: whether the main thread has been told, or need not be told any more.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.raised = False
        self.cancels: dict[int, Callable[[], None]] = {}
        self.guard = threading.Lock()

    def handle(self, number: int, _frame: Any) -> None:
        self.number = self.number or number
        if not _shield.depth:
            self.raise_once()

    def raise_once(self) -> None:
        if self.number is not None and not self.raised:
            self.raised = True
            raise Interrupted(self.number)

    def attend(self, ear: socket.socket, numbers: set[int]) -> None:
        """Hear of signals until the other end is closed; cut short what is being waited for."""
        while heard := ear.recv(64):
            for number in numbers.intersection(heard):
                self.number = self.number or number
                with self.guard:
                    cancels = list(self.cancels.values())
                for cancel in cancels:
                    cancel()


class _Shield(threading.local):
    """How many blocks of this thread must not be interrupted."""

    depth = 0


_shield = _Shield()
_watches: list[_Watch] = []


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise :class:`Interrupted` in the block when a signal tells the process to end; once, so that cleaning up ends.

    Signals that are ignored stay ignored. Off the main thread, where Python allows no handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    ours = {number for number, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    watch = _Watch()
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    listener = threading.Thread(target=watch.attend, args=(ear, ours), daemon=True)
    listener.start()
    heard_by = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    _watches.append(watch)
    try:
        for number in ours:
            signal.signal(number, watch.handle)
        yield
    finally:
        watch.raised = True
        for number in ours:
            signal.signal(number, before[number])
        signal.set_wakeup_fd(heard_by)
        _watches.remove(watch)
        mouth.close()
        listener.join()
        ear.close()


def interrupted() -> bool:
    """Whether the process has been told to end, so that nothing new should begin."""
    return any(watch.number is not None for watch in _watches)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the block come to its end, whatever signal comes; the signal counts when it has."""
    _shield.depth += 1
    try:
        yield
    finally:
        _shield.depth -= 1
    if not _shield.depth and threading.current_thread() is threading.main_thread():
        for watch in list(_watches):
            watch.raise_once()


def too_late() -> None:
    """Let no signal interrupt this block of :func:`interruptible` any more: it is done, and somebody must be told."""
    for watch in _watches:
        watch.raised = True


@contextmanager
def deaf() -> Iterator[None]:
    """Ignore signals that tell the process to end: it is ending, and has only to say how its work ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def attended(what: object, cancel: Callable[[], None]) -> None:
    """Have *cancel* called, from another thread, when a signal comes; not for what cleaning up waits for."""
    if not _shield.depth:
        for watch in _watches:
            with watch.guard:
                watch.cancels[id(what)] = cancel


def unattended(what: object) -> None:
    """Forget what :func:`attended` was told of."""
    for watch in _watches:
        with watch.guard, contextlib.suppress(KeyError):
            del watch.cancels[id(what)]

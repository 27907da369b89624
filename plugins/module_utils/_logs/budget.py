# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scan of one source may use: time, and bytes out of compressed files.

A regular expression that somebody wrote may take longer for one line than the sun will last, and a small file may
unpack to more than any disk holds. Both then end with what was counted until then, and the result says so.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Budget", "OutOfTime"]

# How often it is tried again to end what had just begun when the time was over.
_AGAIN_SECONDS = 0.05


class OutOfTime(BaseException):
    """The time is over. No error: nothing may take it for the failure of one piece of work."""


class Budget:
    """The time and the bytes for one source. Without any, there is no limit.

    Python looks for signals while it searches for a regular expression, and between the bytes that it unpacks: so a
    timer ends what runs too long in a *watched* block. Elsewhere the time is looked at where nothing is half counted.

    :param seconds: from now on.
    :param unpacked: bytes that one compressed file may hold.
    :ivar over: why nothing more is done, as the end of a sentence; None as long as there is time.
    """

    def __init__(self, seconds: float | None = None, unpacked: int | None = None) -> None:
        self.unpacked = unpacked
        self.over: str | None = None
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds
        self._watched: str | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the timer run in this process during the block. Off the main thread there is none."""
        if self._end is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._ring)
        try:
            left = max(self._end - time.monotonic(), _AGAIN_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN_SECONDS)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Let the timer end the block, which has to leave everything as it was or as it should be.

        :param what: what it does, as ``while it was read``.
        :raises OutOfTime: from then on, at once.
        """
        self._refuse()
        self._watched = what
        try:
            yield
        finally:
            self._watched = None

    @contextmanager
    def ringing(self, bell: threading.Event) -> Iterator[None]:
        """Set *bell* when the time is over during the block, which waits for others."""
        if self._end is None:
            yield
            return
        timer = threading.Timer(max(self._end - time.monotonic(), 0), bell.set)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def check(self) -> None:
        """Look at the clock.

        :raises OutOfTime: when the time is over.
        """
        if self._end is not None and self.over is None and time.monotonic() >= self._end:
            self._stop("")
        self._refuse()

    def _ring(self, _number: int, _frame: Any) -> None:
        what, self._watched = self._watched, None
        if what is not None:
            self._stop(f" {what}")
            self._refuse()

    def _stop(self, when: str) -> None:
        if self.over is None:
            self.over = f"its {self._seconds:g} seconds were over{when}"

    def _refuse(self) -> None:
        if self.over is not None:
            raise OutOfTime(self.over)

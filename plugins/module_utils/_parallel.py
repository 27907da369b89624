# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several pieces of work at once, where the first failure stops the rest."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Callable, TypeVar

from ._errors import Ended
from ._interruption import interrupted

__all__ = ["run_all"]

Result = TypeVar("Result")


def run_all(work: Sequence[Callable[[], Result]], jobs: int, stop: threading.Event | None = None) -> list[Result]:
    """Run every callable of *work*, at most *jobs* at a time; return their results in the order given.

    :param stop: set at the first failure, so that what runs can end early.
    :raises Exception: the first failure, after everything that had started has ended.
    """
    if not work:
        return []
    stop = stop or threading.Event()
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(_begun, piece) for piece in work]
        try:
            done, _pending = wait(futures, return_when=FIRST_EXCEPTION)
            failures = [failure for future in done if (failure := future.exception()) is not None]
        except BaseException:  # an interruption of this thread ends the others too
            stop.set()
            for future in futures:
                future.cancel()
            raise
        if failures:
            stop.set()
            for future in futures:
                future.cancel()
            raise failures[0]
    return [future.result() for future in futures]


def _begun(piece: Callable[[], Result]) -> Result:
    if interrupted():
        raise Ended("working", "this host", "a signal told it to end", "Run it again.")
    return piece()

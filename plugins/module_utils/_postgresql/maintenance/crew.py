# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several sessions that work side by side, until the window in which work may begin is over."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from typing import Any, Callable, Generic, TypeVar

from ..._errors import Day2Error
from ..._interruption import interrupted
from ..._progress import SILENT, Progress
from ..session import ConnectionLost, Session
from .report import Outcome, failed, skipped

__all__ = ["Crew", "Window"]

Item = TypeVar("Item")


class Window:
    """The time in which work may begin.

    :param seconds: its length; None for no end.
    :param clock: tells seconds; only ever compared with itself.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds
        self._seconds = seconds

    @property
    def over(self) -> bool:
        """Whether nothing new may begin."""
        return self._end is not None and self._clock() >= self._end

    def __str__(self) -> str:
        return f"the window of {self._seconds:g} seconds was over before its turn"


class Crew(Generic[Item]):
    """Works on items with several sessions at once.

    :param open_session: opens a session for a worker.
    :param jobs: the number of workers.
    :param window: the time in which work may begin.
    :param entry_of: an item as an entry of the plan, for what is told of it when it was not begun or failed.
    :param do: works on one item. An error that it raises is that item's failure and stops no other.
    :param progress: is told when an item is over with, and its size.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        jobs: int,
        window: Window,
        entry_of: Callable[[Item], dict[str, Any]],
        do: Callable[[Session, Item], Outcome],
        progress: Progress = SILENT,
    ) -> None:
        self._open_session = open_session
        self._jobs = jobs
        self._window = window
        self._entry_of = entry_of
        self._do = do
        self._progress = progress

    def work(self, groups: Sequence[Sequence[Item]], alone: bool = False) -> list[Outcome]:
        """Work on all items; those of one group one after the other, groups side by side unless they must go *alone*.

        Returns the outcomes in the order of the items.
        """
        waiting: queue.SimpleQueue[Sequence[Item]] = queue.SimpleQueue()
        for group in groups:
            waiting.put(group)
        outcomes: dict[int, Outcome] = {}
        faults: list[BaseException] = []

        def labour() -> None:
            try:
                self._labour(waiting, outcomes)
            except BaseException as fault:  # a defect of ours; told once the others have ended
                faults.append(fault)

        count = min(1 if alone else self._jobs, len(groups))
        workers = [threading.Thread(target=labour, name=f"maintenance-{number}") for number in range(count)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        except BaseException:  # an interruption of this thread: they begin nothing more, and clear up what they began
            for worker in workers:
                worker.join()
            raise
        if faults:
            raise faults[0]
        return [outcomes[id(item)] for group in groups for item in group]

    def _labour(self, waiting: queue.SimpleQueue[Sequence[Item]], outcomes: dict[int, Outcome]) -> None:
        session: Session | None = None
        try:
            while True:
                try:
                    group = waiting.get_nowait()
                except queue.Empty:
                    return
                for item in group:
                    session, outcomes[id(item)] = self._one(session, item)
                    self._progress.add(1, self._entry_of(item).get("bytes_before") or 0)
        finally:
            if session is not None:
                session.close()

    def _one(self, session: Session | None, item: Item) -> tuple[Session | None, Outcome]:
        entry = self._entry_of(item)
        if interrupted():
            return session, skipped(entry, "interrupted", "a signal told the module to end before its turn")
        if self._window.over:
            return session, skipped(entry, "window", str(self._window))
        begun = time.monotonic()
        try:
            session = session or self._open_session()
            return session, self._do(session, item)
        except Day2Error as error:
            outcome = failed(entry, error, bytes_after=None, seconds=round(time.monotonic() - begun, 3))
            if session is not None and isinstance(error, ConnectionLost):
                session.close()
                session = None
            return session, outcome

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A work on record: begun unless the same one runs or was just done, told while it lasts, remembered at its end."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Callable

from .._errors import Day2Error, NotPossible, Refused
from .._interruption import deaf
from .._progress import SILENT, Gauge, Progress
from .files import FOLLOWS, KILLED, RUNNING, WELL, WRONG, Status, WorkFiles, WorkFolder
from .order import Order

__all__ = ["OnRecord", "StandsAlready", "birth_of", "result_in"]


class StandsAlready(Day2Error):
    """The same work runs already, or was done by somebody who never heard of its end: nothing was begun."""


class OnRecord:
    """One work on record.

    :param path: the path of its files without the ending.
    :param warn: tells what became of earlier works.
    """

    def __init__(self, path: Path, warn: Callable[[str], object], clock: Callable[[], float] = time.time) -> None:
        self._files = WorkFiles(path)
        self._folder = WorkFolder(path.parent)
        self._warn = warn
        self._clock = clock
        self._life = contextlib.ExitStack()
        self._status: Status | None = None

    @contextmanager
    def printed(self) -> Iterator[None]:
        """Keep what is printed in the block, with how the work ended, then print it."""
        said = io.StringIO()
        with self._life:
            try:
                with contextlib.redirect_stdout(said):
                    yield
            finally:
                with deaf():
                    if self._status is not None:
                        self._end(self._status, said.getvalue())
                    sys.stdout.write(said.getvalue())

    def _end(self, status: Status, said: str) -> None:
        result = result_in(said)
        now = self._clock()
        state = WRONG if result is None or result.get("failed") else WELL
        ended = replace(status, state=state, updated=now, ended=now, printed=result is not None)
        with contextlib.suppress(OSError):
            if result is not None:
                self._files.keep_result(said)
            self._files.tell(ended, lasting=True)

    def do(self, order: Order, call: Callable[[Progress], dict[str, Any]]) -> dict[str, Any]:
        """Do the work, unless there is one that stands for it.

        :raises StandsAlready: when there is.
        :raises Refused: when the same work was killed and nobody knows whether it had its effect.
        """
        try:
            self._status = self._begin(order)
        except (OSError, NotPossible) as error:
            self._warn(f"How far this is cannot be told, nor could another run take it over: {error}")
            return call(SILENT)
        with Gauge(partial(self._tell, order)) as gauge:
            return call(gauge)

    def _begin(self, order: Order) -> Status:
        self._folder.make()
        with self._folder.alone():
            now = self._clock()
            self._folder.clear(now)
            works = self._folder.works()
            mine = Status(
                module=order.module,
                title=order.title,
                identity=order.identity,
                number=works[0][1].number + 1 if works else 1,
                state=RUNNING,
                pid=os.getpid(),
                birth=birth_of(os.getpid()),
                started=now,
                updated=now,
            )
            same = [one for one in works if one[1].identity == order.identity and one[1].state != FOLLOWS]
            if same:
                self._look_at(order, mine, *same[0])
            self._life.enter_context(self._files.living())
            self._files.wait_to_be_heard()
            self._files.tell(mine, lasting=True)
        return mine

    def _look_at(self, order: Order, mine: Status, files: WorkFiles, before: Status) -> None:
        """Decide whether the same work that was begun last stands for this one; tell what became of it if not."""
        if before.state == RUNNING and files.lives():
            self._follow(mine, files, f"it runs already, as process {before.pid} since {_at(before.started)}")
        if before.state == RUNNING:
            files.tell(replace(before, state=KILLED), lasting=True)
            files.heard()
            self._killed(order, before)
        elif before.state == WRONG and files.unheard:
            files.heard()
            self._warn(f"The same work, begun at {_at(before.started)}, failed when nobody listened: {_why(files)}")
        elif before.state == WELL and files.unheard and self._stands(order, files, before):
            self._follow(mine, files, f"it was done, from {_at(before.started)} to {_at(before.ended)}")

    def _stands(self, order: Order, files: WorkFiles, before: Status) -> bool:
        if order.stands_seconds is not None:
            age = self._clock() - (before.ended or before.updated)
            if not 0 <= age <= order.stands_seconds:
                return False
        result = result_in(files.result() or "")
        try:
            return result is not None and order.holds(result)
        except (Day2Error, LookupError, TypeError):
            # What keeps us from looking will keep the work from being done, and be told then; or the result is that of
            # another version of the module.
            return False

    def _follow(self, mine: Status, files: WorkFiles, why: str) -> None:
        self._files.tell(replace(mine, state=FOLLOWS, follows=files.name, ended=mine.started))
        raise StandsAlready(f"beginning the work {mine.module}", mine.title, why, "Ask for its result.")

    def _killed(self, order: Order, before: Status) -> None:
        phase = before.progress.get("phase", "")
        told = f"The same work, begun at {_at(before.started)} as process {before.pid}, was killed while {phase}"
        if order.no_return is not None and phase == order.no_return:
            raise Refused(
                f"beginning the work {order.module}",
                order.title,
                f"{told[0].lower()}{told[1:]}: it may have been done or not",
                "Look which; then run it again to do it, once more if it was done.",
            )
        self._warn(f"{told}; this is a new one.")

    def _tell(self, order: Order, figures: dict[str, Any]) -> None:
        status = self._status
        if status is None:
            return
        self._status = replace(status, updated=self._clock(), progress=figures)
        with contextlib.suppress(OSError):
            self._files.tell(self._status, lasting=figures["phase"] == order.no_return)


def birth_of(pid: int) -> str:
    """When a process was born, in the kernel's words; empty where these cannot be read."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The program's name, in parentheses, may hold anything.
    return told.rpartition(")")[2].split()[19]


def result_in(said: str) -> dict[str, Any] | None:
    """The result in what a module printed."""
    with contextlib.suppress(ValueError):
        result = json.loads(said[said.index("{") :])
        return result if isinstance(result, dict) else None
    return None


def _why(files: WorkFiles) -> str:
    return str((result_in(files.result() or "") or {}).get("msg", "it crashed"))


def _at(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))

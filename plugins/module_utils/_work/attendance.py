# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attending a work from outside: waiting for it, telling it to end, taking its result."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from .._errors import Ended, NotPossible
from .files import FOLLOWS, KILLED, RUNNING, WELL, WRONG, Status, WorkFiles
from .record import birth_of, result_in

__all__ = ["Attendance"]

STARTING, ENDED, LOST = "starting", "ended", "lost"

_POLL_SECONDS = 0.1
# Between the end of a process and the moment at which Ansible's wrapper has written what it printed.
_WRAPPER_SECONDS = 5.0
# A process that was started writes its status within this time, or nothing ever does.
_START_SECONDS = 15.0
# A phase that is over sooner is not worth telling.
_PHASE_SECONDS = 1.0


class Attendance:
    """What can be done about one work.

    :param path: the path of its files without the ending.
    :param job: the file into which Ansible's wrapper of asynchronous modules writes what the module printed; None when
        somebody else started it.
    """

    def __init__(self, path: Path, job: Path | None) -> None:
        self._files = WorkFiles(path)
        self._job = job

    def wait(self, seconds: float, phase: str) -> dict[str, Any]:
        """Wait until it has ended, or some time is over, or another phase than this has come; tell how far it is.

        :param phase: the one that is known; empty for not minding.
        """
        began = time.monotonic()
        while True:
            state, status = self._look()
            waited = time.monotonic() - began
            news = bool(phase) and status is not None and status.progress.get("phase", phase) != phase
            if state not in (STARTING, RUNNING) or waited >= seconds or (news and waited >= _PHASE_SECONDS):
                return _told(state, status)
            time.sleep(_POLL_SECONDS)

    def stop(self, seconds: float) -> dict[str, Any]:
        """Tell it to end, and wait so long until it has cleared away what it had begun.

        Only its own process is told, which ends those that it started; Ansible's wrapper must live to tell the result.
        """
        began = time.monotonic()
        signalled = False
        while True:
            state, status = self._look()
            waited = time.monotonic() - began
            if state == STARTING and waited >= _START_SECONDS:
                state = LOST
            if state == RUNNING and status is not None and not signalled:
                signalled = self._signal(status)
            if state not in (STARTING, RUNNING):
                if status is not None and status.state == WRONG:
                    self._files.heard()  # what came to a good end all the same is for the next run to report
                break
            if waited >= seconds:
                break
            time.sleep(_POLL_SECONDS)
        return {**_told(state, status), "signalled": signalled, "interrupted": self._interrupted()}

    def _interrupted(self) -> bool:
        """Whether a signal ended it, which may have come before ours from whoever else ends what a run began."""
        result = result_in(self._files.result() or "") or {}
        return (result.get("error") or {}).get("kind") == Ended.__name__

    def _signal(self, status: Status) -> bool:
        if birth_of(status.pid) != status.birth:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)
            return True
        return False

    def collect(self) -> str:
        """What the module printed. It stays where it is, in case that it does not arrive; the wrapper's copy need not.

        :raises NotPossible: when it is lost.
        """
        printed = self._files.result()
        if printed is not None:
            if self._job is not None:
                with contextlib.suppress(OSError):
                    self._job.unlink()
            return printed
        result = self._job_result()
        if result is None:
            raise NotPossible(
                "taking the result of a work",
                str(self._files.folder / self._files.name),
                "it is not there any more",
                "Look what the work did; run it again if it should be done again.",
            )
        return json.dumps(result)

    def _look(self) -> tuple[str, Status | None]:
        status = self._files.status()
        if status is None:
            if self._job_result() is not None:
                return ENDED, None
            # Whoever was cut off while he started it does not know of a job; and a job may not be there yet.
            return (STARTING if self._job is None or self._job.exists() else LOST), None
        if status.state == RUNNING and not self._files.lives():
            status = self._files.status() or status  # it may have ended just now
            if status.state == RUNNING:
                return (ENDED if self._ended_untold() else KILLED), status
        if status.state in (RUNNING, KILLED, FOLLOWS):
            return status.state, status
        if not status.printed:
            self._ended_untold()
        return ENDED, status

    def _ended_untold(self) -> bool:
        """Whether Ansible's wrapper has the result of a module that could not keep it itself."""
        end = time.monotonic() + _WRAPPER_SECONDS
        while self._job is not None and (result := self._job_result()) is None and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        result = self._job_result()
        # What the wrapper makes of no output names the command; what a module says, the invocation.
        return result is not None and "cmd" not in result

    def _job_result(self) -> dict[str, Any] | None:
        if self._job is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(self._job.read_bytes())
            if isinstance(told, dict) and "started" not in told:
                return told
        return None


def _told(state: str, status: Status | None) -> dict[str, Any]:
    if status is None:
        return {"state": state, "status": None}
    now = time.time()
    # The clock may have been set meanwhile; these are for people only.
    passed = {"seconds": status.ended or now, "silent_seconds": now}
    since = {"seconds": status.started, "silent_seconds": status.updated}
    told = {name: round(max(0.0, passed[name] - since[name]), 1) for name in passed}
    return {
        "state": state,
        "status": {
            **{name: getattr(status, name) for name in ("module", "title", "pid", "started", "ended", "follows")},
            **told,
            "succeeded": status.state == WELL if status.ended is not None else None,
            "progress": status.progress,
        },
    }

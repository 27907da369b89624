# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of modules whose work may take long.

The module is started by Ansible's own wrapper of asynchronous modules, so its work ends neither with the connection nor
with the controller. It keeps a status on the host, which is read and told here until it has ended; then its result is
returned as if the module had just run.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import secrets
import time
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action.normal import ActionModule as PlainAction
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, Ended, NotPossible
from ansible_collections.day2.ops.plugins.module_utils._module import WORK
from ansible_collections.day2.ops.plugins.module_utils._work.attendance import ENDED, STARTING
from ansible_collections.day2.ops.plugins.module_utils._work.files import FOLLOWS, KILLED, RUNNING, UNHEARD
from ansible_collections.day2.ops.plugins.plugin_utils._report.words import clean

from .cancellation import Cancelled, cancellable, say_past_ansible
from .lines import interval, line, moment, over, stopped, taking_over

__all__ = ["LongWork"]

_ATTENDANT = "day2.ops.long_work"
_FOLDER = "day2"

# The wrapper kills what takes longer. Work like this ends by itself, or is stopped.
_NO_LIMIT = 10 * 365 * 86400
# A host that could not be reached for so long may not come back soon; its work goes on.
_PATIENCE_SECONDS = 120.0
_RETRY_SECONDS = 5.0
# What dropping a large database, or ending programs that hang, may take.
_STOP_SECONDS = 60.0

# What a shell says of a program that there is not.
_NOT_FOUND = 127

_GOES_ON = "The work goes on on the host; the next run of the task takes it over."


class LongWork(PlainAction):
    """Starts the module of its name so that it outlives this run, attends it, and returns what it returns.

    In check mode, and where the task has ``async`` of its own, the module runs as any other.
    """

    # Where Ansible keeps the jobs of asynchronous modules, while one of ours is started.
    _async_folder: str | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Start, attend, and return the result."""
        self._vars = task_vars or {}
        if self._task.check_mode or self._task.async_val or self._connection.has_native_async:
            return self._plain()
        self._controller = os.getppid()
        self._path = ""
        self._job: str | None = None
        self._status: dict[str, Any] | None = None
        result: dict[str, Any] | None = None
        with cancellable():
            try:
                told = self._start()
                if "results_file" in told:
                    result = self._attended()
            except Exception:  # the work goes on
                raise
            except BaseException as cut:
                self._stop(cut)
                raise
        if result is None:
            return self._not_started(told)
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _plain(self) -> dict[str, Any]:
        result: dict[str, Any] = super().run(None, self._vars)
        return result

    def get_shell_option(self, option: str, default: Any = None) -> Any:
        """An option of the shell plugin; our jobs lie in a folder of their own, which the module closes to others."""
        if option == "async_dir" and self._async_folder is not None:
            return self._async_folder
        return super().get_shell_option(option, default)

    # -- start --------------------------------------------------------------------------------------------------------

    def _start(self) -> dict[str, Any]:
        """Start the module; return what Ansible's wrapper says, and note the file of the job if there is one."""
        folder = posixpath.join(self.get_shell_option("async_dir", default="~/.ansible_async"), _FOLDER)
        environment = self._task.environment
        self._path = posixpath.join(folder, secrets.token_hex(8))
        self._async_folder = folder
        self._task.environment = [*environment, {WORK: self._path}]
        self._task.async_val = _NO_LIMIT
        try:
            told: dict[str, Any] = self._execute_module(task_vars=self._vars, wrap_async=True)
        finally:
            self._task.environment = environment
            self._task.async_val = 0
            self._async_folder = None
        self._job = told.get("results_file")
        if self._job is not None:
            # By its full name: files are removed by a shell, which is told names as they are.
            self._path = posixpath.join(posixpath.dirname(self._job), posixpath.basename(self._path))
        return told

    def _not_started(self, told: dict[str, Any]) -> dict[str, Any]:
        why = self._why_never(told)
        if why is None:
            return {**told, "changed": False}
        Display().warning(f"The work cannot outlive this run: {why}")
        return self._plain()

    def _why_never(self, told: dict[str, Any]) -> str | None:
        """Why nothing can be started that outlives a run there; None where it is something else that went wrong."""
        if "could not create directory" in str(told.get("msg")):
            return str(told["msg"])
        interpreter = str(self._used_interpreter or "").removeprefix("#!").strip()
        if told.get("rc") == _NOT_FOUND and " " in interpreter:
            return f"Ansible starts nothing asynchronous with an interpreter whose path has a space: {interpreter}"
        return None

    # -- attend -------------------------------------------------------------------------------------------------------

    def _attended(self) -> dict[str, Any]:
        """Tell how far the work is until it has ended; return its result."""
        told = self._ask("wait", seconds=self._interval(), phase="")
        follows = self._state(told) == FOLLOWS
        if follows:
            told = self._taken_over(told)
        while self._state(told) in (STARTING, RUNNING):
            phase = ""
            if self._status is not None:
                self._say(line(self._status))
                phase = self._status["progress"].get("phase", "")
            told = self._ask("wait", seconds=self._interval(), phase=phase)
        state = self._state(told)
        if state is None:
            return told
        if state != ENDED:
            return _failure(_gone(state, self._task.action, self._path, self._status))
        result = self._ask("collect")
        self._hear()
        if follows and self._status is not None:
            result["adopted"] = {name: moment(self._status[name]) for name in ("started", "ended")}
        return result

    def _state(self, told: dict[str, Any]) -> str | None:
        """Note what is told of the work; return its state, or None when nothing could be asked."""
        if "work" not in told:
            return None
        self._status = told["work"]["status"] or self._status
        return str(told["work"]["state"])

    def _taken_over(self, told: dict[str, Any]) -> dict[str, Any]:
        """Go over to the work that stands for this one; say so; return how it is."""
        follows = posixpath.basename(told["work"]["status"]["follows"])
        self._path, self._job = posixpath.join(posixpath.dirname(self._path), follows), None
        told = self._ask("wait", seconds=0, phase="")
        state = self._state(told)
        if self._status is not None and state == RUNNING:
            self._say(taking_over(self._status))
        elif self._status is not None and state == ENDED:
            Display().warning(over(self._status))
        return told

    def _interval(self) -> float:
        return interval(self._status["seconds"] if self._status else 0)

    def _ask(self, mode: str, **more: Any) -> dict[str, Any]:
        """Ask the host about the work, again and again when it does not answer for a while.

        :raises AnsibleConnectionFailure: when it could not be reached for long.
        :raises AnsibleActionFail: when it did not answer for long otherwise; and when whoever started this run is gone,
            so that nobody would hear the answer.
        """
        end = None
        while (fault := self._asked(mode, more)) is not None:
            end = end or time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() >= end:
                lost = AnsibleConnectionFailure if isinstance(fault, AnsibleConnectionFailure) else AnsibleActionFail
                raise lost(f"{fault}. {_GOES_ON}") from fault
            self._say("the host does not answer; the work goes on there, and it is asked again")
            self._reconnect()
        if os.getppid() != self._controller:
            raise AnsibleActionFail(f"The run that started this has ended. {_GOES_ON}")
        return self._answer

    def _asked(self, mode: str, more: dict[str, Any]) -> AnsibleError | None:
        """Ask once, and note the answer; return what kept it away."""
        try:
            self._answer = self._attendant(mode, **more)
        except AnsibleError as error:
            return error
        if self._answer.get("_ansible_parsed"):
            return None
        return AnsibleActionFail(str(self._answer.get("msg")))

    def _attendant(self, mode: str, **more: Any) -> dict[str, Any]:
        arguments = {"path": self._path, "job": self._job, "mode": mode, **more}
        told: dict[str, Any] = self._execute_module(_ATTENDANT, arguments, task_vars=self._vars)
        return told

    def _reconnect(self) -> None:
        time.sleep(_RETRY_SECONDS)
        if type(self._connection).reset is not ConnectionBase.reset:  # which only says that it cannot
            with contextlib.suppress(AnsibleError):
                self._connection.reset()

    def _hear(self) -> None:
        """Let the host know that the result has arrived. If that fails, the next run is told the result once more."""
        with contextlib.suppress(AnsibleError):
            self._low_level_execute_command(self._connection._shell.remove(f"{self._path}{UNHEARD}"))

    # -- stop ---------------------------------------------------------------------------------------------------------

    def _stop(self, cut: BaseException) -> None:
        """Tell the work to end, wait until it has cleared away what it had begun, and say how that went."""
        if not self._path:
            return
        if self._job is None and self._status is None:  # cut off while it was being started: that folder is its own
            self._connection._shell.tmpdir = None
        tell = self._say_at_once if isinstance(cut, Cancelled) else self._say
        tell(f"{self._title}: cancelled ({cut}); telling the work to end, for which it has {_STOP_SECONDS:.0f} s")
        try:
            told = self._attendant("stop", seconds=_STOP_SECONDS)
            tell(f"{self._title}: {stopped(told['work'])}" if "work" in told else str(told.get("msg")))
        except AnsibleError as error:
            tell(f"{self._title}: the host could not be told to end it: {error}. {_GOES_ON}")

    # -- say ----------------------------------------------------------------------------------------------------------

    @property
    def _title(self) -> str:
        return clean(str(self._status["title"])) if self._status else str(self._task.action)

    def _labelled(self, text: str) -> str:
        host = str(self._vars.get("inventory_hostname", ""))
        place = f"{host} -> {self._task.delegate_to}" if self._task.delegate_to else host
        return f"[{place}] {text}"

    def _say(self, text: str) -> None:
        # Like warnings: what is read by machines, the results of a callback that writes JSON, stays as it is.
        if not self._task.no_log:
            Display().display(self._labelled(text), stderr=True)

    def _say_at_once(self, text: str) -> None:
        if not self._task.no_log and not say_past_ansible(self._controller, self._labelled(text)):
            Display().display(self._labelled(text), stderr=True)


def _gone(state: str, action: str, path: str, status: dict[str, Any] | None) -> Day2Error:
    doing = f"running {action}"
    if state == KILLED and status is not None:
        phase = status["progress"].get("phase", "planning")
        return Ended(
            doing,
            "the host",
            f"its process {status['pid']} is gone without a word, while {phase}",
            "Look at the host's log for who killed it. Run it again: what was begun is cleared away then.",
        )
    return NotPossible(
        doing, "the host", f"nothing is known any more of the work {path}", "Look what it did, then run it again."
    )


def _failure(error: Day2Error) -> dict[str, Any]:
    return {"failed": True, "changed": False, "msg": str(error), "error": error.as_dict()}

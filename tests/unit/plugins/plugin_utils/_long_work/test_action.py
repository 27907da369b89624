# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action asks a host, in which order, and what it makes of the answers. The host is a script."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

from ansible_collections.day2.ops.plugins.plugin_utils._long_work import LongWork
from ansible_collections.day2.ops.plugins.plugin_utils._long_work import action as module

FOLDER = "/home/me/.ansible_async/day2"
JOB = f"{FOLDER}/j12.34"
RESULT = {"changed": True, "backup": {"path": "/sets/one"}, "invocation": {}, "_ansible_parsed": True}


class Connection(ConnectionBase):
    """A connection that is never used; it can be reset."""

    transport = "script"
    has_native_async = False

    def __init__(self) -> None:
        self.resets = 0
        self._shell = SimpleNamespace(
            tmpdir="/tmp/used",
            get_option=lambda _option: "~/.ansible_async",
            remove=lambda path: f"rm -f {path}",
        )

    def reset(self) -> None:
        self.resets += 1

    def _connect(self) -> Any: ...

    def exec_command(self, cmd: Any, in_data: Any = None, sudoable: bool = True) -> Any: ...

    def put_file(self, in_path: Any, out_path: Any) -> None: ...

    def fetch_file(self, in_path: Any, out_path: Any) -> None: ...

    def close(self) -> None: ...


def status(**more: Any) -> dict[str, Any]:
    told = {"module": "postgresql_backup", "title": "shop", "pid": 77, "started": 1795312800.0, "ended": None}
    progress = {"phase": "dumping", "phase_seconds": 2, "bytes_per_second": None, "seconds_left": None}
    return {**told, "follows": None, "succeeded": None, "seconds": 5, "silent_seconds": 1, "progress": progress, **more}


def work(state: str, **more: Any) -> dict[str, Any]:
    return {"changed": False, "work": {"state": state, "status": status(**more)}, "_ansible_parsed": True}


class Host:
    """Answers in turn; notes what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.commands: list[str] = []
        self.connection = Connection()
        self.task = SimpleNamespace(
            action="day2.ops.postgresql_backup",
            args={"database": "shop"},
            async_val=0,
            check_mode=False,
            delegate_to=None,
            environment=[{"LANG": "C"}],
            no_log=False,
        )

    def execute(
        self, module_name: str | None = None, module_args: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        self.asked.append(
            {
                "module": module_name or self.task.action,
                "async": self.task.async_val,
                "environment": self.task.environment[1:],
                "folder": self.action.get_shell_option("async_dir"),
                "wrap": more.get("wrap_async"),
                **(module_args or {}),
            }
        )
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        result: dict[str, Any] = dict(answer)
        return result

    def act(self, *answers: Any) -> dict[str, Any]:
        self.answers = list(answers)
        self.action: Any = LongWork(self.task, self.connection, None, None, None, None)
        self.action._execute_module = self.execute
        self.action._low_level_execute_command = self.commands.append
        self.action._early_needs_tmp_path = lambda: False
        self.action._remove_tmp_path = lambda _path: None
        result: dict[str, Any] = self.action.run(task_vars={"inventory_hostname": "db1"})
        assert self.answers == []
        return result

    @property
    def modes(self) -> list[str]:
        return [asked.get("mode", "run") for asked in self.asked]


STARTED = {"started": True, "finished": False, "ansible_job_id": "j12.34", "results_file": JOB, "changed": True}


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is displayed."""
    lines: list[str] = []

    def display(_display: Display, text: str, *, stderr: bool = False, **_more: Any) -> None:
        assert stderr
        lines.append(text)

    monkeypatch.setattr(Display, "display", display)
    monkeypatch.setattr(Display, "warning", lambda _display, text, **_more: lines.append(f"warning: {text}"))
    return lines


def test_it_starts_attends_and_returns_what_the_module_returned(host: Host, said: list[str]) -> None:
    result = host.act(STARTED, work("running"), work("running", seconds=700), work("ended"), RESULT)
    assert result == RESULT
    start, first, second, third, collect = host.asked
    assert (start["module"], start["wrap"]) == ("day2.ops.postgresql_backup", True)
    assert start["async"] > 365 * 86400
    assert start["folder"] == "~/.ansible_async/day2"
    [environment] = start["environment"]
    folder, name = environment["DAY2_WORK"].rsplit("/", 1)
    assert folder == "~/.ansible_async/day2"
    assert host.task.async_val == 0
    assert host.task.environment == [{"LANG": "C"}]
    every = {"module": "day2.ops.long_work", "async": 0, "environment": [], "folder": "~/.ansible_async", "wrap": None}
    every |= {"path": f"{FOLDER}/{name}", "job": JOB}
    assert first == {**every, "mode": "wait", "seconds": 5, "phase": ""}
    assert second == {**every, "mode": "wait", "seconds": 5, "phase": "dumping"}
    assert third == {**every, "mode": "wait", "seconds": 30, "phase": "dumping"}
    assert collect == {**every, "mode": "collect"}
    assert host.commands == [f"rm -f {FOLDER}/{name}.unheard"]
    assert said == ["[db1] shop: dumping, for 3 s"] * 2


def test_work_that_is_quick_is_not_told_of(host: Host, said: list[str]) -> None:
    assert host.act(STARTED, work("ended"), {"failed": True, "msg": "no space", "_ansible_parsed": True})["failed"]
    assert said == []


def test_a_module_that_has_told_nothing_yet(host: Host, said: list[str]) -> None:
    nothing = {"work": {"state": "starting", "status": None}, "_ansible_parsed": True}
    ended = {"work": {"state": "ended", "status": None}, "_ansible_parsed": True}
    failed = {"failed": True, "msg": "missing required arguments: database", "_ansible_parsed": True}
    assert host.act(STARTED, nothing, ended, failed) == failed
    assert said == []


def test_the_host_in_front_of_a_line_is_the_one_that_works(host: Host, said: list[str]) -> None:
    host.task.delegate_to = "db2"
    host.act(STARTED, work("running"), work("ended"), RESULT)
    assert said == ["[db1 -> db2] shop: dumping, for 3 s"]


def test_a_task_without_log_says_nothing(host: Host, said: list[str]) -> None:
    host.task.no_log = True
    host.act(STARTED, work("running"), work("ended"), RESULT)
    assert said == []


@pytest.mark.parametrize("why", ["check mode", "async of the task's own", "async of the connection's own"])
def test_it_steps_aside(host: Host, why: str) -> None:
    host.task.check_mode = why == "check mode"
    host.task.async_val = 60 if why == "async of the task's own" else 0
    host.connection.has_native_async = why == "async of the connection's own"
    assert host.act(RESULT) == RESULT
    [asked] = host.asked
    assert (asked["folder"], asked["environment"]) == ("~/.ansible_async", [])
    assert bool(asked["wrap"]) == (why == "async of the task's own")
    assert host.task.async_val == (60 if why == "async of the task's own" else 0)


def test_where_no_job_can_be_kept_the_module_runs_as_any_other(host: Host, said: list[str]) -> None:
    told = {"failed": True, "changed": True, "msg": "could not create directory: /x - [Errno 30] Read-only file system"}
    assert host.act(told, RESULT) == RESULT
    assert not host.asked[1]["wrap"]
    assert said[0].startswith("warning: The work cannot outlive this run: could not create directory: /x")


def test_where_the_interpreter_has_a_space_in_its_path_the_module_runs_as_any_other(
    host: Host, said: list[str]
) -> None:
    def answer() -> dict[str, Any]:
        host.action._used_interpreter = "#!/my checkout/.venv/bin/python"
        return {"failed": True, "changed": False, "msg": "No start of json char found", "rc": 127}

    assert host.act(answer, RESULT) == RESULT
    assert not host.asked[1]["wrap"]
    (warning,) = said
    assert warning.startswith("warning: The work cannot outlive this run: ")
    assert warning.endswith("an interpreter whose path has a space: /my checkout/.venv/bin/python")


@pytest.mark.parametrize(("interpreter", "rc"), [("#!/usr/bin/python3", 127), ("#!/a b/python", 1)])
def test_other_failures_are_those_of_the_module(host: Host, interpreter: str, rc: int) -> None:
    def answer() -> dict[str, Any]:
        host.action._used_interpreter = interpreter
        return {"failed": True, "changed": False, "msg": "No start of json char found", "rc": rc}

    assert host.act(answer)["rc"] == rc
    assert host.modes == ["run"]


def test_what_cannot_be_started_fails_as_it_would_without(host: Host) -> None:
    told = {"failed": True, "changed": True, "msg": "The module interpreter '/nope' was not found."}
    assert host.act(told) == {**told, "changed": False}
    assert host.modes == ["run"]


def test_the_same_work_that_runs_is_taken_over(host: Host, said: list[str]) -> None:
    result = host.act(
        STARTED,
        work("follows", follows="0123"),
        work("running", seconds=200),
        work("running", seconds=205),
        work("ended", ended=1795313400.0),
        RESULT,
    )
    assert result == {**RESULT, "adopted": {"started": "2026-11-22T02:00:00Z", "ended": "2026-11-22T02:10:00Z"}}
    assert [(asked["path"], asked["job"]) for asked in host.asked[2:]] == [(f"{FOLDER}/0123", None)] * 4
    assert host.asked[2]["seconds"] == 0
    assert host.commands == [f"rm -f {FOLDER}/0123.unheard"]
    assert said[0].startswith("[db1] shop: the same work has been running for 3 min 20 s, as process 77; it is taken")
    assert len(said) == 3


def test_the_same_work_that_was_done_is_reported(host: Host, said: list[str]) -> None:
    ended = work("ended", ended=1795313400.0)
    result = host.act(STARTED, work("follows", follows="../0123"), ended, RESULT)
    assert result["changed"] is True
    assert result["adopted"]["ended"] == "2026-11-22T02:10:00Z"
    assert host.asked[-1]["path"] == f"{FOLDER}/0123"
    assert len(said) == 1
    assert said[0].startswith("warning: shop: this was done from 2026-11-22T02:00:00Z to 2026-11-22T02:10:00Z")


@pytest.mark.parametrize(
    ("told", "kind", "why"),
    [
        (work("killed"), "Ended", "its process 77 is gone without a word, while dumping"),
        (
            {"work": {"state": "lost", "status": None}, "_ansible_parsed": True},
            "NotPossible",
            "nothing is known any more of the work",
        ),
    ],
)
def test_work_that_is_gone_fails(host: Host, told: dict[str, Any], kind: str, why: str) -> None:
    result = host.act(STARTED, told)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, kind)
    assert why in result["msg"]
    assert host.commands == []


def test_a_host_that_was_lost_for_a_while(host: Host, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0)
    lost = AnsibleConnectionFailure("Connection timed out")
    assert host.act(STARTED, lost, lost, work("ended"), lost, RESULT) == RESULT
    assert host.modes == ["run", "wait", "wait", "wait", "collect", "collect"]
    assert host.connection.resets == 3
    assert said[0] == "[db1] the host does not answer; the work goes on there, and it is asked again"


def test_a_host_that_does_not_come_back(host: Host, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0)
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0)
    with pytest.raises(AnsibleConnectionFailure, match="timed out. The work goes on on the host; the next run"):
        host.act(STARTED, AnsibleConnectionFailure("Connection timed out"))
    assert host.modes == ["run", "wait"]


def test_a_result_that_was_not_heard_of_may_be_told_once_more(host: Host) -> None:
    class Unreachable(list[str]):
        def append(self, _command: str) -> None:
            raise AnsibleConnectionFailure("gone")

    host.commands = Unreachable()
    assert host.act(STARTED, work("ended"), RESULT) == RESULT


NONSENSE = {"failed": True, "msg": "Module result deserialization failed", "module_stdout": "Killed"}


@pytest.mark.parametrize("fault", [NONSENSE, AnsibleError("the container is paused")])
def test_an_answer_that_makes_no_sense_is_none(
    host: Host, said: list[str], monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0)
    assert host.act(STARTED, fault, work("ended"), fault, RESULT) == RESULT
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0)
    host.commands.clear()
    with pytest.raises(AnsibleActionFail, match="The work goes on on the host"):
        host.act(STARTED, work("ended"), fault)
    assert host.commands == []


def test_when_whoever_started_the_run_is_gone_nothing_is_taken(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def orphaned() -> dict[str, Any]:
        monkeypatch.setattr(os, "getppid", lambda: 1)
        return work("ended")

    with pytest.raises(AnsibleActionFail, match="The run that started this has ended. The work goes on"):
        host.act(STARTED, orphaned)
    assert host.modes == ["run", "wait"]
    assert host.commands == []


class OutOfTime(BaseException):
    """What Ansible raises at the end of a task's ``timeout``."""


@pytest.mark.parametrize(
    ("answers", "modes", "told"),
    [
        (
            [STARTED, work("running"), OutOfTime("15 s")],
            ["run", "wait", "wait", "stop"],
            "shop: it has ended, and cleared",
        ),
        ([OutOfTime("15 s")], ["run", "stop"], "day2.ops.postgresql_backup: it has ended, and cleared"),
    ],
)
def test_a_task_that_is_out_of_time_stops_its_work(
    host: Host, said: list[str], answers: list[Any], modes: list[str], told: str
) -> None:
    stopped = {"work": {"state": "ended", "status": status(), "signalled": True, "interrupted": True}}
    with pytest.raises(OutOfTime):
        host.act(*answers, stopped)
    assert host.modes == modes
    assert host.asked[-1]["seconds"] == 60
    assert "cancelled (15 s); telling the work to end" in said[-2]
    assert said[-1].startswith(f"[db1] {told}")


def test_a_defect_or_a_lost_host_stops_nothing(host: Host) -> None:
    with pytest.raises(ZeroDivisionError):
        host.act(STARTED, ZeroDivisionError())
    assert host.modes == ["run", "wait"]


def cancelled(number: signal.Signals) -> Callable[[], None]:
    def send() -> None:
        os.kill(os.getpid(), number)
        time.sleep(20)

    return send


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("reachable", [True, False])
def test_a_run_that_is_cancelled_stops_its_work(
    host: Host, said: list[str], number: signal.Signals, reachable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    past: list[tuple[int, str]] = []
    ended: list[int] = []

    def say(controller: int, text: str) -> bool:
        past.append((controller, text))
        return reachable

    monkeypatch.setattr(module, "say_past_ansible", say)
    before = signal.signal(number, lambda came, _frame: ended.append(came))
    stopped = {"work": {"state": "ended", "status": status(), "signalled": True, "interrupted": True}}
    try:
        with pytest.raises(BaseException, match=number.name):
            host.act(STARTED, work("running"), cancelled(number), stopped)
    finally:
        signal.signal(number, before)
    assert host.modes == ["run", "wait", "wait", "stop"]
    assert ended == [number]
    told = ["[db1] shop: cancelled", "[db1] shop: it has ended, and cleared"]
    assert all(text.startswith(start) for (_pid, text), start in zip(past, told, strict=True))
    assert {pid for pid, _text in past} == {os.getppid()}
    assert len(said) == (1 if reachable else 3)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (AnsibleConnectionFailure("gone"), "the host could not be told to end it: gone. The work goes on"),
        ({"failed": True, "msg": "no python"}, "no python"),
    ],
)
def test_a_host_that_cannot_be_told_to_stop(host: Host, said: list[str], answer: Any, told: str) -> None:
    with pytest.raises(OutOfTime):
        host.act(STARTED, OutOfTime("15 s"), answer)
    assert told in said[-1]

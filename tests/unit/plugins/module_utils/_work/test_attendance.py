# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Works seen from outside: waited for, told to end, their results taken; with real processes."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress
from ansible_collections.day2.ops.plugins.module_utils._work import attendance as module
from ansible_collections.day2.ops.plugins.module_utils._work.attendance import Attendance
from ansible_collections.day2.ops.plugins.module_utils._work.files import WorkFiles

from .host import Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "async" / "day2").mkdir(parents=True)
    return Host(tmp_path / "async" / "day2")


class Gate:
    """Where a work in another process waits until the test lets it go on."""

    def __init__(self) -> None:
        self._end, self._begin = os.pipe()

    def wait(self) -> None:
        os.read(self._end, 1)

    def open(self) -> None:
        os.write(self._begin, b"x")


@pytest.fixture
def gate() -> Gate:
    return Gate()


def job(host: Host, **content: Any) -> Path:
    """What Ansible's wrapper writes."""
    path = host.folder / "j12.34"
    path.write_text(json.dumps(content))
    return path


def running(host: Host) -> Path:
    return job(host, started=True, finished=False, ansible_job_id="j12.34")


def told(attendance: Attendance, state: str, phase: str) -> dict[str, Any]:
    """Wait until it says this."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        said = attendance.wait(0, "")
        if said["state"] == state and said["status"] and said["status"]["progress"].get("phase") == phase:
            return said
    raise AssertionError(said)


def test_it_is_waited_for_until_it_has_ended(host: Host, gate: Gate) -> None:
    def during(progress: Progress) -> None:
        progress.phase("dumping", 3, "parts")
        gate.wait()

    attendance = Attendance(host.folder / "one", running(host))
    assert attendance.wait(0.2, "") == {"state": "starting", "status": None}
    child = host.elsewhere("one", during)
    status = told(attendance, "running", "dumping")["status"]
    assert (status["module"], status["title"], status["pid"], status["ended"]) == (
        "postgresql_backup",
        "shop",
        child,
        None,
    )
    assert status["seconds"] >= 0
    assert status["silent_seconds"] >= 0
    gate.open()
    began = time.monotonic()
    assert attendance.wait(60, "dumping")["state"] == "ended"
    assert time.monotonic() - began < 30
    assert json.loads(attendance.collect())["by"] == "one"
    assert not (host.folder / "j12.34").exists()  # Ansible's copy is not needed
    assert json.loads(attendance.collect())["by"] == "one"  # it did not arrive
    assert host.files("one").unheard
    os.waitpid(child, 0)


def test_another_phase_is_told_before_the_time_is_over(host: Host, gate: Gate) -> None:
    def during(progress: Progress) -> None:
        progress.phase("dumping")
        gate.wait()

    child = host.elsewhere("one", during)
    attendance = Attendance(host.folder / "one", None)
    told(attendance, "running", "dumping")
    began = time.monotonic()
    assert attendance.wait(60, "planning")["state"] == "running"
    assert 1 <= time.monotonic() - began < 30
    gate.open()
    os.waitpid(child, 0)


def test_it_is_told_to_end_and_clears_up(host: Host) -> None:
    def during(progress: Progress) -> None:
        try:
            progress.phase("dumping")
            time.sleep(60)
        finally:
            progress.phase("clearing up")

    attendance = Attendance(host.folder / "one", running(host))
    child = host.elsewhere("one", during)
    told(attendance, "running", "dumping")
    stopped = attendance.stop(30)
    assert (stopped["state"], stopped["signalled"], stopped["interrupted"]) == ("ended", True, True)
    assert stopped["status"]["progress"]["phase"] == "clearing up"
    assert json.loads(attendance.collect())["error"]["kind"] == "Ended"
    assert not host.files("one").unheard
    os.waitpid(child, 0)
    again = attendance.stop(30)
    assert (again["signalled"], again["interrupted"]) == (False, True)


def test_what_came_to_a_good_end_all_the_same_is_for_the_next_run(host: Host) -> None:
    host.work("one")
    stopped = Attendance(host.folder / "one", None).stop(30)
    assert (stopped["state"], stopped["signalled"], stopped["interrupted"]) == ("ended", False, False)
    assert stopped["status"]["succeeded"]
    assert host.follows("two") == "one"


def test_what_does_not_end_in_time_is_said_to_go_on(host: Host, gate: Gate) -> None:
    def during(progress: Progress) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        progress.phase("dumping")
        gate.wait()

    attendance = Attendance(host.folder / "one", None)
    child = host.elsewhere("one", during)
    told(attendance, "running", "dumping")
    stopped = attendance.stop(0.3)
    assert (stopped["state"], stopped["signalled"]) == ("running", True)
    gate.open()
    os.waitpid(child, 0)


def test_another_process_with_its_number_is_not_told_to_end(host: Host, gate: Gate) -> None:
    def during(progress: Progress) -> None:
        progress.phase("dumping")
        gate.wait()

    attendance = Attendance(host.folder / "one", None)
    child = host.elsewhere("one", during)
    told(attendance, "running", "dumping")
    host.files("one").tell(replace(host.status("one"), birth="1"))
    assert attendance.stop(0.3)["signalled"] is False
    gate.open()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_work_that_never_began(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_START_SECONDS", 0.3)
    told = Attendance(host.folder / "one", None).stop(60)
    assert told == {"state": "lost", "status": None, "signalled": False, "interrupted": False}
    assert Attendance(host.folder / "one", host.folder / "j0.0").wait(60, "")["state"] == "lost"
    with pytest.raises(NotPossible, match="it is not there any more"):
        Attendance(host.folder / "one", host.folder / "j0.0").collect()


def test_a_module_that_ended_before_its_work_began(host: Host) -> None:
    attendance = Attendance(host.folder / "one", job(host, failed=True, msg="missing required arguments: database"))
    assert attendance.wait(60, "") == {"state": "ended", "status": None}
    assert json.loads(attendance.collect())["msg"] == "missing required arguments: database"


def test_work_that_was_killed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def during(progress: Progress) -> None:
        progress.phase("dumping")
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(host.elsewhere("one", during), 0)
    killed = Attendance(host.folder / "one", None).wait(60, "")
    assert (killed["state"], killed["status"]["progress"]["phase"]) == ("killed", "dumping")
    wrapper = job(host, failed=True, cmd="AnsiballZ_x.py", data="", msg="Traceback: no start of json char found")
    assert Attendance(host.folder / "one", wrapper).wait(60, "")["state"] == "killed"
    monkeypatch.setattr(module, "_WRAPPER_SECONDS", 0.2)
    assert Attendance(host.folder / "one", running(host)).wait(60, "")["state"] == "killed"


def test_work_that_could_not_say_that_it_ended(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: only Ansible's wrapper, on another one, has the result."""

    def full(*_arguments: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    def during(progress: Progress) -> None:
        progress.phase("dumping")
        monkeypatch.setattr(WorkFiles, "tell", full)

    os.waitpid(host.elsewhere("one", during), 0)
    attendance = Attendance(host.folder / "one", job(host, changed=True, invocation={}))
    (host.folder / "one.result").unlink()
    assert attendance.wait(60, "")["state"] == "ended"
    assert json.loads(attendance.collect())["changed"] is True


def test_work_that_crashed(host: Host) -> None:
    def during(progress: Progress) -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        host.work("one", during=during)
    attendance = Attendance(host.folder / "one", job(host, failed=True, msg="a defect", exception="Traceback"))
    assert attendance.wait(60, "")["state"] == "ended"
    assert json.loads(attendance.collect())["msg"] == "a defect"


def test_work_for_which_another_stands(host: Host) -> None:
    host.work("one")
    host.follows("two")
    said = Attendance(host.folder / "two", None).wait(60, "")
    assert (said["state"], said["status"]["follows"]) == ("follows", "one")

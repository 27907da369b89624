# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a service as what a program prints: to its end, up to a limit of time, or as far as it came."""

from __future__ import annotations

import sys
import time
from datetime import timezone
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs import services as module
from ansible_collections.day2.ops.plugins.module_utils._logs.scan import scan
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import Settings, SourceSpec
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner
from ansible_collections.day2.ops.plugins.module_utils._runtime.runtime import LogStream, Service

SERVICE = Service("api", "compose", "shop")
NOW = 1795312800.0


class Told:
    """A runtime whose logs are what programs print."""

    def __init__(self, *programs: str) -> None:
        self.streams = [
            LogStream(f"instance {number}", (sys.executable, "-c", program), {})
            for number, program in enumerate(programs, 1)
        ]
        self.asked: list[tuple[float | None, float | None]] = []

    def logs(self, _service: Service, since: float | None, until: float | None) -> list[LogStream]:
        self.asked.append((since, until))
        return self.streams


def scanned(
    monkeypatch: pytest.MonkeyPatch, runtime: Told, timeout: float | None = 60, **bounds: float
) -> dict[str, Any]:
    monkeypatch.setattr(module, "runtime_of", lambda _service, _seconds: runtime)
    spec = SourceSpec("api", (), timeout=timeout, service=SERVICE)
    return scan(spec, Settings(timezone.utc, NOW, **bounds), HostRunner())


def test_every_instance_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Told("print('ERROR: one\\nERROR: two')", "print('ERROR: three', end='')", "")
    told = scanned(monkeypatch, runtime, since=NOW - 60, until=NOW)
    assert [(file["path"], file["lines"], file["error"]) for file in told["files"]] == [
        ("instance 1", 2, None),
        ("instance 2", 1, None),
        ("instance 3", 0, None),
    ]
    assert (told["lines"], told["errors"]) == (3, 3)
    assert runtime.asked == [(NOW - 60, NOW)]


def test_what_cannot_be_read_to_its_end_counts_as_far_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Told("import sys; print('ERROR: one'); sys.exit('no such container')", "print('ERROR: two')")
    told = scanned(monkeypatch, runtime)
    broken, whole = told["files"]
    assert broken["error"] == "what prints it ended with status 1: ERROR: one"
    assert (whole["error"], told["errors"]) == (None, 2)


def test_a_program_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Told()
    runtime.streams = [LogStream("instance", ("/nowhere/client",), {})]
    [file] = scanned(monkeypatch, runtime)["files"]
    assert "/nowhere/client" in file["error"] or "No such file" in file["error"]


@pytest.mark.parametrize("program", ["import time; time.sleep(600)", "while True: print('INFO: again')"])
def test_what_does_not_end_is_left_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    began = time.monotonic()
    told = scanned(monkeypatch, Told(program, "print('ERROR: never read')"), timeout=0.5)
    assert time.monotonic() - began < 30
    assert "0.5 seconds were over" in told["timed_out"]
    assert "0.5 seconds were over" in told["files"][0]["error"]
    assert told["errors"] == 0


def test_without_a_limit_it_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scanned(monkeypatch, Told("print('INFO: x')"), timeout=None)["lines"] == 1

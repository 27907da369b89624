# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of this very host, against what the system says in other ways; with little privilege; in a container."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._host import processes, usage
from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner

from ...conftest import RunModule

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A process that keeps a processor busy, with a secret in its command line."""
    argv = [sys.executable, "-c", "while True: pass", "--password=hunter2"]
    process = subprocess.Popen(argv)
    yield process
    process.kill()
    process.wait()


def test_the_facts_are_what_the_system_says(run_module: RunModule, tmp_path: Path) -> None:
    params = {"paths": [str(tmp_path), str(tmp_path / "missing")], "sample_seconds": 0}
    result = run_module("host_usage_info", params, check_mode=True)
    host: dict[str, Any] = result["host"]
    assert result["changed"] is False
    assert host["hostname"] == socket.gethostname()
    assert host["kernel"] == os.uname().release
    assert host["cpus"] == os.cpu_count()
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert host["memory"]["bytes"] == total
    assert 0 < host["memory"]["available_bytes"] <= total
    assert host["uptime_seconds"] == pytest.approx(float(Path("/proc/uptime").read_text().split()[0]), abs=30)
    assert host["clock"]["utc"][:11] in (time.strftime("%Y-%m-%dT", time.gmtime(seconds)) for seconds in _around_now())
    assert host["booted"] < host["clock"]["utc"]
    assert 0 <= host["cpu_percent"] <= 100
    assert host["load"]["per_cpu"] == pytest.approx(host["load"]["5"] / host["cpus"], abs=0.01)

    root = next(disk for disk in host["disks"] if disk["mount"] == "/")
    assert root["bytes"] == shutil.disk_usage("/").total
    assert len({disk["mount"] for disk in host["disks"]}) == len(host["disks"])
    found, missing = host["paths"]
    assert (found["exists"], missing["exists"], missing["bytes"]) == (True, False, None)
    assert found["bytes"] == shutil.disk_usage(tmp_path).total
    assert Path(found["mount"]).stat().st_dev == tmp_path.stat().st_dev

    # Whatever is null has its reason; a host without a limit has none to tell.
    unseen = {each["what"] for each in host["unseen"]}
    nothing = {key for key, value in host.items() if value is None} - {"cgroup"}
    assert nothing <= unseen
    assert (host["clock"]["ntp_synchronized"] is None) == ("clock.ntp_synchronized" in unseen)


def _around_now() -> tuple[float, ...]:
    return time.time() - 60, time.time(), time.time() + 60


def test_a_busy_process_is_named_and_its_command_line_is_not(
    run_module: RunModule, busy: subprocess.Popen[bytes]
) -> None:
    result = run_module("host_usage_info", {"sample_seconds": 0.5, "top": 100})
    top = {each["pid"]: each for each in result["host"]["processes"]["top_cpu"]}
    assert top[busy.pid]["cpu_percent"] > 1
    assert top[busy.pid]["memory_bytes"] > 1_000_000
    assert top[busy.pid]["name"] == Path(f"/proc/{busy.pid}/comm").read_text().strip()
    assert result["host"]["cpu_percent"] > 1
    assert "hunter2" not in json.dumps(result)


def test_without_privilege() -> None:
    """A user who is nobody sees the same keys, and the figures that matter."""
    receiver, sender = FORK.Pipe(duplex=False)

    def look() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        sender.send(usage.usage(Host(), HostRunner(), ["/", "/root/secret"], 0.05, 3))

    process = FORK.Process(target=look)
    process.start()
    assert receiver.poll(60)
    facts = receiver.recv()
    process.join(30)
    assert process.exitcode == 0
    for key in ("disks", "memory", "load", "cpus", "processes", "uptime_seconds", "os"):
        assert facts[key], key
    assert facts["paths"][0]["exists"] is True
    assert facts["paths"][1]["exists"] in (None, False)


def test_a_host_of_which_nearly_nothing_can_be_seen(tmp_path: Path) -> None:
    """As in a container that hides what it can: every key stays, and each null has its reason."""
    runner = HostRunner()
    facts = usage.usage(Host(str(tmp_path)), runner, ["/x"], 0, 3)
    whole = usage.usage(Host(), runner, ["/x"], 0, 3)
    assert facts.keys() == whole.keys()
    unseen = {each["what"] for each in facts["unseen"]}
    for key in ("os", "uptime_seconds", "load", "oom_kills", "pressure", "open_files", "disks", "processes"):
        assert facts[key] is None, key
        assert key in unseen
    assert facts["booted"] is None
    assert facts["paths"][0]["exists"] is False


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_processes_that_cannot_be_listed(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "/proc/stat")

    monkeypatch.setattr(processes, "sample", refuse)
    facts = usage.usage(Host(), HostRunner(), [], seconds, 3)
    assert (facts["cpu_percent"], facts["processes"]) == (None, None)
    assert {"what": "processes", "reason": "Permission denied: /proc/stat"} in facts["unseen"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"paths": ["relative/x"]}, "is not an absolute path"),
        ({"sample_seconds": 3600}, "Choose from 0 to 60"),
        ({"sample_seconds": "long"}, "sample_seconds"),
        ({"top": -1}, "Choose from 0 to 100"),
    ],
)
def test_bad_input_is_told(run_module: RunModule, params: dict[str, Any], told: str) -> None:
    result = run_module("host_usage_info", params)
    assert result["failed"]
    assert told in result["msg"]


def test_odd_paths(run_module: RunModule, tmp_path: Path) -> None:
    odd = tmp_path / "a'b\"; DROP\nü"
    odd.mkdir()
    host = run_module("host_usage_info", {"paths": [str(odd), "/" + "x" * 300], "sample_seconds": 0})["host"]
    assert [each["exists"] for each in host["paths"]] == [True, None]
    assert host["paths"][0]["path"] == str(odd)
    assert any("File name too long" in each["reason"] for each in host["unseen"])

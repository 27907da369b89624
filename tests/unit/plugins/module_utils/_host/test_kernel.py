# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._host import kernel
from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host

SOME = "some avg10=1.50 avg60=0.20 avg300=0.00 total=41200000\n"
FULL = "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
CGROUP = "sys/fs/cgroup"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(str(tmp_path))


def put(host: Host, **files: str) -> None:
    """Write files, whose names are given with two underscores for each slash."""
    for name, text in files.items():
        path = host.path(name.replace("__", "/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_load(host: Host) -> None:
    put(host, proc__loadavg="0.52 1.00 0.25 1/212 4711\n")
    assert kernel.load(host, 4) == {"1": 0.52, "5": 1.0, "15": 0.25, "per_cpu": 0.25}


def test_uptime(host: Host) -> None:
    put(host, proc__uptime="4200.42 8000.00\n")
    assert kernel.uptime(host) == 4200.42


def test_oom_kills(host: Host) -> None:
    put(host, proc__vmstat="nr_free_pages 5\noom_kill 3\n")
    assert kernel.oom_kills(host) == 3
    put(host, proc__vmstat="nr_free_pages 5\n")
    with pytest.raises(LookupError, match="does not count"):
        kernel.oom_kills(host)


def test_open_files(host: Host) -> None:
    path = host.path("/proc/sys/fs/file-nr")
    path.parent.mkdir(parents=True)
    path.write_text("2242\t42\t10000\n")
    assert kernel.open_files(host) == {"open": 2200, "limit": 10000, "used_percent": 22.0}


@pytest.mark.parametrize(("cpu", "kinds"), [(SOME, {"some"}), (SOME + FULL, {"some", "full"})])
def test_pressure(host: Host, cpu: str, kinds: set[str]) -> None:
    put(host, proc__pressure__cpu=cpu, proc__pressure__memory=SOME + FULL, proc__pressure__io=SOME + FULL)
    told = kernel.pressure(host)
    assert set(told) == {"cpu", "memory", "io"}
    assert set(told["cpu"]) == kinds
    assert told["io"]["some"] == {
        "avg10_percent": 1.5,
        "avg60_percent": 0.2,
        "avg300_percent": 0.0,
        "total_seconds": 41.2,
    }


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, None),
        ({"memory.max": "max\n"}, None),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        (
            {"memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 100\ninactive_file 200\n"},
            {"limit_bytes": 1000, "used_bytes": 500, "used_percent": 50.0},
        ),
        (
            {
                "memory/memory.limit_in_bytes": "1000\n",
                "memory/memory.usage_in_bytes": "700\n",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 300\n",
            },
            {"limit_bytes": 1000, "used_bytes": 400, "used_percent": 40.0},
        ),
    ],
)
def test_the_memory_limit_of_a_container(host: Host, files: dict[str, str], told: Any) -> None:
    for name, text in files.items():
        path = host.path(f"{CGROUP}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert kernel.cgroup(host) == told

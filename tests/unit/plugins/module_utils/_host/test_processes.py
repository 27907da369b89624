# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused
from ansible_collections.day2.ops.plugins.module_utils._host import library, processes, usage
from ansible_collections.day2.ops.plugins.module_utils._host.processes import Process, Sample
from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host, Seen


def sample(taken: float, busy: float, idle: float, **each: Process) -> Sample:
    return Sample(taken, taken, busy, idle, {int(name[1:]): process for name, process in each.items()})


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [
        (None, sample(0, 25, 75), 25.0),
        (sample(0, 10, 10), sample(1, 11, 11), 50.0),
        (sample(0, 10, 10), sample(1, 12, 9.99), 100.0),
    ],
)
def test_how_busy_the_processors_were(before: Sample | None, now: Sample, percent: float) -> None:
    assert processes.busy_percent(before, now) == percent


def test_counters_that_do_not_move_say_nothing() -> None:
    still = sample(0, 10, 10)
    with pytest.raises(ValueError, match="did not move"):
        processes.busy_percent(still, still)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    for pid, name in ((1, "init"), (20, "postgres"), (30, "odd (n\xe4me"), (40, "x")):
        (tmp_path / "proc" / str(pid)).mkdir(parents=True)
        (tmp_path / "proc" / str(pid) / "comm").write_bytes(name.encode("latin-1") + b"\n")
    return Host(str(tmp_path))


def test_the_greatest_processes(host: Host) -> None:
    before = sample(
        100,
        0,
        0,
        p1=Process(0, 5, 100, False),
        p20=Process(50, 10, 900, False),
        p40=Process(10, 99, 5, False),
    )
    now = sample(
        102,
        0,
        0,
        p1=Process(0, 5, 100, False),
        p20=Process(50, 13, 950, False),
        p30=Process(101, 0.5, 10, True),
        # The same id, another process.
        p40=Process(101.5, 0.1, 5, False),
        p50=Process(200, 1, 1, False),
    )
    told = processes.processes(before, now, 2, host, Seen())
    assert told == {
        "total": 5,
        "zombies": 1,
        "top_cpu": [
            {"name": "postgres", "pid": 20, "cpu_percent": 150.0, "memory_bytes": 950},
            {"name": "odd (n\\xe4me", "pid": 30, "cpu_percent": 50.0, "memory_bytes": 10},
        ],
        "top_memory": [
            {"name": "postgres", "pid": 20, "cpu_percent": 150.0, "memory_bytes": 950},
            {"name": "init", "pid": 1, "cpu_percent": 0.0, "memory_bytes": 100},
        ],
    }
    all_of_them = processes.processes(None, now, 9, host, Seen())
    assert all_of_them is not None
    assert {each["pid"]: each["cpu_percent"] for each in all_of_them["top_cpu"]} == {
        1: 4.9,
        20: 25.0,
        30: 50.0,
        40: 20.0,
        50: 0.0,
    }
    assert {each["pid"]: each["name"] for each in all_of_them["top_cpu"]}[50] is None


def test_hidden_processes_are_not_counted(tmp_path: Path) -> None:
    seen = Seen()
    assert processes.processes(None, sample(0, 0, 0), 5, Host(str(tmp_path)), seen) is None
    assert "hidepid" in seen.unseen[0]["reason"]


class Library:
    """What the library psutil would say."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        return lambda *_given: self._answers[name]


def test_a_process_of_which_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = SimpleNamespace(
        pid=7, info={"create_time": None, "cpu_times": None, "memory_info": None, "status": "zombie"}
    )
    times = SimpleNamespace(user=3.0, system=1.0, idle=6.0)
    monkeypatch.setattr(library, "_library", Library(cpu_times=times, process_iter=[hidden]))
    now = processes.sample()
    assert (now.busy, now.idle) == (4.0, 6.0)
    assert now.processes == {7: Process(0.0, 0.0, 0, True)}


def test_memory_without_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    main, swap = SimpleNamespace(total=1000, available=250), SimpleNamespace(total=0, used=0)
    monkeypatch.setattr(library, "_library", Library(virtual_memory=main, swap_memory=swap))
    assert processes.memory() == {
        "bytes": 1000,
        "available_bytes": 250,
        "used_percent": 75.0,
        "swap_bytes": 0,
        "swap_used_percent": 0.0,
    }


def test_an_unknown_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_library", Library(cpu_count=None))
    with pytest.raises(ValueError, match="number of processors"):
        processes.cpus()


def test_a_host_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    runner: Any = Library()
    monkeypatch.setattr(library, "_library", None)
    with pytest.raises(NotPossible, match="python3-psutil"):
        usage.usage(Host(), runner, [], 0, 5)


@pytest.mark.parametrize(
    ("paths", "seconds", "top", "why"),
    [
        ([], -1, 5, "it is -1"),
        ([], float("nan"), 5, "it is nan"),
        ([], 61, 5, "it is 61. Choose from 0 to 60"),
        ([], 0, 101, "it is 101. Choose from 0 to 100"),
        (["relative"], 0, 5, "'relative' is not an absolute path"),
        ([""], 0, 5, "'' is not an absolute path"),
        (["/a\0b"], 0, 5, "is not an absolute path"),
    ],
)
def test_options_that_make_no_sense(paths: list[str], seconds: float, top: int, why: str) -> None:
    runner: Any = Library()
    with pytest.raises(Refused, match=why):
        usage.usage(Host(), runner, paths, seconds, top)

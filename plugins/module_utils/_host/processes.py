# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory, processors, and which processes use them. Of a process never more than its short name is told."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from .library import psutil
from .seen import Host, Seen, readable

__all__ = ["Sample", "busy_percent", "cpus", "memory", "processes", "sample"]

_ZOMBIE = "zombie"


@dataclass(frozen=True)
class Process:
    """A process at one time: when it began, and the seconds of CPU that it has used since."""

    began: float
    used: float
    size: int
    zombie: bool


@dataclass(frozen=True)
class Told:
    """A process as results show it."""

    pid: int
    cpu_percent: float
    memory_bytes: int


@dataclass(frozen=True)
class Sample:
    """The processors and the processes at one time.

    :ivar taken: seconds since 1970, by which processes tell when they began.
    :ivar ticked: seconds by a clock that nobody can set.
    :ivar busy: seconds that all processors together have worked since boot; *idle*, that they have not.
    :ivar processes: by their ids.
    """

    taken: float
    ticked: float
    busy: float
    idle: float
    processes: dict[int, Process]


def cpus() -> int:
    """The processors that are on line."""
    count: int | None = psutil().cpu_count()
    if not count:
        raise ValueError("the number of processors")
    return count


def memory() -> dict[str, Any]:
    """Memory and swap space in bytes."""
    main, swap = psutil().virtual_memory(), psutil().swap_memory()
    return {
        "bytes": main.total,
        "available_bytes": main.available,
        "used_percent": _percent(main.total - main.available, main.total),
        "swap_bytes": swap.total,
        "swap_used_percent": _percent(swap.used, swap.total),
    }


def sample() -> Sample:
    """Look at the processors and at every process that can be seen."""
    times = psutil().cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Guests are in user and nice already.
    busy = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))
    wanted = ["create_time", "cpu_times", "memory_info", "status"]
    seen = {each.pid: _process(each.info) for each in psutil().process_iter(wanted)}
    return Sample(time.time(), time.monotonic(), busy, idle, seen)


def busy_percent(before: Sample | None, now: Sample) -> float:
    """How busy all processors together were between two samples; since boot without the first.

    :raises ValueError: when their counters have not moved, so that nothing can be said.
    """
    busy, idle = (now.busy, now.idle) if before is None else (now.busy - before.busy, now.idle - before.idle)
    # The kernel's counters of idle time can go back by a little.
    busy, idle = max(0.0, busy), max(0.0, idle)
    if busy + idle == 0:
        raise ValueError("the counters did not move; watch longer")
    return _percent(busy, busy + idle)


def processes(before: Sample | None, now: Sample, top: int, host: Host, seen: Seen) -> dict[str, Any] | None:
    """How many there are, and the greatest by CPU and by memory."""
    if not host.path("/proc/1").exists():
        seen.miss("processes", "those of other users are hidden (the mount option hidepid of /proc)")
        return None
    earlier = before.processes if before else {}
    told = [Told(pid, _share(earlier.get(pid), each, before, now), each.size) for pid, each in now.processes.items()]
    return {
        "total": len(told),
        "zombies": sum(each.zombie for each in now.processes.values()),
        "top_cpu": _named(sorted(told, key=lambda each: (-each.cpu_percent, each.pid))[:top], host),
        "top_memory": _named(sorted(told, key=lambda each: (-each.memory_bytes, each.pid))[:top], host),
    }


def _process(info: dict[str, Any]) -> Process:
    # What could not be read of a process that ended meanwhile, or is another user's, is None.
    times, size = info["cpu_times"], info["memory_info"]
    used = times.user + times.system if times else 0.0
    return Process(info["create_time"] or 0.0, used, size.rss if size else 0, info["status"] == _ZOMBIE)


def _share(earlier: Process | None, process: Process, before: Sample | None, now: Sample) -> float:
    """Per cent of one processor that a process used between the samples, or since it began."""
    same = earlier is not None and earlier.began == process.began
    used = process.used - earlier.used if same and earlier else process.used
    elapsed = now.ticked - before.ticked if before and same else now.taken - process.began
    if elapsed <= 0:
        return 0.0
    return round(max(0.0, 100 * used / elapsed), 1)


def _named(told: list[Told], host: Host) -> list[dict[str, Any]]:
    return [{"name": _name(each.pid, host), **asdict(each)} for each in told]


def _name(pid: int, host: Host) -> str | None:
    """The name that the kernel has for it; the library's would look at the command line, which may hold secrets."""
    try:
        return readable(host.text(f"/proc/{pid}/comm").rstrip("\n"))
    except OSError:
        return None


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 1) if whole > 0 else 0.0

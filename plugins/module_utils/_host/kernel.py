# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel tells in small files: load, pressure, kills for want of memory, open files, memory limits."""

from __future__ import annotations

from typing import Any

from .seen import Host

__all__ = ["cgroup", "load", "oom_kills", "open_files", "pressure", "uptime"]

PRESSURES = ("cpu", "memory", "io")
_CGROUP = "/sys/fs/cgroup"


def load(host: Host, cpus: int) -> dict[str, float]:
    """The mean number of processes that want to run, over 1, 5 and 15 minutes."""
    one, five, fifteen = (float(field) for field in host.text("/proc/loadavg").split()[:3])
    return {"1": one, "5": five, "15": fifteen, "per_cpu": round(five / cpus, 2)}


def uptime(host: Host) -> float:
    """Seconds since the host booted."""
    return float(host.text("/proc/uptime").split()[0])


def oom_kills(host: Host) -> int:
    """How many processes the kernel has killed since boot because memory ran out."""
    counters = dict(line.split(" ", 1) for line in host.text("/proc/vmstat").splitlines())
    if "oom_kill" not in counters:
        raise LookupError("this kernel does not count them")
    return int(counters["oom_kill"])


def open_files(host: Host) -> dict[str, Any]:
    """Files that are open on the whole host, and how many may be."""
    opened, unused, limit = (int(field) for field in host.text("/proc/sys/fs/file-nr").split())
    return {"open": opened - unused, "limit": limit, "used_percent": _percent(opened - unused, limit)}


def pressure(host: Host) -> dict[str, Any]:
    """Shares of time in which some, or all, work waited for a resource; seconds since boot."""
    return {resource: _pressure(host.text(f"/proc/pressure/{resource}")) for resource in PRESSURES}


def cgroup(host: Host) -> dict[str, Any] | None:
    """The memory limit of the container that this is; ``None`` when there is none."""
    limit = _limit(host)
    if limit is None:
        return None
    version_2 = host.path(f"{_CGROUP}/memory.max").exists()
    folder = _CGROUP if version_2 else f"{_CGROUP}/memory"
    used = host.number(f"{folder}/{'memory.current' if version_2 else 'memory.usage_in_bytes'}")
    counters = dict(line.split(" ", 1) for line in host.text(f"{folder}/memory.stat").splitlines())
    # File pages that can be dropped at once are counted by the kernel, but want nothing.
    used = max(0, used - int(counters.get("inactive_file" if version_2 else "total_inactive_file", 0)))
    return {"limit_bytes": limit, "used_bytes": used, "used_percent": _percent(used, limit)}


def _limit(host: Host) -> int | None:
    for name in (f"{_CGROUP}/memory.max", f"{_CGROUP}/memory/memory.limit_in_bytes"):
        if host.path(name).exists():
            told = host.text(name).strip()
            # Version 1 has a number near 2^63 for "none".
            return None if told == "max" or int(told) >= 1 << 60 else int(told)
    return None


def _pressure(text: str) -> dict[str, Any]:
    return {kind: _shares(fields) for kind, *fields in (line.split() for line in text.splitlines())}


def _shares(fields: list[str]) -> dict[str, float]:
    told = dict(field.split("=", 1) for field in fields)
    shares = {f"{name}_percent": float(told[name]) for name in ("avg10", "avg60", "avg300")}
    return {**shares, "total_seconds": round(int(told["total"]) / 1_000_000, 3)}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole > 0 else 0.0

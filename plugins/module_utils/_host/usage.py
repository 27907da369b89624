# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The usage of a host, all of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from .._errors import Refused
from .._runtime.runner import Runner
from . import disks as file_systems
from . import kernel, processes, system
from .library import psutil
from .seen import Host, Seen, iso

__all__ = ["usage"]

LONGEST_SAMPLE = 60.0
MOST_PROCESSES = 100


def usage(host: Host, runner: Runner, paths: Sequence[str], sample_seconds: float, top: int) -> dict[str, Any]:
    """The facts of the host. What cannot be seen is ``None``, with its reason in ``unseen``.

    :param paths: absolute paths whose file systems are told as well.
    :param sample_seconds: how long to watch the processors; 0 tells how busy they were since boot.
    :param top: how many processes to name.
    :raises NotPossible: when the library psutil is missing.
    """
    _check(paths, sample_seconds, top)
    psutil()
    seen = Seen()
    cpus = seen.look("cpus", processes.cpus)
    uptime = seen.look("uptime_seconds", lambda: kernel.uptime(host))
    now = time.time()
    return {
        "hostname": system.hostname(),
        "os": seen.look("os", lambda: system.operating_system(host)),
        "kernel": system.kernel(),
        "uptime_seconds": None if uptime is None else round(uptime),
        "booted": None if uptime is None else iso(now - uptime),
        "clock": {"utc": iso(now), "ntp_synchronized": system.ntp_synchronized(runner, seen)},
        "reboot_required": system.reboot_required(host, runner, seen),
        "reboot_packages": seen.look("reboot_packages", lambda: system.reboot_packages(host)),
        "cpus": cpus,
        "load": seen.look("load", lambda: kernel.load(host, cpus or 1)),
        "memory": seen.look("memory", processes.memory),
        "cgroup": seen.look("cgroup", lambda: kernel.cgroup(host)),
        "oom_kills": seen.look("oom_kills", lambda: kernel.oom_kills(host)),
        "pressure": seen.look("pressure", lambda: kernel.pressure(host)),
        "open_files": seen.look("open_files", lambda: kernel.open_files(host)),
        "disks": file_systems.disks(host, seen),
        "paths": file_systems.paths(paths, host, seen),
        **_sampled(host, seen, sample_seconds, top),
        "unseen": seen.unseen,
    }


def _sampled(host: Host, seen: Seen, seconds: float, top: int) -> dict[str, Any]:
    before = seen.look("processes", processes.sample) if seconds else None
    time.sleep(seconds if before else 0)
    now = seen.look("processes", processes.sample)
    if now is None or (seconds and before is None):
        return {"cpu_percent": None, "processes": None}
    return {
        "cpu_percent": seen.look("cpu_percent", lambda: processes.busy_percent(before, now)),
        "processes": processes.processes(before, now, top, host, seen),
    }


def _check(paths: Sequence[str], sample_seconds: float, top: int) -> None:
    for option, given, highest in (("sample_seconds", sample_seconds, LONGEST_SAMPLE), ("top", top, MOST_PROCESSES)):
        if not 0 <= given <= highest:
            raise Refused("reading the options", option, f"it is {given:g}", f"Choose from 0 to {highest:g}.")
    for path in paths:
        if not path.startswith("/") or "\0" in path:
            raise Refused("reading the options", "paths", f"{path!r} is not an absolute path", "Name absolute paths.")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host is and how it stands: system, clock, whether it wants to be restarted."""

from __future__ import annotations

import os
import shlex
import socket

from .._errors import Day2Error
from .._runtime.runner import Completed, Runner
from .seen import Host, Seen, readable

__all__ = ["hostname", "kernel", "ntp_synchronized", "operating_system", "reboot_packages", "reboot_required"]

_ASKED_SECONDS = 10.0

# What makes the file /run/reboot-required: where none of these is, its absence says nothing.
_REBOOT_HOOKS = (
    "/usr/share/update-notifier/notify-reboot-required",
    "/etc/kernel/postinst.d/unattended-upgrades",
)
_REBOOT_FILES = ("/run/reboot-required", "/var/run/reboot-required")


def hostname() -> str:
    """The host's own name."""
    return readable(socket.gethostname())


def kernel() -> str:
    """The release of the kernel."""
    return os.uname().release


def operating_system(host: Host) -> str:
    """The name and version of the system, for people."""
    name = "/etc/os-release" if host.path("/etc/os-release").exists() else "/usr/lib/os-release"
    told = dict(part.split("=", 1) for part in shlex.split(host.text(name), comments=True) if "=" in part)
    return readable(told.get("PRETTY_NAME") or told["NAME"])


def ntp_synchronized(runner: Runner, seen: Seen) -> bool | None:
    """Whether the clock is kept right; ``None`` where nobody can tell."""
    for argv, answers in (
        (["timedatectl", "show", "--property=NTPSynchronized", "--value"], {"yes": True, "no": False}),
        (["chronyc", "-c", "-n", "tracking"], {"Not synchronised": False}),
    ):
        done = _asked(runner, argv)
        told = done.stdout.decode("utf-8", "replace").strip() if done and done.returncode == 0 else ""
        if told:
            # The last field of chronyc's answer is the leap status: Normal, or a second to insert or delete.
            return answers.get(told.rpartition(",")[2], True)
    seen.miss("clock.ntp_synchronized", "neither timedatectl nor chronyc gives an answer")
    return None


def reboot_required(host: Host, runner: Runner, seen: Seen) -> bool | None:
    """Whether an update waits for a restart; ``None`` where nobody can tell."""
    if any(host.path(name).exists() for name in _REBOOT_FILES):
        return True
    if any(host.path(name).exists() for name in _REBOOT_HOOKS):
        return False
    done = _asked(runner, ["needs-restarting", "--reboothint"])
    if done and done.returncode in (0, 1) and b"eboot" in done.stdout:
        return done.returncode == 1
    seen.miss("reboot_required", "nothing on this host keeps account of it")
    return None


def reboot_packages(host: Host) -> list[str]:
    """The packages that want the restart, as far as they are told."""
    for name in _REBOOT_FILES:
        if host.path(f"{name}.pkgs").exists():
            return sorted({readable(line.strip()) for line in host.text(f"{name}.pkgs").splitlines() if line.strip()})
    return []


def _asked(runner: Runner, argv: list[str]) -> Completed | None:
    try:
        return runner.run(argv, timeout=_ASKED_SECONDS)
    except Day2Error:
        return None

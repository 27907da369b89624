# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Docker engine and the system's packages: found, or, as root on Debian, installed and started."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .program import LOGS, WORK, Failed, environment, main_of, output, run, say

__all__ = ["can_install", "ensure_engine", "ensure_programs", "stop_engine"]

START_SECONDS = 60
PID_FILE = WORK / "dockerd.pid"


def can_install() -> bool:
    """Whether packages can be installed here: root, on Debian."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def ensure_programs(needed: Mapping[str, str]) -> None:
    """Make sure that programs are there. *needed* maps a program to Debian's package of it.

    :raises Failed: naming what to install, where it cannot be done here.
    """
    packages = sorted({package for program, package in needed.items() if shutil.which(program) is None})
    if not packages:
        return
    if not can_install():
        raise Failed(
            f"These are missing and cannot be installed here (not root on Debian): {', '.join(packages)}. "
            f"Have an administrator run: apt-get install {' '.join(packages)}"
        )
    say(f"installing {', '.join(packages)}")
    env = environment(DEBIAN_FRONTEND="noninteractive")
    run(["apt-get", "update", "-q"], env=env, log=LOGS / "apt-update.log")
    argv = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    run(argv, env=env, log=LOGS / "apt-install.log")


def answers() -> bool:
    """Whether an engine answers the client."""
    return bool(output(["docker", "version", "--format", "{{.Server.Version}}"], check=False))


def ensure_engine() -> bool:
    """Make sure that an engine answers; return whether it was started here.

    :raises Failed: saying what to do.
    """
    if answers():
        return False
    if not can_install():
        raise Failed(
            "No Docker engine answers 'docker version'. Start one (on most systems: systemctl start docker) "
            "and let this user reach it (group docker), then run it again."
        )
    ensure_programs({"docker": "docker.io", "dockerd": "docker.io", "containerd": "containerd", "iptables": "iptables"})
    if Path("/run/systemd/system").is_dir():
        run(["systemctl", "start", "docker"])
    else:
        _start_plainly()
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if time.monotonic() > deadline:
            raise Failed(f"The Docker engine did not answer within {START_SECONDS} s; see {_log()}.")
        time.sleep(0.5)
    return True


def stop_engine() -> None:
    """Stop the engine that was started here, if there is one."""
    if PID_FILE.exists():
        pid = int(PID_FILE.read_text())
        if Path(f"/proc/{pid}/comm").exists() and Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd":
            os.kill(pid, 15)
        PID_FILE.unlink()


def _start_plainly() -> None:
    say("starting dockerd")
    _log().parent.mkdir(parents=True, exist_ok=True)
    with _log().open("ab") as log:
        daemon = subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    PID_FILE.write_text(str(daemon.pid))


def _log() -> Path:
    return LOGS / "dockerd.log"


def _main() -> None:
    ensure_engine()


if __name__ == "__main__":
    main_of(_main)

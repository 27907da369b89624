# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL servers in containers, one for each version that is supported.

``python3 -m tests.tools.servers up [MAKER]|down``; *MAKER* is the process of a test run with which they end, see
containers.maker; without one they stay until somebody says down.

Their names are fixed: ``day2-test-postgresql-17``. A test process that runs beside others has containers of its own,
``day2-test-postgresql-17-gw0``, started when first asked for and gone with it: what a server as a whole shows, its
sessions and databases, is then one test's alone. Inside, the local socket trusts everybody; over TCP the superuser
``postgres`` has a password made when the container is made, kept by the engine in the container's environment.
Data lie in memory, and are gone with the container.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cache
from typing import Any

from .containers import LABEL, kept
from .containers import maker as maker_of
from .engine import ensure_engine, ensure_programs
from .images import IMAGES, MAJORS, build
from .program import WORK, Failed, main_of, output, say

__all__ = ["MAJORS", "down", "name_of", "options_of", "ready", "tcp_options_of", "up"]

READY_SECONDS = 60
LOCK = WORK / "servers.lock"
EVERY = tuple(MAJORS)
DATA = "/var/lib/postgresql/data"


# The word that tells test processes apart, where several run beside one another.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_OWN = ExitStack()


def name_of(major: int) -> str:
    """The name of the container of a version."""
    return "-".join(filter(None, ["day2-test-postgresql", str(major), WORKER]))


def up(majors: Iterable[int] = EVERY, maker: str = "") -> list[int]:
    """Start what does not run, wait until all answer, and return the versions that were started now."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:  # several stages may want them at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = [major for major in majors if _start(major, maker)]
    deadline = time.monotonic() + READY_SECONDS
    for major in majors:
        while not ready(major):
            if time.monotonic() > deadline:
                raise Failed(f"{name_of(major)} does not answer; see: docker logs {name_of(major)}")
            time.sleep(0.2)
    return started


def down(majors: Iterable[int] = EVERY) -> None:
    """Remove containers and their data."""
    for major in majors:
        if _inspect(major):
            output(["docker", "rm", "--force", "--volumes", name_of(major)])


def options_of(major: int) -> dict[str, Any]:
    """The options with which a PostgreSQL module reaches a version's server through its container.

    :raises Failed: when nobody started it.
    """
    _find(major)
    return {"service": {"runtime": "container", "name": name_of(major), "user": "postgres"}}


def tcp_options_of(major: int) -> dict[str, Any]:
    """The options with which a PostgreSQL module reaches a version's server over TCP, from the engine's own host."""
    _find(major)
    found = _inspect(major)
    assert found is not None
    variables = dict(entry.split("=", 1) for entry in found["Config"]["Env"])
    networks: dict[str, dict[str, Any]] = found["NetworkSettings"]["Networks"]
    address = next(iter(networks.values()))["IPAddress"]
    return {"login_host": address, "login_user": "postgres", "login_password": variables["POSTGRES_PASSWORD"]}


@cache
def _find(major: int) -> None:
    if WORKER:
        _OWN.enter_context(kept(name_of(major)))
        up([major], maker_of())
    elif not ready(major):
        raise Failed(f"The container {name_of(major)} does not answer. Run: make servers")


def _start(major: int, maker: str) -> bool:
    found = _inspect(major)
    image = output(["docker", "image", "inspect", "--format", "{{.Id}}", f"day2-test/postgresql:{major}"])
    if found and found["Image"] == image and found["State"]["Running"]:
        return False
    down([major])
    output([
        "docker", "run", "--detach", "--init", "--pull", "never", "--name", name_of(major),
        "--hostname", name_of(major), "--env", f"POSTGRES_PASSWORD={secrets.token_urlsafe(18)}", "--shm-size", "256m",
        "--tmpfs", f"{DATA}:rw,uid=999,gid=999,mode=0700", *(["--label", f"{LABEL}={maker}"] if maker else []),
        f"day2-test/postgresql:{major}",
    ])  # fmt: skip
    say(f"started {name_of(major)}")
    return True


def ready(major: int) -> bool:
    """Whether the server of a version takes connections."""
    query = ["psql", "-X", "-A", "-t", "-h", "/run/postgresql", "-c", "SELECT 1"]
    return output(["docker", "exec", "--user", "postgres", name_of(major), *query], check=False) == "1"


def _inspect(major: int) -> dict[str, Any] | None:
    found = json.loads(output(["docker", "container", "inspect", name_of(major)], check=False) or "[]")
    first: dict[str, Any] | None = found[0] if found else None
    return first


def _main() -> None:
    if sys.argv[1:] == ["down"]:
        down()
    elif sys.argv[1:2] == ["up"] and len(sys.argv) <= 3:
        ensure_programs({"debootstrap": "debootstrap"})
        ensure_engine()
        build(name for name, image in IMAGES.items() if image.folder == "postgresql")
        up(maker=sys.argv[2] if len(sys.argv) > 2 else "")
    else:
        raise Failed("Say up or down.")


if __name__ == "__main__":
    main_of(_main)

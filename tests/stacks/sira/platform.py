# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance of sira: made from local images, started, made sick, removed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ...tools.compose import Project, ensure_compose, together
from ...tools.containers import LABEL, clear_remains, kept, maker, name_of, remove
from ...tools.engine import ensure_engine
from ...tools.images import build
from ...tools.program import Failed, output
from ..sets import ran
from ..shared import say
from . import overlay
from .layout import DATABASE, SERVICES, Layout
from .tls import ca_file, ensure_certificates
from .traffic import ORDINARY, Client, paths
from .troubles import TROUBLES

__all__ = ["ENVIRONMENT", "Platform", "instance"]

ENVIRONMENT = "sira"
IMAGES = ("postgresql-17", "stack-python", "stack-nginx")

_MINE = "day2-stack"  # the label of what an instance has made; its value is the instance's folder
_PATIENCE = 120.0


class Platform:
    """One instance: its files in *folder*, its services in the compose project *name*.

    :param labels: that all of it bears besides.
    """

    def __init__(self, folder: Path, name: str = "sira", labels: Mapping[str, str] | None = None) -> None:
        self.layout = Layout(folder.absolute())
        self.mine = f"{_MINE}={self.layout.root}"
        self.project = Project(name, self.layout.compose)
        self._labels = {_MINE: str(self.layout.root), **(labels or {})}

    def prepare(self) -> None:
        """Make sure of the engine, Compose and the images."""
        ensure_engine()
        ensure_compose()
        build(IMAGES)

    def start(self, sick: bool = False) -> None:
        """Make what is missing, start what does not run; plant the troubles. One that was sick is made anew."""
        began = time.monotonic()
        self._refuse_another()
        if not self.layout.whole.exists() or (self.layout.sick.exists() and not sick):
            self.remove()
            self._make()
        if not self.layout.sick.exists():
            self._up(*SERVICES)
            if sick:
                self._fall_ill()
        overlay.write(self.layout, self.project.name, self.port)
        say(f"sira runs at https://localhost:{self.port} ({time.monotonic() - began:.1f} s)")

    def remove(self) -> None:
        """Remove all of it: containers, network, data, files."""
        remove([self.mine])
        if self.layout.root.exists():
            shutil.rmtree(self.layout.root)

    @property
    def port(self) -> int:
        """The port of the loopback interface on which nginx answers; another one after each start of it."""
        return int(self.project.run("port", "nginx", "443").rpartition(":")[2])

    @property
    def client(self) -> Client:
        """Asks it as its users do."""
        return Client(self.port, ca_file(self.layout.tls))

    def container(self, service: str) -> str:
        """The name of a service's container."""
        [name] = self.project.containers(service)
        return name

    def health(self, service: str) -> str:
        """What the health check of a service says."""
        return output(["docker", "inspect", "--format", "{{.State.Health.Status}}", self.container(service)])

    def said(self, service: str) -> str:
        """All that a service has written to standard output."""
        return output(["docker", "logs", self.container(service)]) + "\n"

    def sql(self, statements: str, database: str = DATABASE) -> str:
        """What the server's superuser is told to do, and what comes of it."""
        argv = ["docker", "exec", "--interactive", "--user", "postgres", self.container("postgres")]
        ask = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql", "-d", database]
        done = subprocess.run([*argv, *ask], input=statements, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"psql ended with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()

    def module(self, name: str, user: str, **options: Any) -> dict[str, Any]:
        """The result of a PostgreSQL module of the collection, run as the inventory has it run."""
        service = {"runtime": "compose", "project": self.project.name, "name": "postgres", "user": "postgres"}
        known = {"directory": str(self.layout.backups), "environment": ENVIRONMENT, "database": DATABASE}
        result = ran(name, {"service": service, "login_user": user, **known, **options})
        if result.get("failed"):
            raise Failed(f"{name}: {result['msg']}")
        return result

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        limit = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > limit:
                raise Failed(
                    f"After {_PATIENCE:.0f} s still not: {what}. See: docker ps --all --filter label={self.mine}; "
                    "stop it and start it again to begin anew."
                )
            time.sleep(0.25)

    def send(self, kinds: Mapping[str, int]) -> None:
        """Send requests, and wait until the backend has told of each."""
        told = self._told()
        self.client.send(paths(kinds))
        self.wait_for("every request in the log", lambda: self._told() >= told + sum(kinds.values()))

    def _told(self) -> int:
        return self.said("backend").count(" duration: ")

    def _refuse_another(self) -> None:
        """Another project of this name may be somebody's real one."""
        form = f'{{{{.Names}}}} {{{{.Label "{_MINE}"}}}}'
        listed = output(["docker", "ps", "--all", "--filter", f"label={together(self.project.name)}", "--format", form])
        others = [line.split()[0] for line in listed.splitlines() if line.split()[1:] != [str(self.layout.root)]]
        if others:
            raise Failed(
                f"There is another compose project called {self.project.name} here, with {', '.join(others)}. "
                "Give this one another name: --name."
            )

    def _make(self) -> None:
        self.layout.write(self._labels)
        ensure_certificates(self.layout.tls)
        self._up("postgres")
        self.sql(self.layout.statements(), "postgres")
        self._up(*SERVICES)
        say("its services run")
        self.send(ORDINARY)
        say(f"{sum(ORDINARY.values())} requests were sent")
        self.module("postgresql_backup", "day2_backup", label="nightly")
        self.module("postgresql_restore", "day2_drill", mode="drill")
        say("a backup was made, and drilled")
        self.layout.whole.touch()

    def _up(self, *services: str) -> None:
        self.project.run("up", "--detach", "--no-deps", *services)
        for service in services:
            self.wait_for(f"{service} is healthy", partial(self._is, service, "healthy"))

    def _is(self, service: str, health: str) -> bool:
        return self.health(service) == health

    def _fall_ill(self) -> None:
        self.layout.sick.touch()  # first: whatever becomes of it, it is not healthy any more
        for trouble in TROUBLES:
            trouble.plant(self)
            say(f"sick: {trouble.what}")


@contextmanager
def instance(folder: Path, kind: str = "sira", sick: bool = False) -> Iterator[Platform]:
    """An instance of a test run's own, which is gone after the block, or with this process."""
    clear_remains()
    one = Platform(folder, name_of(kind), {LABEL: maker()})
    with kept(one.mine):
        one.start(sick)
        yield one

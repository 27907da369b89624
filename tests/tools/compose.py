# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compose, whichever version is here, or installed; and projects of a test run's own, which never outlive it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .containers import LABEL, clear_remains, kept, maker, name_of
from .engine import ensure_programs
from .program import Failed, output

__all__ = ["Project", "command", "ensure_compose", "project", "together"]

_LABEL = "com.docker.compose."

# A command of the engine's client, and the program of its own that came before that. Both set the same labels.
_COMMANDS = (["docker", "compose"], ["docker-compose"])


def command() -> list[str]:
    """How Compose is called here.

    :raises Failed: where it is not.
    """
    for argv in _COMMANDS:
        if output([*argv, "version", "--short"], check=False):
            return argv
    raise Failed("Neither 'docker compose' nor 'docker-compose' is here. On Debian: apt-get install docker-compose")


def ensure_compose() -> None:
    """Make sure that Compose is there, in either form. Debian's package is named alike in every release.

    :raises Failed: naming what to install, where it cannot be done here.
    """
    try:
        command()
    except Failed:
        ensure_programs({"docker-compose": "docker-compose"})


@dataclass(frozen=True)
class Project:
    """A compose project that runs.

    :ivar name: its name.
    :ivar file: the file that describes it.
    """

    name: str
    file: Path

    def run(self, *argv: str) -> str:
        """What a command of Compose prints."""
        return output([*command(), "--project-name", self.name, "--file", str(self.file), *argv])

    def containers(self, service: str) -> list[str]:
        """The names of a service's containers, whether they run or not."""
        labels = [together(self.name), f"{_LABEL}service={service}"]
        given = [word for label in labels for word in ("--filter", f"label={label}")]
        return sorted(output(["docker", "ps", "--all", "--format", "{{.Names}}", *given]).split())


def together(name: str) -> str:
    """The label that all of a project bears, for :func:`tests.tools.containers.kept`."""
    return f"{_LABEL}project={name}"


@contextmanager
def project(kind: str, folder: Path, services: Mapping[str, Mapping[str, Any]], *options: str) -> Iterator[Project]:
    """A project that is gone after the block, or with this process.

    :param kind: a word for its name.
    :param folder: where the file that describes it is written.
    :param services: the services by name, as in that file; no network reaches them.
    :param options: of ``up``.
    """
    clear_remains()
    given = {"init": True, "network_mode": "none", "labels": {LABEL: maker()}}
    one = Project(name_of(kind), folder / f"{kind}.yml")
    every = {"services": {name: {**given, **service} for name, service in services.items()}}
    one.file.write_text(json.dumps(every))  # which is YAML, too
    with kept(together(one.name)):
        one.run("up", "--detach", *options)
        yield one

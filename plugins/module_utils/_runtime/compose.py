# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of a service of a compose project, in the one container of it that runs.

The container is found by the labels that every version of Compose sets, so Compose itself need not be there. Nothing of
what is looked for is given to the client: it lists all containers of Compose, and the choice is made here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._errors import NotPossible, Refused, Unreachable
from .container import CLIENT, ContainerRunner, engine_environment
from .host import HostRunner

__all__ = ["ComposeContainer", "ComposeRunner", "listed"]

LIST_SECONDS = 30.0

_LABEL = "com.docker.compose."
_DOING = "finding the container"

# The fields of ComposeContainer in their order; a line for each container, in which every text is quoted.
_FIELDS = (
    ".ID", ".Names", ".State", ".Status",
    f'(.Label "{_LABEL}project")', f'(.Label "{_LABEL}service")', f'(.Label "{_LABEL}oneoff")',
)  # fmt: skip
_LIST = [
    "ps", "--all", "--filter", f"label={_LABEL}service",
    "--format", "[" + ",".join(f"{{{{json {field}}}}}" for field in _FIELDS) + "]",
]  # fmt: skip


@dataclass(frozen=True)
class ComposeContainer:
    """A container that Compose made, as the engine's client lists it.

    :ivar state: one word: ``running``, ``exited``, ``paused``.
    :ivar status: the same in more words: ``Exited (1) 2 hours ago``.
    :ivar oneoff: ``True`` when it runs one command beside the service (``run``); empty or ``False`` otherwise.
    """

    id: str
    name: str
    state: str
    status: str
    project: str
    service: str
    oneoff: str


class ComposeRunner(ContainerRunner):
    """Runs programs inside a service of a compose project.

    The container is looked for once, before the first program. One that is made in its place later is another one:
    whatever is under way then fails.

    :param project: the project's name.
    :param name: the service's name in the project.
    :param user: the user inside the container; the image's own when omitted.
    :param client: the engine's client program.
    """

    def __init__(self, project: str, name: str, user: str | None = None, client: str = CLIENT) -> None:
        super().__init__(name, user, client)
        self.where = f"service {name} of the compose project {project}"
        self._project = project
        self._found: ComposeContainer | None = None
        self._finding = threading.Lock()

    def container(self) -> str:
        """The id of the container in which the service runs.

        :raises Unreachable: when there is none, or the engine does not answer.
        :raises Refused: when there are several.
        :raises NotPossible: when the client is missing, or is none that is known.
        """
        with self._finding:  # the parts of a backup begin side by side
            if self._found is None:
                self._found = self.chosen(self._there())
            return self._found.id

    def chosen(self, containers: Sequence[ComposeContainer]) -> ComposeContainer:
        """The one of these containers in which the service runs.

        :raises Unreachable: when there is none; names what there is instead.
        :raises Refused: when there are several; names them.
        """
        lasting = [container for container in containers if container.oneoff.lower() != "true"]
        project = [container for container in lasting if container.project == self._project]
        if not project:
            raise self._missing("that project", "of the projects", (container.project for container in lasting))
        service = [container for container in project if container.service == self.name]
        if not service:
            raise self._missing("that service", "of the services", (container.service for container in project))
        running = [container for container in service if container.state == "running"]
        if not running:
            states = "; ".join(f"{container.name} is {container.state} ({container.status})" for container in service)
            remedy = f"Start it, or unpause it; '{self.client} logs {service[0].name}' shows what it said last."
            raise Unreachable(_DOING, self.where, f"it does not run: {states}", remedy)
        if len(running) > 1:
            names = ", ".join(sorted(container.name for container in running))
            remedy = "Stop all but the one that has the data, or name that one with the runtime container."
            raise Refused(_DOING, self.where, f"{len(running)} containers of it run, {names}", remedy)
        return running[0]

    def _missing(self, what: str, others: str, names: Iterable[str]) -> Unreachable:
        there = ", ".join(sorted(set(names)))
        why = f"there is no container of {what}; there are some {others} {there}"
        if not there:
            why = "the engine has no container of any project"
        remedy = "Start it, or name the right project and service, or the host on which they run."
        return Unreachable(_DOING, self.where, why, remedy)

    def _there(self) -> list[ComposeContainer]:
        """Every container of Compose that the engine has."""
        look = f"See what '{self.client} ps' says there"
        reach = f"{look}; start the engine, or let the user reach it (group docker, or become)."
        try:
            done = HostRunner().run([self.client, *_LIST], engine_environment(), timeout=LIST_SECONDS)
        except NotPossible as error:
            remedy = f"Install {self.client} on the host that runs the project, or name that host."
            raise NotPossible(_DOING, self.where, f"{self.client}: {error.why}", remedy) from error
        except Unreachable as error:
            why = f"the engine did not answer within {LIST_SECONDS:g} seconds"
            raise Unreachable(_DOING, self.where, why, reach) from error
        if done.returncode:
            why = done.stderr or f"{self.client} ps ended with status {done.returncode}"
            raise Unreachable(_DOING, self.where, why, reach)
        try:
            return listed(done.stdout.decode("utf-8", "replace"))
        except (TypeError, ValueError) as error:
            why = f"what {self.client} ps prints is not understood ({error})"
            remedy = f"{look}; the client of Docker 20.10 or later serves."
            raise NotPossible(_DOING, self.where, why, remedy) from error


def listed(printed: str) -> list[ComposeContainer]:
    """The containers that the client printed.

    :raises ValueError: or TypeError, for a line that is none of those that were asked for.
    """
    return [ComposeContainer(*json.loads(line)) for line in printed.split("\n") if line]

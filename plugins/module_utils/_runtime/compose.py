# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of a compose project: its containers, and the runner in the one of them that runs.

They are found by the labels that every version of Compose sets, so Compose itself need not be there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from .._errors import Refused, Unreachable
from .container import ContainerRunner
from .engine import CLIENT, Engine
from .engine_output import Container
from .runtime import Service
from .selection import Selection, alike

__all__ = ["ComposeRunner", "select"]

_DOING = "finding the container"


def select(service: Service, containers: Iterable[Container]) -> Selection:
    """The containers of the service among those of an engine; what runs one command beside it is none of it."""
    composed = [container for container in containers if container.composed]
    project = [container for container in composed if container.project == service.project]
    if not project:
        near = alike(service.project or "", {container.project for container in composed})
        return Selection((), (f"The engine has no container of the project {service.project}.{near}",))
    found = tuple(container for container in project if container.service == service.name)
    if not found:
        near = alike(service.name, {container.service for container in project})
        return Selection((), (f"The project {service.project} has no container of {service.name}.{near}",))
    return Selection(found, ())


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
        self._engine = Engine(_DOING, self.where, client)
        self._found: Container | None = None
        self._finding = threading.Lock()

    def container(self) -> str:
        """The id of the container in which the service runs.

        :raises Unreachable: when there is none, or the engine does not answer.
        :raises Refused: when there are several.
        :raises NotPossible: when the client is missing, or is none that is known.
        """
        with self._finding:  # the parts of a backup begin side by side
            if self._found is None:
                self._found = self.chosen(self._engine.containers())
            return self._found.id

    def chosen(self, containers: Sequence[Container]) -> Container:
        """The one of these containers in which the service runs.

        :raises Unreachable: when there is none; names what there is instead.
        :raises Refused: when there are several; names them.
        """
        composed = [container for container in containers if container.composed]
        project = [container for container in composed if container.project == self._project]
        if not project:
            raise self._missing("that project", "of the projects", (container.project for container in composed))
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

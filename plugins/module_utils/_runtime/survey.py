# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services of any runtime, looked at."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import Refused
from .containers import ContainersRuntime
from .engine import ANSWER_SECONDS, Engine
from .runtime import Runtime, Service
from .service_facts import facts_of

__all__ = ["LONGEST", "RUNTIMES", "runtime_of", "service_of", "services_of", "survey"]

LONGEST = 600.0

# The words for the runtimes whose services can be looked at.
RUNTIMES = ContainersRuntime.words

# Those whose services have a project.
_IN_PROJECTS = ("compose",)


def survey(services: Sequence[Service], seconds: float) -> list[dict[str, Any]]:
    """The facts of *services*, in their order.

    :param seconds: how long each answer may take.
    """
    runtimes: list[Runtime] = [ContainersRuntime(Engine("looking at services", "this host", seconds=seconds))]
    found: dict[Service, dict[str, Any]] = {}
    for runtime in runtimes:
        mine = [service for service in services if service.runtime in runtime.words]
        if mine:
            sights = runtime.look(mine)
            found.update((service, facts_of(service, sight, time.time())) for service, sight in zip(mine, sights))
    return [found[service] for service in services]


def services_of(given: Sequence[Mapping[str, Any]]) -> list[Service]:
    """The services that the options name.

    :raises Refused: for one that is named twice, or not fully.
    """
    services: list[Service] = []
    for one in given:
        service = service_of(one, "services")
        if service in services:
            raise Refused(
                "reading the options", "services", f"the {service.where} is there twice", "Name each service once."
            )
        services.append(service)
    return services


def service_of(given: Mapping[str, Any], option: str) -> Service:
    """The service that an option names.

    :raises Refused: when it is not named fully.
    """
    service = Service(given["name"], given["runtime"], given.get("project") or None)
    problem = _problem(service)
    if problem:
        raise Refused("reading the options", option, *problem)
    return service


def runtime_of(service: Service, seconds: float = ANSWER_SECONDS) -> Runtime:
    """What runs a service.

    :param seconds: how long each answer may take.
    """
    return ContainersRuntime(Engine("looking at services", service.where, seconds=seconds))


def _problem(service: Service) -> tuple[str, str] | None:
    """What is wrong with a service, and what to do."""
    in_project = service.runtime in _IN_PROJECTS
    if not service.name:
        return "one of them has an empty name", "Name it."
    if in_project and service.project is None:
        return f"{service.name} has no project", "Name the compose project in which the service has that name."
    if not in_project and service.project is not None:
        why = f"{service.name} is of the runtime {service.runtime}, which has no project {service.project}"
        return why, "Leave the project out, or give the runtime compose."
    return None

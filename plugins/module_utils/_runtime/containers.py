# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services in containers of an engine, of compose projects and others, by three questions whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._errors import Day2Error, Unreachable
from . import compose, container
from .engine import Engine, engine_environment
from .engine_logs import log_of
from .engine_output import SHORT, Container, Usage, instance_of
from .runtime import Instance, LogStream, Runtime, Service, Sight, Unseen
from .selection import Selection

__all__ = ["ContainersRuntime"]

_SELECT = {"compose": compose.select, "container": container.select}


class ContainersRuntime(Runtime):
    """Containers, through the client of their engine.

    :param engine: who is asked.
    """

    words = tuple(_SELECT)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, services: Sequence[Service]) -> list[Sight]:
        try:
            there = self._engine.containers()
            selections = [_SELECT[service.runtime](service, there) for service in services]
            instances = self._instances({one.id for selection in selections for one in selection.containers})
        except Day2Error as error:
            return [Sight(error=error) for _service in services]
        usage, unknown = self._usage(instances)
        return [_sight(selection, instances, usage, unknown) for selection in selections]

    def logs(self, service: Service, since: float | None, until: float | None) -> list[LogStream]:
        selection = _SELECT[service.runtime](service, self._engine.containers())
        if not selection.containers:
            why = " ".join(selection.notes).rstrip(".")
            raise Unreachable("finding a log", service.where, why, "Name the right one, or the host on which it runs.")
        env = engine_environment()
        return [
            LogStream(f"container {one.name}", tuple(self._engine.said(one.id, since, until)), env)
            for one in sorted(selection.containers, key=_by_name)
        ]

    def _instances(self, ids: set[str]) -> dict[str, Instance]:
        """The instances by short id, each with its log; those that are gone meanwhile are not there."""
        if not ids:
            return {}
        return {str(one["Id"])[:SHORT]: _logged(one) for one in self._engine.details(sorted(ids))}

    def _usage(self, instances: Mapping[str, Instance]) -> tuple[Mapping[str, Usage], str | None]:
        """What they use, by short id, and why that is not known."""
        if not any(instance.at_work for instance in instances.values()):
            return {}, None
        try:
            return self._engine.usage(), None
        except Day2Error as error:
            return {}, error.why


def _logged(document: Mapping[str, Any]) -> Instance:
    instance = instance_of(document)
    driver, size, why = log_of(document)
    unseen = (*instance.unseen, Unseen("log", f"{instance.name}: {why}")) if why else instance.unseen
    return replace(instance, log_driver=driver, log_bytes=size, unseen=unseen)


def _sight(
    selection: Selection, instances: Mapping[str, Instance], usage: Mapping[str, Usage], unknown: str | None
) -> Sight:
    notes = list(selection.notes)
    found = []
    for one in sorted(selection.containers, key=_by_name):
        if one.id in instances:
            found.append(_using(instances[one.id], usage.get(one.id)))
        else:
            notes.append(f"{one.name} was removed while it was looked at.")
    blind = [one.name for one in found if one.at_work and one.memory_bytes is None]
    why = unknown or f"{', '.join(blind)} ended while it was looked at"
    return Sight(tuple(found), tuple(notes), (Unseen("use", why),) if blind else ())


def _using(instance: Instance, usage: Usage | None) -> Instance:
    if usage is None or not instance.at_work:
        return instance
    return replace(
        instance,
        cpu_percent=usage.cpu_percent,
        memory_bytes=usage.memory_bytes,
        memory_percent=usage.memory_percent,
    )


def _by_name(one: Container) -> str:
    return one.name

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services, and what runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .._errors import Day2Error

__all__ = ["HEALTH", "STATES", "Instance", "LogStream", "Runtime", "Service", "Sight", "Unseen"]

# From best to worst. A service is missing when it has no instance.
STATES = ("running", "created", "paused", "restarting", "exited", "dead", "missing")
# From best to worst.
HEALTH = ("healthy", "none", "starting", "unhealthy")


@dataclass(frozen=True)
class Service:
    """A service, as it is named.

    :ivar runtime: the word for what runs it.
    :ivar project: the project in which it has that name, where its runtime has projects.
    """

    name: str
    runtime: str
    project: str | None = None

    @property
    def where(self) -> str:
        """It in words, for messages."""
        if self.project is None:
            return f"{self.runtime} {self.name}"
        return f"service {self.name} of the {self.runtime} project {self.project}"


class Unseen(NamedTuple):
    """What could not be seen, ``state``, ``use`` (of processors and memory) or ``log`` (its size), and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Instance:
    """One instance of a service. What its runtime does not tell is None.

    :ivar exit_code: of an instance that has ended.
    :ivar created: seconds since 1970, as ``started`` (the last time) and ``ended``.
    :ivar cpu_limit: processors; None for none, as for ``memory_limit_bytes``.
    :ivar cpu_percent: 100 is one whole processor.
    :ivar memory_percent: of its limit, or of the host's memory where it has none.
    :ivar unseen: what could not be seen.
    :ivar notes: sentences for people.
    """

    name: str
    id: str
    state: str | None
    health: str | None
    restarts: int | None
    exit_code: int | None
    oom_killed: bool | None
    created: float | None
    started: float | None
    ended: float | None
    cpu_limit: float | None
    memory_limit_bytes: int | None
    image: str | None
    image_id: str | None
    cpu_percent: float | None = None
    memory_bytes: int | None = None
    memory_percent: float | None = None
    log_driver: str | None = None
    log_bytes: int | None = None
    unseen: tuple[Unseen, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def at_work(self) -> bool:
        """Whether its processes are there, and use something."""
        return self.state in ("running", "paused")


@dataclass(frozen=True)
class Sight:
    """What was seen of a service: its instances, or why nothing could be seen."""

    instances: tuple[Instance, ...] = ()
    notes: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    error: Day2Error | None = None


@dataclass(frozen=True)
class LogStream:
    """What one instance of a service has said, as a program of this host prints it.

    :ivar name: the instance in words, for people.
    :ivar argv: the program, which prints it on its standard output and ends.
    :ivar env: what it inherits besides.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]


class Runtime(ABC):
    """What runs services; a file for each.

    :cvar words: the words by which options name it.
    """

    words: tuple[str, ...]

    @abstractmethod
    def look(self, services: Sequence[Service]) -> list[Sight]:
        """What there is of each of these services, asked for all of them at once. Never raises a typed error."""

    @abstractmethod
    def logs(self, service: Service, since: float | None, until: float | None) -> list[LogStream]:
        """What each instance of a service has said, also those that have ended, as long as their runtime keeps it.

        :param since: seconds since 1970; None for all that is kept, as for *until*.
        :raises Day2Error: when there is no such service, or the runtime does not answer.
        """

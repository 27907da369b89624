# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine of containers, asked through its command-line client, and what to say when it does not answer.

Nothing that somebody named is given to the client: it lists all containers, and the choice is made here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable, TypeVar

from .._errors import NotPossible, Unreachable
from .engine_output import LABELS_FORMAT, LIST_FORMAT, SHORT, STATS_FORMAT, Container, Usage, inspected, listed, used
from .engine_storage import DISK_FORMAT, IMAGES_FORMAT, DiskUse, Image, disk_used, image_of, texts
from .host import HostRunner
from .runner import Completed, inherited_environment

__all__ = ["ANSWER_SECONDS", "CLIENT", "Engine", "engine_environment"]

# The engine's command-line client: the one place that names it.
CLIENT = "docker"

# How long an answer may take where nobody says otherwise.
ANSWER_SECONDS = 30.0

# Which engine the client talks to, and how it gets there.
_ENGINE = frozenset((
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_TLS_VERIFY",
    "DOCKER_API_VERSION", "CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINER_SSHKEY", "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
))  # fmt: skip

# A constant program for a POSIX shell: runs "$@" with its errors where its output goes.
_BOTH = 'exec "$@" 2>&1'

Answer = TypeVar("Answer")


def engine_environment() -> dict[str, str]:
    """What the engine's client inherits of this process's environment."""
    return inherited_environment(_ENGINE)


class Engine:
    """The engine that the client reaches from this host.

    Each question is one call of the client, and raises:

    - ``Unreachable`` when the engine does not answer, or not in time;
    - ``NotPossible`` when the client is missing, or prints what no client that is known does.

    :param doing: what the questions are asked for, for messages.
    :param where: of what, for messages.
    :param client: the client program.
    :param seconds: how long an answer may take.
    """

    def __init__(self, doing: str, where: str, client: str = CLIENT, seconds: float | None = None) -> None:
        self._doing = doing
        self._where = where
        self._client = client
        self._seconds = ANSWER_SECONDS if seconds is None else seconds

    def containers(self) -> list[Container]:
        """Every container that the engine has, whether it runs or not."""
        done = self._asked("ps", ["ps", "--all", "--format", LIST_FORMAT])
        if done.returncode and "field Label" in done.stderr:
            done = self._asked("ps", ["ps", "--all", "--format", LABELS_FORMAT])
        if done.returncode:
            raise self._silent("ps", done)
        return self._understood("ps", listed, done)

    def details(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What the engine knows of containers with these short ids; nothing of those that are gone."""
        done = self._asked("inspect", ["container", "inspect", *ids])
        found = self._understood("inspect", inspected, done)
        lost = set(ids) - {str(one["Id"])[:SHORT] for one in found}
        if done.returncode and not all(_gone(short, done.stderr) for short in lost):
            raise self._silent("inspect", done)
        return found

    def usage(self) -> Mapping[str, Usage]:
        """What every container that runs uses now, by its short id. Takes about two seconds.

        The client is given no names: it would tell nothing at all when one of them is gone.
        """
        done = self._asked("stats", ["stats", "--no-stream", "--format", STATS_FORMAT])
        if done.returncode:
            raise self._silent("stats", done)
        return self._understood("stats", used, done)

    def images(self) -> list[Image]:
        """Every image that has a name, or had one; not the layers between."""
        ids = self._answer(["image", "ls", "--no-trunc", "--format", IMAGES_FORMAT], texts)
        if not ids:
            return []
        done = self._asked("image inspect", ["image", "inspect", *ids])
        # One that was removed meanwhile is not there.
        return [image_of(one) for one in self._understood("image inspect", inspected, done)]

    def disk_use(self) -> dict[str, DiskUse]:
        """What the engine's disk is used for, by kind."""
        return self._answer(["system", "df", "--format", DISK_FORMAT], disk_used)

    def volumes(self, unused: bool = False) -> list[str]:
        """The names of volumes.

        :param unused: whether only of those that no container has.
        """
        chosen = ["--filter", "dangling=true"] if unused else []
        return self._answer(["volume", "ls", *chosen, "--format", "{{json .Name}}"], texts)

    def remove(self, *argv: str) -> str | None:
        """Have something removed that the engine refuses to remove while it is in use; return why it refused.

        :param argv: the client's command, without anything that forces it.
        """
        done = self._asked(argv[0], argv)
        return None if done.returncode == 0 else done.stderr or f"{self._client} ended with status {done.returncode}"

    def said(self, short: str, since: float | None, until: float | None) -> list[str]:
        """The program that prints what a container has written, on both of its outputs, in its order."""
        limits = (("--since", since), ("--until", until))
        given = [word for name, at in limits if at is not None for word in (name, f"{at:.6f}")]
        return ["sh", "-c", _BOTH, "sh", self._client, "logs", *given, short]

    @property
    def _look(self) -> str:
        return f"See what '{self._client} ps' says there"

    @property
    def _reach(self) -> str:
        return f"{self._look}; start the engine, or let the user reach it (group docker, or become)."

    def _asked(self, question: str, argv: Sequence[str]) -> Completed:
        try:
            return HostRunner().run([self._client, *argv], engine_environment(), timeout=self._seconds)
        except NotPossible as error:
            remedy = f"Install {self._client} on the host where it runs, or name that host."
            raise NotPossible(self._doing, self._where, f"{self._client}: {error.why}", remedy) from error
        except Unreachable as error:
            why = f"the engine did not answer within {self._seconds:g} seconds ({self._client} {question})"
            raise Unreachable(self._doing, self._where, why, self._reach) from error

    def _silent(self, question: str, done: Completed) -> Unreachable:
        why = done.stderr or f"{self._client} {question} ended with status {done.returncode}"
        return Unreachable(self._doing, self._where, why, self._reach)

    def _answer(self, argv: Sequence[str], read: Callable[[str], Answer]) -> Answer:
        question = " ".join(argv[:2])
        done = self._asked(question, argv)
        if done.returncode:
            raise self._silent(question, done)
        return self._understood(question, read, done)

    def _understood(self, question: str, read: Callable[[str], Answer], done: Completed) -> Answer:
        try:
            return read(done.stdout.decode("utf-8", "replace"))
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            why = f"what {self._client} {question} prints is not understood ({error})"
            remedy = f"{self._look}; the client of Docker 20.10 or later serves."
            raise NotPossible(self._doing, self._where, why, remedy) from error


def _gone(short: str, said: str) -> bool:
    """Whether the client said of a container that there is none."""
    return re.search(rf"no such (container|object)\b.*{re.escape(short)}", said, re.IGNORECASE) is not None

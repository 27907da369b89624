# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client of an engine prints, read: pure functions.

They raise ``ValueError``, ``TypeError``, ``LookupError`` or ``AttributeError`` for what is none of what was asked for.
What an engine does not tell is ``None``: Podman's client tells less than Docker's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .runtime import HEALTH, STATES, Instance, Unseen

__all__ = [
    "LABELS_FORMAT", "LIST_FORMAT", "SHORT", "STATS_FORMAT", "Container", "Usage", "exact_moment", "inspected",
    "instance_of", "listed", "moment", "size", "used",
]  # fmt: skip

# How many digits of an id the client prints.
SHORT = 12

_LABEL = "com.docker.compose."


def _line(*fields: str) -> str:
    """A template of a line of JSON, in which every text is quoted."""
    return "[" + ",".join(f"{{{{json {field}}}}}" for field in fields) + "]"


_LABELS = tuple(f"{_LABEL}{name}" for name in ("project", "service", "oneoff"))

# The fields of Container in their order.
LIST_FORMAT = _line(".ID", ".Names", ".State", ".Status", *(f'(.Label "{label}")' for label in _LABELS))
# The same, for versions of Podman whose ps knows labels all together only. Docker would make one text of them.
LABELS_FORMAT = _line(".ID", ".Names", ".State", ".Status", ".Labels")

STATS_FORMAT = _line(".ID", ".CPUPerc", ".MemUsage", ".MemPerc")

_UNITS = {"b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtp]?)(i?)b", re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? ?(?:Z|([+-]\d\d):?(\d\d).*)", re.ASCII)
# Other words that engines have for a state: what is being removed has ended, and what is set up was not started.
_OTHER_STATES = {
    "configured": "created",
    "initialized": "created",
    "removing": "dead",
    "stopped": "exited",
    "stopping": "running",
}
# The states of one that has ended.
_ENDED = ("exited", "dead", "restarting")


@dataclass(frozen=True)
class Container:
    """A container, as the engine's client lists it.

    :ivar state: one word: ``running``, ``exited``, ``paused``.
    :ivar status: the same in more words: ``Exited (1) 2 hours ago``.
    :ivar project: the compose project; empty where Compose did not make it.
    :ivar oneoff: ``True`` when it runs one command beside the service (``run``); empty or ``False`` otherwise.
    """

    id: str
    name: str
    state: str
    status: str
    project: str
    service: str
    oneoff: str

    @property
    def composed(self) -> bool:
        """Whether it is part of a service of Compose, and not a command beside one."""
        return bool(self.service) and self.oneoff.lower() != "true"


@dataclass(frozen=True)
class Usage:
    """What a container uses now.

    :ivar cpu_percent: 100 is one whole processor.
    :ivar memory_percent: of its limit, or of the host's memory where it has none.
    """

    cpu_percent: float | None
    memory_bytes: int | None
    memory_percent: float | None


def listed(printed: str) -> list[Container]:
    """The containers that ``ps`` printed, in either format."""
    return [_container(*fields) for fields in _lines(printed)]


def _container(short: str, name: str, state: str, status: str, *labels: Any) -> Container:
    if len(labels) == 1:
        every = labels[0] or {}
        labels = tuple(str(every.get(label, "")) for label in _LABELS)
    # Podman tells the status in the place of the state.
    word = state.split(maxsplit=1)[0].lower() if state else ""
    return Container(short, name, "running" if word == "up" else word, status, *labels)


def inspected(printed: str) -> list[dict[str, Any]]:
    """The documents that ``inspect`` printed."""
    documents = json.loads(printed or "[]")
    if not isinstance(documents, list) or not all(isinstance(one, dict) and one.get("Id") for one in documents):
        raise ValueError("no list of containers")
    return documents


def used(printed: str) -> dict[str, Usage]:
    """What ``stats`` printed, by short id. Of a container that has just ended there may be dashes, or nothing."""
    return {short[:SHORT]: _usage(cpu, memory, share) for short, cpu, memory, share in _lines(printed)}


def _lines(printed: str) -> Iterator[list[str]]:
    for line in printed.split("\n"):
        if line:
            fields = json.loads(line)
            if not isinstance(fields, list):
                raise ValueError(f"{line!r:.80} is no list")
            yield fields


def _usage(cpu: str, memory: str, share: str) -> Usage:
    part, _slash, whole = memory.partition("/")
    if not size(whole):  # one that does not run is told to use nothing of nothing
        return Usage(None, None, None)
    return Usage(_percent(cpu), size(part), _percent(share))


def size(text: str) -> int | None:
    """The bytes of a size such as ``1.944GiB`` or ``12.3MB``; None for dashes.

    :raises ValueError: for any other text.
    """
    if text.strip() in ("", "--"):
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text.strip()!r:.40} is no size")
    return round(float(match[1]) * (1024.0 if match[3] else 1000.0) ** _UNITS[match[2].lower() or "b"])


def _percent(text: str) -> float | None:
    return None if text.strip() in ("", "--") else float(text.strip().rstrip("%"))


def moment(text: Any) -> float | None:
    """The whole seconds since 1970 of a time with or without nanoseconds; None for the year 1, which means never."""
    exact = exact_moment(text)
    return None if exact is None else float(math.floor(exact))


def exact_moment(text: Any) -> float | None:
    """The same with its fraction."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1].startswith("0001-"):
        return None
    whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[4] or '+00'}:{match[5] or '00'}").timestamp()
    return whole + float(match[3] or 0)


def instance_of(document: Mapping[str, Any]) -> Instance:
    """The facts of a container that ``inspect`` tells."""
    told, host, config = (_inner(document, key) for key in ("State", "HostConfig", "Config"))
    name = str(document.get("Name") or "").lstrip("/")
    state = _state(told.get("Status"))
    ended = moment(told.get("FinishedAt"))
    return Instance(
        name=name,
        id=str(document["Id"]),
        state=state,
        health=_health(told) if state in ("running", "paused") else None,
        restarts=_whole(document.get("RestartCount")),
        exit_code=_whole(told.get("ExitCode")) if state in _ENDED and ended is not None else None,
        oom_killed=_flag(told.get("OOMKilled")),
        created=moment(document.get("Created")),
        started=moment(told.get("StartedAt")),
        ended=ended,
        cpu_limit=_cpu_limit(host),
        memory_limit_bytes=_whole(host.get("Memory")) or None,
        image=_image(document, config),
        image_id=_text(document.get("Image")),
        unseen=() if state else (Unseen("state", f"{name} is {told.get('Status')!r:.40}, a word that is not known"),),
        notes=_said(name, told, state),
    )


def _inner(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _state(word: Any) -> str | None:
    known = _OTHER_STATES.get(word, word) if isinstance(word, str) else None
    return known if known in STATES else None


def _health(told: Mapping[str, Any]) -> str | None:
    """Podman's older versions call it otherwise, and both leave it out or empty where there is no check."""
    status = (_inner(told, "Health") or _inner(told, "Healthcheck")).get("Status")
    return (status if status in HEALTH else None) if status else "none"


def _cpu_limit(host: Mapping[str, Any]) -> float | None:
    """The processors that it may use: told as such, or as a share of a period."""
    whole = _whole(host.get("NanoCpus"))
    if whole:
        return whole / 1e9
    quota = _whole(host.get("CpuQuota"))
    return quota / (_whole(host.get("CpuPeriod")) or 100_000) if quota and quota > 0 else None


def _image(document: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    return _text(config.get("Image")) or _text(document.get("ImageName"))


def _said(name: str, told: Mapping[str, Any], state: str | None) -> tuple[str, ...]:
    error = told.get("Error")
    if isinstance(error, str) and error.strip() and state != "running":
        return (f"The engine says of {name}: {' '.join(error.split()):.300}",)
    return ()


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

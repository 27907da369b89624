# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine keeps on its disk, as its client prints it, read: pure functions.

They raise ``ValueError``, ``TypeError``, ``LookupError`` or ``AttributeError`` for what is none of what was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .engine_output import SHORT, exact_moment, size

__all__ = ["DISK_FORMAT", "IMAGES_FORMAT", "KINDS", "DiskUse", "Image", "disk_used", "image_of", "texts"]

DISK_FORMAT = "[{{json .Type}},{{json .TotalCount}},{{json .Active}},{{json .Size}},{{json .Reclaimable}}]"
IMAGES_FORMAT = "{{json .ID}}"

# What the client calls each kind.
KINDS = {"Images": "images", "Containers": "containers", "Local Volumes": "volumes", "Build Cache": "build_cache"}

_NONE = "<none>"


@dataclass(frozen=True)
class DiskUse:
    """What one kind of things takes.

    :ivar count: how many there are, *active* of them in use.
    :ivar bytes: about, as the client rounds it; *reclaimable_bytes* by those that are not in use.
    """

    count: int
    active: int
    bytes: int
    reclaimable_bytes: int


@dataclass(frozen=True)
class Image:
    """An image.

    :ivar id: the whole of it, ``sha256:`` and 64 digits.
    :ivar tags: its names, ``repository:tag``; none where another image has taken them.
    :ivar created: seconds since 1970.
    :ivar runs: what it is made to run and where, by which images of one program are known without a name.
    :ivar service: project and service of Compose that it was built for; empty where it says none.
    """

    id: str
    tags: tuple[str, ...]
    created: float
    bytes: int
    runs: str
    service: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return ", ".join(self.tags) or self.id.rpartition(":")[2][:SHORT]

    @property
    def repositories(self) -> frozenset[str]:
        """Its names without their tags."""
        return frozenset(tag.rpartition(":")[0] for tag in self.tags)


def disk_used(printed: str) -> dict[str, DiskUse]:
    """What ``system df`` printed, by kind."""
    found = {}
    for line in filter(None, printed.split("\n")):
        kind, count, active, taken, reclaimable = json.loads(line)
        if kind in KINDS:
            share = str(reclaimable).partition(" ")[0]
            found[KINDS[kind]] = DiskUse(int(count), int(active), size(str(taken)) or 0, size(share) or 0)
    if set(found) != set(KINDS.values()):
        raise ValueError(f"it tells of {', '.join(sorted(found)) or 'nothing'} alone")
    return found


def texts(printed: str) -> list[str]:
    """The texts that were printed, a quoted one on each line; each once."""
    return list(dict.fromkeys(str(json.loads(line)) for line in printed.split("\n") if line))


def image_of(document: Mapping[str, Any]) -> Image:
    """An image that ``inspect`` tells."""
    config = document.get("Config") or {}
    labels = config.get("Labels") or {}
    made_for = tuple(labels.get(f"com.docker.compose.{key}") or "" for key in ("project", "service"))
    runs = [config.get(key) for key in ("Entrypoint", "Cmd", "WorkingDir", "User")]
    created = exact_moment(document.get("Created"))
    return Image(
        id=str(document["Id"]),
        tags=tuple(tag for tag in document.get("RepoTags") or () if not tag.startswith(_NONE)),
        created=0.0 if created is None else created,
        bytes=int(document["Size"]),
        runs=json.dumps(runs) if any(runs[:2]) else "",
        service=made_for if all(made_for) else (),
    )

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of an engine's images and containers nobody needs any more: pure.

Volumes are never among it: one that no container has mounted is the data of a service that is stopped just now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .engine_storage import Image

__all__ = ["Ended", "Item", "PrunePlan", "PruneRules", "plan_prune"]

IMAGE, CONTAINER = "image", "container"

_FAMILIES = {
    "name": "it is one of the last of {}",
    "service": "it is one of the last of the service {}/{}",
    "program": "it is one of the last that run what a container runs",
}


@dataclass(frozen=True)
class PruneRules:
    """What is kept.

    :ivar keep: patterns of names of images, with ``*`` and ``?``, with or without their tags.
    :ivar keep_images: how many of the newest images of each name are kept, and how many from one in use backwards.
    :ivar older_than: seconds; what is younger is kept.
    """

    keep: Sequence[str]
    keep_images: int
    older_than: float


@dataclass(frozen=True)
class Ended:
    """A container that has run one command beside a service, and has ended.

    :ivar since: seconds since 1970, when it ended, or was made.
    """

    id: str
    name: str
    since: float


@dataclass(frozen=True)
class Item:
    """Something that is removed or kept, and why.

    :ivar kind: ``image`` or ``container``.
    :ivar bytes: that it takes, layers that it shares included.
    """

    kind: str
    id: str
    name: str
    bytes: int | None
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """It as the module returns it."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class PrunePlan:
    """What is removed, and what is kept of that which is not in use."""

    removed: tuple[Item, ...]
    kept: tuple[Item, ...]


def plan_prune(
    images: Sequence[Image], used: Mapping[str, str], ended: Iterable[Ended], rules: PruneRules, now: float
) -> PrunePlan:
    """Decide on images and on containers that have ended.

    :param used: the images of which there are containers, by id, each with the name of one.
    :param ended: containers that ran one command beside a service.
    :param now: seconds since 1970.
    """
    removed: list[Item] = []
    kept: list[Item] = []
    for one in ended:
        age = now - one.since
        old = age > rules.older_than
        reason = f"it ran one command beside a service and ended {_days(age)} ago"
        (removed if old else kept).append(Item(CONTAINER, one.id, one.name, None, reason))
    needed = _back_to(images, used, rules.keep_images)
    for image in sorted(images, key=lambda one: (one.created, one.id)):
        if image.id in used:
            continue
        why = _why_kept(image, needed, rules, now)
        item = Item(IMAGE, image.id, image.name, image.bytes, why or _why_removed(image, now))
        (kept if why else removed).append(item)
    return PrunePlan(tuple(removed), tuple(kept))


def _why_kept(image: Image, needed: Mapping[str, str], rules: PruneRules, now: float) -> str:
    for pattern in rules.keep:
        if any(fnmatchcase(name, pattern) for name in (*image.tags, *image.repositories)):
            return f"keep names {pattern}"
    if image.id in needed:
        return needed[image.id]
    age = now - image.created
    return "" if age > rules.older_than else f"it was made {_days(age)} ago"


def _why_removed(image: Image, now: float) -> str:
    named = "there are newer ones of its name" if image.tags else "it has no name any more"
    return f"no container is made of it, {named}, and it was made {_days(now - image.created)} ago"


def _back_to(images: Sequence[Image], used: Mapping[str, str], number: int) -> dict[str, str]:
    """The images to which somebody may want to go back, with the reason: of each family the newest, and those before
    one that is in use.

    A family is what has one name, was built for one service, or is made to run one program. By the last, the former
    image of a service is known that was built anew under the same name; it counts only where a container runs one like
    it.
    """
    running = {image.runs for image in images if image.id in used and image.runs}
    families: dict[tuple[str, ...], list[Image]] = {}
    for image in images:
        keys: list[tuple[str, ...]] = [("name", repository) for repository in image.repositories]
        keys += [("service", *image.service)] if image.service else []
        keys += [("program", image.runs)] if image.runs in running else []
        for key in keys:
            families.setdefault(key, []).append(image)
    needed: dict[str, str] = {}
    for key, members in families.items():
        by_age = sorted(members, key=lambda one: (-one.created, one.id))
        starts = {0, *(place for place, image in enumerate(by_age) if image.id in used)}
        for start in starts:
            for image in by_age[start : start + number]:
                needed.setdefault(image.id, f"{_FAMILIES[key[0]].format(*key[1:])}, to go back to")
    return needed


def _days(seconds: float) -> str:
    days = int(max(0.0, seconds) // 86400)
    return f"{days} day{'' if days == 1 else 's'}"

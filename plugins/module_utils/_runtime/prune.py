# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing what an engine keeps and nobody needs: plan, do, prove. No volume, and nothing that is in use."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .._errors import Day2Error, NotPossible
from .engine import Engine
from .engine_output import SHORT, Container, moment
from .engine_storage import DiskUse, Image
from .prune_plan import CONTAINER, Ended, Item, PrunePlan, PruneRules, plan_prune

__all__ = ["Prune"]

_UNNAMED = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class _There:
    """What the engine has.

    :ivar containers: of services, by their short ids; others may end and be gone at any time.
    :ivar volumes: those that somebody has named; the others go with their containers.
    """

    containers: frozenset[str]
    images: tuple[Image, ...]
    volumes: frozenset[str]
    disk: dict[str, DiskUse]


class Prune:
    """Prunes one engine."""

    def __init__(self, engine: Engine, rules: PruneRules) -> None:
        self._engine = engine
        self._rules = rules

    def run(self, check_mode: bool) -> dict[str, Any]:
        """Look, remove what was planned, and look again.

        :return: what the module returns.
        """
        before, plan = self._look()
        if check_mode:
            return {**self._told(plan, [], [], before, before), "changed": bool(plan.removed)}
        removed, refused = self._do(plan, {image.id: image.tags for image in before.images})
        after = self._seen() if removed else before
        self._prove(before, after, removed)
        return self._told(plan, removed, refused, before, after)

    def _look(self) -> tuple[_There, PrunePlan]:
        listed = self._engine.containers()
        documents = self._engine.details([one.id for one in listed]) if listed else []
        there = self._seen(listed)
        by_id = {one.id: one for one in listed}
        used = {str(one.get("Image")): str(one.get("Name") or "").lstrip("/") for one in documents}
        ended = [one for document in documents if (one := _ended(by_id[str(document["Id"])[:SHORT]], document))]
        return there, plan_prune(there.images, used, ended, self._rules, time.time())

    def _seen(self, listed: list[Container] | None = None) -> _There:
        return _There(
            frozenset(one.id for one in (self._engine.containers() if listed is None else listed) if one.composed),
            tuple(self._engine.images()),
            frozenset(name for name in self._engine.volumes() if not _UNNAMED.fullmatch(name)),
            self._disk_use(),
        )

    def _disk_use(self) -> dict[str, DiskUse]:
        """What the disk is used for; nothing where that takes too long, for the engine measures every volume for it."""
        try:
            return self._engine.disk_use()
        except Day2Error:
            return {}

    def _do(self, plan: PrunePlan, tags: Mapping[str, Sequence[str]]) -> tuple[list[Item], list[dict[str, Any]]]:
        """What was removed, and what the engine refused to remove, because it is in use by now.

        :param tags: the names of images, by id.
        """
        removed: list[Item] = []
        refused: list[dict[str, Any]] = []
        for item in plan.removed:
            why = self._remove(item, tags.get(item.id, ()))
            if why is None:
                removed.append(item)
            else:
                refused.append({**item.as_dict(), "error": why})
        return removed, refused

    def _remove(self, item: Item, tags: Sequence[str]) -> str | None:
        if item.kind == CONTAINER:
            return self._engine.remove("container", "rm", item.id)
        # By all its names, and by its id where it has none: so nothing needs to be forced.
        for name in tags or (item.id,):
            why = self._engine.remove("image", "rm", name)
            if why is not None:
                return why
        return None

    def _prove(self, before: _There, after: _There, removed: list[Item]) -> None:
        """Look whether all is there that was not to be removed.

        :raises NotPossible: when it is not, whoever removed it.
        """
        gone = {item.id for item in removed}
        lost = [
            *(f"volume {name}" for name in sorted(before.volumes - after.volumes)),
            *(f"container {short}" for short in sorted(before.containers - after.containers)),
            *(
                f"image {one.name}"
                for one in before.images
                if one.tags and one.id not in gone | {image.id for image in after.images}
            ),
        ]
        if lost:
            raise NotPossible(
                "removing what nobody needs",
                "the engine of this host",
                f"something was removed meanwhile that was to stay: {', '.join(lost[:5])}",
                "See who else removes things there; nothing of this run does.",
            )

    def _told(
        self, plan: PrunePlan, removed: list[Item], refused: list[dict[str, Any]], before: _There, after: _There
    ) -> dict[str, Any]:
        return {
            "changed": bool(removed),
            "plan": [item.as_dict() for item in plan.removed],
            "removed": [item.as_dict() for item in removed],
            "refused": refused,
            "kept": [item.as_dict() for item in plan.kept],
            "before": {kind: asdict(use) for kind, use in before.disk.items()},
            "after": {kind: asdict(use) for kind, use in after.disk.items()},
            "unused_volumes": sorted(self._engine.volumes(unused=True)),
        }


def _ended(container: Container, document: dict[str, Any]) -> Ended | None:
    """A container as one that has run one command beside a service, and is done; None when it is none."""
    told = document.get("State") or {}
    if not container.service or container.oneoff.lower() != "true" or told.get("Status") not in ("exited", "dead"):
        return None
    since = moment(told.get("FinishedAt")) or moment(document.get("Created"))
    return None if since is None else Ended(container.id, container.name, since)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of a service, from what was seen of its instances: pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from .runtime import HEALTH, STATES, Instance, Service, Sight

__all__ = ["facts_of"]

Number = TypeVar("Number", int, float)


def facts_of(service: Service, sight: Sight, now: float) -> dict[str, Any]:
    """The facts of *service*. Every key is always there; what is not known is None.

    :param now: seconds since 1970.
    """
    every = sight.instances
    at_work = [one for one in every if one.at_work]
    limited = at_work or list(every)
    newest = max(every, key=lambda one: one.created or 0, default=None)
    youngest = max((one.started for one in every if one.state == "running" and one.started), default=None)
    return {
        "name": service.name,
        "runtime": service.runtime,
        "project": service.project,
        "state": _state(sight),
        "health": _worst([one.health for one in at_work], HEALTH),
        "replicas": _replicas(sight),
        "restarts": _sum([one.restarts for one in every]),
        "oom_killed": _any([one.oom_killed for one in every]),
        "exit_code": _exit_code(every),
        "started": _iso(youngest),
        "running_seconds": None if youngest is None else max(0, round(now - youngest)),
        "cpu_percent": _rounded(_sum([one.cpu_percent for one in at_work])),
        "cpu_limit": _rounded(_sum([one.cpu_limit for one in limited])),
        "cpu_limit_percent": _highest(_cpu_limit_percent(one) for one in at_work),
        "memory_bytes": _sum([one.memory_bytes for one in at_work]),
        "memory_limit_bytes": _sum([one.memory_limit_bytes for one in limited]),
        "memory_percent": _highest(one.memory_percent for one in at_work),
        "image": newest.image if newest else None,
        "image_id": newest.image_id if newest else None,
        "images_differ": len({(one.image, one.image_id) for one in every}) > 1 if every else None,
        "log_driver": newest.log_driver if newest else None,
        "log_bytes": _sum([one.log_bytes for one in every]),
        "instances": [_instance(one) for one in every],
        "unseen": [one._asdict() for one in (*sight.unseen, *(one for part in every for one in part.unseen))],
        "notes": [*sight.notes, *(note for one in every for note in one.notes)],
        "error": sight.error.as_dict() if sight.error else None,
    }


def _state(sight: Sight) -> str | None:
    if sight.error:
        return None
    return _worst([one.state for one in sight.instances], STATES) if sight.instances else "missing"


def _replicas(sight: Sight) -> dict[str, int | None]:
    if sight.error:
        return {"running": None, "total": None}
    return {"running": sum(one.state == "running" for one in sight.instances), "total": len(sight.instances)}


def _exit_code(instances: Iterable[Instance]) -> int | None:
    """That of the instance which ended last."""
    ended = [one for one in instances if one.exit_code is not None]
    return max(ended, key=lambda one: one.ended or 0).exit_code if ended else None


def _instance(one: Instance) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "state": one.state,
        "health": one.health,
        "restarts": one.restarts,
        "exit_code": one.exit_code,
        "oom_killed": one.oom_killed,
        "started": _iso(one.started),
        "cpu_percent": one.cpu_percent,
        "cpu_limit": one.cpu_limit,
        "memory_bytes": one.memory_bytes,
        "memory_limit_bytes": one.memory_limit_bytes,
        "memory_percent": one.memory_percent,
        "image": one.image,
        "image_id": one.image_id,
        "log_bytes": one.log_bytes,
    }


def _cpu_limit_percent(one: Instance) -> float | None:
    return one.cpu_percent / one.cpu_limit if one.cpu_percent is not None and one.cpu_limit else None


def _worst(values: Sequence[str | None], order: Sequence[str]) -> str | None:
    """The last in *order*; None when there is none, or one is not known."""
    known = [value for value in values if value is not None]
    return max(known, key=order.index) if known and len(known) == len(values) else None


def _sum(values: Sequence[Number | None]) -> Number | None:
    """None when there is none, or one is not known."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(values) else None


def _highest(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _rounded(max(known)) if known else None


def _any(values: Sequence[bool | None]) -> bool | None:
    if any(values):
        return True
    return None if not values or None in values else False


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

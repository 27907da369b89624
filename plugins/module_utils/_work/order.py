# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes two pieces of work the same, and when one that was done stands for one that is asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

__all__ = ["RECENT_SECONDS", "Order", "without_secrets"]

RECENT_SECONDS = 3600.0


def _always(result: dict[str, Any]) -> bool:
    del result
    return True


@dataclass(frozen=True)
class Order:
    """A piece of work that is asked for.

    :ivar module: the module's name.
    :ivar title: what it concerns, in a word or two: the name of a database.
    :ivar asked: everything that tells it from another piece of work of the module. Holds no secret.
    :ivar stands_seconds: for how long after its end a work of which nobody heard stands for the same one. None: as long
        as it is remembered, for work that must never be done twice without anybody knowing.
    :ivar no_return: the phase from whose beginning on killed work may have had its effect: that is told, and
        nothing begun, until it is asked for once more.
    :ivar holds: whether what a work returned is still so.
    """

    module: str
    title: str
    asked: Mapping[str, Any]
    stands_seconds: float | None = RECENT_SECONDS
    no_return: str | None = None
    holds: Callable[[dict[str, Any]], bool] = field(default=_always)

    @property
    def identity(self) -> str:
        """The same for the same work on this host, and for no other: homes may be shared by several hosts."""
        plain = json.dumps([self.module, os.uname().nodename, self.asked], sort_keys=True, default=str)
        return hashlib.sha256(plain.encode("utf-8", "surrogateescape")).hexdigest()


def without_secrets(params: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """A module's parameters without those that its argument spec hides."""
    return {
        name: _without_secrets(params.get(name), option.get("options"))
        for name, option in spec.items()
        if not option.get("no_log")
    }


def _without_secrets(value: Any, spec: Mapping[str, Any] | None) -> Any:
    if spec and isinstance(value, Mapping):
        return without_secrets(value, spec)
    if spec and isinstance(value, list):
        return [_without_secrets(item, spec) for item in value]
    return value

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which containers of an engine are those of a service."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from .engine_output import Container

__all__ = ["Selection", "alike"]

_MOST = 3


@dataclass(frozen=True)
class Selection:
    """The containers of a service, or, where it has none, what is missing and what there is that is called alike."""

    containers: tuple[Container, ...]
    notes: tuple[str, ...]


def alike(name: str, names: Iterable[str]) -> str:
    """A sentence with the *names* that are most like *name*; empty when none is."""
    near = difflib.get_close_matches(name, sorted(names), _MOST)
    return f" There is {', '.join(near)}." if near else ""

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts of a group that this release knows nothing of: told as they are."""

from __future__ import annotations

import json
from typing import Any

from ..blocks import Block, Column, Table

__all__ = ["other"]

_ROWS = 60
_LENGTH = 400


def other(group: str, facts: Any) -> list[Block]:
    """The leaves of *facts*, each with the path to it."""
    leaves = list(_leaves(facts, ""))
    columns = (Column("Fact", "code"), Column("Value"))
    return [Table(f"Facts of {group}", columns, leaves[:_ROWS], total=len(leaves), folded=True)]


def _leaves(value: Any, path: str) -> Any:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}[{place}]")
    else:
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        yield [path, told if len(told) <= _LENGTH else f"{told[:_LENGTH]}…"]

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain Python values, whatever the caller's were: Ansible marks its strings and numbers with their origin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

__all__ = ["plain"]

# Deeper than any fact is, and far from where Python gives up.
_DEEPEST = 100
# Larger than whatever is counted; beyond it neither arithmetic nor text can be relied on.
_LARGEST = 10**30


def plain(value: Any, depth: int = 0) -> Any:
    """*value* made of exact ``dict``, ``list``, ``str``, ``int``, ``float``, ``bool`` and ``None``.

    What no fact is, numbers of hundreds of digits and things nested a hundred deep, becomes text that says so.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _number(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, date):
        return str.__str__(value.isoformat())
    if depth >= _DEEPEST:
        return "nested too deeply to be told"
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (Sequence, Set)) and not isinstance(value, (bytes, bytearray)):
        return [plain(item, depth + 1) for item in value]
    return str.__str__(str(value))


def _number(value: int) -> int | str:
    if abs(value) <= _LARGEST:
        return value
    digits = int(value.bit_length() * math.log10(2)) + 1
    return f"{'-' if value < 0 else ''}a number of about {digits} digits"

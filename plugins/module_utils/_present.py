# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For what we know to be there and a type checker cannot see. ansible-test forbids assertions in plugins."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["present"]

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """Return *value*, which is not None.

    :raises TypeError: when it is, which is a mistake in this collection.
    """
    if value is None:
        raise TypeError("a value that must be there is missing; this is a mistake in day2.ops")
    return value

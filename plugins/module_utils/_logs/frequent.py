# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counting the frequent ones among any number of distinct things, in bounded memory.

A summary in the manner of Misra and Gries and of lossy counting (Manku, Motwani: "Approximate Frequency Counts over
Data Streams", VLDB 2002): when twice the capacity is reached, the half with the smallest counts is let go. Whatever
is let go was seen at most ``floor`` times; what comes in later may have been let go before, so its count may be too
small by that floor. The truth lies between ``count`` and ``count + missing``, and both are told.
"""

from __future__ import annotations

from typing import Callable, Generic, Protocol, TypeVar

__all__ = ["Counted", "Frequent"]


class Counted(Protocol):
    """Something that is counted."""

    count: int
    missing: int

    def absorb(self: Item, other: Item) -> None:
        """Add what another count of the same thing says."""


Item = TypeVar("Item", bound=Counted)


class Frequent(Generic[Item]):
    """Items by key, at most twice *capacity* at any time.

    :param make: a new item with its count at nought.
    """

    def __init__(self, capacity: int, make: Callable[[], Item]) -> None:
        self.capacity = capacity
        self.let_go = 0
        self.floor = 0
        self._make = make
        self._items: dict[bytes, Item] = {}

    def __len__(self) -> int:
        return len(self._items)

    def item(self, key: bytes) -> Item:
        """Return the item of *key*, a new one where there is none. The caller counts it."""
        item = self._items.get(key)
        if item is None:
            if len(self._items) >= 2 * self.capacity:
                self._prune()
            item = self._items[key] = self._make()
            item.missing = self.floor
        return item

    def absorb(self, other: Frequent[Item]) -> None:
        """Add what another summary holds. What only one of them has may have been let go by the other."""
        for key, item in self._items.items():
            twin = other._items.get(key)
            item.missing += other.floor if twin is None else twin.missing
        floor, self.floor = self.floor, self.floor + other.floor
        for key, twin in other.items():
            new = key not in self._items
            item = self.item(key)
            item.absorb(twin)
            if new:
                item.missing = max(item.missing, floor + twin.missing)
        self.let_go += other.let_go

    def items(self) -> list[tuple[bytes, Item]]:
        """Return all items, the most frequent first."""
        return sorted(self._items.items(), key=lambda pair: (-pair[1].count, pair[0]))

    def _prune(self) -> None:
        ordered = sorted(self._items.items(), key=lambda pair: pair[1].count + pair[1].missing, reverse=True)
        kept, gone = ordered[: self.capacity], ordered[self.capacity :]
        self._items = dict(kept)
        self.let_go += len(gone)
        self.floor = max(self.floor, gone[0][1].count + gone[0][1].missing)

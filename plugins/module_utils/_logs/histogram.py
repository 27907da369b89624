# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Percentiles in constant memory: a histogram whose buckets grow by a fixed ratio.

The method is that of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees", PVLDB 12, 2019). With a relative error a, buckets grow by g = (1 + a) / (1 - a). The value x
falls into bucket i = ceil(log(x) / log(g)), that is g^(i-1) < x <= g^i, and is told as 2 g^i / (g + 1), which is never
further from x than a * x. A quantile is the value of the bucket that holds its rank, so the bound holds for quantiles.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["RELATIVE_ERROR", "SLOTS", "Histogram", "buckets_of"]

RELATIVE_ERROR = 0.005
_RATIO = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_LOG = 1 / math.log(_RATIO)
# Bucket 0 holds what is below a ten-thousandth: for durations in milliseconds, 100 nanoseconds.
SMALLEST = 1e-4
_FIRST = 1 - math.floor(math.log(SMALLEST) * _PER_LOG)
# All buckets up to 1e15, the longest duration that values.py lets through.
SLOTS = 8192


def buckets_of(values: Iterable[float]) -> list[int]:
    """Return the bucket of each value."""
    log, per_log, first, smallest = math.log, _PER_LOG, _FIRST, SMALLEST
    return [int(log(value) * per_log + first) if value >= smallest else 0 for value in values]


class Histogram:
    """Counts per bucket, in one array that spans the buckets in use."""

    def __init__(self) -> None:
        self.count = 0
        self._offset = 0
        self._counts = array("Q")

    def add(self, bucket: int, times: int = 1) -> None:
        """Count *bucket*, *times* times."""
        self.count += times
        counts = self._counts
        if not counts:
            self._offset = bucket
        if bucket < self._offset:
            counts[0:0] = array("Q", bytes(8 * (self._offset - bucket)))
            self._offset = bucket
        index = bucket - self._offset
        if index >= len(counts):
            counts.extend([0] * (index + 1 - len(counts)))
        counts[index] += times

    def absorb(self, other: Histogram) -> None:
        """Add the counts of another histogram."""
        for index, times in enumerate(other._counts):
            if times:
                self.add(index + other._offset, times)

    def add_all(self, counted: Mapping[int, int]) -> None:
        """Count many buckets."""
        for bucket, times in counted.items():
            self.add(bucket, times)

    def quantiles(self, wanted: Sequence[float], lowest: float, highest: float) -> list[float | None]:
        """Return the quantiles *wanted*, which ascend: the smallest value that this share does not exceed.

        :param lowest, highest: the exact extremes, between which every answer lies.
        """
        answers: list[float | None] = []
        seen, index = 0, -1
        for share in wanted:
            if not self.count:
                answers.append(None)
                continue
            rank = max(1, math.ceil(share * self.count - 1e-9))
            while seen < rank:
                index += 1
                seen += self._counts[index]
            answers.append(min(max(_value(index + self._offset), lowest), highest))
        return answers


def _value(bucket: int) -> float:
    if bucket == 0:
        return 0.0
    power: float = _RATIO ** (bucket - _FIRST + 1)
    return 2 * power / (_RATIO + 1)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests by endpoint, errors by group: the frequent ones, in bounded memory."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from operator import add
from typing import TYPE_CHECKING, Any

from .._masking import masked_sql
from .fold import LONGEST_MESSAGE, fold_paths, half_folded, mask, printable
from .frequent import Frequent
from .histogram import SLOTS, Histogram, buckets_of
from .times import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SQL", "Endpoints", "Groups", "rounded"]

# The method of statements that a database logs with their duration.
SQL = b"SQL"

MOST_ENDPOINTS = 300
MOST_GROUPS = 500
MOST_REMEMBERED = 5000
MOST_PENDING = 20000
LONGEST_SAMPLE = 500

LONGEST_STATEMENT = 300

_LIST = re.compile(r"\?(?:\s*,\s*\?)+")
_ALIKE = bytes.maketrans(b"123456789", b"000000000")


class _Endpoint:
    """One endpoint: how often it was asked for, and how long that took."""

    __slots__ = ("count", "highest", "histogram", "missing")

    def __init__(self) -> None:
        self.count = 0
        self.missing = 0
        self.highest = 0.0
        self.histogram: Histogram | None = None

    def absorb(self, other: _Endpoint) -> None:
        """Add what another count of the same endpoint says."""
        self.count += other.count
        self.highest = max(self.highest, other.highest)
        if other.histogram is not None:
            self.histogram = self.histogram or Histogram()
            self.histogram.absorb(other.histogram)

    def took(self, bucket: int, times: int) -> None:
        if self.histogram is None:
            self.histogram = Histogram()
        self.histogram.add(bucket, times)


class Endpoints:
    """Counts requests by method and folded path."""

    def __init__(self) -> None:
        self._table: Frequent[_Endpoint] = Frequent(MOST_ENDPOINTS, _Endpoint)
        self._folded: dict[bytes, bytes] = {}
        # Between two settlements: the number of each endpoint, times SLOTS; half folded text to that.
        self._slots: dict[bytes, int] = {}
        self._slots_of_texts: dict[bytes, int] = {}
        self._highest: dict[int, float] = {}
        # What was counted: an endpoint's number times SLOTS, plus the bucket, SLOTS - 1 for none.
        self._pending: Counter[int] = Counter()
        # All durations that were counted with an endpoint.
        self.buckets: Counter[int] = Counter()

    def add(self, method: bytes, path: bytes, milliseconds: float | None) -> None:
        """Count one request, or one statement."""
        endpoint = self._table.item(self._key(method, path))
        endpoint.count += 1
        if milliseconds is not None:
            endpoint.took(buckets_of((milliseconds,))[0], 1)
            endpoint.highest = max(endpoint.highest, milliseconds)

    def add_all(
        self,
        methods: Sequence[bytes] | None,
        paths: Sequence[bytes],
        durations: Sequence[float],
        buckets: Sequence[int],
    ) -> None:
        """Count many; *durations* with their *buckets* are empty when there are none."""
        asked = [b" " + path for path in paths] if methods is None else list(map(b" ".join, zip(methods, paths)))
        slots = self._slots_for(half_folded(asked))
        if durations:
            highest = self._highest
            for slot, milliseconds in zip(slots, durations):
                if milliseconds <= highest[slot]:
                    continue
                highest[slot] = milliseconds
            self._pending.update(map(add, slots, buckets))
        else:
            self._pending.update([slot + SLOTS - 1 for slot in slots])
        if len(self._pending) > MOST_PENDING or len(self._slots_of_texts) > MOST_REMEMBERED:
            self.settle()

    def settle(self) -> None:
        """Bring to the endpoints what was counted, one endpoint after the other: none is let go half counted."""
        keys = {slot: key for key, slot in self._slots.items()}
        for number, combined in groupby(sorted(self._pending), key=lambda key: key // SLOTS):
            slot = number * SLOTS
            endpoint = self._table.item(keys[slot])
            endpoint.highest = max(endpoint.highest, self._highest[slot])
            for key in combined:
                times, bucket = self._pending[key], key - slot
                endpoint.count += times
                if bucket != SLOTS - 1:
                    endpoint.took(bucket, times)
                    self.buckets[bucket] += times
        self._pending.clear()
        self._slots.clear()
        self._slots_of_texts.clear()
        self._highest.clear()

    def absorb(self, other: Endpoints) -> None:
        """Add what was counted elsewhere. Both have to be settled."""
        self._table.absorb(other._table)
        self.buckets.update(other.buckets)

    def busiest(self, top: int) -> list[dict[str, Any]]:
        """Return the endpoints with the most requests; statements are none."""
        return [self._told(key, item) for key, item in self._table.items() if not key.startswith(SQL + b" ")][:top]

    def slowest(self, top: int) -> list[dict[str, Any]]:
        """Return the endpoints and statements with the highest p95."""
        told = [self._told(key, item) for key, item in self._table.items() if item.histogram is not None]
        return sorted(told, key=lambda endpoint: (-endpoint["p95"], -endpoint["count"]))[:top]

    @property
    def seen(self) -> int:
        """How many endpoints are known."""
        return len(self._table)

    @property
    def let_go(self) -> int:
        """How many were let go."""
        return self._table.let_go

    def _told(self, key: bytes, item: _Endpoint) -> dict[str, Any]:
        method, _space, path = key.partition(b" ")
        p50, p95 = item.histogram.quantiles((0.5, 0.95), 0.0, item.highest) if item.histogram else (None, None)
        return {
            "method": printable(method) or None,
            "path": printable(path),
            "count": item.count,
            "missing": item.missing,
            "p50": rounded(p50),
            "p95": rounded(p95),
            "max": rounded(item.highest) if item.histogram else None,
        }

    def _key(self, method: bytes, path: bytes) -> bytes:
        if method == SQL:
            return SQL + b" " + _statement(path)
        text = half_folded([(method + b" " + path).replace(b"\n", b" ")])[0]
        key = self._folded.get(text)
        if key is None:
            if len(self._folded) >= MOST_REMEMBERED:
                self._folded.clear()
            key = self._folded[text] = fold_paths((text,))[0]
        return key

    def _slots_for(self, texts: list[bytes]) -> list[int]:
        known = self._slots_of_texts
        new = [text for text in set(texts) if text not in known]
        for text, key in zip(new, fold_paths(new) if new else ()):
            known[text] = slot = self._slots.setdefault(key, len(self._slots) * SLOTS)
            self._highest.setdefault(slot, 0.0)
        return [known[text] for text in texts]


class _Group:
    """Errors that say the same."""

    __slots__ = ("count", "first", "last", "missing", "sample")

    def __init__(self) -> None:
        self.count = 0
        self.missing = 0
        self.first: float | None = None
        self.last: float | None = None
        self.sample: bytes | None = None

    def absorb(self, other: _Group) -> None:
        """Add what another count of the same errors says."""
        self.count += other.count
        self.sample = other.sample if self.sample is None else self.sample
        for moment in (other.first, other.last):
            self.seen_at(moment)

    def seen_at(self, moment: float | None) -> None:
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)


class Groups:
    """Counts errors by folded message."""

    def __init__(self, masked: bool) -> None:
        self._masked = masked
        self._table: Frequent[_Group] = Frequent(MOST_GROUPS, _Group)
        self._folded: dict[bytes, bytes] = {}
        self.entries = 0

    def add(self, message: bytes, moment: float | None) -> None:
        """Count one error."""
        # Folding treats all digits alike. Where it leaves none, messages that differ in digits only need it once.
        alike = message[: LONGEST_MESSAGE + 1].translate(_ALIKE)
        key = self._folded.get(alike)
        if key is None:
            key = mask(alike)
            if len(self._folded) >= MOST_REMEMBERED:
                self._folded.clear()
            self._folded[alike] = key
        if b"0" in key:
            key = mask(message)
        self._add(key, message, moment)

    def add_request(self, method: bytes, path: bytes, status: int, moment: float | None) -> None:
        """Count one request that failed on the server's side, and says nothing else of it."""
        folded = fold_paths((path.replace(b"\n", b" "),))[0]
        self._add(
            b"%s %s answered %d" % (method, folded, status), b"%s %s answered %d" % (method, path, status), moment
        )

    def _add(self, key: bytes, message: bytes, moment: float | None) -> None:
        self.entries += 1
        group = self._table.item(key)
        group.count += 1
        if group.sample is None:
            group.sample = key if self._masked else message[:LONGEST_SAMPLE]
        group.seen_at(moment)

    def absorb(self, other: Groups) -> None:
        """Add what was counted elsewhere."""
        self.entries += other.entries
        self._table.absorb(other._table)

    def told(self, top: int) -> list[dict[str, Any]]:
        """Return the most frequent groups."""
        return [
            {
                "message": printable(key),
                "count": group.count,
                "missing": group.missing,
                "first_time": in_words(group.first),
                "last_time": in_words(group.last),
                "sample": printable(group.sample or b"", LONGEST_SAMPLE),
            }
            for key, group in self._table.items()[:top]
        ]

    @property
    def seen(self) -> int:
        """How many groups are known."""
        return len(self._table)

    @property
    def let_go(self) -> int:
        """How many were let go."""
        return self._table.let_go


def _statement(text: bytes) -> bytes:
    """A statement without its literals, and with lists of them as one."""
    masked = masked_sql(text[:LONGEST_MESSAGE].decode("utf-8", "replace"))
    return _LIST.sub(r"?", " ".join(masked.split())).encode()[:LONGEST_STATEMENT]


def rounded(milliseconds: float | None) -> float | None:
    """Return a number with six digits: more would be noise."""
    return None if milliseconds is None else float(f"{milliseconds:.6g}")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of one source, from single entries and from columns of many."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from .histogram import Histogram, buckets_of
from .rows import unescaped
from .tables import SQL, Endpoints, Groups, rounded
from .text_lines import trimmed
from .times import Clock, in_words
from .values import ERRORS, level_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .patterns import PatternCounts
    from .shapes import Rows
    from .specs import Entry, Settings

__all__ = ["Tally"]

MOST_LEVELS = 32
_COUNTS = (
    "entries",
    "first",
    "last",
    "_levels",
    "_statuses",
    "_buckets",
    "_requests",
    "_total",
    "_lowest",
    "_highest",
    "_endpoints",
    "_groups",
)


class Tally:
    """Counts what the entries of one source say, in constant memory."""

    def __init__(self, settings: Settings, clock: Clock, patterns: PatternCounts, durations_of: str) -> None:
        self._durations_of = durations_of
        self._settings = settings
        self._clock = clock
        self._patterns = patterns
        self.entries = 0
        self.first: float | None = None
        self.last: float | None = None
        self._levels: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._requests = 0
        self._buckets: Counter[int] = Counter()
        self._total = 0.0
        self._lowest = float("inf")
        self._highest = 0.0
        self._endpoints = Endpoints()
        self._groups = Groups(settings.mask)

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        self.entries += 1
        self._patterns.entry(entry)
        if entry.time is not None:
            self._seen(entry.time, entry.time)
        if entry.level is not None:
            self._add_level(entry.level, 1)
        if entry.status is not None:
            self._statuses[entry.status] += 1
        if entry.duration is not None:
            self._took((entry.duration,))
            self._buckets.update(buckets_of((entry.duration,)))
        if entry.path and (entry.method or entry.status is not None):
            self._endpoints.add(entry.method, entry.path, entry.duration)
        if entry.status is not None or (entry.method and entry.path and entry.method != SQL):
            self._requests += 1
        if entry.level in ERRORS:
            self._groups.add(entry.message, entry.time)
        elif entry.status is not None and entry.status >= 500:
            self._groups.add_request(entry.method, entry.path, entry.status, entry.time)

    def add_rows(self, rows: Rows, durations: Sequence[float], period: tuple[float, float] | None) -> None:
        """Count entries of one shape.

        :param durations: the milliseconds of each, empty when there are none.
        :param period: the first and the last moment.
        """
        columns = rows.columns
        self.entries += rows.count
        if period is not None:
            self._seen(*period)
        levels = self._levels_of(rows)
        statuses, methods, paths = columns.get("status"), columns.get("method"), columns.get("path")
        if statuses is not None:
            for status, times in Counter(statuses).items():
                self._statuses[int(status)] += times
        if statuses is not None or (methods is not None and paths is not None):
            self._requests += rows.count
        buckets = buckets_of(durations)
        if durations:
            self._took(durations)
        if paths is not None and (methods is not None or statuses is not None):
            self._endpoints.add_all(methods, paths, durations, buckets)
        else:
            self._buckets.update(buckets)
        if self._patterns.fields:
            self._patterns.columns(_texts(rows, levels), levels)
        self._group(rows, levels)

    def _levels_of(self, rows: Rows) -> Sequence[str | None]:
        """Count the levels of rows; return them, or nothing when nobody needs them one by one."""
        texts = rows.columns.get("level")
        if texts is None:
            return [None] * rows.count if self._patterns.fields else ()
        counted = Counter(texts)
        names = {text: level_of(text.decode(), rows.shape.level_name) if text else None for text in counted}
        for text, name in names.items():
            if name is not None:
                self._add_level(name, counted[text])
        if self._patterns.fields or not ERRORS.isdisjoint(names.values()):
            return [names[text] for text in texts]
        return ()

    def _group(self, rows: Rows, levels: Sequence[str | None]) -> None:
        columns = rows.columns
        errors = [place for place, level in enumerate(levels) if level in ERRORS]
        messages = columns.get("message")
        for place in errors:
            message = messages[place] if messages else b""
            self._groups.add(unescaped(message) if rows.shape.kind == "json" else message, self._moment(rows, place))
        statuses, methods, paths = columns.get("status"), columns.get("method"), columns.get("path")
        if statuses is None:
            return
        told = set(errors)
        for place, status in enumerate(statuses):
            if status >= b"5" and place not in told:
                method = methods[place] if methods else b""
                path = paths[place] if paths else b""
                self._groups.add_request(method, path, int(status), self._moment(rows, place))

    def _moment(self, rows: Rows, place: int) -> float | None:
        times = rows.columns.get("time")
        if times is None or rows.shape.time is None:
            return None
        return self._clock.moment(rows.shape.time, times[place], rows.shape.zone)

    def _seen(self, first: float, last: float) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def _add_level(self, level: str, times: int) -> None:
        known = level in self._levels or len(self._levels) < MOST_LEVELS
        self._levels[level if known else "other"] += times

    def _took(self, durations: Sequence[float]) -> None:
        self._total += math.fsum(durations)
        self._lowest = min((self._lowest, *durations))
        self._highest = max((self._highest, *durations))

    def counted(self) -> dict[str, Any]:
        """Return all counts, so that they can be sent to another process."""
        self._endpoints.settle()
        return {name: getattr(self, name) for name in _COUNTS}

    def absorb(self, counted: Mapping[str, Any]) -> None:
        """Add the counts of another process."""
        self._endpoints.settle()
        self.entries += counted["entries"]
        for moment in (counted["first"], counted["last"]):
            if moment is not None:
                self._seen(moment, moment)
        for level, times in counted["_levels"].items():
            self._add_level(level, times)
        self._statuses.update(counted["_statuses"])
        self._buckets.update(counted["_buckets"])
        self._requests += counted["_requests"]
        self._total += counted["_total"]
        self._lowest = min(self._lowest, counted["_lowest"])
        self._highest = max(self._highest, counted["_highest"])
        self._endpoints.absorb(counted["_endpoints"])
        self._groups.absorb(counted["_groups"])

    def told(self) -> dict[str, Any]:
        """Return the numbers, under the names of the module's result."""
        self._endpoints.settle()
        top, statuses = self._settings.top, self._statuses
        failed = sum(times for status, times in statuses.items() if status >= 500)
        classes = Counter({f"{first}xx": 0 for first in range(1, 6)})
        for status, times in statuses.items():
            classes[f"{status // 100}xx"] += times
        return {
            "entries": self.entries,
            "first_time": in_words(self.first),
            "last_time": in_words(self.last),
            "levels": dict(sorted(self._levels.items())),
            "patterns": self._patterns.counts,
            "statuses": {str(status): times for status, times in sorted(statuses.items())},
            "status_classes": dict(classes),
            "requests": self._requests,
            "error_rate": failed / self._requests if self._requests else None,
            "unauthorized": statuses[401],
            "forbidden": statuses[403],
            "latency": self._latency_told(),
            "endpoints": self._endpoints.busiest(top),
            "slowest": self._endpoints.slowest(top),
            "endpoints_kept": self._endpoints.seen,
            "endpoints_let_go": self._endpoints.let_go,
            "errors": self._groups.entries,
            "groups": self._groups.told(top),
            "groups_kept": self._groups.seen,
            "groups_let_go": self._groups.let_go,
        }

    def _latency_told(self) -> dict[str, Any]:
        latency = Histogram()
        latency.add_all(self._buckets + self._endpoints.buckets)
        count = latency.count
        p50, p95, p99 = latency.quantiles((0.5, 0.95, 0.99), self._lowest, self._highest)
        return {
            "count": count,
            "min": rounded(self._lowest if count else None),
            "p50": rounded(p50),
            "p95": rounded(p95),
            "p99": rounded(p99),
            "max": rounded(self._highest if count else None),
            "mean": rounded(self._total / count if count else None),
            "unit": "ms",
            "complete": count > 0 and self._all_are_timed(count),
        }

    def _all_are_timed(self, count: int) -> bool:
        """Whether the log gives the duration of every request, and not of the slow ones only."""
        if self._durations_of == "auto":
            # Databases write down the statements, and jobs the rounds, that took long.
            return 2 * self._requests >= count
        return self._durations_of == "all"


def _texts(rows: Rows, levels: Sequence[str | None]) -> dict[str, Sequence[bytes | None]]:
    """The columns as texts to search in."""
    texts: dict[str, Sequence[bytes | None]] = {**rows.columns}
    messages = rows.columns.get("message")
    if messages is not None:
        texts["message"] = [unescaped(text) if rows.shape.kind == "json" else trimmed(text) for text in messages]
    texts["level"] = [None if level is None else level.encode() for level in levels]
    return texts

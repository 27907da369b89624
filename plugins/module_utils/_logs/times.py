# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as logs write them, turned into seconds since the epoch."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CLF",
    "CTIME",
    "EPOCH",
    "ISO",
    "LEADING",
    "MONTH",
    "SYSLOG",
    "Clock",
    "epoch_seconds",
    "in_words",
    "period_seconds",
]

MONTHS: Mapping[bytes, int] = MappingProxyType(
    {
        name: number
        for number, name in enumerate(
            (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
        )
    }
)
MONTH = b"(?:" + b"|".join(MONTHS) + b")"
_CLOCK = rb"\d\d:\d\d:\d\d"

# Each has two groups: the part that is a moment in local time, and its zone where there is one.
ISO = re.compile(
    rb"(\d{4}[-/]\d\d[-/]\d\d[T ]"
    + _CLOCK
    + rb"(?:[.,]\d{1,9})?)((?:Z| ?(?:UTC|GMT)|[+-]\d\d(?::?\d\d)?| [+-]\d\d:?\d\d)(?![\w:]))?"
)
CLF = re.compile(rb"(\d\d/" + MONTH + rb"/\d{4}:" + _CLOCK + rb")( [+-]\d{4})?")
SYSLOG = re.compile(rb"(" + MONTH + rb" [ \d]\d " + _CLOCK + rb")()")
CTIME = re.compile(rb"[A-Z][a-z]{2} (" + MONTH + rb" [ \d]\d " + _CLOCK + rb"(?:\.\d{1,9})? \d{4})()")
EPOCH = re.compile(rb"(\d{10}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?)()(?![\w.:/-])")

# What a line may begin with; a bracket round it is no part of it.
LEADING: tuple[re.Pattern[bytes], ...] = (ISO, CLF, SYSLOG, CTIME, EPOCH)

OLDEST, NEWEST = 1e8, 2.5e11
_CACHED_MINUTES = 4096
_PERIOD = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_PERIOD_SECONDS: Mapping[str, float] = MappingProxyType({"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0})


class Clock:
    """Reads the times of one source.

    :param zone: the zone of times that name none.
    :param now: seconds since the epoch; decides the year of times that have none.
    """

    def __init__(self, zone: tzinfo, now: float) -> None:
        self._zone = zone
        self._now = now
        self._minutes: dict[tuple[bytes, bytes], float | None] = {}

    def parse(self, text: bytes) -> float | None:
        """Return the moment that *text* is, None when it is none."""
        for pattern in LEADING:
            match = pattern.fullmatch(text)
            if match:
                return self.moment(pattern, match[1], match[2] or b"")
        return None

    def moment(self, pattern: re.Pattern[bytes], local: bytes, zone: bytes) -> float | None:
        """Return the moment of the two groups of one of this module's patterns."""
        if pattern is EPOCH:
            return epoch_seconds(float(local))
        if pattern is ISO:
            return self._of_minute(local[:16], zone, self._iso_minute, local[17:])
        if pattern is CLF:
            return self._of_minute(local[:17], zone, self._clf_minute, local[18:])
        if pattern is SYSLOG:
            return self._of_minute(local[:12], zone, self._yearless_minute, local[13:])
        # The year stands last: Nov 22 02:00:00.123456 2026
        seconds, _space, year = local[13:].rpartition(b" ")
        return self._of_minute(year + local[:12], zone, self._ctime_minute, seconds)

    def _of_minute(
        self, minute: bytes, zone: bytes, parse: Callable[[bytes, bytes], float | None], seconds: bytes
    ) -> float | None:
        # Lines of one minute follow one another: the calendar and the zone are worked out once for them.
        key = (minute, zone)
        try:
            start = self._minutes[key]
        except KeyError:
            if len(self._minutes) >= _CACHED_MINUTES:
                self._minutes.clear()
            start = self._minutes[key] = parse(minute, zone)
        return None if start is None else start + float(seconds.replace(b",", b"."))

    def _iso_minute(self, minute: bytes, zone: bytes) -> float | None:
        return self._epoch(
            int(minute[:4]), int(minute[5:7]), int(minute[8:10]), int(minute[11:13]), int(minute[14:16]), zone
        )

    def _clf_minute(self, minute: bytes, zone: bytes) -> float | None:
        month = MONTHS[minute[3:6]]
        return self._epoch(int(minute[7:11]), month, int(minute[:2]), int(minute[12:14]), int(minute[15:17]), zone)

    def _ctime_minute(self, minute: bytes, zone: bytes) -> float | None:
        return self._named(int(minute[:4]), minute[4:], zone)

    def _yearless_minute(self, minute: bytes, zone: bytes) -> float | None:
        # The latest year in which the moment does not lie ahead; a day of grace for clocks that differ.
        year = datetime.fromtimestamp(self._now, timezone.utc).year + 1
        for candidate in (year, year - 1, year - 2):
            moment = self._named(candidate, minute, zone)
            if moment is not None and moment <= self._now + 86400:
                return moment
        return None

    def _named(self, year: int, minute: bytes, zone: bytes) -> float | None:
        return self._epoch(year, MONTHS[minute[:3]], int(minute[4:6]), int(minute[7:9]), int(minute[10:12]), zone)

    def _epoch(self, year: int, month: int, day: int, hour: int, minute: int, zone: bytes) -> float | None:
        try:
            return datetime(year, month, day, hour, minute, tzinfo=self._zone_of(zone)).timestamp()
        except (ValueError, OverflowError):
            return None

    def _zone_of(self, zone: bytes) -> tzinfo:
        name = zone.strip()
        if not name:
            return self._zone
        if name in (b"Z", b"UTC", b"GMT"):
            return timezone.utc
        digits = name[1:].replace(b":", b"").ljust(4, b"0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
        return timezone(-offset if name[:1] == b"-" else offset)


def epoch_seconds(number: float) -> float | None:
    """Return seconds for a count of seconds, milliseconds, microseconds or nanoseconds since the epoch.

    The size tells which: 1e11 seconds lie in the year 5138.
    """
    for scale in (1.0, 1e3, 1e6, 1e9):
        if number < 1e11 * scale:
            seconds = number / scale
            return seconds if OLDEST <= seconds < NEWEST else None
    return None


def in_words(moment: float | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, with milliseconds."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")


def period_seconds(text: str) -> float | None:
    """Return the seconds of a period such as ``90m``, ``24h`` or ``1d 12h``; None when *text* is none."""
    stripped = text.strip().lower()
    if not re.fullmatch(rf"(?:{_PERIOD.pattern}\s*)+", stripped):
        return None
    return sum(float(number) * _PERIOD_SECONDS[unit] for number, unit in _PERIOD.findall(stripped))

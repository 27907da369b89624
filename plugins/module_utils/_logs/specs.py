# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a scan, and what one line says."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from .._runtime.runtime import Service

__all__ = ["FIELDS", "LOGICAL", "Entry", "PatternSpec", "Settings", "SourceSpec"]

# Where each thing is looked for in JSON and in key=value pairs, the first that is there first. A dot goes into an
# object when no key holds the whole name.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "time": ("ts", "time", "timestamp", "@timestamp", "datetime", "asctime", "__REALTIME_TIMESTAMP"),
        "level": ("level", "severity", "levelname", "log.level", "lvl", "loglevel", "log_level", "levelno", "PRIORITY"),
        "message": ("msg", "message", "event", "MESSAGE"),
        "status": (
            "status",
            "status_code",
            "statusCode",
            "http_status",
            "http.response.status_code",
            "response.status",
            "res.statusCode",
        ),
        "duration": (
            "duration_ms",
            "duration",
            "elapsed_ms",
            "elapsed",
            "latency_ms",
            "latency",
            "response_time_ms",
            "response_time",
            "responseTime",
            "request_time",
            "took_ms",
            "took",
            "duration_s",
            "duration_seconds",
            "rt",
        ),
        "method": ("method", "http_method", "request_method", "http.request.method", "request.method", "req.method"),
        "path": (
            "path",
            "uri",
            "url",
            "request_uri",
            "request_path",
            "http_path",
            "url.path",
            "request.uri",
            "request.path",
            "req.url",
            "endpoint",
        ),
    }
)
# What a pattern may name instead of a field, whatever the field is called.
LOGICAL = ("level", "message", "status", "method", "path")


class Entry(NamedTuple):
    """What one line says. ``fields`` holds all that the line names, for patterns on a field."""

    time: float | None
    level: str | None
    message: bytes
    status: int | None
    duration: float | None
    method: bytes
    path: bytes
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class PatternSpec:
    """One pattern to count.

    :ivar field: a name in FIELDS or of a field in the line; the whole line when None.
    :ivar level: count only in entries of this level, in our words; None for any.
    """

    name: str
    regex: str
    field: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class SourceSpec:
    """One source: files, or a service's own log, that are told of together.

    :ivar timeout: seconds that its scan may take; None for any time.
    :ivar max_unpacked_bytes: how much one of its compressed files may hold; None for any size.
    """

    name: str
    paths: tuple[str, ...]
    format: str = "auto"
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: FIELDS)
    duration_unit: str = "auto"
    patterns: tuple[PatternSpec, ...] = ()
    durations_of: str = "auto"
    timeout: float | None = None
    max_unpacked_bytes: int | None = None
    service: Service | None = None


@dataclass(frozen=True)
class Settings:
    """What holds for all sources. Moments are seconds since the epoch."""

    zone: tzinfo
    now: float
    since: float | None = None
    until: float | None = None
    top: int = 10
    mask: bool = True
    max_line_bytes: int = 262144

    def within(self, moment: float | None) -> bool:
        """Whether a moment lies in the period that is asked for; one that is not known does."""
        if moment is None:
            return True
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)

    def same_side(self, first: float, last: float) -> bool:
        """Whether no end of the period that is asked for lies between two moments."""
        return not any(end is not None and first < end <= last for end in (self.since, self.until))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Levels, statuses and durations as logs write them."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ERRORS", "LEVEL_WORDS", "TRAILERS", "duration_of", "level_of", "scale_of", "status_of"]

# Entries of these levels are errors.
ERRORS = frozenset({"error", "critical"})

_LEVELS: Mapping[str, str] = MappingProxyType(
    {
        "trace": "trace",
        "verbose": "trace",
        "debug": "debug",
        "debug1": "debug",
        "debug2": "debug",
        "debug3": "debug",
        "debug4": "debug",
        "debug5": "debug",
        "info": "info",
        "information": "info",
        "log": "info",
        "notice": "notice",
        "success": "info",
        "warn": "warning",
        "warning": "warning",
        "err": "error",
        "error": "error",
        "severe": "error",
        "crit": "critical",
        "critical": "critical",
        "fatal": "critical",
        "alert": "critical",
        "emerg": "critical",
        "emergency": "critical",
        "panic": "critical",
    }
)
LEVEL_WORDS = tuple(sorted(_LEVELS, key=len, reverse=True))
# PostgreSQL writes these after an entry, each with a time of its own: they belong to that entry.
TRAILERS = (b"STATEMENT", b"DETAIL", b"HINT", b"CONTEXT", b"QUERY", b"LOCATION")

_SYSLOG = ("critical", "critical", "critical", "error", "warning", "notice", "info", "debug")
_PINO: Mapping[int, str] = MappingProxyType(
    {10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "critical"}
)
_PYTHON: Mapping[int, str] = MappingProxyType({10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"})
_OTHER = re.compile(r"[a-z][a-z0-9_-]{0,19}")

_UNIT_MS: Mapping[str, float] = MappingProxyType(
    {
        "ns": 1e-6,
        "us": 1e-3,
        "µs": 1e-3,
        "μs": 1e-3,
        "ms": 1.0,
        "s": 1e3,
        "sec": 1e3,
        "secs": 1e3,
        "second": 1e3,
        "seconds": 1e3,
        "m": 6e4,
        "min": 6e4,
        "h": 3.6e6,
    }
)
LONGEST_MS = 1e15
_PART = re.compile(r"(\d{1,18}(?:\.\d{1,18})?|\.\d{1,18})\s*(ns|us|µs|μs|ms|seconds?|secs?|sec|s|min|m|h)")
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?")
_SCALE_OF_NAME = (
    (re.compile(r"(?:_ns|Ns|_nanos|nanoseconds)$"), 1e-6),
    (re.compile(r"(?:_us|Us|_micros|microseconds)$"), 1e-3),
    (re.compile(r"(?:_ms|Ms|MS|_millis|[mM]illiseconds)$"), 1.0),
    (re.compile(r"(?:_s|_sec|_secs|_seconds|Seconds)$"), 1e3),
    # nginx writes these in seconds.
    (re.compile(r"^(?:rt|request_time|upstream_response_time)$"), 1e3),
)


def level_of(raw: object, name: str = "") -> str | None:
    """Return the level that a value is, in our words; None when it is none.

    :param raw: text or a number: of syslog (0 to 7), or of pino and bunyan (10 to 60).
    :param name: the field's name; V(levelno) holds the numbers of Python's logging.
    """
    if isinstance(raw, bool):
        return None
    text = str(raw).strip().lower()
    known = _LEVELS.get(text)
    if known:
        return known
    if text.isascii() and text.isdigit() and len(text) <= 2:
        number = int(text)
        if number < len(_SYSLOG):
            return _SYSLOG[number]
        return (_PYTHON if name.endswith("levelno") else _PINO).get(number)
    return text if _OTHER.fullmatch(text) else None


def status_of(raw: object) -> int | None:
    """Return the HTTP status that a number or text is; None when it is none."""
    if isinstance(raw, bool):
        return None
    text = str(raw)
    if len(text) == 3 and text.isascii() and text.isdigit() and "1" <= text[0] <= "5":
        return int(text)
    return None


def scale_of(name: str, unit: str) -> float:
    """Return the milliseconds of 1 in the field *name*.

    :param unit: V(ms), V(s), V(us) or V(ns); with V(auto) the name tells, and milliseconds when it does not.
    """
    if unit != "auto":
        return _UNIT_MS[unit]
    last = name.rpartition(".")[2]
    for pattern, scale in _SCALE_OF_NAME:
        if pattern.search(last):
            return scale
    return 1.0


def duration_of(raw: object, scale: float) -> float | None:
    """Return the milliseconds of a number, or of text such as ``12.5``, ``250ms`` or ``1m2.5s``.

    :param scale: milliseconds of 1 where no unit is written.
    """
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    text = str(raw).strip()
    if _NUMBER.fullmatch(text):
        return _possible(float(text) * scale)
    total, end = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != end:
            return None
        total += float(part[1]) * _UNIT_MS[part[2]]
        end = part.end()
    return _possible(total) if text and end == len(text) else None


def _possible(milliseconds: float) -> float | None:
    return milliseconds if milliseconds <= LONGEST_MS else None

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lengths of time and points in time as people write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

__all__ = ["day_of", "moment_of", "span_of"]

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\s*", re.ASCII)


def span_of(text: object) -> timedelta:
    """``10m``, ``36h``, ``8d``, ``1w``: a length of time.

    :raises ValueError: for anything else, bare numbers included, because they name no unit.
    """
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is no length of time such as 10m, 36h or 8d")
    try:
        span = timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    except OverflowError as error:
        raise ValueError(f"{text!r} is no length of time that anybody lives to see") from error
    if not span:
        raise ValueError("a length of time must be more than nothing")
    return span


def moment_of(text: object) -> datetime | None:
    """The moment that an ISO 8601 text names, in UTC, which also holds where it names no zone; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        # Python 3.9 and 3.10 do not know the Z.
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # the first and the last day that there are lie elsewhere beyond them
        return None


def day_of(text: object) -> date | None:
    """The day that an ISO 8601 date or moment names; None if it is none."""
    moment = moment_of(text)
    return moment.date() if moment else None

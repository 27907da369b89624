# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as a person reads them: the same words in messages, summaries and reports."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["bytes_text", "duration_text", "number_text", "text_of"]

_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SUFFIX = {"percent": " %", "celsius": " °C"}


def number_text(value: float) -> str:
    """A number with at most three digits that matter after its whole part, grouped by spaces from 10 000 on."""
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer():
        whole = int(value)
        return f"{whole:,}".replace(",", " ") if abs(whole) >= 10_000 else str(whole)
    if abs(value) >= 10_000:
        return f"{value:,.0f}".replace(",", " ")
    digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 0.1 else 4
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def bytes_text(value: float) -> str:
    """A size in binary units: ``1.4 GiB``."""
    if not math.isfinite(value):
        return str(value)
    size, sign = abs(float(value)), "-" if value < 0 else ""
    for unit in _BYTES:
        if size < 1024 or unit == _BYTES[-1]:
            break
        size /= 1024
    if unit == "B":
        return f"{sign}{size:.0f} B"
    return f"{sign}{size:.{0 if size >= 100 else 1}f} {unit}"


def duration_text(seconds: float) -> str:
    """A length of time in its two largest units: ``3 d 4 h``, ``12 min 5 s``, ``340 ms``."""
    if not math.isfinite(seconds):
        return str(seconds)
    span, sign = abs(float(seconds)), "-" if seconds < 0 else ""
    if span == 0:
        return "0 s"
    if span < 1:
        return f"{sign}{span * 1000:.{0 if span >= 0.01 else 1}f} ms"
    if span < 60:
        return f"{sign}{f'{span:.1f}'.rstrip('0').rstrip('.')} s"
    whole = round(span)
    for size, unit, small, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{sign}{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{sign}{whole} s"


def text_of(value: Any, unit: str = "") -> str:
    """Any observed value in words: numbers by their *unit*, true as ``yes``, lists with commas."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number_with_unit(value, unit)
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(item, unit) for item in value) or "none"
    return str(value)


def _number_with_unit(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return str(value)
    if unit == "bytes":
        return bytes_text(value)
    if unit == "seconds":
        return duration_text(value)
    if unit == "milliseconds":
        return duration_text(value / 1000)
    if unit == "ratio":
        return number_text(round(value * 100, 4)) + " %"
    if unit in _SUFFIX:
        return number_text(value) + _SUFFIX[unit]
    if not unit:
        return number_text(value)
    one = unit[:-1] if value == 1 and unit.isalpha() and unit.endswith("s") and not unit.endswith("ss") else unit
    return f"{number_text(value)} {one}"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words and figures of a report."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import datetime, timezone
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._findings.times import moment_of
from ansible_collections.day2.ops.plugins.module_utils._findings.units import (
    bytes_text,
    duration_text,
    number_text,
    text_of,
)

__all__ = ["Safe", "age", "clean", "count", "figure", "markdown", "moment", "shortened"]

UNKNOWN = "\N{EN DASH}"
_LONGEST = 4000
_UNITS = {"percent": "percent", "bar": "percent", "bytes": "bytes", "seconds": "seconds"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~])")
# What makes a list or a heading of a line that begins with it.
_LINE_START = re.compile(r"^(\d*)([-=.])(?=[\s=-]|$)")


class Safe(str):
    """Text that is already as its format wants it, so that a template takes it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def clean(text: str) -> str:
    """*text* on one line, without anything that a terminal or browser would obey instead of showing it.

    Of what nobody would read to its end, the beginning.
    """
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text) - _LONGEST} characters more)"
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return " "
    if code < 0x20 or code == 0x7F:
        return chr(0x2421 if code == 0x7F else 0x2400 + code)
    # Controls, marks that turn the direction of writing, halves of characters, and what is no character.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code in (0xFFFE, 0xFFFF):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def markdown(text: str) -> str:
    """*text* so that Markdown shows it as it is."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINE_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", safe))


def shortened(text: str, length: int) -> str:
    """*text*, its middle left out when it is longer than *length*."""
    text = clean(text)
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 check``, ``12 checks``, ``no checks``."""
    if number == 1:
        return f"1 {one}"
    return f"{number_text(number) if number else 'no'} {many or one + 's'}"


def moment(value: Any) -> datetime | None:
    """The moment that a time of the document names, as ISO text or as seconds since 1970."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, timezone.utc)
        except (OverflowError, ValueError, OSError):  # no time that there is
            return None
    return moment_of(value)


def age(value: Any, now: datetime | None) -> str:
    """How long before *now* (or after it) a time was, in its two largest units."""
    then = moment(value)
    if then is None or now is None:
        return ""
    seconds = (now - then).total_seconds()
    if abs(seconds) < 1:
        return "just now"
    told = duration_text(abs(seconds) if abs(seconds) < 60 else round(abs(seconds) / 60) * 60)
    return f"{told} ago" if seconds > 0 else f"in {told}"


def figure(value: Any, kind: str = "number") -> str:
    """A value of a cell as text; a dash for what is not known."""
    if value is None:
        return UNKNOWN
    if kind == "when":
        then = moment(value)
        return then.strftime("%Y-%m-%d %H:%M UTC") if then else text_of(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        if kind == "bytes":
            return bytes_text(value)
        if kind == "seconds":
            return duration_text(value)
        if kind in ("percent", "bar"):
            return f"{value:.1f} %"
        if kind in ("number", "text", "code"):
            return number_text(value)
    return text_of(value, _UNITS.get(kind, ""))

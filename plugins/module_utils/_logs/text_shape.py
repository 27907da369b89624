# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the shape of a line of text."""

from __future__ import annotations

import re

from .shapes import Shape, time_template
from .text_lines import ACCESS, BRACKET, HEADER, AccessLines
from .times import CLF, LEADING

__all__ = ["access_shape", "text_shape"]

_HOST = rb'[^\s\[\n"]{1,300} [^\[\n"]{1,300} \['
_PLAIN = rb'"[^"\\\n]*"'
_ESCAPED = rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_SECONDS = re.compile(rb" \d{1,9}\.\d{1,9}")


def access_shape(line: bytes, lines: AccessLines) -> Shape | None:
    """Return the shape of a line of an access log: its host, request, status and what follows."""
    match = ACCESS.fullmatch(line)
    time = CLF.fullmatch(match[3]) if match else None
    template = time_template(CLF, time[1]) if time else None
    if match is None or time is None or template is None:
        return None
    zone, rest = time[2] or b"", match[8]
    columns = ("time", "method", "path", "status")
    source = (
        rb"\n"
        + _HOST
        + template
        + re.escape(zone)
        + rb'\] "([A-Z]{1,20}) ([^ "\\\n]+)(?: HTTP/[\d.]+)?" ([1-5]\d\d) (?:\d+|-)'
        + b"".join(b" " + (_ESCAPED if b"\\" in text else _PLAIN) for text in match.groups()[5:7] if text is not None)
    )
    if not rest:
        return Shape(re.compile(source + rb"(?=\n)"), columns, "access", CLF, zone)
    if _SECONDS.fullmatch(rest):
        scale = lines.scale
        timed = source + rb" (\d{1,9}\.\d{1,9})(?=\n)"
        return Shape(re.compile(timed), (*columns, "duration"), "access", CLF, zone, scale)
    return Shape(re.compile(source + rb"([^\n]+)(?=\n)"), (*columns, "rest"), "access", CLF, zone)


def text_shape(line: bytes, objects: bool) -> Shape | None:
    """Return the shape of a line of text that begins with a time.

    :param objects: whether an object behind a time is read as one.
    """
    for pattern in LEADING:
        match = re.match(BRACKET + pattern.pattern, line)
        template = time_template(pattern, match[1]) if match else None
        if match is None or template is None:
            continue
        zone = match[2] or b""
        no_object = rb"(?! \{)" if objects else b""
        bracket = rb"\[" if line[:1] == b"[" else b""
        source = rb"\n" + bracket + template + re.escape(zone) + _end(zone) + no_object + HEADER + rb"([^\n]*)(?=\n)"
        return Shape(re.compile(source), ("time", "level", "message"), "plain", pattern, zone)
    return None


def _end(zone: bytes) -> bytes:
    """What keeps a longer time, or one with another zone, from being taken."""
    if zone:
        return rb"(?![\w:])"
    return rb"(?![\w.:,/+-]|Z| ?(?:UTC|GMT)| [+-]\d\d)"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of text: a time, a level in its place, a message; access logs; key=value pairs; PostgreSQL's durations."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .specs import Entry, SourceSpec
from .times import LEADING, Clock
from .values import LEVEL_WORDS, TRAILERS, duration_of, level_of, scale_of, status_of

if TYPE_CHECKING:
    from .json_lines import JsonLines

__all__ = ["ACCESS", "BRACKET", "HEADER", "AccessLines", "TextLines", "trimmed"]

_ANY = "|".join(LEVEL_WORDS).encode()
_UPPER = "|".join(LEVEL_WORDS).upper().encode()
_TRAILERS = b"|".join(TRAILERS)
# A level stands alone in capitals, or in brackets or before a colon however it is written.
_LEVEL = (
    rb"(?:[\[(<](?:[\w-]{1,30}:)?)?[ \t]*(?=(?:"
    + _UPPER
    + rb")(?![\w.=/])|(?:(?i:"
    + _ANY
    + rb")|"
    + _TRAILERS
    + rb")[ \t]*[\])>:])"
    rb"([A-Za-z]{3,11}\d?)[ \t]*[\])>]?"
)
_GAP = rb"[ \t\]]*(?:[-|:]{1,3}[ \t]+)?"
# What may stand between the time and the level: ids in brackets, process ids, zones, user@database, names before a dash
# or bar, host and program of syslog. Free text may not: a level word in it is no level.
_TOKEN = (
    rb"(?:\[[^\]\n]{0,80}\]|\d{1,10}(?=[ \t\]|:-])|[A-Z]{2,5}(?= \[)|[^\s@\"]{1,80}@[^\s@\"]{1,80}(?=\s)"
    rb"|[\w.:/<>-]{1,80}(?= +[-|] )|(?:[\w.-]{1,80} )?[\w./-]{1,80}\[\d{1,10}\]:)"
)
HEADER = rb"(?:" + _GAP + rb"(?:" + _TOKEN + _GAP + rb"){0,4}?" + _LEVEL + rb"[ \t:|-]*)?"
BRACKET = rb"\[?"
_TIMED = tuple(
    (pattern, re.compile(BRACKET + pattern.pattern + HEADER + rb"([^\n]*)", pattern.flags)) for pattern in LEADING
)
# Without a time, only a level that is marked as one begins an entry.
_UNTIMED = re.compile(rb"(?:\[(?i:(" + _ANY + rb"))\]|((?:" + _UPPER + rb"|" + _TRAILERS + rb"))(?=:))[ \t:]*([^\n]*)")
_REQUEST = re.compile(rb'"([A-Z]{1,20}) ([^" ]+) HTTP/[\d.]+"(?:[ \t]+([1-5]\d\d)\b)?')
_STATEMENT = re.compile(
    rb"duration: \d+(?:\.\d+)? ms[ \t]+(?:statement|(?:parse|bind|execute|execute fetch from) [^:]*): *([^\n]*)"
)
_PAIRS_FIRST = re.compile(rb"[A-Za-z_@][\w.@-]{0,60}=")
# Names after which a duration may also stand behind a colon.
_WITH_COLON = frozenset({"duration", "elapsed", "latency", "request_time"})

ACCESS = re.compile(
    rb'([^\s\[\n"]{1,300})( [^\[\n"]{1,300}) \[([^\]\n]{20,40})\] "((?:[^"\\\n]|\\.)*)"'
    rb' (\d{3}) (?:\d+|-)(?: "((?:[^"\\\n]|\\.)*)" "((?:[^"\\\n]|\\.)*)")?([^\n]*)'
)
_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([^ ]+)(?: HTTP/[\d.]+)?")
_ACCESS_TIME = re.compile(rb"(?:^|\s)(?:rt|request_time)=\"?(\d{1,9}(?:\.\d{1,9})?)\b|\s(\d{1,12}(?:\.\d{1,9})?)\s*$")


def trimmed(message: bytes) -> bytes:
    """Return a message without the bracket that closed its time, and without space around it."""
    return message.lstrip(b"]").strip()


class AccessLines:
    """Reads the combined (and common) log format of nginx and Apache."""

    def __init__(self, spec: SourceSpec, clock: Clock) -> None:
        self._clock = clock
        self._unit = spec.duration_unit
        self.scale = 1e3 if spec.duration_unit == "auto" else scale_of("", spec.duration_unit)

    def entry(self, line: bytes) -> Entry | None:
        """Return what a line says, None when it has another format."""
        match = ACCESS.fullmatch(line)
        if match is None:
            return None
        moment = self._clock.parse(match[3])
        if moment is None:
            return None
        asked = _REQUEST_LINE.fullmatch(match[4])
        method, path = (asked[1], asked[2]) if asked else (b"", b"")
        named = {
            "host": match[1],
            "user": match[2].split(b" ")[-1],
            "referer": match[6] or b"",
            "agent": match[7] or b"",
        }
        fields = MappingProxyType({name: value.decode("utf-8", "replace") for name, value in named.items()})
        duration = self.duration(match[8])
        return Entry(moment, None, match[4], status_of(match[5].decode()), duration, method, path, fields)

    def duration(self, rest: bytes) -> float | None:
        """Return the milliseconds behind the format's last field: V(rt=0.123), or a last number.

        A last number with a point is seconds, as nginx writes them, unless the source has a unit. One without a point
        is only taken when it has, because it may be anything.
        """
        match = _ACCESS_TIME.search(rest)
        if match is None:
            return None
        number = (match[1] or match[2]).decode()
        if match[1] is None and "." not in number and self._unit == "auto":
            return None
        return duration_of(number, self.scale)


class TextLines:
    """Reads lines of text by the field names of one source."""

    def __init__(self, spec: SourceSpec, clock: Clock, objects: JsonLines) -> None:
        self._clock = clock
        self._objects = objects
        names = sorted({name for names in spec.fields.values() for name in names}, key=len, reverse=True)
        alternatives = b"|".join(re.escape(name).encode() for name in names)
        self._pair = re.compile(
            rb"(?:^|(?<=[\s,;({\[]))(" + alternatives + rb')=("(?:[^"\\\n]|\\.)*"|[^\s,;)}\]]*)',
        )
        colons = [name for name in spec.fields["duration"] if name in _WITH_COLON or not name.isidentifier()]
        self._scales = {name.encode(): scale_of(name, spec.duration_unit) for name in colons}
        self.triggers = (b"=", b"HTTP/", *(name + b":" for name in self._scales))
        self._colon = re.compile(
            rb"(?<![\w.])("
            + (b"|".join(map(re.escape, self._scales)) or rb"(?!)")
            + rb"):\s*(\d+(?:\.\d+)?(?:\s?(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|seconds?|secs?|min|m|h)\b)?)"
        )

    def entry(self, line: bytes) -> Entry | None:
        """Return what a line says; None when it begins no entry."""
        for pattern, whole in _TIMED:
            match = whole.match(line)
            if match:
                moment = self._clock.moment(pattern, match[1], match[2] or b"")
                return None if match[3] in TRAILERS else self.details(moment, match[3], match[4])
        match = _UNTIMED.match(line)
        if match:
            return None if match[2] in TRAILERS else self.details(None, match[1] or match[2], match[3])
        if _PAIRS_FIRST.match(line):
            entry = self.details(None, None, line)
            return entry if entry.fields else None
        return None

    def details(self, moment: float | None, word: bytes | None, message: bytes) -> Entry:
        """Return the entry of a time, a level and the rest of a line, with what the rest says."""
        named = self._pairs(message) if b"=" in message else {}
        said = self._objects.entry(named, None)
        request = _REQUEST.search(message) if b"HTTP/" in message else None
        duration = said.duration if said.duration is not None else self._duration(message)
        method, path, status = said.method, said.path, said.status
        if request:
            method, path = request[1], request[2]
            status = status_of(request[3].decode()) if request[3] else status
        elif b"duration: " in message:
            statement = _STATEMENT.search(message)
            if statement:
                method, path = b"SQL", statement[1]
        level = level_of(word.decode()) if word else said.level
        time = said.time if moment is None else moment
        return Entry(time, level, said.message or trimmed(message), status, duration, method, path, named)

    def _pairs(self, message: bytes) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for match in self._pair.finditer(message):
            value = match[2]
            if value[:1] == b'"':
                value = value[1:-1].replace(b'\\"', b'"')
            named.setdefault(match[1].decode(), value.decode("utf-8", "replace"))
        return named

    def _duration(self, message: bytes) -> float | None:
        match = self._colon.search(message) if b":" in message else None
        return duration_of(match[2].decode("utf-8", "replace"), self._scales[match[1]]) if match else None

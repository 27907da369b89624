# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making the shape of a line of JSON."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .json_lines import JsonLines, found
from .lines import PREFIX
from .shapes import Shape, time_template
from .times import EPOCH, ISO, LEADING
from .values import duration_of, level_of, scale_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["json_shape"]

# Values as those of the sample are: the simpler, the faster.
_ESCAPED = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
_PLAIN = r'"[^"\\\n]*"'
_WORD = r"[-+.\w]+"
_MESSAGE = r'"([^"\\\n]*(?:\\.[^"\\\n]*)*)"'
_FLAT = r"[^{}\[\]\\\n]*"
_NESTED = rf"[\[{{]{_FLAT}(?:[\[{{]{_FLAT}[\]}}]{_FLAT})*[\]}}]"
_SPACE = re.compile(r"[ \t]*")
_DECODER = json.JSONDecoder(strict=False)
_DEEPEST = 4


class _Unfit(Exception):
    """A line of which no exact shape can be made."""


class _Choice:
    """Which field of the line holds what, and how its values are captured."""

    def __init__(self, lines: JsonLines, fields: Mapping[str, Any], asked: frozenset[str], scale_unit: str) -> None:
        self.names: dict[str, str] = {}
        self.captures: dict[str, str] = {}
        self.time: re.Pattern[bytes] | None = None
        self.zone = b""
        self.scale = 1.0
        self.level_name = ""
        self._lines = lines
        self._unit = scale_unit
        self.objects = {above for names in (*lines.fields.values(), asked) for above in _objects_of(names)}
        for what, capture in _CAPTURES.items():
            self._choose(what, fields, capture)
        for name in asked:
            if _present(fields, name):
                self._ask(name, found(fields, name))

    def _choose(self, what: str, fields: Mapping[str, Any], capture: Callable[[_Choice, str, Any], str]) -> None:
        # Only the first name that the line has can be captured: on another line an earlier one could hold a value.
        for name in self._lines.fields[what]:
            if _present(fields, name):
                if name in self.names:
                    raise _Unfit
                self.names[name] = what
                self.captures[name] = capture(self, name, found(fields, name))
                return

    def _ask(self, name: str, value: Any) -> None:
        if name in self.names or not isinstance(value, str):
            raise _Unfit
        self.names[name] = name
        self.captures[name] = r'"([^"\\\n]*)"'

    def capture_time(self, _name: str, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            text = repr(value).encode()
            if EPOCH.fullmatch(text) and self._lines.moment(value) is not None:
                self.time = EPOCH
                return _decoded(time_template(EPOCH, text))
        elif isinstance(value, str):
            text = value.encode("utf-8", "replace")
            for pattern in LEADING:
                match = pattern.fullmatch(text)
                if match and self._lines.moment(value) is not None:
                    self.time, self.zone = pattern, match[2] or b""
                    template = time_template(pattern, match[1])
                    return '"' + _decoded(template) + re.escape(self.zone.decode()) + '"'
        raise _Unfit

    def capture_level(self, name: str, value: Any) -> str:
        self.level_name = name
        if level_of(value, name) is None or isinstance(value, bool):
            raise _Unfit
        if isinstance(value, int):
            return "([0-7]|[1-5]0)" if name.endswith("levelno") else "([0-7]|[1-6]0)"
        return r'"([0-7])"' if value.isdigit() else r'"([A-Za-z][A-Za-z0-9_-]{0,19})"'

    def capture_message(self, _name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _Unfit
        return r'"([^"\\\n]*)"'

    def capture_status(self, _name: str, value: Any) -> str:
        if status_of(value) is None:
            raise _Unfit
        return r"([1-5]\d\d)" if isinstance(value, int) else r'"([1-5]\d\d)"'

    def capture_duration(self, name: str, value: Any) -> str:
        if duration_of(value, 1.0) is None:
            raise _Unfit
        self.scale = scale_of(name, self._unit)
        number = r"(\d{1,9}(?:\.\d{1,18})?)"
        if not isinstance(value, str):
            return number
        unit = re.sub(r"^[\d.]+", "", value)
        if re.search(r"\d", unit) or value != value.strip() or not unit.isascii():
            raise _Unfit
        if unit:
            one = duration_of("1" + unit, 1.0)
            if one is None:
                raise _Unfit
            self.scale = one
        return f'"{number}{re.escape(unit)}"'

    def capture_method(self, _name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _Unfit
        return r'"([A-Z]{1,20})"'

    def capture_path(self, _name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _Unfit
        return r'"([^"\\\n]+)"'


_CAPTURES: Mapping[str, Callable[[_Choice, str, Any], str]] = MappingProxyType(
    {
        "time": _Choice.capture_time,
        "level": _Choice.capture_level,
        "message": _Choice.capture_message,
        "status": _Choice.capture_status,
        "duration": _Choice.capture_duration,
        "method": _Choice.capture_method,
        "path": _Choice.capture_path,
    }
)


class _Writer:
    """Writes the expression of one object. Text is handled as Latin-1, one character a byte."""

    def __init__(self, choice: _Choice) -> None:
        self._choice = choice
        self.columns: list[str] = []
        self._seen: set[str] = set()

    def object(self, text: str, start: int, prefix: str, depth: int) -> tuple[str, int]:
        """Return the expression of the object that starts at *start*, and where it ends."""
        if depth > _DEEPEST:
            raise _Unfit
        expression, position = r"\{", start + 1
        while True:
            space, position = _space(text, position)
            if text[position] == "}":
                return expression + space + r"\}", position + 1
            key, end = _DECODER.raw_decode(text, position)
            literal = re.escape(text[position:end])
            before, colon = _space(text, end)
            after, position = _space(text, colon + 1)
            name = prefix + key.encode("latin-1").decode("utf-8", "replace")
            value, position = self._value(text, position, name, depth)
            following, position = _space(text, position)
            expression += f"{space}{literal}{before}:{after}{value}{following}"
            if text[position] == ",":
                expression, position = expression + ",", position + 1

    def _value(self, text: str, start: int, name: str, depth: int) -> tuple[str, int]:
        if name in self._seen:
            raise _Unfit
        self._seen.add(name)
        _value, end = _DECODER.raw_decode(text, start)
        what = self._choice.names.get(name)
        if what is not None:
            self.columns.append(what)
            capture = self._choice.captures[name]
            return (_MESSAGE if what == "message" and "\\" in text[start:end] else capture), end
        if text[start] == "{" and name in self._choice.objects:
            return self.object(text, start, name + ".", depth + 1)
        if text[start] == '"':
            return (_ESCAPED if "\\" in text[start:end] else _PLAIN), end
        if text[start] not in "{[":
            return _WORD, end
        if not re.fullmatch(_NESTED, text[start:end]):
            raise _Unfit
        return _NESTED, end


def json_shape(lines: JsonLines, line: bytes, asked: frozenset[str], unit: str) -> Shape | None:
    """Return the shape of a line of JSON, None when there is none that would be exact.

    :param asked: fields that patterns ask for.
    """
    if not asked.isdisjoint(_CAPTURES):
        # A field of this name, and what is found under several names, would share a column.
        return None
    prefix = PREFIX.match(line)
    fields = lines.load(line[prefix.end() :]) if prefix else None
    if prefix is None or fields is None or lines.engine_line(fields) is not None:
        return None
    try:
        choice = _Choice(lines, fields, asked, unit)
        writer = _Writer(choice)
        expression, _end = writer.object(line.decode("latin-1"), prefix.end(), "", 0)
        before = _prefix(prefix, choice, writer)
    except (_Unfit, ValueError, IndexError):
        return None
    if sorted(writer.columns) != sorted([*choice.names.values(), *(("time",) if before[1] else ())]):
        return None
    source = rb"\n" + before[0] + expression.encode("latin-1") + rb"(?=\n)"
    columns = tuple(writer.columns)
    return Shape(re.compile(source), columns, "json", choice.time, choice.zone, choice.scale, choice.level_name)


def _prefix(prefix: re.Match[bytes], choice: _Choice, writer: _Writer) -> tuple[bytes, bool]:
    """What stands before the object; whether it gives the time."""
    service = rb"[\w.-]{1,80} +\| " if prefix[1] else b""
    if not prefix[2]:
        return service, False
    template = time_template(ISO, prefix[2]) or b""
    zone = prefix[3] or b""
    if choice.time is not None:
        return service + b"(?:" + template[1:] + re.escape(zone) + b" ", False
    choice.time, choice.zone = ISO, zone
    writer.columns.insert(0, "time")
    return service + template + re.escape(zone) + b" ", True


def _objects_of(names: Iterable[str]) -> list[str]:
    """The objects on the way to dotted names."""
    parts = [name.split(".") for name in names]
    return [".".join(part[:length]) for part in parts for length in range(1, len(part))]


def _present(fields: Mapping[str, Any], name: str) -> bool:
    if name in fields:
        return True
    above, _dot, last = name.rpartition(".")
    parent = found(fields, above) if above else None
    return isinstance(parent, dict) and last in parent


def _space(text: str, position: int) -> tuple[str, int]:
    match = _SPACE.match(text, position)
    end = match.end() if match else position
    return text[position:end], end


def _decoded(template: bytes | None) -> str:
    if template is None:
        raise _Unfit
    return template.decode("latin-1")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of JSON: objects of an application, of journald, of a container engine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from .specs import Entry, SourceSpec
from .times import Clock, epoch_seconds
from .values import duration_of, level_of, scale_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ANSI", "METHOD", "JsonLines", "found", "text_of"]

ANSI = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
METHOD = re.compile(r"[A-Za-z]{1,20}")
_DECODER = json.JSONDecoder(strict=False)
_MOST_PLANS = 500
_ENGINE_KEYS = frozenset({"log", "stream", "time", "attrs"})

Value = TypeVar("Value")


def found(fields: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field; a dot goes into an object when no key holds the whole name. None when missing."""
    if name in fields:
        return fields[name]
    value: Any = fields
    if "." not in name:
        return None
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _is_byte(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256


def text_of(value: Any) -> bytes | None:
    """Return a value as text; None for null. Journald writes what is no UTF-8 as an array of bytes."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        return ANSI.sub(b"", text) if b"\x1b" in text else text
    if isinstance(value, list) and value and all(_is_byte(byte) for byte in value):
        return bytes(value)
    return json.dumps(value).encode()


class JsonLines:
    """Reads objects by the field names of one source."""

    def __init__(self, spec: SourceSpec, clock: Clock) -> None:
        self.fields = spec.fields
        self._clock = clock
        self._scales = {name: scale_of(name, spec.duration_unit) for name in spec.fields["duration"]}
        self._plans: dict[tuple[str, ...], dict[str, list[str]]] = {}

    def load(self, line: bytes) -> dict[str, Any] | None:
        """Return the object that a line is, None when it is none."""
        try:
            value = _DECODER.decode(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def engine_line(self, fields: Mapping[str, Any]) -> bytes | None:
        """Return the line inside an object with which a container engine wraps it; None when it is no such object."""
        line = fields.get("log")
        if isinstance(line, str) and "stream" in fields and fields.keys() <= _ENGINE_KEYS:
            return (text_of(line) or b"").rstrip(b"\r\n")
        return None

    def entry(self, fields: Mapping[str, Any], outer: float | None) -> Entry:
        """Return what an object says.

        :param outer: the moment that stands before the object in its line, for objects without one.
        """
        moment = self.time(fields)
        return Entry(
            outer if moment is None else moment,
            self._first(fields, "level", level_of),
            self._first(fields, "message", lambda value, _name: text_of(value)) or b"",
            self._first(fields, "status", lambda value, _name: status_of(value)),
            self._first(fields, "duration", lambda value, name: duration_of(value, self._scales[name])),
            self._first(fields, "method", _method) or b"",
            self._first(fields, "path", _path) or b"",
            fields,
        )

    def time(self, fields: Mapping[str, Any]) -> float | None:
        """Return the moment of an object."""
        return self._first(fields, "time", lambda value, _name: self.moment(value))

    def moment(self, value: Any) -> float | None:
        """Return the moment that a value is: text, or a number since the epoch."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return epoch_seconds(float(value)) if abs(value) < 1e21 else None
        return self._clock.parse(value.strip().encode("utf-8", "replace")) if isinstance(value, str) else None

    def _first(self, fields: Mapping[str, Any], what: str, usable: Callable[[Any, str], Value | None]) -> Value | None:
        for name in self._plan(fields)[what]:
            value = found(fields, name)
            if value is not None:
                result = usable(value, name)
                if result is not None:
                    return result
        return None

    def _plan(self, fields: Mapping[str, Any]) -> dict[str, list[str]]:
        """The names that may be in an object with these keys, by what they hold."""
        keys = tuple(fields)
        plan = self._plans.get(keys)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[keys] = {
                what: [name for name in names if name in fields or name.partition(".")[0] in fields]
                for what, names in self.fields.items()
            }
        return plan


def _method(value: Any, _name: str) -> bytes | None:
    return value.upper().encode() if isinstance(value, str) and METHOD.fullmatch(value) else None


def _path(value: Any, _name: str) -> bytes | None:
    return text_of(value) if isinstance(value, str) and value else None

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparing an observed value with a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .units import text_of

__all__ = ["OPERATORS", "CannotCompare", "Condition"]

_ORDER = {
    ">": lambda observed, limit: observed > limit,
    ">=": lambda observed, limit: observed >= limit,
    "<": lambda observed, limit: observed < limit,
    "<=": lambda observed, limit: observed <= limit,
}
OPERATORS = (*_ORDER, "==", "!=", "outside", "in")
_HEALTHY = {">": "at most {}", ">=": "less than {}", "<": "at least {}", "<=": "more than {}"}


class CannotCompare(ValueError):
    """The observed value and the limit are not of one kind; says how."""


def is_number(value: Any) -> bool:
    """Whether *value* is a number that can be compared: neither a boolean, nor infinite, nor NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if is_number(value):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a dictionary" if isinstance(value, dict) else f"{value}"


@dataclass(frozen=True)
class Condition:
    """What makes an observed value noteworthy: ``> 80``, ``outside [1, 5]``, ``in [exited, dead]``."""

    op: str
    value: Any

    def problem(self) -> str | None:
        """What is wrong with the condition itself."""
        if self.op not in OPERATORS:
            return f"op {self.op!r} is none of {' '.join(OPERATORS)}"
        if self.op in _ORDER and not is_number(self.value):
            return f"op {self.op} needs a number as value, not {_kind(self.value)}"
        if self.op == "outside":
            pair = self.value
            if not (isinstance(pair, (list, tuple)) and len(pair) == 2 and all(is_number(end) for end in pair)):
                return "op outside needs two numbers as value: [lowest, highest]"
            if pair[0] > pair[1]:
                return f"op outside needs the lower number first, not [{pair[0]}, {pair[1]}]"
        if self.op == "in" and not (isinstance(self.value, (list, tuple)) and self.value):
            return "op in needs a list of at least one as value"
        if self.op in ("==", "!=") and (self.value is None or isinstance(self.value, (list, tuple, dict))):
            return f"op {self.op} needs one number, text or boolean as value"
        return None

    def holds(self, observed: Any) -> bool:
        """Whether *observed* meets the condition.

        :raises CannotCompare: where the two are not of one kind. Text is never taken for the number it spells.
        """
        if self.op in _ORDER or self.op == "outside":
            if not is_number(observed):
                raise CannotCompare(f"{_shown(observed)} is {_kind(observed)} where a number is needed")
            if self.op == "outside":
                lowest, highest = self.value
                return not lowest <= observed <= highest
            return bool(_ORDER[self.op](observed, self.value))
        if self.op == "in":
            alike = [item for item in self.value if _kind(item) == _kind(observed)]
            if not alike:
                raise CannotCompare(f"{_shown(observed)} is {_kind(observed)}, which none of the values is")
            return observed in alike
        if _kind(observed) != _kind(self.value):
            raise CannotCompare(f"{_shown(observed)} is {_kind(observed)} where {_kind(self.value)} is needed")
        return bool((observed == self.value) is (self.op == "=="))

    def healthy(self, unit: str) -> str:
        """In words, what the value should be so that the condition does not hold."""
        if self.op in _HEALTHY:
            return _HEALTHY[self.op].format(text_of(self.value, unit))
        if self.op == "outside":
            return f"{text_of(self.value[0], unit)} to {text_of(self.value[1], unit)}"
        if self.op == "!=":
            return text_of(self.value, unit)
        if isinstance(self.value, bool):
            return text_of(not self.value)
        return f"not {' or '.join(text_of(item, unit) for item in self._values())}"

    def words(self, unit: str) -> str:
        """The condition itself in words: ``> 80 %``."""
        if self.op == "outside":
            return f"outside {self.healthy(unit)}"
        if self.op == "in":
            return f"one of {text_of(list(self.value), unit)}"
        return f"{self.op} {text_of(self.value, unit)}"

    def _values(self) -> list[Any]:
        return list(self.value) if isinstance(self.value, (list, tuple)) else [self.value]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

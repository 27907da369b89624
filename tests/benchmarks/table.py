# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is printed: lines with the median of several rounds, its spread, and the limit that it is to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Limit", "Line", "at_least", "at_most", "ratios", "told"]


@dataclass(frozen=True)
class Limit:
    """What a figure is to keep.

    :ivar always: whether every round must, and not only the median.
    """

    value: float
    least: bool = False
    always: bool = False

    def holds(self, values: Sequence[float]) -> bool:
        """Whether figures of several rounds keep it."""
        judged = [*values] if self.always else [median(values)]
        return all(value >= self.value if self.least else value <= self.value for value in judged)

    def __str__(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.value:g}{', always' if self.always else ''}"


def at_most(value: float, always: bool = False) -> Limit:
    """No more than this."""
    return Limit(value, always=always)


def at_least(value: float) -> Limit:
    """No less than this."""
    return Limit(value, least=True)


@dataclass(frozen=True)
class Line:
    """One figure, of each round.

    :ivar limit: None for what is only shown.
    """

    title: str
    values: Sequence[float]
    limit: Limit | None = None
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it keeps its limit."""
        return self.limit is None or self.limit.holds(self.values)


def ratios(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """The ratio of what was measured in the same rounds."""
    return [one / other for one, other in zip(of, to, strict=True)]


def told(lines: Sequence[Line]) -> str:
    """The lines as a table."""
    width = max(len(line.title) for line in lines)
    head = f"{'':{width}}   median  (   min ..    max)   limit"
    return "\n".join([head, *(f"{line.title:{width}} {_figures(line)}".rstrip() for line in lines)])


def _figures(line: Line) -> str:
    shown = f"{median(line.values):8.2f}  ({min(line.values):6.2f} .. {max(line.values):6.2f})"
    if line.limit is None:
        return f"{shown}   {line.unit}"
    limit = f"{line.limit} {line.unit}".rstrip()
    return f"{shown}   {limit:<22} {'holds' if line.holds else 'MISSED'}"

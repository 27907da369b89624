# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sections of a report are made of, for every format alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Block", "Chart", "Column", "Note", "Pairs", "Section", "Table", "Tone", "attempted", "cannot_be_shown", "part_of",
    "title_of",
]  # fmt: skip

# How a cell or a note is coloured: a severity, or the status of a step.
Tone = str


@dataclass(frozen=True)
class Column:
    """A column: its title, and of what kind its values are.

    ``text``, ``code``, ``number``, ``percent``, ``bytes``, ``seconds``, ``when``, ``yes`` (boolean), ``bar`` (percent
    with a bar) or ``tone`` (a severity or status).
    """

    title: str
    kind: str = "text"

    @property
    def numeric(self) -> bool:
        return self.kind in ("number", "percent", "bytes", "seconds", "bar")


@dataclass(frozen=True)
class Table:
    """A table. ``total`` counts the rows that there are, of which the table may show the first, when it is a number."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: Any = None
    # Long tables are folded; the caption stays visible.
    folded: bool = False

    @property
    def left_out(self) -> int:
        return max(0, self.total - len(self.rows)) if isinstance(self.total, int) else 0


@dataclass(frozen=True)
class Chart:
    """A drawing, and the same in words for whoever cannot see it. It is drawn when it is looked at."""

    title: str
    draw: Callable[[], str]
    words: str

    @property
    def svg(self) -> str:
        return self.draw()


@dataclass(frozen=True)
class Pairs:
    """Single values with their names: (name, value, kind, remark)."""

    values: Sequence[tuple[str, Any, str, str]]


@dataclass(frozen=True)
class Note:
    """A sentence that must not be missed."""

    text: str
    tone: Tone = "info"


Block = Table | Chart | Pairs | Note


@dataclass
class Section:
    """A part of the report with a heading; its blocks by host."""

    key: str
    title: str
    parts: list[tuple[str, list[Block]]] = field(default_factory=list)

    @property
    def several(self) -> bool:
        """Whether hosts must be told apart."""
        return len(self.parts) > 1


def part_of(block: Block) -> str:
    """The name of the template part that draws *block*."""
    return type(block).__name__.lower()


def title_of(block: Block) -> str:
    """What *block* is called."""
    return block.caption if isinstance(block, Table) else block.title if isinstance(block, Chart) else "A part"


def cannot_be_shown(what: str, fault: Exception) -> Note:
    """What stands in the place of something that cannot be shown."""
    why = f"{type(fault).__name__}: {fault}"
    return Note(f"{what} cannot be shown: {why}. See the JSON document beside this page.", "unknown")


def attempted(what: str, make: Callable[[], list[Block]]) -> list[Block]:
    """The blocks that *make* makes. Facts may be anything, and one that surprises it must not cost the whole report."""
    try:
        return make()
    except Exception as fault:
        return [cannot_be_shown(what, fault)]

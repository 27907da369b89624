# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large a B-tree index would be if it were built now: pure arithmetic on what the statistics say.

The layout of pages and tuples is that of the PostgreSQL documentation (Database Physical Storage; B-Tree Indexes:
Deduplication) and of src/include/access/itup.h and nbtree.h. Wherever the statistics leave something open the larger
size is taken, so that a fresh index is never taken for a bloated one; a bloated one may be missed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Column", "Equal", "Shape", "expected_bytes", "fresh_density"]

PAGE = 8192  # unless the server was built with another size
PAGE_OVERHEAD = 24 + 16  # page header and the B-tree's own data at the page's end
LINE_POINTER = 4
TUPLE_HEADER = 8
NULL_BITMAP = 8  # the header grows to this much more, alignment included
TID = 6
INNER_FILL = 0.70
SHORT_VARLENA = 127
ALIGNMENTS = {"c": 1, "s": 2, "i": 4, "d": 8}


@dataclass(frozen=True)
class Column:
    """One column of an index.

    :ivar length: bytes of its type; negative when they vary.
    :ivar align: the type's alignment as in pg_attribute.
    :ivar width: average bytes when they vary; as stored, header included.
    :ivar null_frac: share of rows in which it is null.
    """

    length: int
    align: str = "i"
    width: float = 0.0
    null_frac: float = 0.0

    @property
    def average(self) -> float:
        """Its bytes in a row in which it is not null."""
        return float(self.length) if self.length > 0 else self.width


@dataclass(frozen=True)
class Equal:
    """Rows whose keys are equal: *share* of all rows have one of *values* keys, each as many as another."""

    share: float
    values: float = 1.0


@dataclass(frozen=True)
class Shape:
    """An index as the statistics describe it.

    :ivar rows: its entries.
    :ivar fillfactor: percent.
    :ivar equal: rows that a build packs together; empty where it does not or that is not known.
    :ivar lone_extra: bytes by which the keys of all other rows may be longer than the average.
    :ivar weighted_width: average width of keys, each weighted by itself, where widths vary much: half of such a key is
        what a page's end wastes.
    :ivar page: bytes of a page.
    """

    rows: float
    columns: Sequence[Column]
    fillfactor: int = 90
    equal: Sequence[Equal] = ()
    lone_extra: float = 0.0
    weighted_width: float = 0.0
    page: int = PAGE

    @property
    def widest(self) -> float:
        """No index tuple is larger: three of them fit on a page."""
        return float((self.page - PAGE_OVERHEAD - 16) // 3 // 8 * 8 - 8)

    @property
    def posting(self) -> int:
        """The most that a build puts into one tuple: a tenth of a page, aligned, less a line pointer."""
        return self.page // 10 // 8 * 8 - LINE_POINTER


def expected_bytes(shape: Shape) -> int:
    """The size of the index right after a build."""
    tuple_bytes = _tuple_bytes(shape.columns)
    packed = [equal for equal in shape.equal if equal.share * shape.rows >= 2 * equal.values]
    lone = max(0.0, 1 - sum(equal.share for equal in packed)) * shape.rows
    lone_bytes = min(shape.widest, tuple_bytes + shape.lone_extra)
    room = _room(shape, lone_bytes)
    if shape.weighted_width > lone_bytes:
        room = max(lone_bytes, room - shape.weighted_width / 2)
    leaves = lone / _per_page(lone_bytes, room)
    for equal in packed:
        rows = equal.share * shape.rows / equal.values
        leaves += equal.values * _packed_pages(shape, rows, tuple_bytes)
    pages = max(1, math.ceil(leaves))
    level, total = pages, pages
    inner = _per_page(tuple_bytes, (shape.page - PAGE_OVERHEAD) * INNER_FILL)
    while level > 1:
        level = math.ceil(level / max(2.0, inner))
        total += level
    return (total + 1) * shape.page  # and the page that says where the root is


def fresh_density(shape: Shape) -> float:
    """The average percentage of a leaf page that is filled right after a build, as pgstattuple measures it."""
    tuple_bytes = _tuple_bytes(shape.columns)
    filled = _per_page(tuple_bytes, _room(shape, tuple_bytes)) * tuple_bytes + tuple_bytes
    return min(100.0, 100 * filled / (shape.page - PAGE_OVERHEAD))


def _room(shape: Shape, tuple_bytes: float) -> float:
    """What a build fills of a leaf page: up to the fill factor, less the page's high key."""
    free = shape.page * (100 - shape.fillfactor) / 100
    return max(tuple_bytes, shape.page - PAGE_OVERHEAD - free - tuple_bytes)


def _per_page(tuple_bytes: float, room: float) -> float:
    """How many tuples a page takes; whole ones when they are wide."""
    count = room / tuple_bytes
    return max(1.0, float(math.floor(count)) if count < 20 else count)


def _packed_pages(shape: Shape, rows: float, tuple_bytes: float) -> float:
    """Leaf pages for *rows* entries of one key, put together into posting lists."""
    key = tuple_bytes - LINE_POINTER
    most = max(1.0, math.floor((shape.posting - key) / TID))
    full, rest = divmod(rows, most)
    room = _room(shape, tuple_bytes)
    pages = full / _per_page(_aligned(key + TID * most) + LINE_POINTER, room)
    return pages + (_aligned(key + TID * rest) + LINE_POINTER) / room


def _tuple_bytes(columns: Sequence[Column]) -> float:
    """Average bytes of an index tuple and its line pointer."""
    some_null = min(1.0, sum(column.null_frac for column in columns))
    whole = _padded(columns, TUPLE_HEADER + _data_bytes(columns))
    if not some_null:
        return whole + LINE_POINTER
    there = [1 - min(1.0, column.null_frac / some_null) for column in columns]
    left = sum(share * column.average for share, column in zip(there, columns))
    with_nulls = _padded(columns, TUPLE_HEADER + NULL_BITMAP + left)
    return whole * (1 - some_null) + with_nulls * some_null + LINE_POINTER


def _data_bytes(columns: Sequence[Column]) -> float:
    offset = 0.0
    for column in columns:
        if column.length > 0 or column.width > SHORT_VARLENA:
            align = ALIGNMENTS[column.align]
            offset = math.ceil(offset / align) * align
        offset += column.average
    return offset


def _padded(columns: Sequence[Column], size: float) -> float:
    """Tuples end on a multiple of 8; those of varying width lose 3.5 bytes to that on average."""
    if all(column.length > 0 for column in columns):
        return _aligned(size)
    return max(_aligned(size), size + 3.5)


def _aligned(size: float) -> float:
    return float(math.ceil(size / 8) * 8)

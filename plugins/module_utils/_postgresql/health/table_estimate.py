# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many pages a table would need if it were written anew. Pure.

From the layout of pages and tuples that the PostgreSQL documentation describes (Database Physical Storage), and from
what ANALYZE found: the average width and the share of NULLs of each column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Column", "table_pages"]

PAGE_HEADER = 24
LINE_POINTER = 4
TUPLE_HEADER = 23
MAXALIGN = 8
SHORT_VARLENA = 127
_ALIGNMENT = {"c": 1, "s": 2, "i": 4, "d": 8}


@dataclass(frozen=True)
class Column:
    """A column as its tuples hold it.

    :ivar length: bytes of a value, or -1 where they vary.
    :ivar alignment: the catalog's letter.
    :ivar width: average bytes of a value that is not NULL.
    :ivar nulls: share of NULLs.
    """

    length: int
    alignment: str
    width: float
    nulls: float = 0.0


def table_pages(
    tuples: float, columns: Sequence[Column], fillfactor: int = 100, block_size: int = 8192, dropped: int = 0
) -> int:
    """Pages that *tuples* rows of these *columns* need, *dropped* columns counted in the NULL bitmap."""
    if tuples <= 0:
        return 0
    has_nulls = dropped > 0 or any(column.nulls > 0 for column in columns)
    header = TUPLE_HEADER + (math.ceil((len(columns) + dropped) / 8) if has_nulls else 0)
    size = _aligned(_aligned(header) + _data_width(columns)) + LINE_POINTER
    room = block_size - PAGE_HEADER
    per_page = max(1, math.floor(room * fillfactor / 100 / size))
    return math.ceil(tuples / per_page)


def _data_width(columns: Iterable[Column]) -> float:
    """Average bytes of a tuple's data with the padding before each value; by half the alignment where it varies."""
    offset, exact = 0.0, True
    for column in columns:
        alignment = _ALIGNMENT[column.alignment]
        if column.length < 0 and column.width < SHORT_VARLENA:
            alignment = 1
        padding = -offset % alignment if exact else (alignment - 1) / 2
        offset += (padding + column.width) * (1 - column.nulls)
        exact = exact and column.length > 0 and column.nulls == 0
    return offset


def _aligned(size: float) -> float:
    return math.ceil(size / MAXALIGN) * MAXALIGN

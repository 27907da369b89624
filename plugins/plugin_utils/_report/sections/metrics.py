# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of the business, as the inventory asks for them."""

from __future__ import annotations

from typing import Any

from ..blocks import Block, Column, Table
from ..run import Run, items

__all__ = ["metrics"]

_ROWS = 100


def metrics(run: Run, facts: Any) -> list[Block]:
    """The numbers in the order of the inventory."""
    every = items(facts)
    columns = (
        Column("What"),
        Column("Database"),
        Column("Number", "number"),
        Column("Unit"),
        Column("Took", "seconds"),
        Column("Remark"),
    )
    rows = [[item.get(name) for name in ("name", "database", "value", "unit", "seconds", "error")] for item in every]
    return [Table("Numbers of the business", columns, rows[:_ROWS], total=len(every))]

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For which tables the statistics of a backup hold."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.statistics import holding


@pytest.mark.parametrize(
    ("tuples", "rows", "holds"),
    [
        (1000, 1000, True),
        (1000, 864, True),  # 50 and a tenth of the rows
        (1000, 863, False),
        (1000, 1166, True),
        (1000, 1167, False),
        (0, 50, True),
        (0, 56, False),
        (-1, 0, False),  # never analysed
        (1000, None, False),  # not counted
    ],
)
def test_few_changes_keep_them(tuples: float, rows: int | None, holds: bool) -> None:
    table = {"oid": 7, "name": "public.t", "tuples": tuples, "lacking": False}
    assert holding([table], {"public.t": rows}) == ({7: rows} if holds else {})


def test_those_that_lack_some_or_are_unknown_are_collected_anew() -> None:
    tables = [
        {"oid": 1, "name": "public.t", "tuples": 5, "lacking": True},
        {"oid": 2, "name": "public.u", "tuples": 5, "lacking": False},
        {"oid": 3, "name": "public.v", "tuples": 5, "lacking": False},
    ]
    assert holding(tables, {"public.t": 5, "public.v": 5}) == {3: 5.0}

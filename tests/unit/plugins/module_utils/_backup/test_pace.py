# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be expected of a backup's parts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.manifest import Part
from ansible_collections.day2.ops.plugins.module_utils._backup.pace import Pace
from ansible_collections.day2.ops.plugins.module_utils._backup.store import StoredSet
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress


class Told(Progress):
    def __init__(self) -> None:
        self.phases: list[tuple[str, int | None, str, int | None]] = []
        self.expected: list[int] = []
        self.done = 0

    def phase(self, name: str, total: int | None = None, unit: str = "", size: int | None = None) -> None:
        self.phases.append((name, total, unit, size))

    def add(self, count: int = 0, size: int = 0) -> None:
        self.done += count

    def expect(self, size: int) -> None:
        self.expected.append(size)


def a_set() -> StoredSet:
    sizes = {"schema": 10, "data": 300, "rest": 90, "globals": 7, "catalog": 1000, "guide": 5}
    manifest: Any = SimpleNamespace(parts=[Part(kind, kind, size, "") for kind, size in sizes.items()])
    return StoredSet(Path("/sets/one"), "shop", "complete", "", manifest)


def test_as_much_as_the_last_set() -> None:
    told = Told()
    pace = Pace(told, a_set(), archives=3, table_bytes=1000, tables=0)
    pace.finished(500, 300)
    assert told.phases == [("dumping", 3, "parts", 400)]
    assert (told.expected, told.done) == ([], 1)


def test_without_one_in_proportion_to_the_first() -> None:
    told = Told()
    pace = Pace(told, None, archives=3, table_bytes=1000, tables=0)
    pace.finished(0, 10)  # the schema tells nothing of rows
    pace.finished(500, 90)
    pace.finished(300, 60)
    assert told.phases == [("dumping", 3, "parts", None)]
    assert (told.expected, told.done) == ([200, 200], 3)


def test_what_is_measured_is_told_when_nothing_else_is_left() -> None:
    told = Told()
    pace = Pace(told, None, archives=2, table_bytes=1000, tables=3)
    pace.finished(0, 10)
    pace.measured()
    assert (len(told.phases), told.done) == (1, 1)
    pace.finished(1000, 90)
    assert (told.phases[1:], told.done) == ([("measuring rows", 3, "tables", None)], 3)
    pace.measured()
    assert told.done == 4


@pytest.mark.parametrize("tables", [0, 1])
def test_what_was_measured_beside_the_writing_is_not_told(tables: int) -> None:
    told = Told()
    pace = Pace(told, None, archives=1, table_bytes=1000, tables=tables)
    for _table in range(tables):
        pace.measured()
    pace.finished(1000, 90)
    assert len(told.phases) == 1

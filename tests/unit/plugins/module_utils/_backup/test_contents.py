# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables share an archive."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Table
from ansible_collections.day2.ops.plugins.module_utils._postgresql.partitions import Partition

MIB = 1 << 20


def table(number: int, size: int, name: str = "t", of_extension: bool = False) -> Table:
    named = f"{name}{number}"
    return Table(number, "public", named, f"public.{named}", "r", "p", size, True, of_extension, "")


def parted(
    tables: list[Table],
    encoding: str = "UTF8",
    owned: Mapping[int, list[tuple[str, str]]] = MappingProxyType({}),
    trees: Mapping[int, Partition] = MappingProxyType({}),
) -> tuple[list[list[int]], list[int]]:
    """The numbers of the tables in each archive, and of those in the one that holds all others."""
    *groups, rest = contents._archives(tables, trees, owned, encoding)
    assert rest.rest
    assert not any(archive.rest for archive in groups)
    assert [archive.file for archive in groups] == [f"data-{number:03d}.dump" for number in range(1, len(groups) + 1)]
    return [[one.oid for one in archive.tables] for archive in groups], [one.oid for one in rest.tables]


def test_small_tables_are_in_the_archive_of_all_others() -> None:
    groups, rest = parted([table(1, 300 * MIB), table(2, 140 * MIB), table(3, 8 * MIB - 1), table(4, 0)])
    assert (groups, rest) == ([[1], [2]], [3, 4])


def test_an_empty_database_has_one_archive() -> None:
    assert parted([]) == ([], [])
    assert parted([table(1, 0)]) == ([], [1])


def test_what_is_no_more_than_an_archive_is_in_that_of_all_others() -> None:
    groups, rest = parted([table(number, 50 * MIB) for number in range(10)])
    assert (groups, rest) == ([[0, 1], [2, 3], [4, 5], [6, 7]], [8, 9])


def test_large_ones_are_alone_and_others_fill_up_what_has_room() -> None:
    sizes = [400, 100, 90, 90, 60, 38, 35, 28, *[20] * 8]
    groups, rest = parted([table(number, size * MIB) for number, size in enumerate(sizes)])
    assert (groups, rest) == ([[0], [1, 7], [2, 5], [3, 6], [4, 8, 9]], list(range(10, 16)))


@pytest.mark.parametrize("count", [97, 1000])
def test_there_are_never_twice_as_many_as_are_wanted(count: int) -> None:
    groups, rest = parted([table(number, 1000 * MIB) for number in range(count)])
    assert sorted([*(one for group in groups for one in group), *rest]) == list(range(count))
    assert contents.PARTS / 2 < len(groups) < contents.PARTS * 2
    assert max(map(len, [*groups, rest])) <= count // contents.PARTS


def test_programs_are_told_no_more_names_than_they_bear() -> None:
    groups, rest = parted([table(number, 10 * MIB) for number in range(3000)])
    assert sum(map(len, groups)) == contents.MOST_NAMED
    assert len(rest) == 1000


def test_rows_that_go_through_the_root_of_their_tree_are_apart() -> None:
    trees = {number: Partition(9, certain) for number, certain in ((1, False), (2, True), (3, False))}
    tables = [table(number, 30 * MIB) for number in (1, 2, 3)]
    *groups, _rest = contents._archives([*tables, table(9, 128 * MIB)], trees, {}, "UTF8")
    assert [([one.oid for one in group.tables], group.through_roots) for group in groups] == [
        ([1, 3], True),
        ([2], False),
    ]


def test_sequences_go_with_the_archive_of_all_others() -> None:
    owned = {1: [("public", "t1_id_seq"), ("other", "t1_n")], 2: [("public", "t2_id_seq")]}
    group, rest = contents._archives([table(1, 200 * MIB), table(2, MIB)], {}, owned, "UTF8")
    assert (group.sequences, rest.sequences) == (owned[1], [])


@pytest.mark.parametrize(("encoding", "alone"), [("UTF8", [[1], [2], [4]]), ("LATIN1", [[2]])])
def test_what_no_program_can_be_told_by_name_is_in_that_of_all_others(encoding: str, alone: list[list[int]]) -> None:
    owned = {4: [("public", "ß")]}
    ours = [table(1, 300 * MIB, "ü"), table(2, 290 * MIB), table(4, 270 * MIB)]
    tables = [*ours[:2], table(3, 280 * MIB, of_extension=True), ours[2]]
    assert parted(tables, encoding, owned)[0] == alone

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables get an archive of their own."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import contents
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Table

MIB = 1 << 20


def table(number: int, size: int, name: str = "t", of_extension: bool = False) -> Table:
    named = f"{name}{number}"
    return Table(number, "public", named, f"public.{named}", "r", "p", size, True, of_extension, "")


def parted(tables: list[Table], encoding: str = "UTF8") -> tuple[list[str], list[str]]:
    """The tables that have an archive of their own, and those in the one that holds all others."""
    *own, rest = contents._archives(tables, {}, encoding)
    assert all(archive.tables == [archive.own] for archive in own)
    return [archive.tables[0].relation for archive in own], [one.relation for one in rest.tables]


def test_small_tables_share_an_archive() -> None:
    own, rest = parted([table(1, 100 * MIB), table(2, 8 * MIB - 1), table(3, 0)])
    assert (own, rest) == (["t1"], ["t2", "t3"])


def test_an_empty_database_has_one_archive() -> None:
    assert parted([]) == ([], [])
    assert parted([table(1, 0)]) == ([], ["t1"])


def test_there_are_no_more_archives_than_keep_the_shared_one_small() -> None:
    own, rest = parted([table(number, 10 * MIB) for number in range(20)])
    assert (len(own), len(rest)) == (16, 4)


def test_there_are_never_more_than_so_many() -> None:
    own, rest = parted([table(number, 10 * MIB) for number in range(1000)])
    assert (len(own), len(rest)) == (contents.OWN_PARTS, 1000 - contents.OWN_PARTS)


@pytest.mark.parametrize(("encoding", "alone"), [("UTF8", ["ü1", "t2"]), ("LATIN1", ["t2"])])
def test_what_no_program_can_be_told_by_name_is_in_the_shared_one(encoding: str, alone: list[str]) -> None:
    tables = [table(1, 100 * MIB, "ü"), table(2, 90 * MIB), table(3, 80 * MIB, of_extension=True)]
    assert parted(tables, encoding)[0] == alone

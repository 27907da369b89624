# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reindex planner, and the names of remains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.index_catalog import Index
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.reindex_plan import (
    Estimate,
    IndexSituation,
    candidates,
    plan_indexes,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.remains import (
    is_remains_by_name,
    original_of,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.selection import Selection

INDEX = Index(
    oid=1, schema="public", name="i", key="public.i", table="public.t", table_oid=10, table_schema="public",
    signature="[btree, 1]", bytes=10_000_000,
)  # fmt: skip
SITUATION = IndexSituation(version=170000, role="keeper", bloat_percent=30, min_bytes=1 << 20)


def named(name: str, oid: int = 2, **changed: Any) -> Index:
    return replace(INDEX, oid=oid, name=name, key=f"public.{name}", **changed)


@pytest.mark.parametrize(
    ("name", "original", "is_remains"),
    [
        ("i_ccnew", "i", True),
        ("i_ccnew1", "i", True),
        ("i_ccnew12", "i", True),
        ("i_ccold", "i", True),
        ("i_ccold3", "i", True),
        ("i_ccnew_ccnew", "i_ccnew", True),
        ("i_ccnew", "i2", False),
        ("i_ccnew", "j", False),
        ("i_ccnewer", "i", False),
        ("i_CCNEW", "i", False),
        ("i", "i", False),
        ("_ccnew", "", False),
        ("line\nbreak_ccnew", "line\nbreak", True),
        # The server cuts the original so that the whole has 63 bytes, at the end of a character.
        ("x" * 57 + "_ccnew", "x" * 63, True),
        ("x" * 56 + "_ccnew1", "x" * 63, True),
        ("ü" * 28 + "_ccnew", "ü" * 31, True),
        ("x" * 57 + "_ccnew", "x" * 56 + "y" * 7, False),
        ("x" * 40 + "_ccnew", "x" * 63, False),
    ],
)
def test_remains_are_known_by_name(name: str, original: str, is_remains: bool) -> None:
    assert is_remains_by_name(name, original) is is_remains


@pytest.mark.parametrize(
    ("remains", "others", "found"),
    [
        (named("i_ccnew", valid=False), [INDEX], 1),
        (named("i_ccnew", valid=True), [INDEX], None),
        (named("j", valid=False), [INDEX], None),
        (named("i_ccnew", valid=False), [replace(INDEX, signature="other")], None),
        (named("i_ccnew", valid=False), [replace(INDEX, table_oid=11)], None),
        (named("i_ccnew", valid=False), [replace(INDEX, valid=False)], 1),
        # The original was renamed since: any valid index of the same definition does.
        (named("i_ccnew", valid=False), [named("renamed", 3)], 3),
        (named("i_ccnew", valid=False), [named("renamed", 3, valid=False)], None),
        (named("i_ccnew", valid=False), [named("renamed", 3), INDEX], 1),
        (named("i_ccnew", valid=False), [replace(INDEX, valid=False), named("renamed", 3)], 3),
        (named("i_ccnew", valid=False), [named("i_ccnew1", 3, valid=False)], None),
        (named("i_ccnew", valid=False), [], None),
    ],
)
def test_the_original_of_remains_is_found(remains: Index, others: list[Index], found: int | None) -> None:
    original = original_of(remains, [remains, *others])
    assert (original.oid if original else None) == found


def decide(
    *indexes: Index, estimates: dict[int, Estimate] | None = None, situation: IndexSituation = SITUATION
) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    planned, left = plan_indexes(indexes, estimates or {}, Selection(), situation)
    return (
        {item.index.name: str(item.entry["statement"]) for item in planned},
        {outcome.entry["index"]: (outcome.entry["code"], outcome.entry["why"]) for outcome in left},
    )


def test_repairs_come_first_then_the_greatest_waste() -> None:
    small, large = named("small", 3, bytes=2_000_000), named("large", 4, bytes=50_000_000)
    remains, broken = named("i_ccnew", 5, valid=False), named("broken", 6, valid=False, signature="other")
    planned, left = decide(
        small, large, INDEX, remains, broken, estimates={3: Estimate(1), 4: Estimate(1), 1: Estimate(9_000_000)}
    )
    assert planned == {
        "broken": 'REINDEX INDEX CONCURRENTLY "public"."broken"',
        "i_ccnew": 'DROP INDEX CONCURRENTLY "public"."i_ccnew"',
        "large": 'REINDEX INDEX CONCURRENTLY "public"."large"',
        "small": 'REINDEX INDEX CONCURRENTLY "public"."small"',
    }
    assert list(planned) == ["broken", "i_ccnew", "large", "small"]
    assert left == {}


@pytest.mark.parametrize(
    ("expected", "planned"), [(7_000_001, False), (7_000_000, True), (20_000_000, False), (0, True)]
)
def test_the_limit_of_bloat(expected: int, planned: bool) -> None:
    assert bool(decide(INDEX, estimates={1: Estimate(expected)})[0]) is planned


def test_the_entry_says_the_numbers() -> None:
    index = replace(INDEX, constraint_type="p", unique=True)
    (item,), _left = plan_indexes([index], {1: Estimate(2_000_000, measured=True)}, Selection(), SITUATION)
    assert item.entry["reasons"] == [
        "80.0 % of it is bloat, not below 30 % (read): 10000000 bytes now, about 2000000 after a rebuild"
    ]
    assert (item.entry["constraint"], item.entry["bloat_percent"], item.entry["measured"]) == (
        "primary key",
        80.0,
        True,
    )


@pytest.mark.parametrize(
    ("index", "code", "words"),
    [
        (named("p", kind="I", valid=False, bytes=None), "unsupported", "ATTACH PARTITION"),
        (named("x", valid=False, exclusion=True), "unsupported", "exclusion constraint"),
        (named("b", valid=False, may=False), "permission", "GRANT MAINTAIN ON TABLE public.t"),
        (named("b", valid=False, schema_usage=False), "permission", 'GRANT USAGE ON SCHEMA "public"'),
        (named("i_ccnew", valid=False, owned=False, owner="o"), "permission", 'give: GRANT "o" TO "keeper";'),
    ],
)
def test_what_cannot_be_done_is_told(index: Index, code: str, words: str) -> None:
    planned, left = decide(INDEX, index)
    assert planned == {}
    assert left[index.key][0] == code
    assert words in left[index.key][1]


def test_before_17_the_owner_is_named() -> None:
    old = replace(SITUATION, version=160000)
    _planned, left = decide(named("b", valid=False, may=False, owner="o"), situation=old)
    assert left["public.b"][1].endswith('GRANT "o" TO "keeper"; (its owner)')


def test_what_is_not_estimated_is_told() -> None:
    planned, left = decide(INDEX, estimates={1: Estimate(None, "analyse its table")})
    assert (planned, left) == ({}, {"public.i": ("not_estimated", "analyse its table")})


@pytest.mark.parametrize(
    ("changed", "is_candidate"),
    [
        ({}, True),
        ({"bytes": 1 << 20}, True),
        ({"bytes": (1 << 20) - 1}, False),
        ({"bytes": None}, False),
        ({"valid": False}, False),
        ({"method": "gin"}, False),
        ({"kind": "I"}, False),
    ],
)
def test_large_valid_btree_indexes_are_looked_at(changed: dict[str, Any], is_candidate: bool) -> None:
    assert bool(candidates([replace(INDEX, **changed)], Selection(), SITUATION)) is is_candidate


@pytest.mark.parametrize(
    ("version", "computed", "alone"), [(170000, False, False), (170000, True, True), (130000, False, True)]
)
def test_builds_that_wait_for_one_another_go_alone(version: int, computed: bool, alone: bool) -> None:
    situation = replace(SITUATION, version=version)
    (item,), _left = plan_indexes([replace(INDEX, computed=computed)], {1: Estimate(1)}, Selection(), situation)
    assert item.alone is alone

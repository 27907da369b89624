# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vacuum planner: from what the catalog says to decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.holders import Holder, Horizon
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.selection import Selection
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.thresholds import Thresholds
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.vacuum_catalog import (
    Settings,
    Storage,
    Table,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.vacuum_plan import Situation, plan

NOW = 1_000_000.0
SETTINGS = Settings(
    {
        "autovacuum_vacuum_threshold": 50,
        "autovacuum_vacuum_scale_factor": 0.2,
        "autovacuum_analyze_threshold": 50,
        "autovacuum_analyze_scale_factor": 0.1,
        "autovacuum_vacuum_insert_threshold": 1000,
        "autovacuum_vacuum_insert_scale_factor": 0.2,
        "autovacuum_freeze_max_age": 200_000_000,
        "autovacuum_multixact_freeze_max_age": 400_000_000,
    }
)
NOBODY = Horizon((), NOW)
STORED = Storage(rows=1000, live_rows=1000, last_vacuum=NOW - 86400)
TABLE = Table(
    oid=1, schema="public", name="t", key="public.t", kind="r", storage=STORED, bytes=81920, manual_analyze=NOW - 86400
)
VACUUM, ANALYZE = "VACUUM (TRUNCATE FALSE, INDEX_CLEANUP AUTO)", "ANALYZE"
BOTH = "VACUUM (ANALYZE, TRUNCATE FALSE, INDEX_CLEANUP AUTO)"
TOAST = "VACUUM (TRUNCATE FALSE, INDEX_CLEANUP AUTO, PROCESS_MAIN FALSE)"
TEN = {"autovacuum_vacuum_threshold": "10", "autovacuum_vacuum_scale_factor": "0"}
FREEZE = "VACUUM (FREEZE, TRUNCATE FALSE, INDEX_CLEANUP AUTO)"


def situation(
    horizon: Horizon = NOBODY, version: int = 170000, settings: Settings = SETTINGS, **limits: Any
) -> Situation:
    return Situation(version, Thresholds(**limits), settings, horizon, "keeper")


def stored(**changed: Any) -> Table:
    return replace(TABLE, storage=replace(STORED, **changed))


def planned(tables: list[Table], at: Situation, selection: Selection | None = None) -> list[str]:
    items, _left = plan(tables, selection or Selection(), at)
    return [str(item.entry["statement"]) for item in items]


def left(tables: list[Table], at: Situation) -> list[tuple[str, str]]:
    _items, outcomes = plan(tables, Selection(), at)
    return [(outcome.entry["code"], outcome.entry["why"]) for outcome in outcomes]


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        (TABLE, None),
        (stored(dead_rows=150), None),
        (stored(dead_rows=151), VACUUM),
        (stored(inserted_rows=1200), None),
        (stored(inserted_rows=1201), VACUUM),
        (replace(TABLE, changed_rows=150), None),
        (replace(TABLE, changed_rows=151), ANALYZE),
        # An analysis estimates the dead rows anew: near its limit a table gets both.
        (replace(stored(dead_rows=75), changed_rows=151), ANALYZE),
        (replace(stored(dead_rows=76), changed_rows=151), BOTH),
        (replace(TABLE, manual_analyze=None), ANALYZE),
        (replace(TABLE, manual_analyze=None, auto_analyze=5.0), None),
        (replace(stored(last_vacuum=None), manual_analyze=None), BOTH),
        (replace(stored(last_vacuum=None), manual_analyze=None, bytes=0), None),
        (replace(stored(last_vacuum=None), manual_analyze=None, bytes=None), BOTH),
        (stored(last_vacuum=None), None),
        # Rows that were never counted are taken from the counters.
        (stored(rows=-1, live_rows=5000, dead_rows=550), None),
        (stored(rows=-1, live_rows=5000, dead_rows=551), VACUUM),
        # A table's own limits count instead of the module's, in both directions.
        (stored(dead_rows=9000, parameters={"autovacuum_vacuum_scale_factor": "9"}), None),
        (stored(dead_rows=11, parameters=TEN), VACUUM),
        (stored(dead_rows=210, parameters={"autovacuum_vacuum_threshold": "0"}), VACUUM),
        (stored(dead_rows=200, parameters={"autovacuum_vacuum_threshold": "0"}), None),
        (stored(inserted_rows=9999, parameters={"autovacuum_vacuum_insert_threshold": "-1"}), None),
        (replace(stored(parameters={"autovacuum_analyze_threshold": "1000"}), changed_rows=1100), None),
        (stored(xid_age=149_999_999), None),
        (stored(xid_age=150_000_000), FREEZE),
        (stored(mxid_age=300_000_000), FREEZE),
        (stored(xid_age=75_000_000, parameters={"autovacuum_freeze_max_age": "100000000"}), FREEZE),
        (stored(xid_age=149_000_000, parameters={"autovacuum_freeze_max_age": "2000000000"}), None),
        (replace(TABLE, toast=replace(STORED, xid_age=150_000_000)), FREEZE),
        (replace(TABLE, toast=replace(STORED, dead_rows=151)), TOAST),
        (replace(stored(dead_rows=151), toast=replace(STORED, dead_rows=151)), VACUUM),
        # Of the system's tables only the age counts.
        (replace(stored(dead_rows=9000), system=True, changed_rows=9000), None),
        (replace(stored(xid_age=150_000_000), system=True), FREEZE),
    ],
)  # fmt: skip
def test_a_table_gets_what_it_needs_and_no_more(table: Table, statement: str | None) -> None:
    assert planned([table], situation()) == ([f'{statement} "public"."t"'] if statement else [])


def test_the_most_that_may_be_dead_is_the_servers() -> None:
    capped = Settings({**SETTINGS.numbers, "autovacuum_vacuum_max_threshold": 100})
    assert planned([stored(dead_rows=101)], situation(settings=capped)) != []
    uncapped = Settings({**SETTINGS.numbers, "autovacuum_vacuum_max_threshold": -1})
    assert planned([stored(dead_rows=101)], situation(settings=uncapped)) == []


@pytest.mark.parametrize(
    ("version", "table", "statement"),
    [
        (130000, stored(dead_rows=200), 'VACUUM (TRUNCATE FALSE, INDEX_CLEANUP TRUE) "public"."t"'),
        (150000, replace(TABLE, toast=replace(STORED, dead_rows=200)), f'{VACUUM} "public"."t"'),
        (180000, stored(dead_rows=200), f'{VACUUM} ONLY "public"."t"'),
        (180000, replace(TABLE, changed_rows=200), 'ANALYZE ONLY "public"."t"'),
        (180000, replace(stored(xid_age=150_000_000), system=True), f'{FREEZE} "public"."t"'),
    ],
)
def test_each_version_has_its_statement(version: int, table: Table, statement: str) -> None:
    assert planned([table], situation(version=version)) == [statement]


def test_reasons_say_the_numbers() -> None:
    table = replace(stored(dead_rows=200, parameters={"autovacuum_enabled": "off"}), changed_rows=300)
    (item,), _left = plan([table], Selection(), situation())
    assert item.entry["reasons"] == [
        "200 dead rows, more than 75; autovacuum is switched off for it",
        "300 rows changed since its last analysis, more than 150",
    ]
    assert item.entry["action"] == "vacuum and analyze"
    assert (item.dead_limit, item.dead_toast_limit) == (150, 50)


def test_the_most_urgent_comes_first_and_parents_come_last() -> None:
    parent = replace(
        TABLE, oid=9, name="p", key="public.p", kind="p", has_children=True, manual_analyze=None, bytes=None
    )
    grandparent = replace(parent, oid=10, name="g", key="public.g")
    small = replace(stored(dead_rows=200), oid=2, name="small", key="public.small", bytes=8192)
    large = replace(stored(dead_rows=200), oid=3, name="large", key="public.large", bytes=1 << 30)
    aged = replace(stored(xid_age=150_000_000), oid=4, name="aged", key="public.aged", ancestors=(9, 10))
    parent = replace(parent, ancestors=(10,))
    items, _left = plan([grandparent, parent, small, large, aged], Selection(), situation())
    assert [(item.table.name, item.level) for item in items] == [
        ("aged", 0),
        ("large", 0),
        ("small", 0),
        ("p", 1),
        ("g", 2),
    ]


PARENT = replace(TABLE, oid=9, name="p", key="public.p", kind="p", has_children=True, bytes=None)
MOTHER = replace(PARENT, kind="r", bytes=0)
CHILD = replace(TABLE, ancestors=(9,))


@pytest.mark.parametrize(
    ("parent", "child", "version", "stale"),
    [
        (PARENT, CHILD, 170000, False),
        (replace(PARENT, manual_analyze=None), CHILD, 170000, True),
        (replace(PARENT, manual_analyze=None), replace(CHILD, bytes=0), 170000, False),
        (PARENT, replace(CHILD, auto_analyze=NOW), 170000, True),
        (PARENT, replace(CHILD, auto_analyze=5.0), 170000, False),
        # An analysis of a partitioned table reaches its partitions a moment later than itself.
        (PARENT, replace(CHILD, manual_analyze=NOW), 170000, False),
        (MOTHER, replace(CHILD, manual_analyze=NOW), 170000, True),
        (MOTHER, CHILD, 170000, False),
        (PARENT, replace(CHILD, changed_rows=9000), 170000, True),
        (PARENT, replace(CHILD, changed_rows=9000, may=False), 170000, False),
        # Version 13 does not record it of partitioned tables; that of their partitions by hand stands for it.
        (replace(PARENT, manual_analyze=None), CHILD, 130000, False),
        (replace(PARENT, manual_analyze=None), replace(CHILD, auto_analyze=NOW), 130000, True),
        (replace(PARENT, manual_analyze=None), replace(CHILD, manual_analyze=None, auto_analyze=5.0), 130000, True),
        (replace(PARENT, system=True, manual_analyze=None), CHILD, 170000, False),
    ],
)
def test_parents_follow_their_children(parent: Table, child: Table, version: int, stale: bool) -> None:
    statements = planned([parent, child], situation(version=version))
    assert ('ANALYZE "public"."p"' in statements) is stale


def test_naming_a_parent_names_its_children() -> None:
    child = replace(CHILD, changed_rows=9000)
    parent = replace(PARENT, key='public."P; 1"')
    for selection, count in [
        (Selection(tables=frozenset(['public."P; 1"'])), 2),
        (Selection(tables=frozenset(["public.t"])), 1),
        (Selection(schemas=frozenset(["public"])), 2),
        (Selection(schemas=frozenset(["other"])), 0),
        (Selection(exclude_tables=frozenset(['public."P; 1"'])), 0),
        (Selection(exclude_tables=frozenset(["public.t"])), 0),
        (Selection(schemas=frozenset(["public"]), exclude_schemas=frozenset(["public"])), 0),
    ]:
        assert len(planned([parent, child], situation(), selection)) == count, selection


@pytest.mark.parametrize(
    ("table", "holder", "code"),
    [
        # A vacuum after the holder began has removed all that can be; one before it has not.
        (stored(dead_rows=200), Holder("process 7", 10, NOW - 90000), "held_back"),
        (stored(dead_rows=200), Holder("process 7", 10, NOW - 60), None),
        (stored(dead_rows=200, last_vacuum=None), Holder("process 7", 10, NOW - 90000), None),
        # Since when a slot holds cannot be seen; a vacuum of the last hour is taken to have met it.
        (stored(dead_rows=200), Holder("replication slot s", 10, None), None),
        (stored(dead_rows=200, last_vacuum=NOW - 60), Holder("replication slot s", 10, None), "held_back"),
        (replace(TABLE, toast=replace(STORED, dead_rows=200)), Holder("process 7", 10, NOW - 90000), "held_back"),
        (stored(xid_age=160_000_000), Holder("process 7", 155_000_000, NOW - 60), "held_back"),
        (stored(xid_age=160_000_000), Holder("process 7", 100_000_000, NOW - 60), None),
    ],
)
def test_what_is_held_back_is_told_and_not_planned(table: Table, holder: Holder, code: str | None) -> None:
    at = situation(Horizon((holder,), NOW))
    outcomes = left([table], at)
    assert [outcome[0] for outcome in outcomes] == ([code] if code else [])
    assert planned([table], at) == [] if code else planned([table], at)
    assert all(holder.who in why for _code, why in outcomes)


def test_what_is_not_held_back_is_still_done() -> None:
    table = replace(stored(dead_rows=200), changed_rows=9000)
    at = situation(Horizon((Holder("process 7", 10, NOW - 90000),), NOW))
    assert planned([table], at) == ['ANALYZE "public"."t"']
    assert [code for code, _why in left([table], at)] == ["held_back"]


@pytest.mark.parametrize(
    ("version", "changed", "grant"),
    [
        (170000, {"may": False}, 'GRANT MAINTAIN ON TABLE public.t TO "keeper"; or GRANT pg_maintain TO "keeper";'),
        (160000, {"may": False, "owner": 'o"w'}, 'GRANT "o""w" TO "keeper"; (its owner)'),
        (170000, {"schema_usage": False}, 'GRANT USAGE ON SCHEMA "public" TO "keeper";'),
    ],
)
def test_what_the_role_lacks_is_told_with_the_grant(version: int, changed: dict[str, Any], grant: str) -> None:
    table = replace(stored(dead_rows=200), **changed)
    ((code, why),) = left([table], situation(version=version))
    assert code == "permission"
    assert why.endswith(grant)
    assert planned([table], situation(version=version)) == []
    assert left([replace(TABLE, **changed)], situation(version=version)) == []

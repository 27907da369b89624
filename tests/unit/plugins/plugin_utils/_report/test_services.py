# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section of services: one row each, and the instances of those that have several."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.day2.ops.plugins.plugin_utils._report.blocks import Table
from ansible_collections.day2.ops.plugins.plugin_utils._report.run import read_run
from ansible_collections.day2.ops.plugins.plugin_utils._report.sections.services import services

from .documents import document, facts

RUN = read_run(document())


def tables(given: Any) -> list[Table]:
    return [block for block in services(RUN, given) if isinstance(block, Table)]


def cells(table: Table, row: int) -> dict[str, Any]:
    return {column.title: cell for column, cell in zip(table.columns, table.rows[row])}


def test_each_service_is_a_row() -> None:
    every, instances = tables(facts()["services"])
    api = cells(every, 0)
    expected = {
        "Service": "shop/api",
        "Run": "2 of 2",
        "State": "running",
        "Health": "healthy",
        "Restarts": 4,
        "Processors": 31.5,
        "Memory": 700 << 20,
        "Limit": 1024 << 20,
        "Memory used": 71.2,
        "Image": "shop/api:1.4.2",
        "Log": 3 << 20,
        "Remark": "The kernel killed it because memory ran out. Its instances have different images.",
    }
    assert {title: api[title] for title in expected} == expected
    proxy = cells(every, 1)
    assert (proxy["Service"], proxy["Run"], proxy["State"]) == ("proxy", None, None)
    told = "the engine did not answer within 30 seconds. A note. The size of its log is not known: Permission denied."
    assert proxy["Remark"] == told
    assert [cells(instances, row)["Instance"] for row in (0, 1)] == ["shop-api-1", "shop-api-2"]
    assert cells(instances, 1)["Image"] == "shop/api:1.4.2"
    assert instances.folded


def test_every_row_has_a_cell_for_each_column() -> None:
    for table in tables(facts()["services"]):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_single_instances_are_not_told_twice() -> None:
    given = copy.deepcopy(facts()["services"])
    given[0]["instances"].pop()
    assert len(tables(given)) == 1


def test_there_may_be_none() -> None:
    (every,) = tables([])
    assert every.rows == []

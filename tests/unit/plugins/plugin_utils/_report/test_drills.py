# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report shows of the drills of its run."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import escape

from ansible_collections.day2.ops.plugins.plugin_utils._report import Report

from .documents import HOSTILE, document

RESTORE: dict[str, Any] = {
    "verified": True,
    "seconds": 3.6,
    "seconds_verifying": 1.2,
    "tables_compared": 55,
    "rows_compared": 88475,
    "contents_compared": 54,
    "objects_compared": 702,
    "amchecked": 811,
    "differences": [],
    "differences_total": 0,
    "left_alone": {"foreign_tables": ["stock.remote", HOSTILE]},
    "notes": ["contents were not compared"],
    "checks": [
        {"name": "orders there are", "passed": True, "expected": "> 0", "observed": 12, "reason": ""},
        {"name": HOSTILE, "passed": False, "expected": "== 3", "observed": None, "reason": "division by zero"},
    ],
}
DIFFERENT = {
    **RESTORE,
    "verified": False,
    "differences": [{"kind": "rows", "object": "public.orders", "expected": 7, "found": [6, None]}],
    "differences_total": 51,
}


def page_of(kind: str, *drills: Any) -> str:
    given = document()
    given["hosts"]["db1"]["facts"]["drills"] = list(drills)
    return Report(given).texts(["html", "md"])[kind].replace("\\", "")


@pytest.mark.parametrize("kind", ["html", "md"])
def test_what_was_compared(kind: str) -> None:
    page = page_of(kind, {"database": "shop", "restore": RESTORE})
    for word in (
        "Drills of this run",
        "88 475",
        "702",
        "811",
        "3.6 s",
        "passed",
        "stock.remote",
        "orders there are",
        "division by zero",
        "shop: contents were not compared",
    ):
        assert word in page, word
    assert HOSTILE not in page
    if kind == "html":
        assert str(escape(HOSTILE)) in page


@pytest.mark.parametrize("kind", ["html", "md"])
def test_what_differs(kind: str) -> None:
    page = page_of(kind, {"database": "shop", "restore": DIFFERENT, "failed": True, "msg": "Proving a restore failed."})
    for word in ("shop: what differs", "public.orders", "[6, null]", "51", "shop: Proving a restore failed."):
        assert word in page, word


def test_a_drill_that_came_to_nothing_says_why() -> None:
    page = page_of("md", {"database": "shop", "failed": True, "msg": "There is no complete set."})
    assert "shop: There is no complete set." in page
    assert "What was compared" not in page


@pytest.mark.parametrize("drill", [{}, {"restore": None}, {"database": "shop", "restore": {}}, 5, None])
def test_whatever_is_missing_costs_nothing_else(drill: Any) -> None:
    assert "All checks" in page_of("md", drill)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report shows of a restore."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import escape

from ansible_collections.day2.ops.plugins.module_utils._findings import judge, rulebook
from ansible_collections.day2.ops.plugins.plugin_utils._report import Report
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules

from .documents import HOSTILE, document

RULES = rulebook(default_rules())
RESTORE = {
    "path": "/sets/20261122T020000Z-weekly",
    "seconds": 3.6,
    "seconds_verifying": 1.2,
    "seconds_without_database": 0.031,
    "tables_compared": 55,
    "rows_compared": 88475,
    "objects_compared": 702,
    "differences_total": 0,
    "safety_backup": "/sets/20261122T021500Z-before-replace",
    "left_alone": {"foreign_tables": ["stock.remote", HOSTILE]},
}
PLAN = {
    "backup": "/sets/20261122T020000Z-weekly",
    "left_alone": {},
    "replaces": {
        "properties": {"connection_limit": {"live": 23, "backup": -1}, "comment": {"live": None, "backup": "x"}}
    },
}
DONE: dict[str, Any] = {
    "database": "shop",
    "mode": "replace",
    "succeeded": True,
    "live": "restored",
    "message": f"shop was restored. {HOSTILE}",
    "remedy": "",
    "plan": PLAN,
    "restore": RESTORE,
    "undone": False,
    "previous": "shop_before_20261122t021512z",
    "services": ["web", "worker"],
}
UNDONE = {**DONE, "succeeded": False, "live": "before", "message": "It was swapped back.", "remedy": "Mend it."}


def pages(one: dict[str, Any]) -> dict[str, str]:
    given = document()
    given["hosts"]["db1"]["facts"]["restores"] = [one]
    return Report(given).texts(["html", "md"])


@pytest.mark.parametrize("kind", ["html", "md"])
def test_what_was_replaced_and_how_it_is_known_to_be_right(kind: str) -> None:
    page = pages(DONE)[kind].replace("\\", "")
    for word in (
        "shop_before_20261122t021512z",
        "what was put in its place",
        "/sets/20261122T020000Z-weekly",
        "/sets/20261122T021500Z-before-replace",
        "31 ms",
        "88 475",
        "web, worker",
        "connection_limit",
        "stock.remote",
    ):
        assert word in page, word
    assert HOSTILE not in page
    if kind == "html":
        assert str(escape(HOSTILE)) in page


@pytest.mark.parametrize(
    ("live", "words"), [("before", "what was there before"), ("unknown", "not known"), (None, "not known")]
)
def test_what_is_live_now(live: str | None, words: str) -> None:
    assert words in pages({**UNDONE, "live": live})["md"]


@pytest.mark.parametrize("missing", sorted(DONE))
def test_whatever_is_missing_costs_its_own_part(missing: str) -> None:
    page = pages({key: value for key, value in DONE.items() if key != missing})["html"]
    assert "Restore" in page


@pytest.mark.parametrize(("one", "severity"), [(DONE, "ok"), (UNDONE, "critical"), ({**DONE, "succeeded": None}, None)])
def test_a_restore_that_did_not_succeed_needs_a_person(one: dict[str, Any], severity: str | None) -> None:
    found = [finding for finding in judge({"restores": [one]}, RULES) if finding.check == "restores.succeeded"]
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    if severity == "critical":
        assert (found[0].subject, found[0].message, found[0].remedy) == ("shop", "It was swapped back.", "Mend it.")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter restoration: what was done and what is live now, whatever failed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.filter.restoration import FilterModule

restoration = FilterModule().filters()["restoration"]

COURSE = ["lease", "plan", "stop", "restore", "migrate", "start", "health", "undo", "restart", "recheck", "release"]
FOUND: dict[str, Any] = {
    "database": "shop",
    "mode": "replace",
    "services": ["web", "worker"],
    "lost": False,
    "again": [],
}
KEPT = {"previous": "shop_before_1"}
UNDONE = {"undone": "shop_before_2"}


def record(**statuses: str) -> list[dict[str, Any]]:
    """The steps, all ok but for those given; each tells its own name."""
    return [
        {"name": name, "title": name.title(), "status": statuses.get(name, "ok"), "message": f"{name} told"}
        for name in COURSE
    ]


def became(found: dict[str, Any], steps: list[dict[str, Any]]) -> tuple[Any, str, str, str, Any]:
    outcome = restoration({**FOUND, **found}, steps)
    return outcome["succeeded"], outcome["live"], outcome["message"], outcome["remedy"], outcome["previous"]


AFTER = {"start": "skipped", "health": "skipped"}

SWAPPED = "It was swapped back: shop is what it was before; what had taken its place is kept as shop_before_2."
TAKEN = "Under the name shop is what took its place; what was live before is kept as shop_before_1."
LOST = (
    "Whether shop was replaced is not known: the connection was lost, and the work may go on. So nothing else was done."
)
STOPPED = "The services stay as they are: web, worker."

CASES: list[tuple[dict[str, Any], list[dict[str, Any]], tuple[Any, str, str, str, Any]]] = [
    # All went well.
    (
        KEPT,
        record(restore="changed", migrate="changed", start="changed"),
        (True, "restored", "restore told migrate told start told health told", "", "shop_before_1"),
    ),
    # All went well, and there was nothing to migrate or to start.
    (KEPT, record(restore="changed"), (True, "restored", "restore told health told", "", "shop_before_1")),
    # Only a plan.
    ({}, record(stop="planned", restore="planned"), (None, "before", "plan told", "", None)),
    # Nothing yet.
    ({}, [], (None, "before", "Nothing was done.", "", None)),
    # Another run has the lease.
    (
        {},
        record(lease="failed", **dict.fromkeys(COURSE[1:], "skipped")),
        (False, "before", "Lease failed: lease told. shop is what it was before.", "Mend what", None),
    ),
    # A service could not be stopped; those that were are started again.
    (
        {"again": ["Started.", "Well."]},
        record(stop="failed", restore="skipped", migrate="skipped", restart="changed", **AFTER),
        (False, "before", "Stop failed: stop told. shop is what it was before. Started. Well.", "Mend what", None),
    ),
    # The restore failed, and so did the start of the services after it.
    (
        {},
        record(restore="failed", migrate="skipped", restart="failed", recheck="skipped", **AFTER),
        (
            False,
            "before",
            "Restore failed: restore told. shop is what it was before. Restart failed: restart told.",
            "The database is what it was. See to the services now",
            None,
        ),
    ),
    # Swapped back.
    (
        {**KEPT, **UNDONE, "again": ["Started.", "Well."]},
        record(restore="changed", health="failed", undo="changed"),
        (False, "before", f"Health failed: health told. {SWAPPED} Started. Well.", "Mend what", "shop_before_2"),
    ),
    # Swapped back, and still not well.
    (
        {**KEPT, **UNDONE, "again": ["Started."]},
        record(restore="changed", health="failed", undo="changed", recheck="failed"),
        (
            False,
            "before",
            f"Health failed: health told. {SWAPPED} Started. Recheck failed: recheck told.",
            "The database is what it was. See to the services now",
            "shop_before_2",
        ),
    ),
    # It could not be swapped back.
    (
        KEPT,
        record(restore="changed", migrate="failed", undo="failed", **AFTER),
        (
            False,
            "restored",
            f"Migrate failed: migrate told. {TAKEN} Undo failed: undo told. {STOPPED}",
            "See which of the two databases is wanted.",
            "shop_before_1",
        ),
    ),
    # Nobody knows.
    (
        {"lost": True},
        record(restore="failed", migrate="skipped", **AFTER),
        (False, "unknown", f"Restore failed: restore told. {LOST} {STOPPED}", "Look at the host.", None),
    ),
    # Nobody knows, but nothing was stopped.
    (
        {"lost": True, "services": []},
        record(restore="failed", migrate="skipped", **AFTER),
        (False, "unknown", f"Restore failed: restore told. {LOST}", "Look at the host.", None),
    ),
]


@pytest.mark.parametrize(("found", "steps", "expected"), CASES)
def test_what_became_of_it(
    found: dict[str, Any], steps: list[dict[str, Any]], expected: tuple[Any, str, str, str, Any]
) -> None:
    succeeded, live, message, remedy, previous = became(found, steps)
    assert (succeeded, live, message, previous) == (*expected[:3], expected[4])
    assert remedy.startswith(expected[3])
    assert bool(remedy) is bool(expected[3])


def test_a_database_beside_the_live_one_leaves_that_alone() -> None:
    assert became({"mode": "new"}, record(restore="changed"))[:3] == (True, "before", "restore told")


def test_the_modules_results_are_handed_on() -> None:
    found = {
        **FOUND,
        **KEPT,
        **UNDONE,
        "planned": {"plan": {"target": "shop"}},
        "restored": {"restore": {"seconds": 1}},
    }
    outcome = restoration(found, record())
    assert outcome["plan"] == {"target": "shop"}
    assert outcome["restore"] == {"seconds": 1}
    assert outcome["undone"] is True
    assert outcome["services"] == ["web", "worker"]

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._state.lease import Request, plan_of
from ansible_collections.day2.ops.plugins.module_utils._state.lease_record import Damaged, Holder, Lease, Moment

NOW = Moment(1_800_000_000.0, "boot-1", 5000.0)
MINE, OTHER = Holder("mine", "weekly", "mara", ""), Holder("other", "backup", "jon", "ops1")


def lease(holder: Holder, age: float) -> Lease:
    return Lease("shop", holder, NOW.wall - age, Moment(NOW.wall - age, "boot-1", NOW.uptime - age), 600.0)


STANDINGS: dict[str, Lease | Damaged | None] = {
    "free": None,
    "mine": lease(MINE, 10),
    "mine, expired": lease(MINE, 700),
    "other's": lease(OTHER, 10),
    "other's, expired": lease(OTHER, 700),
    "damaged": Damaged("it is empty", NOW.wall - 10),
    "damaged long ago": Damaged("it is empty", NOW.wall - 700),
}


@pytest.mark.parametrize(
    ("state", "standing", "action", "possible"),
    [
        ("held", "free", "taken", True),
        ("held", "mine", "renewed", True),
        ("held", "mine, expired", "renewed", True),
        ("held", "other's", "none", False),
        ("held", "other's, expired", "taken_over", True),
        ("held", "damaged", "none", False),
        ("held", "damaged long ago", "taken_over", True),
        ("renewed", "free", "none", False),
        ("renewed", "mine", "renewed", True),
        ("renewed", "mine, expired", "renewed", True),
        ("renewed", "other's", "none", False),
        ("renewed", "other's, expired", "none", False),
        ("renewed", "damaged", "none", False),
        ("renewed", "damaged long ago", "none", False),
        ("released", "free", "none", True),
        ("released", "mine", "released", True),
        ("released", "mine, expired", "released", True),
        ("released", "other's", "none", True),
        ("released", "other's, expired", "none", True),
        ("released", "damaged", "none", True),
        ("read", "free", "none", True),
        ("read", "other's", "none", True),
    ],
)
def test_what_is_done_follows_from_what_is_there(state: str, standing: str, action: str, possible: bool) -> None:
    plan = plan_of(Request(state, MINE, 600, 0), STANDINGS[standing], NOW)
    assert plan.action == action
    assert (not plan.obstacle) == possible


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        ("free", "Nobody holds the lease."),
        (
            "other's",
            (
                "The lease is held by run other (backup, by jon from ops1) since 2027-01-15T07:59:50Z and expires at"
                " 2027-01-15T08:09:50Z, in 590 seconds."
            ),
        ),
        (
            "other's, expired",
            (
                "The lease is held by run other (backup, by jon from ops1) since 2027-01-15T07:48:20Z and expired at"
                " 2027-01-15T07:58:20Z."
            ),
        ),
        (
            "damaged",
            (
                "The lease file is damaged (it is empty), was written at 2027-01-15T07:59:50Z and is respected for"
                " 590 more seconds."
            ),
        ),
        (
            "damaged long ago",
            (
                "The lease file is damaged (it is empty), was written at 2027-01-15T07:48:20Z and is too old to be"
                " respected."
            ),
        ),
    ],
)
def test_the_standing_in_words(standing: str, told: str) -> None:
    assert plan_of(Request("read", MINE, 600, 0), STANDINGS[standing], NOW).told == told


def test_a_clock_that_was_set_back_is_told() -> None:
    ahead = Lease("shop", OTHER, NOW.wall, Moment(NOW.wall + 10**7, "boot-0", 1.0), 600.0)
    plan = plan_of(Request("held", MINE, 600, 0), ahead, NOW)
    assert plan.action == "taken_over"
    assert "the clock has been set back" in plan.told

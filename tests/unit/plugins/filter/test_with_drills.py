# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter with_drills: what was read of the sets stays, drills are the later ones."""

from __future__ import annotations

from ansible_collections.day2.ops.plugins.filter.with_drills import FilterModule

with_drills = FilterModule().filters()["with_drills"]


def test_drills_are_the_later_ones_and_all_else_stays() -> None:
    states = [
        {"database": "shop", "corrupt": 1, "drill": None},
        {"database": "office", "corrupt": 0, "drill": {"passed": True}},
        {"database": "other", "corrupt": 0, "drill": {"passed": True}},
    ]
    later = [
        {"database": "shop", "corrupt": 0, "drill": {"passed": False}},
        {"database": "office", "corrupt": 0, "drill": None},
        {"database": "new", "corrupt": 0, "drill": None},
    ]
    assert with_drills(states, later) == [
        {"database": "shop", "corrupt": 1, "drill": {"passed": False}},
        {"database": "office", "corrupt": 0, "drill": None},
        {"database": "other", "corrupt": 0, "drill": {"passed": True}},
    ]
    assert states[0]["drill"] is None
    assert with_drills([], later) == []

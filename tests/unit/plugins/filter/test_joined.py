# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter joined: vacuum and reindex of each database together."""

from __future__ import annotations

from ansible_collections.day2.ops.plugins.filter.joined import FilterModule

joined = FilterModule().filters()["joined"]


def test_both_kinds_of_each_database_in_their_order() -> None:
    shop, office, other = {"database": "shop", "done": [1]}, {"database": "office"}, {"database": 'o"ther'}
    rebuilt = {"database": "shop", "done": [2]}
    assert joined([shop, office], [other, rebuilt]) == [
        {"database": "shop", "vacuum": shop, "reindex": rebuilt},
        {"database": "office", "vacuum": office, "reindex": None},
        {"database": 'o"ther', "vacuum": None, "reindex": other},
    ]


def test_nothing_is_nothing() -> None:
    assert joined([], []) == []

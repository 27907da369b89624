# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter named: results get the names of their databases."""

from __future__ import annotations

from typing import Any

from ansible_collections.day2.ops.plugins.filter.named import FilterModule

named = FilterModule().filters()["named"]


def test_each_result_has_the_name_of_its_database() -> None:
    databases = [{"name": "shop"}, {"name": "audit", "login_password": "secret"}]
    results: list[dict[str, Any]] = [{"changed": True, "place": 1}, {"changed": False, "place": 0}]
    assert named(results, databases, "place") == [
        {"changed": True, "place": 1, "database": "audit"},
        {"changed": False, "place": 0, "database": "shop"},
    ]
    assert named([], [], "place") == []
    assert "database" not in results[0]

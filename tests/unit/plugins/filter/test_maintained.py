# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter maintained: what maintenance did in each database that has a result."""

from __future__ import annotations

from typing import Any

from ansible_collections.day2.ops.plugins.filter.maintained import FilterModule

maintained = FilterModule().filters()["maintained"]
DATABASES = [{"name": "shop", "login_password": "secret"}, {"name": "office"}, {"name": "third"}]


def result(index: int, **more: Any) -> dict[str, Any]:
    return {"database_index": index, "changed": True, "invocation": {"secret": 1}, **more}


def test_each_result_has_the_name_of_its_database() -> None:
    results = [
        result(1, plan=["b"], done=["b"], skipped=[], failures=[]),
        result(0, skipped=True),  # its condition was false
        result(2, plan=["c"], failed=True, done=[], skipped=["c"]),
    ]
    assert maintained(DATABASES, results) == [
        {"database": "office", "plan": ["b"], "done": ["b"], "skipped": [], "failures": []},
        {"database": "third", "plan": ["c"], "done": [], "skipped": ["c"]},
    ]


def test_nothing_is_nothing() -> None:
    assert maintained(DATABASES, []) == []
    assert maintained(DATABASES, [result(0, failed=True, msg="unreachable")]) == []

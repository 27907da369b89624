# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter login: from a database of the inventory to the options with which modules log in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.login import KEYS, OPTIONS, PURPOSES, FilterModule
from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL

login = FilterModule().filters()["login"]
SHOP = {
    "name": "shop",
    "login_host": "db",
    "login_user": "app",
    "backup": {"login_user": "backup", "login_password": "secret"},
    "health": None,
}


def test_it_knows_the_options_of_the_modules() -> None:
    assert POSTGRESQL.keys() == OPTIONS


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        (None, {"login_host": "db", "login_user": "app"}),
        ("backup", {"login_host": "db", "login_user": "backup", "login_password": "secret"}),
        ("health", {"login_host": "db", "login_user": "app"}),
        ("drill", {"login_host": "db", "login_user": "app"}),
    ],
)
def test_a_purpose_takes_precedence_and_nothing_else_is_given(purpose: str | None, expected: dict[str, str]) -> None:
    before = {**SHOP}
    assert login(SHOP, purpose) == expected
    assert before == SHOP


def test_a_service_is_given_whole() -> None:
    service = {"runtime": "container", "name": "shop-db"}
    assert login({"name": "shop", "service": service}) == {"service": service}


@pytest.mark.parametrize(
    ("database", "purpose", "why"),
    [
        (None, None, "is a dictionary with a name"),
        ("shop", None, "is a dictionary with a name"),
        ({}, None, "is a dictionary with a name"),
        ({"name": ""}, None, "is a dictionary with a name"),
        ({"name": "shop", "login_hots": "db"}, None, "'login_hots' in the database 'shop': did you mean 'login_host'?"),
        ({"name": "shop", "zzz": 1}, None, f"known are {', '.join(sorted(KEYS))}."),
        ({"name": "shop", 5: 1}, None, "Unknown key 5"),
        ({"name": "shop", "backup": {"login_usr": "x"}}, "backup", "'login_usr' in backup of the database 'shop'"),
        ({"name": "shop", "backup": {"name": "x"}}, "backup", "Unknown key 'name' in backup"),
        (SHOP, "coffee", f"There is no login for 'coffee'; there are {', '.join(sorted(PURPOSES))}"),
    ],
)
def test_what_cannot_be_is_told(database: Any, purpose: str | None, why: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        login(database, purpose)
    assert why in str(refused.value)

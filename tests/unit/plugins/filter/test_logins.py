# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter logins: databases that are logged in to alike come together."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.logins import FilterModule

logins = FilterModule().filters()["logins"]
SHOP = {"name": "shop", "login_host": "db", "health": {"login_user": "monitor"}}


def test_databases_of_one_login_come_together_in_their_order() -> None:
    audit = {"name": "audit", "login_host": "db", "login_user": "monitor"}
    other = {"name": "other", "login_host": "elsewhere"}
    assert logins([SHOP, other, audit], "health") == [
        {"names": ["shop", "audit"], "metrics": [], "options": {"login_host": "db", "login_user": "monitor"}},
        {"names": ["other"], "metrics": [], "options": {"login_host": "elsewhere"}},
    ]
    assert [one["names"] for one in logins([SHOP, audit])] == [["shop"], ["audit"]]
    assert logins([], "health") == []


def test_their_metrics_say_of_which_database_they_are() -> None:
    users, orders = ({"name": name, "query": f"SELECT count(*) FROM public.{name}"} for name in ("users", "orders"))
    shop = {"name": "shop", "metrics": [users], "health": {"login_user": "reader"}}
    audit = {"name": "audit", "login_user": "reader", "metrics": [users, orders]}
    [found] = logins([shop, audit], "health")
    assert found["metrics"] == [
        {**users, "database": "shop"},
        {**users, "database": "audit"},
        {**orders, "database": "audit"},
    ]


def test_what_is_no_database_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="a dictionary with a name"):
        logins([SHOP, {}], "health")

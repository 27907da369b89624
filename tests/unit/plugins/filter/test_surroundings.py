# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter surroundings: a database and what stands around it, over all hosts of its environment."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.surroundings import FilterModule

surroundings = FilterModule().filters()["surroundings"]

WEB = {"name": "shop-web", "runtime": "container", "databases": ["shop", "crm"]}
WORKER = {"name": "shop-worker", "databases": ["shop"]}
API = {"name": "api", "runtime": "compose", "project": "shop", "databases": ["shop"]}
MAILER = {"name": "mailer", "databases": ["crm"]}
CACHE = {"name": "cache"}
HOSTS: dict[str, dict[str, Any]] = {
    "db1": {
        "day2_environment": "shop",
        "day2_databases": [{"name": "shop", "login_user": "app"}, {"name": "crm"}],
        "day2_services": [WORKER],
        "day2_restore": {
            "migrations": [
                {"database": "shop", "argv": ["migrate", "1"], "host": "web1"},
                {"database": "crm", "argv": ["other"]},
                {"database": "shop", "argv": ["migrate", "2"]},
            ]
        },
    },
    "web1": {
        "day2_environment": "shop",
        "day2_services": [WEB, API, MAILER, CACHE],
        "day2_endpoints": [{"name": "health", "url": "https://shop/health"}],
    },
    "web2": {"day2_environment": "shop", "day2_services": None, "day2_endpoints": []},
    "elsewhere": {
        "day2_environment": "test",
        "day2_databases": [{"name": "shop"}],
        "day2_services": [{**WEB, "name": "not ours"}],
    },
    "nothing": {},
}


PLAYED = ["db1", "web1"]


def found(hosts: dict[str, dict[str, Any]] | None = None, played: Any = None, database: Any = "shop") -> Any:
    every = HOSTS if hosts is None else {**HOSTS, **hosts}
    return surroundings(played or PLAYED, every, list(every), database)


def test_services_migrations_and_endpoints_are_gathered_from_all_hosts() -> None:
    assert found() == {
        "host": "db1",
        "database": {"name": "shop", "login_user": "app"},
        "services": [
            {"name": "shop-worker", "host": "db1"},
            {"name": "shop-web", "runtime": "container", "host": "web1"},
            {"name": "api", "runtime": "compose", "project": "shop", "host": "web1"},
        ],
        "migrations": [{"argv": ["migrate", "1"], "host": "web1"}, {"argv": ["migrate", "2"]}],
        "endpoints": [{"host": "web1", "probes": [{"name": "health", "url": "https://shop/health"}]}],
    }


def test_what_concerns_another_database_only_is_left_alone() -> None:
    around = found(database="crm")
    assert [service["name"] for service in around["services"]] == ["shop-web", "mailer"]
    assert around["migrations"] == [{"argv": ["other"]}]


@pytest.mark.parametrize("name", [None, ""])
def test_the_only_database_need_not_be_named(name: str | None) -> None:
    assert found(played=["elsewhere"], database=name)["host"] == "elsewhere"


def test_the_inventory_is_not_changed() -> None:
    before = repr(HOSTS)
    found()["services"][0]["name"] = "x"
    assert repr(HOSTS) == before


@pytest.mark.parametrize(
    ("hosts", "played", "database", "why"),
    [
        ({}, PLAYED, None, "Name the database (day2_database). In the environment 'shop' there are: 'shop' on db1"),
        ({}, PLAYED, "shp", "There is no database 'shp'; did you mean 'shop'? In"),
        ({}, PLAYED, "zzz", "There is no database 'zzz'. In the environment 'shop' there are: 'shop' on db1, 'crm'"),
        ({}, ["nothing"], "shop", "There is no database 'shop'. In the environment 'none' there are: none."),
        (
            {},
            ["db1", "web1", "elsewhere"],
            "shop",
            "The play's hosts are of several environments (shop, test). Aim it at one (day2_target, --limit).",
        ),
        ({}, ["db1", "nothing"], "shop", "of several environments (shop, none)"),
        ({}, ["web1"], "shop", "The database 'shop' is on db1, which takes no part. Aim the play at it."),
        (
            {"db2": {"day2_environment": "shop", "day2_databases": [{"name": "shop"}]}},
            PLAYED,
            "shop",
            "Several hosts have a database 'shop' in their day2_databases. In",
        ),
        (
            {"web2": {"day2_environment": "shop", "day2_services": [{"name": "x", "database": ["shop"]}]}},
            PLAYED,
            "shop",
            "Unknown key 'database' in day2_services of web2: did you mean 'databases'?",
        ),
        (
            {"web2": {"day2_environment": "shop", "day2_services": ["shop-web"]}},
            PLAYED,
            "shop",
            "An element of day2_services of web2 is no dictionary: 'shop-web'.",
        ),
        (
            {"db1": {**HOSTS["db1"], "day2_restore": {"migrations": [{"database": "shop", "command": "x"}]}}},
            PLAYED,
            "shop",
            "Unknown key 'command' in migrations of day2_restore",
        ),
    ],
)
def test_what_cannot_be_is_told(hosts: dict[str, Any], played: list[str], database: Any, why: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        found(hosts, played, database)
    assert why in str(refused.value)

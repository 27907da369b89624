# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module documents is what it does."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health import collect
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.modules import postgresql_health_info

from ....conftest import RunModule

DOCUMENTATION = yaml.safe_load(postgresql_health_info.DOCUMENTATION)
ENTRY = yaml.safe_load(postgresql_health_info.RETURN)["postgresql"]["contains"]


def test_the_documented_families_are_those_that_are_there() -> None:
    assert DOCUMENTATION["options"]["families"]["choices"] == list(collect.FAMILIES)
    assert set(collect.FAMILIES) <= set(ENTRY)


def refuse(error: Exception) -> Any:
    def session(_server: Server, _database: str | None = None) -> None:
        raise error

    return session


def test_an_entry_has_the_documented_keys(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    error = Unreachable("connecting", "db", "it sleeps", "Wake it.")
    monkeypatch.setattr(Server, "session", refuse(error))
    result = run_module("postgresql_health_info", {"databases": ["a", "b", "a"], "families": ["wal"]}, check_mode=True)
    assert result["changed"] is False
    assert [facts["database"]["name"] for facts in result["postgresql"]] == ["a", "b"]
    for facts in result["postgresql"]:
        assert set(facts) == set(ENTRY)
        assert facts["error"] == error.as_dict()
        assert facts["families"] == ["wal"]


def test_without_a_way_to_connect_it_fails(run_module: RunModule, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = NotPossible("finding psql", "this host", "neither psycopg2 nor psql is there", "Install psycopg2.")
    monkeypatch.setattr(Server, "session", refuse(missing))
    result = run_module("postgresql_health_info", {})
    assert result["failed"] is True
    assert result["error"]["kind"] == "NotPossible"

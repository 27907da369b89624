# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that restores kept, as postgresql_health_info tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...conftest import RunModule
from .kept_places import kept
from .maintenance_places import EVERY, Place, places

SINCE = "2026-11-01T02:00:00Z"


@pytest.fixture(params=EVERY)
def anywhere(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from places(request, login)


@pytest.fixture(params=["embedded 18", "container 13"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    yield from places(request, login)


def facts(run_module: RunModule, given: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in given.items() if name != "database"}
    result = run_module(
        "postgresql_health_info", {**asked, "databases": [given["database"]], "families": ["kept_databases"]}
    )
    (found,) = result["postgresql"]
    assert found["reached"], found["error"]
    return dict(found)


def test_a_kept_database_is_told_with_its_age_and_size(anywhere: Place, run_module: RunModule) -> None:
    assert facts(run_module, anywhere.arguments())["kept_databases"] == []
    with kept(anywhere, SINCE, "the shop's\nown") as name:
        (found,) = facts(run_module, anywhere.arguments())["kept_databases"]
        elsewhere = facts(run_module, {**anywhere.arguments(), "database": "postgres"})["kept_databases"]
        with anywhere.server.session() as session:
            (same,) = kept_databases(session, anywhere.database)
            quoted = session.value(compose("SELECT quote_ident({name}) AS quoted", name=name))
    age = (datetime.now(timezone.utc) - datetime(2026, 11, 1, 2, tzinfo=timezone.utc)).total_seconds()
    assert found.pop("age_seconds") == pytest.approx(age, abs=60)
    assert found.pop("bytes") > 1 << 20
    assert found == {"name": name, "identifier": quoted, "was": anywhere.database, "since": SINCE}
    assert anywhere.database not in [one["was"] for one in elsewhere]
    assert same.comment == "the shop's\nown"


def test_a_time_that_somebody_wrote_anew_is_not_known(place: Place, run_module: RunModule) -> None:
    with kept(place, "yesterday"):
        (found,) = facts(run_module, place.arguments())["kept_databases"]
    assert (found["since"], found["age_seconds"]) == ("yesterday", None)


def test_one_that_is_to_come_has_no_age(place: Place, run_module: RunModule) -> None:
    with kept(place, "2999-01-01T00:00:00Z"):
        (found,) = facts(run_module, place.arguments())["kept_databases"]
    assert found["age_seconds"] == 0


def test_a_size_that_the_role_may_not_see_is_missed(place: Place, run_module: RunModule) -> None:
    mine = place.own("nobody's")
    with kept(place, SINCE) as name, place.role(mine) as plain:
        place.run(compose("REVOKE CONNECT ON DATABASE {d} FROM PUBLIC", d=Identifier(name)))
        seen = facts(run_module, plain)
        place.run(compose("GRANT pg_monitor TO {r}", r=Identifier(mine)))
        monitored = facts(run_module, plain)
    (found,) = seen["kept_databases"]
    assert found["bytes"] is None
    assert "pg_read_all_stats" in next(
        one["reason"] for one in seen["unseen"] if one["what"] == "kept_databases[].bytes"
    )
    assert monitored["kept_databases"][0]["bytes"] > 1 << 20

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers from real servers, by a role that may only read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule

from .maintenance_places import Place, every, places


@pytest.fixture(params=every(["embedded 18", "container 13"]))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        one.run("CREATE TABLE public.users (id int, seen timestamptz)")
        one.run("INSERT INTO public.users SELECT i, now() - i * interval '1 day' FROM generate_series(1, 30) AS i")
        yield one


def metric(name: str, query: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "query": query, **more}


def test_a_role_that_may_only_read_gets_numbers_and_can_change_nothing(place: Place, run_module: RunModule) -> None:
    role = place.own("day2 métrics")
    wanted = [
        metric("users", "SELECT count(*) FROM public.users -- all of them", unit="users"),
        metric("active", "SELECT count(*) FROM public.users WHERE seen > now() - interval '7 days'"),
        metric("share", "SELECT avg((id > 15)::int) * 100 FROM public.users", unit="percent"),
        metric("none", "SELECT max(id) FROM public.users WHERE false"),
        metric("two", "SELECT id FROM public.users"),
        metric("columns", "SELECT id, seen FROM public.users LIMIT 1"),
        metric("text", "SELECT 'x'"),
        metric("unqualified", "SELECT count(*) FROM users"),
        metric("writes", "WITH gone AS (DELETE FROM public.users RETURNING 1) SELECT count(*) FROM gone"),
        metric("function", "SELECT public.cleared()"),
        metric("slow", "SELECT 1 FROM pg_sleep(60)", timeout=0.2),
        metric("last", "SELECT 1"),
    ]
    place.run(
        "CREATE FUNCTION public.cleared() RETURNS int LANGUAGE sql SECURITY DEFINER AS "
        "$$ DELETE FROM public.users; SELECT 1 $$"
    )
    with place.role(role, compose("GRANT SELECT ON public.users TO {r}", r=Identifier(role))) as options:
        told = run_module("postgresql_metric_info", {**options, "metrics": wanted})
    found = {entry["name"]: (entry["value"], entry["error"] or "") for entry in told["metrics"]}
    assert found["users"] == (30, "")
    assert [entry["unit"] for entry in told["metrics"]][:3] == ["users", "", "percent"]
    assert found["active"] == (6, "")
    assert found["share"] == (50, "")
    for name, why in {
        "none": "returned NULL, or no row",
        "two": "more than one row",
        "columns": "only one column",
        "text": "no number (text)",
        "unqualified": "(SQLSTATE 42P01); write names with their schema",
        "writes": "(SQLSTATE ",
        "function": "in a read-only transaction (SQLSTATE 25006)",
        "slow": "it took longer than 0.2 seconds (timeout)",
    }.items():
        assert found[name][0] is None
        assert why in found[name][1], found[name]
    assert found["last"] == (1, "")
    assert place.value("SELECT count(*) AS n FROM public.users") == 30


def test_who_may_not_read_is_told(place: Place, run_module: RunModule) -> None:
    with place.role(place.own("day2 nobody")) as options:
        wanted = [metric("users", "SELECT count(*) FROM public.users")]
        [told] = run_module("postgresql_metric_info", {**options, "metrics": wanted})["metrics"]
    assert (told["value"], told["seconds"]) == (None, None)
    assert "permission denied for table users (SQLSTATE 42501)" in told["error"]


def test_a_session_that_is_ended_costs_the_rest_and_the_next_database_is_asked(
    place: Place, run_module: RunModule
) -> None:
    wanted = [
        metric("before", "SELECT 1"),
        metric("ends it", "SELECT pg_terminate_backend(pg_backend_pid())::int"),
        metric("after", "SELECT 2"),
        metric("elsewhere", "SELECT 3", database="postgres"),
        metric("nowhere", "SELECT 4", database="no such; database"),
    ]
    told = run_module("postgresql_metric_info", place.arguments(metrics=wanted))["metrics"]
    assert [entry["value"] for entry in told] == [1, None, None, 3, None]
    assert told[1]["error"] == told[2]["error"]
    assert "no such; database" in told[4]["error"]

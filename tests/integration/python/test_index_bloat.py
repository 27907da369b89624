# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One estimate of indexes: the facts of health and the plan of reindex say the same of the same index."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...conftest import RunModule
from .index_plants import bloated, plant_zoo, settle
from .maintenance_places import ALONE_WITH_TOAST, Behind, Place, every

LOCK_TIMEOUT = 5  # what both wait for a lock at most

Entries = dict[str, dict[str, Any]]


def facts_of(run_module: RunModule, place: Place, **login: Any) -> dict[str, Any]:
    """What health says of the bloat of indexes."""
    given = {**place.options, **login, "databases": [place.database], "families": ["bloat"], "top": 1000}
    (facts,) = run_module("postgresql_health_info", given)["postgresql"]
    indexes: dict[str, Any] = facts["bloat"]["indexes"]
    return {**indexes, "unseen": facts["unseen"]}


def of_users(facts: dict[str, Any]) -> list[str]:
    """The indexes that are told of, less those of TOAST tables."""
    return [row["index"] for row in facts["top"] if row["index"].startswith("public.")]


def planned(run_module: RunModule, place: Place, **more: Any) -> tuple[Entries, Entries]:
    """What reindex would rebuild, and what it would leave, by index."""
    result = run_module("postgresql_reindex", place.arguments(**more), check_mode=True)
    plan, left = result["plan"], result["skipped"]
    return {entry["index"]: entry for entry in plan}, {entry["index"]: entry for entry in left}


@pytest.mark.parametrize("place", every(), indirect=True)
def test_health_and_the_plan_say_the_same(place: Place, run_module: RunModule) -> None:
    plant_zoo(place, 6000)
    bloated(place)
    bloated(place, 'Odd; "t"')
    place.run(
        f"CREATE TABLE public.long (id int, v text) WITH ({ALONE_WITH_TOAST})",
        "ALTER TABLE public.long ALTER v SET STORAGE EXTERNAL",
        "INSERT INTO public.long SELECT g, repeat(md5(g::text), 300) FROM generate_series(1, 3000) g",
        "DELETE FROM public.long WHERE id % 10 <> 0",
        "DELETE FROM public.zoo WHERE id % 20 <> 7",
    )
    place.run("VACUUM (ANALYZE) public.zoo", "VACUUM (ANALYZE) public.long")
    settle(place, "public.zoo")
    settle(place, "public.long")

    plan, left = planned(run_module, place, min_bytes=0, bloat_percent=20)
    facts = facts_of(run_module, place)
    told = {row["index"]: row for row in facts["top"]}
    assert len(plan) > 30
    assert any(name.startswith("pg_toast.") for name in plan)
    for name, entry in plan.items():
        row = told[name]
        expected = entry["expected_bytes"]
        assert (row["bytes"], row["table"]) == (entry["bytes_before"], entry["table"]), name
        assert (row["bloat_bytes"], row["bloat_percent"]) == (row["bytes"] - expected, entry["bloat_percent"]), name
    assert [name for name, row in told.items() if row["bloat_percent"] >= 20 and name not in plan] == []
    assert set(left).isdisjoint(told)
    assert facts["unknown"] == len(left)


def test_functions_of_users_are_not_run_by_who_only_looks(place: Place, run_module: RunModule) -> None:
    place.run(
        "CREATE FUNCTION public.wanted(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT length($1) > 3'",
        f"CREATE TABLE public.t (id int, v text) WITH ({ALONE_WITH_TOAST})",
        "INSERT INTO public.t SELECT g, md5(g::text) FROM generate_series(1, 20000) g",
        "CREATE INDEX by_users ON public.t (v) WHERE public.wanted(v)",
        "CREATE INDEX by_server ON public.t (v) WHERE length(v) > 3",
        "DELETE FROM public.t WHERE id % 20 <> 0",
    )
    place.run("VACUUM (ANALYZE) public.t")
    settle(place, "public.t")
    # Whoever calls it fails.
    place.run(
        "CREATE OR REPLACE FUNCTION public.wanted(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql"
        " AS 'BEGIN RAISE EXCEPTION ''called''; END'"
    )
    facts = facts_of(run_module, place)
    assert of_users(facts) == ["public.by_server"]
    assert any("functions of users, which are not run" in entry["reason"] for entry in facts["unseen"])
    plan, left = planned(run_module, place, min_bytes=0)
    assert (set(plan), left["public.by_users"]["code"]) == ({"public.by_server"}, "not_estimated")


def test_a_table_that_somebody_wants_for_himself_is_not_waited_for(place: Place, run_module: RunModule) -> None:
    bloated(place)
    place.run("CREATE INDEX computed ON public.bloated (lower(v)) WHERE length(v) > 3")
    with place.session() as locker, place.session() as reader:
        for session in (reader, locker):
            session.execute("BEGIN")
        reader.execute("LOCK TABLE public.bloated IN ACCESS SHARE MODE")
        waiting = Behind(lambda: locker.execute("LOCK TABLE public.bloated IN ACCESS EXCLUSIVE MODE"))
        place.settle("SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND locktype = 'relation'", 1)
        began = time.monotonic()
        facts = facts_of(run_module, place)
        plan, left = planned(run_module, place, min_bytes=0)
        assert time.monotonic() - began < LOCK_TIMEOUT
        assert waiting.is_alive()
        reader.execute("ROLLBACK")
        waiting.result()
    assert (of_users(facts), [name for name in plan if name.startswith("public.")]) == ([], [])
    assert any("somebody has it or its table locked" in entry["reason"] for entry in facts["unseen"])
    assert left["public.bloated_pkey"]["code"] == "not_estimated"


def test_who_may_not_read_a_column_is_told(place: Place, run_module: RunModule) -> None:
    bloated(place)
    name = Place.own("looker")
    database, role = Identifier(place.database), Identifier(name)
    with place.role(name, compose("GRANT CONNECT ON DATABASE {d} TO {r}", d=database, r=role)) as login:
        facts = facts_of(run_module, place, login_user=login["login_user"], login_password=login["login_password"])
    assert of_users(facts) == ["public.bloated_pkey"]
    assert any("there are no statistics of v that this role sees" in entry["reason"] for entry in facts["unseen"])

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases whose event triggers refuse, or write, at a login and at every definition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed
from tests.conftest import RunModule

from .backup_places import arguments
from .long import cases
from .maintenance_places import Place, places

REFUSING = """
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'only from nine to five'; END $$
"""
WRITING = """
CREATE FUNCTION public.write() RETURNS event_trigger LANGUAGE plpgsql
AS $$ BEGIN INSERT INTO public.heard (role) VALUES (current_user); END $$
"""
DEFINITIONS = (
    "CREATE EVENT TRIGGER at_drop ON sql_drop EXECUTE FUNCTION public.refuse()",
    "CREATE EVENT TRIGGER at_end ON ddl_command_end EXECUTE FUNCTION public.refuse()",
    "CREATE EVENT TRIGGER at_start ON ddl_command_start EXECUTE FUNCTION public.refuse()",
    "ALTER EVENT TRIGGER at_start ENABLE ALWAYS",
)


@pytest.fixture(params=cases(["embedded 18", "container 17", "container 15"], ["embedded 18"]))
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    for one in places(request, login):
        one.run(
            "CREATE TABLE public.heard (role text)",
            "CREATE MATERIALIZED VIEW public.view AS SELECT 1 AS one",
            REFUSING,
            WRITING,
        )
        assert one.onlooker
        yield one


def at_login(place: Place, function: str) -> None:
    """Let this function run at every login; who is logged in stays."""
    place.onlooker.execute(f"CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION public.{function}()")
    place.onlooker.execute("ALTER EVENT TRIGGER at_login ENABLE ALWAYS")


def test_triggers_at_definitions_concern_no_backup(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    place.run(*DEFINITIONS)
    with place.session() as session, pytest.raises(QueryFailed, match="only from nine to five"):
        session.execute("CREATE TABLE public.refused ()")
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]


@pytest.mark.parametrize("place", ["embedded 18", "container 17"], indirect=True)
@pytest.mark.parametrize("function", ["refuse", "write"])
def test_a_superuser_comes_in_without_them(place: Place, function: str, run_module: RunModule, tmp_path: Path) -> None:
    at_login(place, function)
    for login_db in ("postgres", place.database):
        given = arguments(place, tmp_path, login_db=login_db)
        made = run_module("postgresql_backup", given)
        assert made.get("backup", {}).get("verified"), made["msg"]
        assert made["backup"]["tables"]["public.heard"] == 0 or login_db == place.database
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert drill.get("restore", {}).get("verified"), drill["msg"]


@pytest.mark.parametrize("place", ["embedded 18"], indirect=True)
def test_others_are_told_unless_they_may_too(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    with place.role("reader", "GRANT pg_read_all_data TO reader") as login:
        at_login(place, "refuse")
        given = {**arguments(place, tmp_path), **login}
        for login_db in ("postgres", place.database):
            refused = run_module("postgresql_backup", {**given, "login_db": login_db})
            assert "only from nine to five" in refused["msg"]
            assert "login event trigger" in refused["error"]["remedy"]
        with place.server.session() as admin:
            admin.execute("GRANT SET ON PARAMETER event_triggers TO reader")
            made = run_module("postgresql_backup", given)
            assert made.get("backup", {}).get("verified"), made["msg"]
            admin.execute("REVOKE SET ON PARAMETER event_triggers FROM reader")
        place.onlooker.execute("SET event_triggers = off; DROP EVENT TRIGGER at_login")

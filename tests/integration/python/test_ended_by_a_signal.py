# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that are told to end: they clear away what they had begun, at once, and say so."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import compose
from tests.collection import COLLECTIONS
from tests.conftest import RunModule

from .backup_places import arguments, databases, furnished
from .long import cases
from .maintenance_places import Place, until

_ALONE = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module("ansible_collections.day2.ops.plugins.modules." + sys.argv[2])
with patch_module_args(json.loads(sys.stdin.read())):
    module.main()
"""
EITHER = ["embedded 18", "container 17"]


place = pytest.fixture(params=cases(EITHER, ["embedded 18"]))(furnished)


def in_a_process(module: str, given: dict[str, Any]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _ALONE, str(COLLECTIONS), module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    process.stdin = None
    return process


def ended(process: subprocess.Popen[str], number: signal.Signals, within: float = 15) -> dict[str, Any]:
    """End the process and return what it says."""
    began = time.monotonic()
    process.send_signal(number)
    try:
        said, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert time.monotonic() - began < within, "it took too long to end"
    assert errors == ""
    result: dict[str, Any] = json.loads(said)
    assert result["failed"] is True
    assert result["error"]["kind"] == "Ended"
    assert f"the signal {number.name} told it to end" in result["msg"]
    assert process.returncode == 1
    return result


def works(place: Place) -> int:
    """How many sessions of ours there are on the place's database and on scratch ones."""
    with place.server.session() as admin:
        count: int = admin.value(
            compose(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND (datname = {d} OR datname LIKE 'day2\\_restore%') AND application_name LIKE 'day2.ops%'",
                d=place.database,
            )
        )
        return count


def waits(place: Place, what: str) -> bool:
    """Whether a statement of this kind is running there."""
    with place.server.session() as admin:
        return bool(
            admin.value(
                compose(
                    "SELECT count(*) AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active' "
                    "AND (datname = {d} OR datname LIKE 'day2\\_restore%') AND query LIKE {q}",
                    d=place.database,
                    q=what,
                )
            )
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_backup_leaves_no_draft(place: Place, run_module: RunModule, tmp_path: Path, number: signal.Signals) -> None:
    place.run("CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 12) AS t FROM generate_series(1, 150000) AS i")
    given = arguments(place, tmp_path)
    process = in_a_process("postgresql_backup", given)
    assert until(lambda: bool(list(tmp_path.rglob("rest.dump"))))
    ended(process, number)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]
    assert not list(tmp_path.rglob(".partial-*"))
    assert until(lambda: works(place) == 0)
    assert run_module("postgresql_backup", given)["backup"]["verified"]


def test_a_backup_that_waits_for_a_lock_ends_at_once(place: Place, tmp_path: Path) -> None:
    with place.session() as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        process = in_a_process("postgresql_backup", arguments(place, tmp_path, lock_wait=3600))
        assert until(lambda: waits(place, "%pg_table_size%") or waits(place, "LOCK TABLE%"))
        ended(process, signal.SIGTERM)
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]
        assert until(lambda: works(place) <= 1)


# Each is quick to back up and takes a minute to restore, in one of its phases.
SLOW = {
    "rows": (
        "COPY public.naps%",
        """CREATE FUNCTION public.nap(float) RETURNS bool IMMUTABLE LANGUAGE sql AS
           $$ SELECT pg_sleep(CASE WHEN current_database() LIKE 'day2\\_restore%' THEN $1 ELSE 0 END) IS NOT NULL $$""",
        "ALTER TABLE public.naps ADD CONSTRAINT slow CHECK (public.nap(seconds))",
    ),
    "refresh": (
        "REFRESH MATERIALIZED VIEW%slow%",
        "CREATE MATERIALIZED VIEW public.slow AS SELECT pg_sleep(seconds) IS NULL AS n FROM public.naps",
    ),
}


@pytest.mark.parametrize("phase", SLOW)
def test_a_drill_leaves_no_database(place: Place, run_module: RunModule, tmp_path: Path, phase: str) -> None:
    running, *statements = SLOW[phase]
    place.run("CREATE TABLE public.naps (seconds float)", *statements, "INSERT INTO public.naps VALUES (60)")
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
    before = databases(place)
    process = in_a_process("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert until(lambda: waits(place, running))
    assert len(databases(place)) == len(before) + 1
    ended(process, signal.SIGTERM)
    assert databases(place) == before
    assert not list(tmp_path.rglob("drills.json"))  # neither passed nor failed


def test_a_vacuum_that_waits_for_a_lock_ends_at_once(place: Place) -> None:
    place.run("VACUUM (ANALYZE)", "DELETE FROM public.orders")
    with place.session() as session:
        session.execute("BEGIN")
        session.execute("LOCK TABLE public.orders IN SHARE MODE")
        given = place.arguments(tables=["public.orders"], lock_timeout=3600, dead_rows=0, dead_percent=0)
        process = in_a_process("postgresql_vacuum", given)
        assert until(lambda: waits(place, "VACUUM%orders%"))
        ended(process, signal.SIGTERM)
        assert until(lambda: works(place) <= 1)

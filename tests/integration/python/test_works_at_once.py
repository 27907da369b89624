# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores of one database at once: one is done, the other is refused, and nothing is harmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunModule

from .backup_places import arguments
from .fault_scenes import Scene, content, scenes
from .maintenance_places import until
from .test_ended_by_a_signal import in_a_process, waits


@pytest.fixture(params=["embedded 18"])
def scene(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> Iterator[Scene]:
    yield from scenes(request, login, run_module, tmp_path)


def test_while_a_backup_is_made_nothing_else_meddles(scene: Scene, run_module: RunModule, tmp_path: Path) -> None:
    """Another backup and a drill are refused by the sets, a replacement from other sets by the server."""
    elsewhere = tmp_path / "elsewhere"
    assert run_module("postgresql_backup", arguments(scene.place, elsewhere))["backup"]["verified"]
    given = arguments(scene.place, scene.folder)
    with scene.place.session() as session:
        session.execute("BEGIN; ALTER SEQUENCE public.lonely RENAME TO held_up")  # every pg_dump waits for it
        process = in_a_process("postgresql_backup", given)
        assert until(lambda: bool(list(scene.folder.rglob(".partial-*/*.dump"))), 60)
        for module, more in (("postgresql_backup", {}), ("postgresql_restore", {"mode": "drill"})):
            refused = run_module(module, {**given, **more})
            assert refused["error"]["kind"] == "Refused"
            assert "another process is writing, removing or restoring backup sets" in refused["msg"]
        replacing = {**scene.replacing(safety_backup=False, swap_timeout=0), "directory": str(elsewhere)}
        refused = run_module("postgresql_restore", replacing)
        assert "it is being worked on by day2.ops backup" in refused["msg"], refused["msg"]
        session.execute("ROLLBACK")
    said, _errors = process.communicate(timeout=120)
    assert json.loads(said)["backup"]["verified"]
    scene.live_is(scene.now)
    scene.recovers()


def test_while_a_restore_is_made_no_backup_is(scene: Scene, run_module: RunModule) -> None:
    nap = "SELECT pg_sleep(CASE WHEN current_database() LIKE 'day2\\_restore%' THEN 60 ELSE 0 END) IS NULL AS n"
    scene.place.run(f"CREATE MATERIALIZED VIEW public.slow AS {nap}")
    given = arguments(scene.place, scene.folder)
    assert run_module("postgresql_backup", given)["backup"]["verified"]
    scene.now = content(scene.place)
    process = in_a_process("postgresql_restore", {**given, "mode": "drill"})
    assert until(lambda: waits(scene.place, "REFRESH MATERIALIZED VIEW%slow%"), 60)
    refused = run_module("postgresql_backup", given)
    assert "another process is writing, removing or restoring backup sets" in refused["msg"]
    process.terminate()
    process.communicate(timeout=60)
    scene.place.run("DROP MATERIALIZED VIEW public.slow")
    scene.now = content(scene.place)
    scene.live_is(scene.now)
    scene.recovers()

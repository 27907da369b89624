# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are full, in the middle of a backup and of a replacement; what is true after is that of test_faults.py."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import compose
from tests.collection import COLLECTIONS
from tests.conftest import RunModule
from tests.tools import containers
from tests.tools.images import IMAGES
from tests.tools.program import output
from tests.tools.servers import DATA

from . import faulty
from .backup_places import arguments, databases, furnish
from .fault_scenes import Scene, message, run_faulty, scenes
from .maintenance_places import Place, until


@pytest.fixture(params=["embedded 18"])
def scene(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> Iterator[Scene]:
    yield from scenes(request, login, run_module, tmp_path)


_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=64m,mode=0700 none "$1" || exit 98
shift_to=$1; shift
"$@"; status=$?
rm -f "$shift_to/filler"
find "$shift_to" -mindepth 1 ! -name .lock ! -type d >&2
exit "$status"
"""


@pytest.mark.parametrize(
    "step", ["_backup.store:Draft.file:1!", "_backup.store:Draft.file:3", "_backup.store:Draft.publish"]
)
def test_the_disk_of_the_sets_is_full(scene: Scene, tmp_path: Path, step: str) -> None:
    small = tmp_path / "small"
    small.mkdir()
    apart = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    given = {"args": arguments(scene.place, small), "step": step, "fault": {"fill": str(small)}}
    done = subprocess.run(
        [*apart, "sh", "-c", _ON_A_SMALL_DISK, "sh", str(small),
         sys.executable, faulty.__file__, str(COLLECTIONS), "postgresql_backup"],
        input=json.dumps(given), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode not in (98, faulty.NOT_REACHED), done
    assert "No space left on device" in message(done)["msg"]
    assert done.stderr == "", "something was left of the set"
    shutil.rmtree(small)
    scene.live_is(scene.now)


SMALL = "/small"


@pytest.fixture(scope="module")
def cramped() -> Iterator[tuple[str, dict[str, Any]]]:
    """A server with a tablespace on a small disk of its own; its container, and the options to reach it."""
    options = [
        "--env", f"POSTGRES_PASSWORD={secrets.token_urlsafe(18)}", "--tmpfs", f"{SMALL}:size=80m,uid=999,gid=999",
        "--tmpfs", f"{DATA}:rw,uid=999,gid=999,mode=0700",
    ]  # fmt: skip
    with containers.container("cramped", IMAGES["postgresql-18"].tag, options=options) as name:
        reached = {"service": {"runtime": "container", "name": name, "user": "postgres"}}
        look = ["docker", "exec", "--user", "postgres", name, "psql", "-XAt", "-h", "/run/postgresql", "-c", "SELECT 1"]
        assert until(lambda: output(look, check=False) == "1", 60)
        with Place(reached, "postgres").session() as admin:
            admin.execute(compose("CREATE TABLESPACE small LOCATION {where}", where=SMALL))
        yield name, reached


# Where the server cannot even write a checkpoint, it drops no database: that is left to the next restore.
@pytest.mark.parametrize(
    ("step", "drops"),
    [
        pytest.param("_backup.filling:Filling._rows", True, marks=pytest.mark.long),
        ("_backup.filling:Filling._rows", False),
        pytest.param("_backup.filling:Filling._definitions:1", True, marks=pytest.mark.long),
        pytest.param("_backup.filling:Filling._definitions:2", True, marks=pytest.mark.long),
    ],
)
def test_the_disk_of_the_server_is_full(
    cramped: tuple[str, dict[str, Any]], run_module: RunModule, tmp_path: Path, step: str, drops: bool
) -> None:
    container, options = cramped
    place = Place(options, "cramped")
    with place.server.session() as admin:
        admin.execute("DROP DATABASE IF EXISTS cramped WITH (FORCE)")
        admin.execute("CREATE DATABASE cramped TABLESPACE small")
    furnish(place)
    place.run("INSERT INTO public.worded VALUES ('new')")
    scene = Scene(place, tmp_path, run_module)
    if drops:
        place.run("CHECKPOINT")
    fill = ["docker", "exec", container, "sh", "-c", f"cat /dev/zero > {SMALL}/filler"]
    try:
        done = run_faulty("postgresql_restore", scene.replacing(safety_backup=False), step, {"run": fill})
    finally:
        output(["docker", "exec", container, "rm", "-f", f"{SMALL}/filler"])
    assert "No space left on device" in message(done)["msg"]
    assert (databases(place) == []) is drops
    scene.live_is(scene.now)
    scene.recovers()
    # And when it is full before anything starts, that is told.
    output(["docker", "exec", container, "sh", "-c", f"cat /dev/zero > {SMALL}/filler || true"])
    try:
        planned = run_module("postgresql_restore", scene.replacing(safety_backup=False), check_mode=True)["plan"]
    finally:
        output(["docker", "exec", container, "rm", "-f", f"{SMALL}/filler"])
    assert planned["free_bytes"] < planned["needed_bytes"]
    assert "bytes are needed on the file system" in planned["problems"][0]

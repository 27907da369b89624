# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults in the middle of a backup and of a replacement, and what is true after each.

The live database holds what it held; one whole database has its name; no set that is not whole is listed as complete;
the next run works, and leaves nothing of the one that failed.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule
from tests.stacks.embedded import EmbeddedServer

from .backup_places import arguments, furnish
from .fault_scenes import KILL, Scene, content, kept_ones, message, run_faulty, scenes
from .long import cases
from .maintenance_places import Place, until
from .test_ended_by_a_signal import in_a_process, works

BACKUP_STEPS = [
    "_backup.store:DirectoryStore.clear_remains",
    "_backup.store:DirectoryStore.draft!",
    "_backup.store:Draft.file:1",
    "_backup.store:Draft.file:3",
    "_backup.store:Draft.publish",
    "_backup.store:atomic_write",
    "_backup.store:atomic_write!",
    "_backup.store:sync_folder:2",
]
REPLACE_STEPS = [
    "_backup.ending:Replacing.prepare",
    "_backup.ending:Replacing.prepare!",
    "_backup.beside:drop_orphans",
    "_backup.scratch:keep_alive",
    "_backup.scratch:create_database!",
    "_backup.restore:work_lock",
    "_backup.filling:Filling._definitions:1",
    "_backup.filling:Filling._definitions:1!",
    "_backup.filling:Filling._rows!",
    "_backup.filling:Filling._refresh",
    "_backup.filling:Filling._statistics",
    "_backup.restore:apply_settings!",
    "_backup.restore:prove",
    "_backup.restore:integrity",
    "_backup.ending:Replacing.finish",
    "_backup.swap:Swap._attempt",
    "_backup.swap:Swap._commit",
    "_backup.swap:Swap._commit!",
]
ROLLBACK_STEPS = [
    "_backup.rollback:Rollback._swapped",
    "_backup.swap:Swap._attempt",
    "_backup.swap:Swap._commit",
    "_backup.swap:Swap._commit!",
]
# A few of them tell most of it in little time; all are for the long run.
QUICK = {
    "_backup.store:Draft.file:3",
    "_backup.store:atomic_write!",
    "_backup.filling:Filling._rows!",
    "_backup.swap:Swap._commit",
    "_backup.swap:Swap._commit!",
}


@pytest.mark.parametrize("step", sorted({*BACKUP_STEPS, *REPLACE_STEPS, *ROLLBACK_STEPS}))
def test_every_step_is_one_of_the_code(step: str) -> None:
    """Where one was renamed, the long run would be the first to say so."""
    file, function = step.rstrip("!").split(":")[:2]
    found: Any = importlib.import_module(f"ansible_collections.day2.ops.plugins.module_utils.{file}")
    for name in function.split("."):
        found = getattr(found, name)
    assert callable(found)


@pytest.fixture(params=["embedded 18"])
def scene(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, tmp_path: Path
) -> Iterator[Scene]:
    yield from scenes(request, login, run_module, tmp_path)


# -- killed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", cases(BACKUP_STEPS, QUICK))
def test_a_backup_killed_at_a_step(scene: Scene, step: str) -> None:
    assert run_faulty("postgresql_backup", arguments(scene.place, scene.folder), step, KILL).returncode == -9
    made = set(scene.complete()) - set(scene.sets)
    assert bool(made) is step.startswith("_backup.store:sync_folder"), "a set is complete when it has its name"
    scene.live_is(scene.now)
    scene.recovers()


@pytest.mark.parametrize("step", cases(REPLACE_STEPS, QUICK))
def test_a_replacement_killed_at_a_step(scene: Scene, step: str) -> None:
    assert run_faulty("postgresql_restore", scene.replacing(), step, KILL).returncode == -9
    done = step == "_backup.swap:Swap._commit!"
    scene.live_is(scene.then if done else scene.now)
    assert len(kept_ones(scene.place)) == int(done)
    scene.complete()
    scene.recovers()


@pytest.mark.parametrize("step", cases(ROLLBACK_STEPS, QUICK))
def test_a_rollback_killed_at_a_step(scene: Scene, run_module: RunModule, step: str) -> None:
    assert run_module("postgresql_restore", scene.replacing(safety_backup=False)).get("changed")
    (kept,) = kept_ones(scene.place)
    given = arguments(scene.place, scene.folder, mode="rollback", confirm=scene.place.database)
    assert run_faulty("postgresql_restore", given, step, KILL).returncode == -9
    assert until(lambda: works(scene.place) == 0, 60)
    done = step == "_backup.swap:Swap._commit!"
    scene.live_is(scene.now if done else scene.then)
    assert (kept_ones(scene.place) == [kept]) is not done
    if not done:
        assert run_module("postgresql_restore", given).get("changed")
    scene.live_is(scene.now)
    scene.recovers()


@pytest.mark.long
@pytest.mark.parametrize("number", range(20))
def test_a_dump_killed_at_a_random_moment(scene: Scene, number: int) -> None:
    """The process of pg_dump itself is killed, wherever it is; where it was quicker, it is tried again, earlier."""
    scene.place.run(
        "CREATE TABLE public.big AS SELECT i, repeat(md5(i::text), 12) AS t FROM generate_series(1, 200000) AS i"
    )
    scene.now = content(scene.place)
    moment = random.Random(number).uniform(0, 1.2)
    killed, said = a_dump_killed_after(scene, moment)
    while not killed:
        scene.sets = scene.complete()
        moment /= 2
        killed, said = a_dump_killed_after(scene, moment)
    assert json.loads(said)["failed"]
    assert json.loads(said)["error"]["kind"] in ("DumpFailed", "NotVerified", "StreamBroken")
    assert scene.complete() == scene.sets
    scene.live_is(scene.now)
    scene.recovers()


def a_dump_killed_after(scene: Scene, seconds: float) -> tuple[bool, str]:
    """Back up, and kill what pg_dump runs so long after the first began; whether any did, and what the module said."""
    process = in_a_process("postgresql_backup", arguments(scene.place, scene.folder, jobs=1))
    assert until(lambda: dumps_of(process.pid) != [])
    end = time.monotonic() + seconds
    victims: list[int] = []
    while process.poll() is None and not victims:
        if time.monotonic() > end:
            victims = dumps_of(process.pid)
            for victim in victims:
                os.kill(victim, 9)
    said, _errors = process.communicate(timeout=120)
    return bool(victims), said


def dumps_of(parent: int) -> list[int]:
    """The processes of pg_dump that a process started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(words[1]) == parent and b"pg_dump\0" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


# -- the server goes away ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server of these tests' own, that may be stopped at once."""
    server = EmbeddedServer(tmp_path_factory.mktemp("crashing"), 18)
    server.start(SETTINGS)
    yield server
    server.stop("immediate")


SETTINGS = {"fsync": "off", "max_connections": "40", "shared_buffers": "64MB"}

CRASHES = [
    ("postgresql_backup", "_backup.store:Draft.file:3!"),
    ("postgresql_backup", "_backup.store:Draft.publish"),
    ("postgresql_restore", "_backup.filling:Filling._rows"),
    ("postgresql_restore", "_backup.restore:prove"),
    ("postgresql_restore", "_backup.swap:Swap._commit"),
    ("postgresql_restore", "_backup.swap:Swap._commit!"),
]


@pytest.mark.parametrize(("module", "step"), CRASHES)
def test_the_server_is_stopped_at_once(
    crashing: EmbeddedServer, run_module: RunModule, tmp_path: Path, module: str, step: str
) -> None:
    options = {
        "login_host": crashing.host, "login_port": crashing.port, "login_user": crashing.user,
        "login_password": crashing.password, "bin_dir": str(crashing.bin_dir),
    }  # fmt: skip
    place = Place(options, "crashing")
    with place.server.session() as admin:
        for name in [*kept_ones(place), "crashing"]:
            admin.execute(compose("DROP DATABASE IF EXISTS {d} WITH (FORCE)", d=Identifier(name)))
        admin.execute("CREATE DATABASE crashing")
        admin.execute("CHECKPOINT")
    furnish(place)
    place.run("INSERT INTO public.worded VALUES ('new')", "DROP TABLE public.fleeting")  # unlogged: a crash empties it
    scene = Scene(place, tmp_path, run_module)
    args = scene.replacing(safety_backup=False) if module == "postgresql_restore" else arguments(place, tmp_path)
    pid = int((crashing.data / "postmaster.pid").read_text().splitlines()[0])
    try:
        done = run_faulty(module, args, step, {"crash": pid})
    finally:
        crashing.start(SETTINGS)
    if step == "_backup.store:Draft.publish":
        assert done.returncode == 0, "all that the set needs had been read"
    else:
        assert crashing.password not in done.stdout
        assert message(done)["error"]["kind"] in (
            "ConnectionLost",
            "Unreachable",
            "RestoreFailed",
            "DumpFailed",
            "QueryFailed",
        )
    scene.live_is(scene.then if step.endswith("_commit!") else scene.now)
    scene.recovers()


@pytest.mark.parametrize(
    ("module", "step"),
    [
        ("postgresql_backup", "_backup.store:Draft.file:2"),
        ("postgresql_restore", "_backup.filling:Filling._rows"),
        ("postgresql_restore", "_backup.restore:prove"),
        ("postgresql_restore", "_backup.swap:Swap._commit"),
    ],
)
def test_every_connection_is_cut(scene: Scene, module: str, step: str) -> None:
    options = scene.place.options
    connect = {
        "host": options["login_host"], "port": options["login_port"], "user": options["login_user"],
        "password": options["login_password"], "dbname": "template1",
    }  # fmt: skip
    cut = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND application_name LIKE 'day2.ops%'"
    )
    given = scene.replacing() if module == "postgresql_restore" else arguments(scene.place, scene.folder)
    done = run_faulty(module, given, step, {"sql": {"connect": connect, "statement": cut}})
    kinds = ("ConnectionLost", "Unreachable", "RestoreFailed", "DumpFailed", "QueryFailed")
    assert message(done)["error"]["kind"] in kinds
    scene.live_is(scene.now)
    scene.recovers()


# -- sets that rot ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", cases([20, 200], [20]))
def test_whatever_is_flipped_or_cut_is_found_and_named(scene: Scene, number: int) -> None:
    chance = random.Random(number)
    store = DirectoryStore(str(scene.folder), "test")
    (one,) = store.sets(scene.place.database)
    files = sorted(path for path in one.path.iterdir() if path.is_file())
    for _round in range(number):
        victim = chance.choice(files)
        whole = victim.read_bytes()
        at = chance.randrange(len(whole))
        if chance.random() < 0.5:
            bit = 1 << chance.randrange(8)
            victim.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        else:
            victim.write_bytes(whole[:at])
        (seen,) = store.sets(scene.place.database, hashes=True)
        assert seen.state == "corrupt", f"{victim.name} at byte {at}"
        assert victim.name in seen.reason
        victim.write_bytes(whole)
    (seen,) = store.sets(scene.place.database, hashes=True)
    assert seen.state == "complete"

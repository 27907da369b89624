# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of real sets: whole ones, damaged ones, unfinished ones, drills, and folders that are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.collection import COLLECTIONS
from tests.conftest import RunModule
from tests.stacks.sets import date_back

from .backup_places import arguments, files_below
from .maintenance_places import Place, places

MODULE = "postgresql_backup_info"


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with a little in it."""
    for one in places(request, login):
        one.run("CREATE TABLE public.orders (id int)", "INSERT INTO public.orders SELECT generate_series(1, 300)")
        yield one


@pytest.fixture
def backup(place: Place, run_module: RunModule, tmp_path: Path) -> Callable[..., Path]:
    """Makes a set, dated back by so many days."""

    def make(days: float = 0, **more: Any) -> Path:
        made = run_module("postgresql_backup", arguments(place, tmp_path, **more))["backup"]
        return date_back(Path(made["path"]), timedelta(days=days))

    return make


def store(folder: Path, **more: Any) -> dict[str, Any]:
    return {"directory": str(folder), "environment": "test", **more}


def test_sets_of_all_ages_the_newest_first(
    place: Place, backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    paths = [backup(days) for days in (9, 2, 0)]
    before = files_below(tmp_path)
    for check_mode in (True, False):
        result = run_module(MODULE, store(tmp_path, check_hashes=True), check_mode=check_mode)
        assert [one["path"] for one in result["backups"]] == [str(path) for path in reversed(paths)]
        assert [round(one["age_seconds"] / 86400) for one in result["backups"]] == [0, 2, 9]
        newest = result["backups"][0]
        assert (newest["state"], newest["reason"], newest["verified"]) == ("complete", "", True)
        assert newest["tables"] == {"public.orders": 300}
        (state,) = result["databases"]
        assert (state["database"], state["complete"], state["verified"]) == (place.database, 3, True)
        assert state["newest"]["path"] == str(paths[-1])
        assert (state["newest"]["rows"], state["drill"]) == (300, None)
        assert state["bytes"] == sum(one["bytes"] for one in result["backups"])
        assert not result["changed"]
    assert files_below(tmp_path) == before


def test_a_clock_that_was_wrong_once_hides_no_later_set(
    place: Place, backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    ahead = backup(-400)
    assert run_module("postgresql_backup", arguments(place, tmp_path, unless_newer_than=3600))["changed"]
    right = backup(1)
    planned = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"), check_mode=True)
    (state,) = run_module(MODULE, store(tmp_path))["databases"]
    assert planned["plan"]["backup"] == state["newest"]["path"] != str(ahead)
    assert 0 <= state["age_seconds"] < 600
    assert right.exists()


def damage_a_bit(path: Path, file: str = "rest.dump") -> None:
    content = bytearray((path / file).read_bytes())
    content[len(content) // 2] ^= 1
    (path / file).write_bytes(content)


def cut(path: Path) -> None:
    content = (path / "rest.dump").read_bytes()
    (path / "rest.dump").write_bytes(content[:-1])


def change_the_manifest(path: Path) -> None:
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["tables"]["public.orders"] = 299
    (path / "manifest.json").write_text(json.dumps(manifest))


def link_elsewhere(path: Path) -> None:
    (path / "rest.dump").rename(path.parent / "elsewhere")
    (path / "rest.dump").symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize(
    ("damage", "hashes", "reason"),
    [
        (damage_a_bit, True, "rest.dump: its content is not what was written"),
        (cut, False, "rest.dump: it has "),
        (lambda path: (path / "schema.dump").unlink(), False, "schema.dump: it is missing"),
        (lambda path: (path / "globals.sql").write_bytes(b""), False, "globals.sql: it has 0 bytes"),
        (change_the_manifest, False, "its checksum is not that of its content"),
        (lambda path: (path / "manifest.json").unlink(), False, "manifest.json is missing"),
        (lambda path: (path / "manifest.json").write_text("{"), False, "it is not a manifest"),
        (link_elsewhere, False, "rest.dump: it is no ordinary file"),
    ],
)
def test_damage_is_told_with_the_file_and_the_whole_one_stays_the_newest(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, damage: Any, hashes: bool, reason: str
) -> None:
    whole, broken = backup(1), backup()
    damage(broken)
    result = run_module(MODULE, store(tmp_path, check_hashes=hashes))
    states = {one["path"]: (one["state"], one["reason"]) for one in result["backups"]}
    assert states[str(whole)] == ("complete", "")
    assert states[str(broken)][0] == "corrupt"
    assert reason in states[str(broken)][1]
    (state,) = result["databases"]
    assert (state["complete"], state["corrupt"]) == (1, 1)
    assert state["newest"]["path"] == str(whole)
    assert state["faults"] == [{"path": str(broken), "reason": states[str(broken)][1]}]


@pytest.mark.parametrize("file", ["rest.dump", "schema.dump", "catalog.json", "globals.sql", "RESTORE.md"])
def test_a_flipped_bit_is_only_seen_by_whoever_reads(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, file: str
) -> None:
    damage_a_bit(backup(), file)
    states = [run_module(MODULE, store(tmp_path, check_hashes=hashes))["databases"][0] for hashes in (False, True)]
    assert [(state["complete"], state["corrupt"]) for state in states] == [(1, 0), (0, 1)]
    assert (states[1]["newest"], states[1]["age_seconds"], states[1]["verified"]) == (None, None, False)
    assert states[1]["faults"][0]["reason"].startswith(f"{file}: ")


def test_what_a_killed_backup_left_is_no_set(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    path = backup()
    path.rename(path.with_name(".partial-20261122T020000Z-abcd"))  # whole, but never published
    result = run_module(MODULE, store(tmp_path))
    (one,) = result["backups"]
    assert (one["state"], one["verified"], one["age_seconds"]) == ("partial", False, None)
    (state,) = result["databases"]
    assert (state["complete"], state["partial"], state["newest"]) == (0, 1, None)


def test_a_set_in_another_databases_folder_is_not_its_own(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    path = backup()
    other = tmp_path / "test" / "other"
    other.mkdir()
    path.rename(other / path.name)
    (one,) = run_module(MODULE, store(tmp_path, databases=["other"]))["backups"]
    assert one["state"] == "corrupt"
    assert "it is of the database" in one["reason"]


def test_drills_are_told(place: Place, backup: Callable[..., Path], run_module: RunModule, tmp_path: Path) -> None:
    good = backup(1)
    drilled = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))["restore"]
    bad = backup()
    damage_a_bit(bad)
    failed = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill", backup=bad.name))
    assert failed["failed"]
    (state,) = run_module(MODULE, store(tmp_path))["databases"]
    drill = state["drill"]
    assert (drill["passed"], drill["path"], drill["seconds"]) == (False, str(bad), None)
    assert "SHA-256 differs" in drill["reason"]
    assert (drill["last_passed"]["path"], drill["last_passed"]["seconds"]) == (str(good), drilled["seconds"])
    assert 0 <= drill["age_seconds"] <= drill["last_passed_age_seconds"] < 600


@pytest.mark.parametrize(
    "record", ["{", "{}", "[1]", '[{"passed": true}]', '[{"passed": 1, "path": "", "finished": ""}]']
)
def test_a_damaged_record_of_drills_is_a_fact(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, record: str
) -> None:
    path = backup()
    (path.parent / "drills.json").write_text(record)
    (state,) = run_module(MODULE, store(tmp_path))["databases"]
    assert (state["complete"], state["drill"]) == (1, None)
    assert "drills.json failed: it is damaged. Move it away" in state["drill_reason"]


@pytest.mark.parametrize("name", ['sh"op; DROP', "line\nbreak", "it's ünï ☃", "../up", "x" * 63])
def test_odd_names(place: Place, run_module: RunModule, tmp_path: Path, name: str) -> None:
    with place.server.session() as admin:
        admin.execute(compose("DROP DATABASE IF EXISTS {d}", d=Identifier(name)))
        admin.execute(compose("CREATE DATABASE {d}", d=Identifier(name)))
    try:
        given = {**arguments(place, tmp_path / "sets"), "database": name, "environment": f"of {name}"}
        made = run_module("postgresql_backup", given)["backup"]
    finally:
        with place.server.session() as admin:
            admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))
    for databases in (None, [name]):
        found = run_module(MODULE, {**store(tmp_path / "sets", databases=databases), "environment": f"of {name}"})
        assert [(one["database"], one["path"]) for one in found["backups"]] == [(name, made["path"])]
        assert [state["database"] for state in found["databases"]] == [name]


def test_other_folders_are_left_alone(backup: Callable[..., Path], run_module: RunModule, tmp_path: Path) -> None:
    path = backup()
    (tmp_path / "test" / "%zz").mkdir()
    (tmp_path / "test" / "a file").write_text("")
    (path.parent / "notes").mkdir()
    (path.parent / "20261122.tar").write_text("")
    result = run_module(MODULE, store(tmp_path))
    assert [one["path"] for one in result["backups"]] == [str(path)]
    assert len(result["databases"]) == 1


@pytest.mark.parametrize("where", ["", "test", "test/shop"])
def test_a_folder_that_is_a_file_is_told(run_module: RunModule, tmp_path: Path, where: str) -> None:
    file = tmp_path / "sets" / where
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("precious")
    result = run_module(MODULE, store(tmp_path / "sets", databases=["shop"]))
    assert result["failed"]
    assert "Not a directory. A part of the path is a file: move it away" in result["msg"]
    assert file.read_text() == "precious"


# Root may read everything; without these powers only what its permissions give to their owner.
_WITHOUT_POWER = ("dac_override", "dac_read_search")
_ALONE = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module("ansible_collections.day2.ops.plugins.modules." + sys.argv[2])
with patch_module_args(json.loads(sys.argv[3])):
    module.main()
"""


def as_an_ordinary_user(module: str, given: dict[str, Any]) -> dict[str, Any]:
    """Run a module that may read only what permissions allow."""
    powers = ",".join(f"-{power}" for power in _WITHOUT_POWER)
    dropped = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    argv = [*dropped, sys.executable, "-c", _ALONE, str(COLLECTIONS), module, json.dumps(given)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def closing() -> Iterator[Callable[[Path], None]]:
    """Takes all permissions from a folder, and gives them back after."""
    closed: list[Path] = []

    def close(folder: Path) -> None:
        closed.append(folder)
        folder.chmod(0o000)

    yield close
    for folder in closed:
        folder.chmod(0o700)


@pytest.mark.parametrize("closed", ["sets", "sets/test", "sets/test/shop"])
def test_what_an_ordinary_user_may_not_read_is_told(
    tmp_path: Path, closing: Callable[[Path], None], closed: str
) -> None:
    (tmp_path / "sets" / "test" / "shop" / "20261122T020000Z-daily").mkdir(parents=True)
    closing(tmp_path / closed)
    result = as_an_ordinary_user(MODULE, store(tmp_path / "sets"))
    assert result["failed"]
    assert "Permission denied" in result["msg"]
    assert "Run as a user that may do this there" in result["error"]["remedy"]


def test_a_set_that_an_ordinary_user_may_not_read_is_not_called_whole(
    tmp_path: Path, closing: Callable[[Path], None]
) -> None:
    folder = tmp_path / "sets" / "test" / "shop" / "20261122T020000Z-daily"
    folder.mkdir(parents=True)
    closing(folder)
    (one,) = as_an_ordinary_user(MODULE, store(tmp_path / "sets"))["backups"]
    assert one["state"] == "corrupt"
    assert "Permission denied" in one["reason"]


def test_a_file_that_an_ordinary_user_may_not_read_is_found_by_reading(
    backup: Callable[..., Path], tmp_path: Path, closing: Callable[[Path], None]
) -> None:
    closing(backup() / "rest.dump")
    (one,) = as_an_ordinary_user(MODULE, store(tmp_path, check_hashes=True))["backups"]
    assert (one["state"], one["reason"]) == ("corrupt", "rest.dump: it cannot be read: Permission denied")

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention of real sets: what check mode tells is what a run removes, and what must stay stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup import store as store_module
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.conftest import RunModule
from tests.stacks.sets import date_back

from .backup_places import arguments, files_below
from .maintenance_places import Place, places

MODULE = "backup_retention"
NOTHING = {f"keep_{period}": 0 for period in ("last", "daily", "weekly", "monthly", "yearly")}
HOUR = 1 / 24


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database with a little in it."""
    for one in places(request, login):
        one.run("CREATE TABLE public.orders (id int)", "INSERT INTO public.orders SELECT generate_series(1, 30)")
        yield one


@pytest.fixture
def backup(place: Place, run_module: RunModule, tmp_path: Path) -> Callable[..., Path]:
    """Makes a set, dated back by so many days."""

    def make(days: float = 0, **more: Any) -> Path:
        made = run_module("postgresql_backup", arguments(place, tmp_path, **more))["backup"]
        return date_back(Path(made["path"]), timedelta(days=days))

    return make


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return {"directory": str(folder), "environment": "test", **NOTHING, **more}


def paths(decisions: list[dict[str, Any]]) -> list[Path]:
    return [Path(one["path"]) for one in decisions]


def damage_a_bit(path: Path) -> None:
    content = bytearray((path / "rest.dump").read_bytes())
    content[len(content) // 2] ^= 1
    (path / "rest.dump").write_bytes(content)


def test_check_mode_then_a_run_then_nothing(backup: Callable[..., Path], run_module: RunModule, tmp_path: Path) -> None:
    now, yesterday, week, month, year = (backup(days) for days in (0, 1, 9, 45, 400))
    given = options(tmp_path, keep_last=1, keep_monthly=2)
    before = files_below(tmp_path)
    planned = run_module(MODULE, given, check_mode=True, diff=True)
    assert files_below(tmp_path) == before
    assert planned["changed"]
    assert {*paths(planned["kept"]), *paths(planned["removed"])} == {now, yesterday, week, month, year}
    assert now in paths(planned["kept"])
    assert year in paths(planned["removed"])

    done = run_module(MODULE, given, diff=True)
    assert {key: done[key] for key in ("changed", "kept", "removed", "diff")} == {
        key: planned[key] for key in ("changed", "kept", "removed", "diff")
    }
    assert {path for path in (now, yesterday, week, month, year) if path.exists()} == set(paths(planned["kept"]))
    assert not list(tmp_path.rglob(".partial-*"))
    left = files_below(tmp_path)
    assert left.items() < before.items()

    again = run_module(MODULE, given)
    assert (again["changed"], again["removed"], again["kept"]) == (False, [], planned["kept"])
    assert files_below(tmp_path) == left
    (state,) = run_module("postgresql_backup_info", {**store_of(tmp_path), "check_hashes": True})["databases"]
    assert (state["complete"], state["corrupt"], state["partial"]) == (len(planned["kept"]), 0, 0)


def store_of(folder: Path) -> dict[str, Any]:
    return {"directory": str(folder), "environment": "test"}


def test_the_newest_verified_and_the_drilled_set_are_never_removed(
    place: Place, backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    drilled = backup(30)
    drill = run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))
    assert drill["restore"]["path"] == str(drilled)
    middle, verified = backup(20), backup(10)
    unverified = [backup(days, verify=False) for days in (2, 1)]
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert paths(result["kept"]) == [unverified[1], verified, drilled]
    assert paths(result["removed"]) == [unverified[0], middle]
    assert [path.exists() for path in (drilled, middle, verified, *unverified)] == [True, False, True, False, True]
    assert run_module("postgresql_restore", arguments(place, tmp_path, mode="drill"))["restore"]["verified"]


def test_days_are_days_in_utc_and_the_newest_of_each_stays(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    sets = [backup(day + hour * HOUR) for day in range(3) for hour in (0, 1, 2)]
    result = run_module(MODULE, options(tmp_path, keep_daily=2))
    days = sorted({one["finished"][:10] for one in [*result["kept"], *result["removed"]]}, reverse=True)
    newest_of = {
        day: max(one["finished"] for one in [*result["kept"], *result["removed"]] if one["finished"][:10] == day)
        for day in days[:2]
    }
    assert [one["finished"] for one in result["kept"]] == list(newest_of.values())
    assert len([path for path in sets if path.exists()]) == 2


def test_a_bit_flipped_in_what_would_stay_keeps_what_would_go(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    old, older, newest = backup(1), backup(2), backup()
    damage_a_bit(newest)  # of the right size: only who reads it knows
    for check_mode in (True, False):
        result = run_module(MODULE, options(tmp_path, keep_last=1), check_mode=check_mode)
        assert paths(result["kept"]) == [old, newest]
        assert result["kept"][1]["state"] == "corrupt"
        assert paths(result["removed"]) == [older]
    assert [path.exists() for path in (newest, old, older)] == [True, True, False]


def test_when_backups_have_stopped_the_last_good_one_stays(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    good = backup(900)
    for days in (1, 2):
        (backup(days) / "manifest.json").unlink()
    result = run_module(MODULE, options(tmp_path, keep_daily=1))
    assert (result["changed"], result["removed"]) == (False, [])
    assert good.exists()
    assert {one["state"] for one in result["kept"]} == {"complete", "corrupt"}


def test_a_set_of_the_future_stands_for_nothing_and_stays(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    future, now, old = backup(-400), backup(), backup(1)
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert paths(result["kept"]) == [now, future]
    assert "dated in the future" in result["kept"][1]["reasons"][0]
    assert paths(result["removed"]) == [old]


@pytest.mark.parametrize("shared", [False, True])
def test_while_a_backup_or_a_restore_works_nothing_is_removed(
    place: Place, backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, shared: bool
) -> None:
    sets = [backup(days) for days in (0, 1)]
    given = options(tmp_path, keep_last=1)
    with DirectoryStore(str(tmp_path), "test").lock(place.database, shared=shared):
        result = run_module(MODULE, given)
        planned = run_module(MODULE, given, check_mode=True)
    assert result["error"]["kind"] == "Refused"
    assert "another process is writing, removing or restoring backup sets" in result["msg"]
    assert "Wait for it to end" in result["msg"]
    assert len(planned["removed"]) == 1
    assert all(path.exists() for path in sets)
    assert len(run_module(MODULE, given)["removed"]) == 1


def test_a_removal_that_fails_half_way_leaves_no_half_set(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, doomed = backup(), backup(1)
    given = options(tmp_path, keep_last=1)

    def fail(path: Path, *_arguments: object, **_options: object) -> None:
        (path / "rest.dump").unlink()
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(store_module.shutil, "rmtree", fail)
        result = run_module(MODULE, given)
    assert "Input/output error" in result["msg"]
    assert (result["changed"], result["removed"]) == (False, [])
    assert {Path(one["path"]): one["reasons"][-1] for one in result["kept"]} == {
        keep: "the newest verified set",
        doomed: "it could not be removed: Input/output error",
    }
    assert not doomed.exists()
    (state,) = run_module("postgresql_backup_info", store_of(tmp_path))["databases"]
    assert (state["complete"], state["corrupt"], state["partial"]) == (1, 0, 1)
    assert state["newest"]["path"] == str(keep)


@pytest.mark.parametrize("record", ["{", '[{"passed": true}]'])
def test_without_knowing_what_was_drilled_nothing_is_removed(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path, record: str
) -> None:
    sets = [backup(days) for days in (0, 1)]
    (sets[0].parent / "drills.json").write_text(record)
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert result["error"]["kind"] == "NotPossible"
    assert "nothing says which set was proven last" in result["msg"]
    assert all(path.exists() for path in sets)


def test_one_database_of_several_with_odd_names(place: Place, run_module: RunModule, tmp_path: Path) -> None:
    names = ['sh"op; DROP', "line\nbreak", "../up", "x" * 63]
    sets: dict[str, list[Path]] = {}
    for name in names:
        database = Identifier(name)
        with place.server.session() as admin:
            admin.execute(compose("DROP DATABASE IF EXISTS {d}", d=database))
            admin.execute(compose("CREATE DATABASE {d}", d=database))
        try:
            given = {**arguments(place, tmp_path), "database": name}
            made = [run_module("postgresql_backup", given)["backup"]["path"] for _number in range(2)]
        finally:
            with place.server.session() as admin:
                admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=database))
        sets[name] = [date_back(Path(path), timedelta(days=days)) for days, path in enumerate(made)]
    result = run_module(MODULE, options(tmp_path, keep_last=1, databases=[names[0], names[2]]))
    assert {one["database"]: Path(one["path"]) for one in result["removed"]} == {
        name: sets[name][1] for name in (names[0], names[2])
    }
    assert all(path.exists() for name in (names[1], names[3]) for path in sets[name])
    every = run_module(MODULE, options(tmp_path, keep_last=1))
    assert sorted(one["database"] for one in every["removed"]) == sorted([names[1], names[3]])
    assert [path.name for path in tmp_path.iterdir()] == ["test"]


def test_a_folder_that_is_a_file_is_told(run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "sets").write_text("precious")
    result = run_module(MODULE, options(tmp_path / "sets", keep_last=1))
    assert "Not a directory" in result["msg"]
    assert (tmp_path / "sets").read_text() == "precious"


def test_nothing_to_look_at_is_nothing_to_do(run_module: RunModule, tmp_path: Path) -> None:
    for more in ({}, {"databases": ["shop"]}):
        result = run_module(MODULE, options(tmp_path / "sets", keep_last=1, **more))
        assert (result["changed"], result["kept"], result["removed"]) == (False, [], [])
    assert not (tmp_path / "sets").exists()


def test_a_tampered_manifest_cannot_lead_elsewhere(
    backup: Callable[..., Path], run_module: RunModule, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("data")
    keep, bad = backup(), backup(1)
    manifest = json.loads((bad / "manifest.json").read_text())
    manifest["parts"][0]["file"] = "../../../precious"
    (bad / "manifest.json").write_text(json.dumps(manifest))
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert paths(result["kept"]) == [keep, bad]
    assert (tmp_path / "precious").read_text() == "data"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module backup_retention: its options, its documentation, and real sets of any age. No server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import STORE
from tests.conftest import RunModule
from tests.unit.plugins.module_utils._backup.sets import make_set, record_drill

from .documented import asked_of, example_options, own_options, returned

MODULE = "backup_retention"
NOTHING = {f"keep_{period}": 0 for period in ("last", "daily", "weekly", "monthly", "yearly")}


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return {"directory": str(folder), "environment": "test", **NOTHING, **more}


def names(decisions: list[dict[str, Any]]) -> list[str]:
    return [Path(one["path"]).name for one in decisions]


def test_the_options_are_documented_as_they_are() -> None:
    documented, asked = own_options(MODULE, set(STORE))
    assert documented == asked


def test_every_example_can_be_given() -> None:
    for given in example_options(MODULE):
        assert set(given) <= set(asked_of(MODULE)["argument_spec"])


def test_check_mode_tells_what_a_run_does_and_a_second_run_does_nothing(run_module: RunModule, tmp_path: Path) -> None:
    paths = [make_set(tmp_path, "shop", days) for days in (0, 0.05, 1, 2, 40, 400)]
    given = options(tmp_path, keep_last=1, keep_daily=2, keep_yearly=2)
    planned = run_module(MODULE, given, check_mode=True, diff=True)
    assert all(path.is_dir() for path in paths)
    assert planned["changed"] is True
    assert names(planned["kept"]) == [paths[0].name, paths[2].name, paths[5].name]
    assert [one["reasons"] for one in planned["kept"]] == [
        ["one of the last 1", "daily 1 of 2", "yearly 1 of 2", "the newest verified set"],
        ["daily 2 of 2"],
        ["yearly 2 of 2"],
    ]
    assert {tuple(one["reasons"]) for one in planned["removed"]} == {("no rule keeps it",)}
    assert planned["kept"][0].keys() == returned(MODULE, "kept")
    before, after = (planned["diff"][side].splitlines() for side in ("before", "after"))
    assert sorted(before) == sorted(map(str, paths))
    assert after == [one["path"] for one in planned["kept"]]

    done = run_module(MODULE, given, diff=True)
    assert done == planned
    assert sorted(path.name for path in paths if path.exists()) == sorted(names(planned["kept"]))
    assert not list(tmp_path.rglob(".partial-*"))

    again = run_module(MODULE, given)
    assert (again["changed"], again["removed"]) == (False, [])
    assert again["kept"] == planned["kept"]


def test_the_newest_verified_and_the_last_drilled_set_stay_whatever_is_asked(
    run_module: RunModule, tmp_path: Path
) -> None:
    drilled = make_set(tmp_path, "shop", 30)
    make_set(tmp_path, "shop", 20)
    verified = make_set(tmp_path, "shop", 10)
    newest = make_set(tmp_path, "shop", 1, verified=False)
    record_drill(tmp_path, "shop", drilled, True)
    record_drill(tmp_path, "shop", newest, False)
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert {Path(one["path"]).name: one["reasons"] for one in result["kept"]} == {
        newest.name: ["one of the last 1"],
        verified.name: ["the newest verified set"],
        drilled.name: ["the set of the last passed drill"],
    }


def test_of_a_database_that_was_replaced_the_set_from_before_does_not_count(
    run_module: RunModule, tmp_path: Path
) -> None:
    before = make_set(tmp_path, "shop", 0.01, label="before-replace")
    old = make_set(tmp_path, "shop", 0.2)
    older = make_set(tmp_path, "shop", 0.3)
    result = run_module(MODULE, options(tmp_path, keep_daily=5))
    assert {Path(one["path"]).name: one["reasons"] for one in result["kept"]} == {
        before.name: ["one of the last 1 made before a replacement"],
        old.name: ["daily 1 of 5", "the newest verified set"],
    }
    assert names(result["removed"]) == [older.name]
    found = run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})
    assert found["databases"][0]["newest"]["path"] == str(old)


def test_one_database_that_cannot_be_pruned_stops_no_other(run_module: RunModule, tmp_path: Path) -> None:
    for database in ("a", "b", "c"):
        for days in (0, 1):
            make_set(tmp_path, database, days)
    (tmp_path / "test" / "b" / "drills.json").write_text("{")
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert result["failed"] is True
    assert result["error"]["kind"] == "Unfinished"
    assert f"{tmp_path / 'test' / 'b' / 'drills.json'}: it is damaged" in result["msg"]
    assert [one["database"] for one in result["removed"]] == ["a", "c"]
    assert [one["database"] for one in result["kept"]] == ["a", "c"]
    assert (result["changed"], len(list((tmp_path / "test" / "b").glob("*-daily")))) == (True, 2)


def test_corrupt_and_unfinished_sets_do_not_count_and_are_kept(run_module: RunModule, tmp_path: Path) -> None:
    good = make_set(tmp_path, "shop", 5)
    for days in (1, 2):
        (make_set(tmp_path, "shop", days) / "rest.dump").unlink()
    (good.parent / ".partial-20261122T030000Z-abcd").mkdir()
    result = run_module(MODULE, options(tmp_path, keep_last=1))
    assert (result["changed"], result["removed"]) == (False, [])
    assert [one["state"] for one in result["kept"]] == ["complete", "corrupt", "corrupt", "partial"]
    assert result["kept"][0]["reasons"] == ["one of the last 1", "the newest verified set"]
    assert "look into it" in result["kept"][1]["reasons"][0]
    assert "the next backup clears it" in result["kept"][3]["reasons"][0]


def test_only_the_databases_that_are_named_are_looked_at(run_module: RunModule, tmp_path: Path) -> None:
    for database in ("shop", "office"):
        for days in (0, 1):
            make_set(tmp_path, database, days)
    result = run_module(MODULE, options(tmp_path, keep_last=1, databases=["shop", "absent"]))
    assert [one["database"] for one in result["removed"]] == ["shop"]
    assert (
        len(run_module("postgresql_backup_info", {"directory": str(tmp_path), "environment": "test"})["backups"]) == 3
    )
    assert sorted(path.name for path in (tmp_path / "test").iterdir()) == ["office", "shop"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "would keep nothing, or are below zero. Keep at least one set"),
        ({"keep_last": 3, "keep_daily": -1}, "are below zero"),
        ({"keep_last": "all"}, "unable to convert to int"),
        ({"keep_last": 1, "databases": [""]}, "it is empty"),
        ({"directory": None, "keep_last": 1}, "missing required arguments: directory"),
        ({"keep_hourly": 1}, "Unsupported parameters"),
    ],
)
def test_bad_options_fail_and_remove_nothing(
    run_module: RunModule, tmp_path: Path, given: dict[str, Any], why: str
) -> None:
    paths = [make_set(tmp_path, "shop", days) for days in (0, 1)]
    every = options(tmp_path, **given)
    failed = run_module(MODULE, {name: value for name, value in every.items() if value is not None})
    assert failed["failed"] is True
    assert why in failed["msg"]
    assert all(path.is_dir() for path in paths)

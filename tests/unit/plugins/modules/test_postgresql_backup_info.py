# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_backup_info: its options, its documentation, its one shape of result. No server."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import STORE
from tests.conftest import RunModule
from tests.unit.plugins.module_utils._backup.sets import make_set, record_drill

from .documented import always_returned, asked_of, example_options, own_options, returned

MODULE = "postgresql_backup_info"


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return {"directory": str(folder), "environment": "test", **more}


def test_the_options_are_documented_as_they_are() -> None:
    documented, asked = own_options(MODULE, set(STORE))
    assert documented == asked
    assert asked_of(MODULE)["supports_check_mode"] is True


def test_every_example_can_be_given() -> None:
    for given in example_options(MODULE):
        assert set(given) <= set(asked_of(MODULE)["argument_spec"])


def test_the_result_has_the_documented_keys(run_module: RunModule, tmp_path: Path) -> None:
    path = make_set(tmp_path, "shop")
    (path.parent / ".partial-20261122T030000Z-abcd").mkdir()
    result = run_module(MODULE, options(tmp_path))
    whole, remains = result["backups"]
    assert returned(MODULE, "backups") <= whole.keys()
    assert always_returned(MODULE, "backups") <= remains.keys()
    (state,) = result["databases"]
    assert state.keys() == returned(MODULE, "databases")


def test_the_state_of_a_database(run_module: RunModule, tmp_path: Path) -> None:
    since = datetime.now(timezone.utc)
    old = make_set(tmp_path, "shop", 2, since=since)
    new = make_set(tmp_path, "shop", 1, verified=False, since=since)
    make_set(tmp_path, "other", since=since)
    record_drill(tmp_path, "shop", old, True, "2026-11-21T03:00:00Z")
    record_drill(tmp_path, "shop", new, False, "2026-11-22T03:00:00Z")
    for check_mode in (False, True):
        result = run_module(MODULE, options(tmp_path, databases=["shop"], check_hashes=True), check_mode=check_mode)
        assert result["changed"] is False
        assert [one["path"] for one in result["backups"]] == [str(new), str(old)]
        (state,) = result["databases"]
        told = ("database", "complete", "whole", "partial", "corrupt", "faults", "verified")
        assert [state[key] for key in told] == ["shop", 2, 2, 0, 0, [], False]
        assert 86400 <= state["age_seconds"] < 86460
        assert state["newest"]["path"] == str(new)
        assert (state["newest"]["table_count"], state["newest"]["rows"]) == (2, 3)
        drill = state["drill"]
        assert (drill["passed"], drill["path"], drill["last_passed"]["path"]) == (False, str(new), str(old))
        assert drill["last_passed_age_seconds"] - drill["age_seconds"] == pytest.approx(86400, abs=5)


def test_a_database_without_sets_is_told_when_it_is_named(run_module: RunModule, tmp_path: Path) -> None:
    assert run_module(MODULE, options(tmp_path / "none"))["databases"] == []
    result = run_module(MODULE, options(tmp_path / "none", databases=["shop"]))
    (state,) = result["databases"]
    assert result["backups"] == []
    assert (state["complete"], state["newest"], state["age_seconds"], state["drill"]) == (0, None, None, None)
    assert state["verified"] is False
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"directory": None}, "missing required arguments: directory"),
        ({"environment": None}, "missing required arguments: environment"),
        ({"environment": ""}, "it is empty"),
        ({"environment": "x" * 300}, "255 are possible"),
        ({"databases": [""]}, "it is empty"),
        ({"check_hashes": "perhaps"}, "not a valid boolean"),
        ({"colour": "red"}, "Unsupported parameters"),
    ],
)
def test_bad_options_fail(run_module: RunModule, tmp_path: Path, given: dict[str, Any], why: str) -> None:
    every = options(tmp_path, **given)
    failed = run_module(MODULE, {name: value for name, value in every.items() if value is not None})
    assert failed["failed"] is True
    assert why in failed["msg"]

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_restore: its options, its documentation, and what it says before any server is asked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL, STORE
from ansible_collections.day2.ops.plugins.module_utils._backup.beside import RestoreResult
from ansible_collections.day2.ops.plugins.module_utils._backup.proof import Proof
from ansible_collections.day2.ops.plugins.module_utils._backup.restore import RestorePlan
from ansible_collections.day2.ops.plugins.module_utils._errors import Unfinished
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Difference
from tests.conftest import RunModule

from .documented import asked_of, example_options, own_options, returned

MODULE = "postgresql_restore"
SHARED = {*POSTGRESQL, *STORE}
NOWHERE = {"database": "shop", "environment": "test", "login_host": "127.0.0.1", "login_port": 1}


def result(*differences: Difference) -> RestoreResult:
    return RestoreResult(
        scratch="scratch",
        path="/sets/one",
        started="2026-11-22T02:00:00Z",
        seconds=1.5,
        seconds_verifying=0.5,
        proof=Proof(2, 30, 40, list(differences), []),
        left_alone={},
        dropped=[],
        amchecked=0,
        answers=[],
    )


def test_the_options_are_documented_as_they_are() -> None:
    documented, asked = own_options(MODULE, SHARED)
    assert documented == asked


def test_every_example_can_be_given() -> None:
    spec = asked_of(MODULE)["argument_spec"]
    for options in example_options(MODULE):
        assert set(options) <= set(spec)
        assert {name for name, facts in spec.items() if facts.get("required")} <= set(options)


def test_the_plan_has_the_documented_keys() -> None:
    assert returned(MODULE, "plan") == {field.name for field in fields(RestorePlan)}


def test_the_result_has_the_documented_keys() -> None:
    assert returned(MODULE, "restore") == result().as_dict().keys()


def test_a_proven_result_is_given_and_another_is_an_error_that_carries_it() -> None:
    assert result().proven().as_dict()["verified"] is True
    lost = [Difference("rows", f"public.t{number}", number, 0) for number in range(120)]
    with pytest.raises(Unfinished) as failed:
        result(*lost).proven()
    assert "120 differences" in failed.value.why
    assert "rows public.t2: 2 was, 0 is" in failed.value.why
    told = failed.value.result["restore"]
    assert (told["verified"], told["differences_total"], len(told["differences"])) == (False, 120, 100)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mode": None}, "missing required arguments: mode"),
        ({"mode": "overwrite"}, "value of mode must be one of: drill, new, replace, rollback"),
        ({"mode": "new"}, "mode is new but all of the following are missing: target"),
        ({"database": None}, "missing required arguments: database"),
        ({"jobs": []}, "argument 'jobs' is of type"),
        ({"colour": "red"}, "Unsupported parameters"),
        ({}, "there is no complete and verified one. Make a backup first."),
        ({"backup": "20261122T020000Z-daily"}, "there is none named '20261122T020000Z-daily'"),
        ({"database": ""}, "it is empty"),
    ],
)
def test_bad_options_fail(
    run_module: RunModule, tmp_path: Path, given: dict[str, Any], why: str, check_mode: bool
) -> None:
    every = {**NOWHERE, "mode": "drill", "directory": str(tmp_path / "sets"), **given}
    options = {name: value for name, value in every.items() if value is not None}
    failed = run_module(MODULE, options, check_mode=check_mode)
    assert failed["failed"] is True
    assert why in failed["msg"]
    assert not (tmp_path / "sets").exists()

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_backup: its options, its documentation, and what it says before any server is asked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL, STORE
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import BackupPlan
from ansible_collections.day2.ops.plugins.module_utils._backup.store import StoredSet
from tests.conftest import RunModule
from tests.unit.plugins.module_utils._backup.samples import MANIFEST

from .documented import asked_of, example_options, own_options, returned

MODULE = "postgresql_backup"
SHARED = {*POSTGRESQL, *STORE}
NOWHERE = {"database": "shop", "environment": "test", "login_host": "127.0.0.1", "login_port": 1}


def test_the_options_are_documented_as_they_are() -> None:
    documented, asked = own_options(MODULE, SHARED)
    assert documented == asked


def test_every_example_can_be_given() -> None:
    spec = asked_of(MODULE)["argument_spec"]
    for options in example_options(MODULE):
        assert set(options) <= set(spec)
        assert {name for name, facts in spec.items() if facts.get("required")} <= set(options)


def test_the_plan_has_the_documented_keys() -> None:
    assert returned(MODULE, "plan") == {field.name for field in fields(BackupPlan)}


def test_the_set_has_the_documented_keys() -> None:
    made = StoredSet(Path("/sets/one"), MANIFEST.database, "complete", "", MANIFEST).as_dict()
    assert returned(MODULE, "backup") == made.keys()


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"database": None}, "none of them names a database. Give exactly one of them"),
        ({"database": None, "databases": []}, "none of them names a database"),
        ({"databases": ["crm"]}, "database and databases are given"),
        ({"all_databases": True}, "database and all_databases are given"),
        ({"exclude_databases": ["crm"]}, "it says nothing beside database"),
        ({"fingerprint": "rough"}, "value of fingerprint must be one of: rows, content, none"),
        ({"directory": None}, "missing required arguments: directory"),
        ({"environment": None}, "missing required arguments: environment"),
        ({"jobs": "many"}, "argument 'jobs' is of type"),
        ({"compression": "rar"}, "value of compression must be one of: auto, zstd, lz4, gzip, none"),
        ({"unless_newer_than": "a day"}, "unable to convert to int"),
        ({"colour": "red"}, "Unsupported parameters"),
        ({"service": {"runtime": "container"}}, "runtime is container but all of the following are missing: name"),
        (
            {"service": {"runtime": "compose", "name": "db"}},
            "runtime is compose but all of the following are missing: project",
        ),
        ({}, "Start the server, or name the host and port"),
    ],
)
def test_bad_options_fail(
    run_module: RunModule, tmp_path: Path, given: dict[str, Any], why: str, check_mode: bool
) -> None:
    every = {**NOWHERE, "directory": str(tmp_path / "sets"), **given}
    options = {name: value for name, value in every.items() if value is not None}
    failed = run_module(MODULE, options, check_mode=check_mode)
    assert failed["failed"] is True
    assert why in failed["msg"]
    assert not (tmp_path / "sets").exists()

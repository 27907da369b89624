# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_reindex: its options and what it says of senseless ones, before any server is asked."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.options import MAINTENANCE, REINDEX
from ansible_collections.day2.ops.plugins.modules import postgresql_reindex
from tests.conftest import RunModule

NOWHERE = {"database": "shop", "login_host": "127.0.0.1", "login_port": 1}


def test_the_options_are_documented_with_their_defaults() -> None:
    documented = yaml.safe_load(postgresql_reindex.DOCUMENTATION)["options"]
    spec = {**MAINTENANCE, **REINDEX}
    assert documented.keys() == spec.keys()
    for option, facts in spec.items():
        assert documented[option]["type"] == facts["type"], option
        assert documented[option].get("default") == facts.get("default"), option


def test_every_example_is_a_task_of_this_module() -> None:
    spec = {**MAINTENANCE, **REINDEX, "service": None}
    for task in yaml.safe_load(postgresql_reindex.EXAMPLES):
        assert set(task["day2.ops.postgresql_reindex"]) <= set(spec)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"jobs": 0}, "Reading the options on option jobs failed: 0 is not between 1 and 64."),
        ({"window": -1}, "option window failed: -1 is not between 0 and 604800"),
        ({"lock_timeout": 0}, "option lock_timeout failed: 0 is not between 0.001 and 86400"),
        ({"jobs": "many"}, "argument 'jobs' is of type"),
        ({"database": None}, "missing required arguments: database"),
        ({"tables": {"a": 1}}, "argument 'tables' is of type"),
        ({}, "Start the server, or name the host and port"),
    ],
)
def test_what_is_senseless_is_told(run_module: RunModule, wrong: dict[str, Any], why: str) -> None:
    given = {name: value for name, value in {**NOWHERE, **wrong}.items() if value is not None}
    failed = run_module("postgresql_reindex", given)
    assert failed["failed"] is True
    assert why in failed["msg"]

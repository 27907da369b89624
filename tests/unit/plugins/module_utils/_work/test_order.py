# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells one piece of work from another."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._work.order import Order, without_secrets

SPEC: dict[str, Any] = {
    "database": {"type": "str"},
    "jobs": {"type": "int", "default": 2},
    "login_password": {"type": "str", "no_log": True},
    "role_passwords": {"type": "bool", "no_log": False},
    "service": {"type": "dict", "options": {"name": {"type": "str"}, "token": {"no_log": True}}},
    "checks": {"type": "list", "elements": "dict", "options": {"name": {}, "token": {"no_log": True}}},
}
PARAMS: dict[str, Any] = {
    "database": "shop",
    "jobs": 2,
    "login_password": "s3cret",
    "role_passwords": True,
    "service": {"name": "db", "token": "s3cret"},
    "checks": [{"name": "one", "token": "s3cret"}],
}


def test_parameters_without_secrets() -> None:
    kept = without_secrets(PARAMS, SPEC)
    assert kept == {
        "database": "shop",
        "jobs": 2,
        "role_passwords": True,
        "service": {"name": "db"},
        "checks": [{"name": "one"}],
    }
    assert without_secrets({**PARAMS, "service": None, "checks": None}, SPEC)["service"] is None


def order(**asked: Any) -> Order:
    return Order("postgresql_backup", "shop", {**without_secrets(PARAMS, SPEC), **asked})


def test_the_same_work_has_the_same_identity() -> None:
    assert order().identity == order().identity
    assert order().identity == order(jobs=2).identity


@pytest.mark.parametrize("other", [{"database": "shop2"}, {"jobs": 3}, {"service": None}, {"label": "x"}])
def test_other_work_has_another(other: dict[str, Any]) -> None:
    assert order().identity != order(**other).identity


def test_another_module_or_host_makes_it_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = order()
    assert mine.identity != Order("postgresql_restore", "shop", mine.asked).identity
    before = mine.identity
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="elsewhere"))
    assert mine.identity != before


def test_names_of_bytes_that_are_no_text() -> None:
    assert order(database=os.fsdecode(b"caf\xe9")).identity != order(database="café").identity


def test_what_was_done_holds_unless_somebody_knows_better() -> None:
    assert order().holds({"changed": True})

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module long_work."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._progress import Progress

from ....conftest import RunModule
from ..module_utils._work.host import Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "day2").mkdir()
    return Host(tmp_path / "day2")


def test_it_tells_of_work_that_has_ended_and_gives_its_result(run_module: RunModule, host: Host) -> None:
    host.work("one", result={"msg": "ünï"})
    told = run_module("long_work", {"path": str(host.folder / "one"), "seconds": 60})
    assert (told["changed"], told["work"]["state"], told["work"]["status"]["title"]) == (False, "ended", "shop")
    assert told["work"]["status"]["progress"]["phase"] == "planning"
    for check_mode in (True, False):
        result = run_module("long_work", {"path": str(host.folder / "one"), "mode": "collect"}, check_mode=check_mode)
        assert result == {"changed": True, "by": "one", "msg": "ünï"}


def test_it_tells_work_to_end_but_not_in_check_mode(run_module: RunModule, host: Host) -> None:
    def during(progress: Progress) -> None:
        progress.phase("dumping")
        time.sleep(60)

    child = host.elsewhere("one", during)
    given: dict[str, Any] = {"path": str(host.folder / "one"), "mode": "stop", "seconds": 30}
    while (host.files("one").status() is None) or host.status("one").progress.get("phase") != "dumping":
        time.sleep(0.02)
    planned = run_module("long_work", given, check_mode=True)
    assert (planned["changed"], planned["work"]["state"], planned["work"]["signalled"]) == (True, "running", False)
    told = run_module("long_work", given)
    assert (told["changed"], told["work"]["state"], told["work"]["signalled"]) == (True, "ended", True)
    os.waitpid(child, 0)
    assert run_module("long_work", given)["changed"] is False
    result = run_module("long_work", {**given, "mode": "collect"})
    assert (result["failed"], result["error"]["kind"]) == (True, "Ended")


def test_work_of_which_nothing_is_known(run_module: RunModule, tmp_path: Path) -> None:
    given = {"path": str(tmp_path / "one"), "job": str(tmp_path / "j1.2")}
    assert run_module("long_work", given)["work"] == {"state": "lost", "status": None}
    told = run_module("long_work", {**given, "mode": "collect"})
    assert told["error"]["why"] == "it is not there any more"
    (tmp_path / "j1.2").write_text(json.dumps({"failed": True, "msg": "bad option"}))
    assert run_module("long_work", given)["work"] == {"state": "ended", "status": None}
    assert run_module("long_work", {**given, "mode": "collect"}) == {"failed": True, "msg": "bad option"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"seconds": -1}, "-1.0 is less than 0"),
        ({"mode": "kill"}, "value of mode must be one of: wait, stop, collect"),
        ({"path": None}, "missing required arguments: path"),
    ],
)
def test_bad_options(run_module: RunModule, tmp_path: Path, given: dict[str, Any], why: str) -> None:
    every = {"path": str(tmp_path / "one"), **given}
    told = run_module("long_work", {name: value for name, value in every.items() if value is not None})
    assert told["failed"]
    assert why in told["msg"]

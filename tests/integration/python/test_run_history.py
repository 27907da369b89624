# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history on a real file system: added to by many at once, cut short, put aside, and never lost with a bad line."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.collection import COLLECTIONS
from tests.conftest import RunModule


def entry(number: int) -> dict[str, Any]:
    return {"run": {"id": f"run {number}", "finished": "2026-11-22T02:00:00Z"}, "findings": []}


def ids(result: dict[str, Any]) -> list[str]:
    return [run["run"]["id"] for run in result["history"]["runs"]]


def test_check_mode_adds_nothing_then_entries_come_back_in_order(run_module: RunModule, tmp_path: Path) -> None:
    path = tmp_path / "state" / "shop" / "history.jsonl"
    assert run_module("run_history", {"path": str(path), "entry": entry(1)}, check_mode=True)["history"]["runs"] == []
    assert not path.exists()
    for number in range(3):
        result = run_module("run_history", {"path": str(path), "entry": entry(number)})
        assert (result["changed"], result["history"]["added"]) == (False, True)
    assert ids(run_module("run_history", {"path": str(path)})) == ["run 0", "run 1", "run 2"]
    assert ids(run_module("run_history", {"path": str(path), "last": 1})) == ["run 2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_killed_writer_left_costs_its_own_line_only(run_module: RunModule, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    run_module("run_history", {"path": str(path), "entry": entry(1)})
    with path.open("a") as file:
        file.write('{"run": {"id": "cut')
    run_module("run_history", {"path": str(path), "entry": entry(2)})
    with path.open("a") as file:
        file.write("[" * 100000 + "\n")
    result = run_module("run_history", {"path": str(path)})
    assert ids(result) == ["run 1", "run 2"]
    assert result["history"]["damaged"] == 2


_ADD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
from ansible_collections.day2.ops.plugins.modules import run_history
for number in range(20):
    entry = {"run": {"id": f"{sys.argv[3]} {number}"}, "findings": ["x" * 5000]}
    try:
        with patch_module_args({"path": sys.argv[2], "entry": entry, "last": 0}):
            run_history.main()
    except SystemExit as end:
        assert end.code in (0, None), end.code
"""


def test_many_writers_lose_nothing(run_module: RunModule, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _ADD, str(COLLECTIONS), str(path), str(number)], stdout=subprocess.DEVNULL
        )
        for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    result = run_module("run_history", {"path": str(path), "last": 1000})
    assert sorted(ids(result)) == sorted(f"{writer} {number}" for writer in range(4) for number in range(20))
    assert result["history"]["damaged"] == 0


def test_a_folder_that_is_a_file_is_told(run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("precious")
    result = run_module("run_history", {"path": str(tmp_path / "state" / "history.jsonl"), "entry": entry(1)})
    assert result["failed"]
    assert "state" in result["msg"]
    assert json.loads(json.dumps(result))["error"]["remedy"]
    assert (tmp_path / "state").read_text() == "precious"

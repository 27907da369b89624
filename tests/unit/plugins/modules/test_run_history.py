# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module run_history."""

from __future__ import annotations

from pathlib import Path

from ....conftest import RunModule


def test_it_reads_and_adds(run_module: RunModule, tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "history.jsonl")
    planned = run_module("run_history", {"path": path, "entry": {"run": {"id": "1"}}}, check_mode=True)
    assert planned["history"] == {"path": path, "runs": [], "damaged": 0, "added": True}
    assert list(tmp_path.iterdir()) == []
    for number in ("1", "2", "3"):
        told = run_module("run_history", {"path": path, "entry": {"run": {"id": number}}})
        assert not told["changed"]
    assert [run["run"]["id"] for run in told["history"]["runs"]] == ["1", "2"]
    read = run_module("run_history", {"path": path, "last": 1})["history"]
    assert (read["runs"], read["added"]) == ([{"run": {"id": "3"}}], False)


def test_a_failure_says_what_to_do(run_module: RunModule, tmp_path: Path) -> None:
    told = run_module("run_history", {"path": str(tmp_path), "entry": {}})
    assert told["failed"]
    assert told["error"]["remedy"] == "A folder has this name: move it away, or name another."
    small = run_module("run_history", {"path": str(tmp_path / "h"), "entry": {"a": "x" * 50}, "max_bytes": 20})
    assert "Raise max_bytes" in small["msg"]

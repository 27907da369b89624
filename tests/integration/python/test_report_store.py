# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports on a real file system: whole or not there, the stable names beside them, old ones removed last."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunModule

FORMATS = ("html", "json", "md")


def sources(folder: Path, started: str, text: str = "report") -> dict[str, str]:
    """Rendered reports as files; the JSON one is a document of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"run": {"id": started, "runbook": "weekly", "started": started}, "hosts": {}, "findings": []}
    texts = {"html": f"<p>{text}</p>", "json": json.dumps(document), "md": text}
    for kind, content in texts.items():
        (folder / f"report.{kind}").write_text(content)
    return {kind: str(folder / f"report.{kind}") for kind in FORMATS}


def given(tmp_path: Path, stamp: str, **more: Any) -> dict[str, Any]:
    folder = str(tmp_path / "reports")
    return {"directory": folder, "environment": 'Shop/"ü"; DROP', "runbook": "weekly", "stamp": stamp, **more}


def test_check_mode_writes_nothing_then_reports_and_stable_names_are_there(
    run_module: RunModule, tmp_path: Path
) -> None:
    made = sources(tmp_path / "made", "2026-11-22T02:00:00Z")
    planned = run_module("report_store", given(tmp_path, "20261122T020000Z", sources=made), check_mode=True)
    assert not (tmp_path / "reports").exists()
    result = run_module("report_store", given(tmp_path, "20261122T020000Z", sources=made))
    assert not result["changed"]
    assert result["report"] == planned["report"]
    for kind in FORMATS:
        path = Path(result["report"][kind])
        assert path.name == f"weekly-20261122T020000Z.{kind}"
        assert path.read_bytes() == Path(made[kind]).read_bytes() == Path(result["latest"][kind]).read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert path.parent.parent == tmp_path / "reports"
    assert result["previous"] is None
    assert result["previous_reason"]


def test_the_run_before_is_found_and_old_ones_go(run_module: RunModule, tmp_path: Path) -> None:
    for day in range(1, 6):
        made = sources(tmp_path / "made", f"2026-11-{day:02d}T02:00:00Z")
        result = run_module("report_store", given(tmp_path, f"202611{day:02d}T020000Z", sources=made, keep=3))
    assert result["previous"]["run"]["id"] == "2026-11-04T02:00:00Z"
    assert len(result["removed"]) == 3
    left = sorted(path.name for path in Path(result["report"]["html"]).parent.glob("*.html"))
    assert left == ["latest.html", *(f"weekly-202611{day:02d}T020000Z.html" for day in (3, 4, 5))]


@pytest.mark.parametrize("damage", ["", "{", "[" * 100000, "[1]", '{"run": 5}'])
def test_a_damaged_earlier_report_is_no_reason_to_lose_this_one(
    run_module: RunModule, tmp_path: Path, damage: str
) -> None:
    made = sources(tmp_path / "made", "2026-11-01T02:00:00Z")
    first = run_module("report_store", given(tmp_path, "20261101T020000Z", sources=made))
    for paths in (first["report"], first["latest"]):
        Path(paths["json"]).write_text(damage)
    result = run_module("report_store", given(tmp_path, "20261102T020000Z", sources=made))
    assert "failed" not in result
    assert result["previous"] is None or "run" in result["previous"]


def test_a_folder_that_is_a_file_is_told(run_module: RunModule, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("precious")
    made = sources(tmp_path / "made", "2026-11-22T02:00:00Z")
    result = run_module("report_store", given(tmp_path, "20261122T020000Z", sources=made))
    assert result["failed"]
    assert "reports" in result["msg"]
    assert (tmp_path / "reports").read_text() == "precious"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module report_store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....conftest import RunModule


def given(folder: Path, **more: Any) -> dict[str, Any]:
    place = {"directory": str(folder / "reports"), "environment": "shop", "runbook": "weekly"}
    return {**place, "stamp": "20261122T020000Z", **more}


def test_it_keeps_and_gives_back(run_module: RunModule, tmp_path: Path) -> None:
    rendered = tmp_path / "rendered.json"
    rendered.write_text('{"run": {"id": "first"}}')
    sources = {"json": str(rendered)}
    planned = run_module("report_store", given(tmp_path, sources=sources), check_mode=True)
    assert planned["report"] == {"json": str(tmp_path / "reports/shop/weekly-20261122T020000Z.json")}
    assert not (tmp_path / "reports").exists()
    told = run_module("report_store", given(tmp_path, sources=sources, mode="0600"))
    assert (told["changed"], told["previous"]) == (False, None)
    assert Path(told["latest"]["json"]).read_text() == rendered.read_text()
    assert Path(told["latest"]["json"]).stat().st_mode & 0o777 == 0o600
    read = run_module("report_store", given(tmp_path, stamp="20261129T020000Z"))
    assert read["report"] == {}
    assert read["previous"] == {"run": {"id": "first"}, "findings": [], "hosts": {}}


def test_a_failure_says_what_to_do(run_module: RunModule, tmp_path: Path) -> None:
    told = run_module("report_store", given(tmp_path, sources={"md": str(tmp_path / "gone")}))
    assert told["error"]["why"] == "No such file or directory"
    assert "no octal mode" in run_module("report_store", given(tmp_path, mode="rw-r-----"))["msg"]
    assert "no UTC stamp" in run_module("report_store", given(tmp_path, stamp="today"))["msg"]

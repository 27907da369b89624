# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action report, with the modules that it calls run in this process."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure

from ansible_collections.day2.ops.plugins.action.report import ActionModule

from ....conftest import RunModule
from ..plugin_utils._report.documents import document, finding


class Shell:
    """The shell of a host that is this one."""

    tmpdir: str | None = None

    @staticmethod
    def join_path(*parts: str) -> str:
        return "/".join(parts)


class Host:
    """What the action does on the host, done here."""

    def __init__(self, run_module: RunModule, folder: Path) -> None:
        self.run_module = run_module
        self.folder = folder
        self.called: list[str] = []
        self.lost: set[str] = set()

    def execute(self, module_name: str, module_args: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.called.append(module_name)
        if module_name in self.lost:
            raise AnsibleConnectionFailure("the host is gone")
        if "silent" in self.lost:
            return {"failed": True}
        return self.run_module(module_name.rpartition(".")[2], module_args, check_mode=self.action._task.check_mode)

    def make_tmp_path(self) -> None:
        if "tmp" in self.lost:
            raise AnsibleConnectionFailure("the host is gone")
        self.action._connection._shell.tmpdir = str(self.folder)

    def transfer(self, path: str, data: str) -> None:
        Path(path).write_text(data, encoding="utf-8")

    def act(self, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        task = SimpleNamespace(args=given, check_mode=check_mode, async_val=0, action="day2.ops.report", diff=False)
        connection = SimpleNamespace(_shell=Shell())
        self.action: Any = ActionModule(task, connection, None, None, None, None)
        self.action._execute_module = self.execute
        self.action._make_tmp_path = self.make_tmp_path
        self.action._transfer_data = self.transfer
        self.action._fixup_perms2 = lambda paths: None
        self.action._early_needs_tmp_path = lambda: False
        result: dict[str, Any] = self.action.run(task_vars={})
        return result


@pytest.fixture
def host(run_module: RunModule, tmp_path: Path) -> Host:
    (tmp_path / "tmp").mkdir()
    return Host(run_module, tmp_path / "tmp")


def test_it_renders_keeps_and_remembers(host: Host, tmp_path: Path) -> None:
    history = tmp_path / "state" / "history.jsonl"
    given = {"document": document(), "directory": str(tmp_path / "reports"), "history_file": str(history)}
    told = host.act(**given)
    assert (told["changed"], told["kept_on"], told["worst"], told["fails"]) == (False, "host", "critical", True)
    assert told["report"]["html"].endswith("/reports/shop%20%26%20sons/weekly-20261122T020000Z.html")
    for kind, path in told["report"].items():
        assert Path(path).stat().st_size == told["bytes"][kind]
        assert Path(path).read_bytes() == Path(told["latest"][kind]).read_bytes()
    assert told["history"] == {"path": str(history), "added": True, "reason": ""}
    assert json.loads(history.read_text())["worst"] == "critical"
    assert told["summary"][-1] == f"Report: {told['report']['html']}"
    assert host.called == ["day2.ops.report_store", "day2.ops.report_store", "day2.ops.run_history"]

    later = document(findings=[finding("backups.exists", subject="audit")])
    later["run"]["started"] = "2026-11-29T02:00:00Z"
    changes = host.act(**{**given, "document": later})["changes"]
    assert changes["since"]["id"] == "20261122T020000Z-weekly-3f9a"
    assert [item["check"] for item in changes["resolved"]] == ["backups.exists"]


def test_check_mode_tells_and_writes_nothing(host: Host, tmp_path: Path) -> None:
    told = host.act(
        check_mode=True,
        document=document(),
        directory=str(tmp_path / "reports"),
        history_file=str(tmp_path / "history.jsonl"),
        formats=["md"],
    )
    assert (told["kept_on"], list(told["report"])) == ("nowhere", ["md"])
    assert told["bytes"]["md"] > 1000
    latest = tmp_path / "reports" / "shop%20%26%20sons" / "latest.md"
    assert told["summary"][-1] == f"No report is written in check mode; a run would write {latest}"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["tmp"]


@pytest.mark.parametrize("lost", ["day2.ops.report_store", "tmp"])
def test_it_falls_back_to_the_controller_and_says_so(host: Host, tmp_path: Path, lost: str) -> None:
    host.lost = {lost, "day2.ops.run_history"}
    given = {"document": document(), "directory": "/reports", "history_file": "/h"}
    told = host.act(**given, fallback_directory=str(tmp_path / "here"))
    assert told["kept_on"] == "controller"
    assert Path(told["report"]["html"]).is_relative_to(tmp_path / "here")
    assert Path(told["latest"]["md"]).exists()
    assert told["history"] == {"path": "/h", "added": False, "reason": "the host is gone"}
    assert told["summary"][-1].endswith("(on the controller)")
    if lost != "tmp":
        assert told["changes"]["reason"] == "the reports could not be read: the host is gone"


def test_without_a_place_it_fails_and_says_why(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = host.act(document=document(), directory=str(tmp_path / "file"))
    assert told["failed"]
    assert "Keeping the report on " in told["msg"]
    assert "File exists" in told["msg"]
    assert told["error"]["remedy"] == "Mend that, or name a fallback_directory on the controller."


def test_a_module_that_gives_no_reason(host: Host, tmp_path: Path) -> None:
    host.lost = {"silent"}
    told = host.act(document=document(), directory=str(tmp_path))
    assert "the module gave no reason" in told["msg"]


def test_bad_documents_and_options(host: Host, tmp_path: Path) -> None:
    told = host.act(document={"run": {}}, directory=str(tmp_path))
    assert told["failed"]
    assert "does not tell environment, runbook, started" in told["msg"]
    with pytest.raises(AnsibleActionFail, match="missing required arguments: directory"):
        host.act(document=document())
    with pytest.raises(AnsibleActionFail, match="value of formats must be one or more of"):
        host.act(document=document(), directory="/x", formats=["pdf"])
    with pytest.raises(AnsibleActionFail, match="Unsupported parameters"):
        host.act(document=document(), directory="/x", colour="red")

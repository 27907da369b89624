# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Works on record: what is begun, what stands for it, what is remembered, on a real file system."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused, Unreachable
from ansible_collections.day2.ops.plugins.module_utils._progress import SILENT, Progress
from ansible_collections.day2.ops.plugins.module_utils._work.files import (
    KILLED,
    RUNNING,
    WELL,
    WRONG,
    Status,
    WorkFiles,
    WorkFolder,
)
from ansible_collections.day2.ops.plugins.module_utils._work.order import Order
from ansible_collections.day2.ops.plugins.module_utils._work.record import birth_of

from .host import BACKUP, Host

SWAP = "exchanging the names"
REPLACE = Order("postgresql_restore", "shop", {"mode": "replace"}, stands_seconds=None, no_return=SWAP)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "async" / "day2")


def test_a_work_is_told_while_it_lasts_and_remembered(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[Status] = []

    def look(progress: Progress) -> None:
        progress.phase("dumping", 3, "parts")
        assert host.files("one").lives()
        seen.append(host.status("one"))

    host.work("one", during=look)
    assert (seen[0].state, seen[0].pid, seen[0].progress["objects_total"]) == (RUNNING, os.getpid(), 3)
    assert (seen[0].module, seen[0].title, seen[0].birth) == ("postgresql_backup", "shop", birth_of(os.getpid()))
    status = host.status("one")
    assert (status.state, status.printed, status.ended) == (WELL, True, host.now)
    assert host.files("one").unheard
    assert not host.files("one").lives()
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"changed": True, "by": "one"}
    assert host.files("one").result() == printed
    assert host.warnings == []


def test_nobody_else_can_read_it(host: Host) -> None:
    before = os.umask(0)
    try:
        host.folder.mkdir(parents=True)  # as Ansible's wrapper makes it
        host.work("one")
    finally:
        os.umask(before)
    assert host.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in host.folder.iterdir()} == {0o600}


def test_a_status_is_for_people_too(host: Host) -> None:
    host.work("one")
    plain = json.loads((host.folder / "one.json").read_text())
    assert plain["started_at"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(host.now))
    assert "asked" not in plain


def test_a_failed_result_and_a_crash(host: Host) -> None:
    host.work("one", result={"failed": True, "msg": "no space"})
    assert (host.status("one").state, host.status("one").printed) == (WRONG, True)

    def crash(progress: Progress) -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        host.work("two", during=crash)
    assert (host.status("two").state, host.status("two").printed) == (WRONG, False)
    assert not host.files("two").lives()
    assert [text.partition("failed ")[2] for text in host.warnings] == ["when nobody listened: no space"]
    host.work("three")
    assert host.warnings[1].endswith("failed when nobody listened: it crashed")
    assert host.began == ["one", "two", "three"]


def test_the_same_work_runs_already(host: Host) -> None:
    def another(progress: Progress) -> None:
        assert host.follows("two") == "one"
        host.work("other", replace(BACKUP, asked={"database": "another"}))

    host.work("one", during=another)
    assert host.began == ["one", "other"]
    assert host.warnings == []


def test_what_was_done_and_nobody_heard_of_stands_for_it(host: Host) -> None:
    host.work("one")
    host.now += 3599
    assert host.follows("two") == "one"
    assert host.follows("three") == "one"
    host.files("one").heard()
    host.work("four")
    assert host.began == ["one", "four"]


@pytest.mark.parametrize("later", [3601, -5])
def test_not_when_it_is_long_ago_or_the_clock_was_set_back(host: Host, later: float) -> None:
    host.work("one")
    host.now += later
    host.work("two")
    assert host.began == ["one", "two"]


def holds_not(_result: dict[str, Any]) -> bool:
    return False


def of_another_version(result: dict[str, Any]) -> bool:
    return bool(result["backup"]["path"])


def cannot_look(_result: dict[str, Any]) -> bool:
    raise Unreachable("looking", "the server", "it is gone", "Start it.")


@pytest.mark.parametrize("holds", [holds_not, cannot_look, of_another_version])
def test_not_when_it_does_not_hold_any_more(host: Host, holds: Callable[[dict[str, Any]], bool]) -> None:
    order = replace(BACKUP, holds=holds)
    host.work("one", order)
    host.work("two", order)
    assert host.began == ["one", "two"]


def test_what_it_returned_says_whether_it_holds(host: Host) -> None:
    order = replace(BACKUP, holds=lambda result: result["by"] == "one")
    host.work("one", order)
    assert host.follows("two", order) == "one"


def test_not_when_its_result_is_lost_or_nonsense(host: Host) -> None:
    host.work("one")
    (host.folder / "one.result").write_text("nonsense {")
    host.work("two")
    (host.folder / "two.result").unlink()
    host.work("three")
    assert host.began == ["one", "two", "three"]


def test_a_killed_work_is_told_and_begun_anew(host: Host) -> None:
    host.killed("one", BACKUP, "dumping")
    assert host.status("one").state == RUNNING
    assert not host.files("one").lives()
    host.work("two")
    assert host.began == ["two"]
    assert len(host.warnings) == 1
    assert host.warnings[0].endswith("was killed while dumping; this is a new one.")
    assert (host.status("one").state, host.files("one").unheard) == (KILLED, False)
    host.files("two").remove()
    host.work("three")
    assert len(host.warnings) == 1


def test_what_must_not_be_done_twice_stands_however_old_it_is(host: Host) -> None:
    host.work("one", REPLACE)
    host.now += 6 * 86400
    assert host.follows("two", REPLACE) == "one"
    host.now -= 30 * 86400
    host.files("one").tell(replace(host.status("one"), ended=host.now + 86400))
    assert host.follows("three", REPLACE) == "one"


def test_killed_past_the_point_of_no_return_it_is_not_begun_anew_unasked(host: Host) -> None:
    host.killed("one", REPLACE, SWAP)
    with pytest.raises(Refused, match=f"was killed while {SWAP}: it may have been done or not"):
        host.work("two", REPLACE)
    assert host.began == []
    host.work("three", REPLACE)
    assert host.began == ["three"]


def test_killed_before_that_point_it_is(host: Host) -> None:
    host.killed("one", REPLACE, "restoring rows")
    host.work("two", REPLACE)
    assert host.began == ["two"]


@pytest.mark.parametrize("trouble", ["a file", "a link", "another user"])
def test_where_nothing_can_be_kept_it_is_done_all_the_same(
    host: Host, trouble: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.folder.parent.mkdir()
    if trouble == "a file":
        host.folder.write_text("")
    elif trouble == "a link":
        (host.folder.parent / "target").mkdir()
        host.folder.symlink_to(host.folder.parent / "target")
    else:
        host.folder.mkdir()
        mine = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    told: list[Progress] = []
    host.work("one", during=told.append)
    assert told == [SILENT]
    assert json.loads(capsys.readouterr().out)["by"] == "one"
    assert host.warnings[0].startswith("How far this is cannot be told, nor could another run take it over: ")


def test_a_disk_that_is_full_meanwhile_does_not_fail_the_work(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    def fill(progress: Progress) -> None:
        monkeypatch.setattr(WorkFiles, "tell", full)
        progress.phase("dumping")

    host.work("one", during=fill)
    assert host.began == ["one"]


def test_old_works_are_forgotten(host: Host) -> None:
    for number in range(60):
        host.work(f"heard-{number}", replace(BACKUP, asked={"number": number}))
        host.files(f"heard-{number}").heard()
    host.work("unheard", replace(BACKUP, asked={"number": "unheard"}))
    left = {path.stem for path in host.folder.glob("*.json")}
    assert len(left) == 51
    assert {"heard-59", "unheard"} <= left
    assert not (host.folder / "heard-0.result").exists()
    host.now += 2 * 86400
    host.work("next", replace(BACKUP, asked={"number": "next"}))
    assert {path.stem for path in host.folder.glob("*.json")} == {"unheard", "next"}
    host.now += 8 * 86400
    host.work("last")
    assert {path.name for path in host.folder.iterdir()} == {
        ".lock",
        *(f"last.{ending}" for ending in ("json", "lock", "result", "unheard")),
    }


def test_what_others_left_there_is_cleared_away_when_it_is_old(host: Host) -> None:
    host.folder.mkdir(parents=True)
    old = time.time() - 8 * 86400
    for name in ("j1.2", "damaged.json", "lost.result", ".day2-0123.tmp", "j3.4"):
        (host.folder / name).write_text("{")
        if name != "j3.4":
            os.utime(host.folder / name, (old, old))

    def later(progress: Progress) -> None:
        os.utime(host.folder / "long.lock", (old, old))
        host.work("next", replace(BACKUP, asked={}))

    host.work("long", during=later)
    assert {path.stem for path in host.folder.iterdir()} == {".lock", "j3", "long", "next"}


def test_somebody_else_begins_work_just_now(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = WorkFolder(host.folder)
    folder.make()
    ticks = iter(range(0, 1000, 59))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    with folder.alone(), pytest.raises(NotPossible), folder.alone():
        pytest.fail("it was let in")
    with folder.alone():
        pass


def test_what_is_no_status(tmp_path: Path) -> None:
    host = Host(tmp_path)
    files = WorkFiles(tmp_path / "one")
    assert files.status() is None
    host.work("two")
    whole = json.loads((tmp_path / "two.json").read_text())
    for content in ("", "[]", "{}", json.dumps({**whole, "number": "1"}), json.dumps({**whole, "progress": None})):
        (tmp_path / "one.json").write_text(content)
        assert files.status() is None


def test_the_birth_of_a_process() -> None:
    assert int(birth_of(os.getpid())) > 0
    assert birth_of(2**22 + 1) == ""


def test_a_signal_does_not_cut_the_last_words(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is told to end while it tells its result tells it all."""
    out = tmp_path / "out"
    child = os.fork()
    if child == 0:
        sys.stdout = out.open("w")
        keep = WorkFiles.keep_result

        def slowly(files: WorkFiles, printed: str) -> None:
            os.kill(os.getpid(), 15)
            keep(files, printed)

        monkeypatch.setattr(WorkFiles, "keep_result", slowly)
        host.work("one")
        sys.stdout.flush()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert json.loads(out.read_text())["by"] == "one"
    assert host.status("one").state == WELL

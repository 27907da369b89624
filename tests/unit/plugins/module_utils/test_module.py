# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How modules end: with a result, with an error that says what to do, with part of the work done, by a signal."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused, Unfinished
from ansible_collections.day2.ops.plugins.module_utils._module import WORK, finish, finish_work
from ansible_collections.day2.ops.plugins.module_utils._progress import SILENT, Progress
from ansible_collections.day2.ops.plugins.module_utils._work.files import WELL, WRONG, WorkFiles
from ansible_collections.day2.ops.plugins.module_utils._work.order import Order


class Module:
    """Takes what an AnsibleModule is given at its end."""

    argument_spec: ClassVar[dict[str, Any]] = {"database": {}, "login_password": {"no_log": True}}
    params: ClassVar[dict[str, Any]] = {"database": "shop", "login_password": "s3cret"}

    def __init__(self, check_mode: bool = False) -> None:
        self.check_mode = check_mode
        self.said: list[str] = []
        self.ended: dict[str, Any] = {}

    def warn(self, text: str) -> None:
        self.said.append(text)

    def exit_json(self, **result: Any) -> None:
        self.ended = result
        print(json.dumps(result))

    def fail_json(self, **result: Any) -> None:
        self.exit_json(failed=True, **result)


def test_a_result_is_unchanged_unless_it_says_so_and_its_warnings_are_told() -> None:
    module = Module()
    finish(module, lambda: {"rows": 3, "warnings": ["one", "two"]})
    assert module.ended == {"changed": False, "rows": 3}
    assert module.said == ["one", "two"]
    finish(module, lambda: {"changed": True})
    assert module.ended == {"changed": True}


def test_bytes_that_are_no_text_are_told_as_what_they_are() -> None:
    def result(name: str) -> dict[str, Any]:
        return {"tables": {f"public.{name}": 3}, "names": [name, ("ü ☃", 1)], "warnings": [name]}

    module = Module()
    finish(module, lambda: result(os.fsdecode(b"caf\xe9 \xc3\xbc") + "\ud800"))
    written = r"caf\xe9 ü\ud800"
    assert module.ended == {"changed": False, "tables": {f"public.{written}": 3}, "names": [written, ["ü ☃", 1]]}
    assert module.said == [written]

    def refuse() -> dict[str, Any]:
        raise Refused("dumping", os.fsdecode(b"\xff"), "it is odd", "Try again.")

    finish(module, refuse)
    assert (module.ended["msg"], module.ended["error"]["on"]) == (
        r"Dumping on \xff failed: it is odd. Try again.", r"\xff",
    )  # fmt: skip


def test_an_error_is_a_sentence_and_data() -> None:
    def refuse() -> dict[str, Any]:
        raise Refused("dumping the shop", "db", " it is locked. ", "Try again.")

    module = Module()
    finish(module, refuse)
    assert module.ended == {
        "failed": True,
        "msg": "Dumping the shop on db failed: it is locked. Try again.",
        "error": {
            "kind": "Refused", "doing": "dumping the shop", "on": "db", "why": "it is locked", "remedy": "Try again.",
        },
    }  # fmt: skip


def test_an_unfinished_work_tells_what_was_done() -> None:
    def half() -> dict[str, Any]:
        raise Unfinished("vacuuming", "db", "one failed", "Look.", {"changed": True, "done": [1], "warnings": ["w"]})

    module = Module()
    finish(module, half)
    assert (module.ended["changed"], module.ended["done"], module.said) == (True, [1], ["w"])
    assert module.ended["error"]["kind"] == "Unfinished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_an_error_after_clearing_away(number: signal.Signals) -> None:
    cleared: list[bool] = []

    def work() -> dict[str, Any]:
        try:
            os.kill(os.getpid(), number)
            time.sleep(20)
        finally:
            cleared.append(True)
        return {}

    module = Module()
    before = signal.getsignal(number)
    finish(module, work)
    assert module.ended["msg"].startswith(f"Running the module on this host failed: the signal {number.name} told it")
    assert module.ended["error"]["kind"] == "Ended"
    assert cleared == [True]
    assert signal.getsignal(number) is before


def test_a_defect_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        finish(Module(), lambda: {"share": 1 // 0})


def test_long_work_is_done_on_record_where_its_starter_wants_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Progress] = []
    asked: list[dict[str, Any]] = []

    def order(parameters: dict[str, Any]) -> Order:
        asked.append(parameters)
        return Order("postgresql_backup", "shop", parameters)

    def call(progress: Progress) -> dict[str, Any]:
        told.append(progress)
        return {"changed": True}

    module = Module()
    finish_work(module, order, call)
    monkeypatch.setenv(WORK, str(tmp_path / "day2" / "one"))
    finish_work(Module(check_mode=True), order, call)
    assert (told, asked, list(tmp_path.iterdir())) == ([SILENT, SILENT], [], [])

    finish_work(module, order, call)
    assert told[2] is not SILENT
    assert asked == [{"database": "shop"}]
    assert module.ended == {"changed": True}
    status = WorkFiles(tmp_path / "day2" / "one").status()
    assert status is not None
    assert status.state == WELL

    monkeypatch.setenv(WORK, str(tmp_path / "day2" / "two"))
    finish_work(module, order, call)
    assert (module.ended["failed"], module.ended["error"]["kind"], len(told)) == (True, "StandsAlready", 3)


def test_an_order_that_cannot_be_understood_fails_as_the_work_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def order(parameters: dict[str, Any]) -> Order:
        raise Refused("reading the options", "jobs", "0 is less than 1", "Give at least 1.")

    module = Module()
    monkeypatch.setenv(WORK, str(tmp_path / "one"))
    finish_work(module, order, lambda progress: {"changed": True})
    assert module.ended["error"]["why"] == "0 is less than 1"


def test_long_work_that_is_told_to_end_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(progress: Progress) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
        return {}

    module = Module()
    monkeypatch.setenv(WORK, str(tmp_path / "one"))
    finish_work(module, lambda asked: Order("m", "shop", asked), call)
    assert module.ended["error"]["kind"] == "Ended"
    status = WorkFiles(tmp_path / "one").status()
    assert status is not None
    assert (status.state, status.printed) == (WRONG, True)

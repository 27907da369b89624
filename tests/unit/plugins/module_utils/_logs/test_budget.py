# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of a scan: expressions that run for ever, files that unpack to more than there is; what was counted stays."""

from __future__ import annotations

import gzip
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ansible_collections.day2.ops.plugins.module_utils._logs import files as files_module
from ansible_collections.day2.ops.plugins.module_utils._logs import scan as scan_module
from ansible_collections.day2.ops.plugins.module_utils._logs.budget import Budget, OutOfTime
from ansible_collections.day2.ops.plugins.module_utils._logs.scan import scan
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import PatternSpec
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner

from .made_up import settings, source

LINE = "2026-11-22 01:59:00 ERROR it broke\n"
# For each of these, one line takes longer than anybody lives.
ENDLESS = "x" * 60 + "!"
BACKTRACKING = [r"(x+x+)+y", r"(?i)(X|XX)+Y", "(x*)*é", r"(([x])+.)+[A-Z]([x])+$"]


def scanned(path: Path, concurrency: int = 1, **more: Any) -> dict[str, Any]:
    began = time.monotonic()
    found = scan(source(paths=(str(path),), **more), settings(), HostRunner(), concurrency)
    assert time.monotonic() - began < 20
    return found


@pytest.mark.parametrize("regex", BACKTRACKING)
@pytest.mark.parametrize("field", [None, "message"])
def test_an_expression_that_runs_for_ever_is_ended(tmp_path: Path, regex: str, field: str | None) -> None:
    log = tmp_path / "app.log"
    log.write_text(LINE * 20_000 + f"2026-11-22 01:59:01 ERROR {ENDLESS}\n" + LINE * 20_000)
    patterns = (PatternSpec("endless", regex, field), PatternSpec("broke", "it broke"))
    before = signal.getsignal(signal.SIGALRM)
    found = scanned(log, timeout=3, patterns=patterns)
    why = "its 3 seconds were over while it was searched for 'endless'"
    assert found["timed_out"] == why
    assert found["files"][0]["error"].endswith(why)
    assert 0 < found["patterns"]["broke"] < 40_000
    assert 0 < found["lines"] < 40_001
    assert found["errors"] <= found["lines"]
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_on_the_last_line_too(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(LINE * 3 + f"{ENDLESS}\n")
    found = scanned(log, timeout=1, patterns=(PatternSpec("endless", BACKTRACKING[0]),))
    assert found["files"][0]["error"] == f"not counted to its end: {found['timed_out']}"
    assert (found["lines"], found["errors"], found["continued"]) == (4, 3, 1)


def test_in_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "SMALLEST_PART", 1000)
    for name in "abc":
        (tmp_path / f"{name}.log").write_text(LINE * 50 + f"{ENDLESS}\n")
    found = scanned(tmp_path / "*.log", 3, timeout=1, patterns=(PatternSpec("endless", BACKTRACKING[0]),))
    assert "'endless'" in found["timed_out"]
    assert all(file["error"] for file in found["files"])


def test_files_whose_turn_does_not_come_are_told(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text(f"{ENDLESS}\n")
    (tmp_path / "2.log").write_text(LINE)
    found = scanned(tmp_path / "*.log", timeout=1, patterns=(PatternSpec("endless", BACKTRACKING[0]),))
    assert [file["lines"] for file in found["files"]] == [1, 0]
    assert found["files"][1]["error"] == f"not read to its end: {found['timed_out']}"


def test_a_search_that_takes_its_time_but_ends_in_time_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(f"{'x' * 22}\n" + LINE)
    found = scanned(log, timeout=60, patterns=(PatternSpec("slow", r"(x+x+)+y"), PatternSpec("broke", "it broke")))
    assert (found["timed_out"], found["files"][0]["error"]) == (None, None)
    assert found["patterns"] == {"slow": 0, "broke": 1}


@pytest.mark.parametrize("packed", ["gzip", "zstd by the library", "zstd by the program"])
def test_a_bomb_is_read_as_far_as_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str) -> None:
    text = LINE.encode() * 300_000  # ten megabytes in some kilobytes
    log = tmp_path / "bomb"
    log.write_bytes(gzip.compress(text) if packed == "gzip" else zstandard.compress(text))
    if packed == "zstd by the program":
        monkeypatch.setattr(files_module, "zstandard", None)
    assert log.stat().st_size < 100_000
    limit = len(LINE) * 1000
    found = scanned(log, max_unpacked_bytes=limit)
    (file,) = found["files"]
    assert file["error"] == f"it holds more than {limit} bytes unpacked; what came before was read"
    assert (file["bytes"], file["lines"], found["errors"]) == (limit, 1000, 1000)
    assert found["timed_out"] is None
    whole = scanned(log, max_unpacked_bytes=len(text))
    assert (whole["files"][0]["error"], whole["lines"]) == (None, 300_000)


def test_a_bomb_that_says_nothing_ends_in_time(tmp_path: Path) -> None:
    log = tmp_path / "empty.gz"
    log.write_bytes(gzip.compress(b"") * 2_000_000 + gzip.compress(LINE.encode()))
    found = scanned(log, timeout=1)
    assert found["timed_out"] == "its 1 seconds were over while it was unpacked"
    assert found["lines"] == 0


# -- the budget itself ------------------------------------------------------------------------------------------------


def test_without_limits_there_is_no_end() -> None:
    budget = Budget()
    with budget.running(), budget.watched("while it ran"):
        budget.check()
    assert (budget.over, signal.getsignal(signal.SIGALRM)) == (None, signal.SIG_DFL)


def test_when_it_is_over_it_stays_so() -> None:
    budget = Budget(0)
    for _time in range(2):
        with pytest.raises(OutOfTime, match="its 0 seconds were over"):
            budget.check()
        with pytest.raises(OutOfTime), budget.watched("while it ran"):
            raise AssertionError
    assert budget.over == "its 0 seconds were over"


def test_the_timer_ends_nothing_that_is_not_watched() -> None:
    budget = Budget(0.05)

    def work() -> None:
        with budget.watched("while it ran"):
            while True:
                sum(range(1000))

    with budget.running():
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            sum(range(1000))
        assert budget.over is None
        with pytest.raises(OutOfTime):
            work()
    assert budget.over == "its 0.05 seconds were over while it ran"


def test_off_the_main_thread_the_clock_alone_is_looked_at() -> None:
    budget = Budget(0)
    seen: list[str | None] = []

    def work() -> None:
        with budget.running(), pytest.raises(OutOfTime):
            budget.check()
        seen.append(budget.over)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert seen == ["its 0 seconds were over"]

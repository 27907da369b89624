# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmarks' own arithmetic, and what they run programs with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..benchmarks import table
from ..benchmarks.database import TABLES, tables_of
from ..benchmarks.rows import KINDS, Kind, Maker
from ..benchmarks.sides import Run, divided
from ..collection import CHECKOUT


def timed(*argvs: list[str], stdin: str = "", stdout: str = "") -> subprocess.CompletedProcess[str]:
    order = json.dumps({"argvs": argvs, "stdin": stdin, "stdout": stdout})
    argv = [sys.executable, "-m", "tests.benchmarks.timed_programs"]
    return subprocess.run(argv, cwd=CHECKOUT, input=order, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("limit", "values", "holds"),
    [
        (table.at_most(1.2), [1.1, 1.2, 9.0], True),
        (table.at_most(1.2), [1.1, 1.3, 1.3], False),
        (table.at_most(1, always=True), [0.1, 0.1, 1.1], False),
        (table.at_least(3.5), [3.6, 3.4, 3.5], True),
        (table.at_least(3.5), [3.4], False),
    ],
)
def test_a_limit_is_kept_by_the_median_or_always(limit: table.Limit, values: list[float], holds: bool) -> None:
    line = table.Line("this", values, limit)
    assert line.holds is holds
    assert table.told([line]).splitlines()[1].endswith("holds" if holds else "MISSED")


def test_what_has_no_limit_is_only_shown() -> None:
    line = table.Line("memory", [3, 1, 2], unit="MB")
    assert line.holds
    assert table.told([line]).splitlines()[1] == "memory     2.00  (  1.00 ..   3.00)   MB"


def test_ratios_are_of_the_same_round() -> None:
    assert table.ratios([2, 9], [1, 3]) == [2, 3]
    with pytest.raises(ValueError, match="shorter"):
        table.ratios([1, 2], [1])


def test_phases_are_medians() -> None:
    runs = [Run(3, phases=[("one", seconds, 2 * seconds), ("two", 1, 0)]) for seconds in (1, 5, 2)]
    assert divided(runs) == "one 2.00 (4.00), two 1.00 (0.00)"


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_rows_are_the_same_each_time(kind: Kind) -> None:
    rows = list(kind.rows(Maker(7, 50), 20))
    assert rows == list(kind.rows(Maker(7, 50), 20))
    assert rows != list(kind.rows(Maker(8, 50), 20))
    assert {row.count("\t") for row in rows} == {kind.columns.count(" NOT NULL") + kind.columns.count("note")}


def test_no_table_is_most_of_the_database() -> None:
    made = tables_of(2_000_000_000)
    sizes = [one.rows * one.kind.row_bytes for one in made]
    assert len(made) == len({one.name for one in made}) == TABLES
    assert max(sizes) < 0.15 * sum(sizes)
    assert sum(sizes) == pytest.approx(2_000_000_000, rel=0.01)


def test_programs_are_run_into_each_other(tmp_path: Path) -> None:
    told = json.loads(timed(["cat"], ["tr", "a-z", "A-Z"], stdin="three\n").stdout)
    assert told["printed"] == "THREE\n"
    assert 0 < told["seconds"] < 10
    target = tmp_path / "out"
    assert json.loads(timed(["echo", "kept"], stdout=str(target)).stdout)["printed"] == ""
    assert target.read_text() == "kept\n"


def test_a_program_that_fails_is_told_of() -> None:
    done = timed(["sh", "-c", "echo this is why >&2; exit 3"], ["cat"])
    assert done.returncode == 1
    assert "this is why" in done.stderr
    assert "the statuses [3, 0]" in done.stderr

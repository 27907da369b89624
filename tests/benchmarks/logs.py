# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log scanner against pipelines of grep, sed, awk and sort, as lines with limits."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..tools.program import WORK, say
from .log_scan import PIPELINES, make
from .log_scan import measure as measure_once
from .table import Line, at_least, at_most, told

__all__ = ["measure"]

_PROCESSES = 2


def measure(rounds: int, size: int) -> list[Line]:
    """Measure logs of each kind; print what was found; return what has limits.

    :param size: of a log, in bytes.
    """
    lines: list[Line] = []
    WORK.mkdir(exist_ok=True)
    for kind in sorted(PIPELINES):
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=WORK) as folder:
            log = Path(folder) / "benchmark.log"
            say(f"making a log of {size / 1e6:.0f} MB, {kind}")
            make(log, kind, size)
            lines += _of(kind, log, rounds)
    say(f"\nLogs, {rounds} rounds\n\n{told(lines)}\n")
    return lines


def _of(kind: str, log: Path, rounds: int) -> list[Line]:
    found = []
    for number in range(1, rounds + 1):
        found.append(measure_once(log, kind, _PROCESSES))
        say(f"  round {number}: scan {found[-1]['scan_seconds']} s, pipelines {found[-1]['pipeline_seconds']} s")

    def figures(name: str) -> list[float]:
        return [float(one[name]) for one in found]

    return [
        Line(f"{kind}: pipelines / scan", figures("ratio"), at_least(1)),
        Line(f"{kind}: pipelines / scan, of the processors' time", figures("processor_ratio")),
        Line(f"{kind}: thousands of lines a second", [value / 1000 for value in figures("lines_per_second")]),
        Line(f"{kind}: memory of all processes", figures("peak_megabytes"), at_most(64, always=True), "MB"),
        Line(f"{kind}: same numbers found (1 is yes)", figures("same_numbers"), at_least(1)),
    ]

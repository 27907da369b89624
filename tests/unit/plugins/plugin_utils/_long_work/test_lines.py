# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a work is, in a line."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.plugin_utils._long_work.lines import (
    interval,
    line,
    over,
    stopped,
    taking_over,
)

MIB = 1 << 20
FIGURES: dict[str, Any] = {
    "phase": "dumping",
    "phase_seconds": 15.0,
    "unit": "parts",
    "objects_done": 12,
    "objects_total": 48,
    "bytes_done": 1229 * MIB,
    "bytes_total": 4096 * MIB,
    "bytes_per_second": 85 * MIB,
    "seconds_left": 33.4,
}


def status(title: str = "shop", silent: float = 0.4, **figures: Any) -> dict[str, Any]:
    return {"title": title, "silent_seconds": silent, "progress": {**FIGURES, **figures}}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (status(), "shop: dumping, 12 of 48 parts, 1.2 of 4.0 GiB, 85.0 MiB/s, about 33 s left"),
        (
            status(bytes_done=500 * MIB, seconds_left=3600),
            "shop: dumping, 12 of 48 parts, 500 MiB of 4.0 GiB, 85.0 MiB/s, about 1 h left",
        ),
        (
            status(bytes_total=None, seconds_left=None),
            "shop: dumping, 12 of 48 parts, 1.2 GiB, 85.0 MiB/s",
        ),
        (status(bytes_per_second=None, seconds_left=0.3), "shop: dumping, 12 of 48 parts, 1.2 of 4.0 GiB"),
        (status(bytes_per_second=0, seconds_left=None), "shop: dumping, 12 of 48 parts, 1.2 of 4.0 GiB"),
        (status(silent=95), "shop: dumping, 12 of 48 parts, 1.2 of 4.0 GiB, nothing new for 1 min 35 s"),
        (
            status(phase="analysing", unit="tables", bytes_done=0, bytes_total=None, bytes_per_second=None),
            "shop: analysing, 12 of 48 tables, about 33 s left",
        ),
        (
            status(phase="building indexes", objects_total=None, bytes_done=0, bytes_total=None, silent=80),
            "shop: building indexes, for 1 min 35 s",
        ),
        (
            status(phase="building indexes", objects_total=None, bytes_done=0, bytes_total=None, phase_seconds=0.2),
            "shop: building indexes",
        ),
        ({"title": "shop", "silent_seconds": 2, "progress": {}}, "shop: planning, for 2 s"),
        (
            status(title="line\nbreak \x1b[31m; DROP"),
            "line break \u241b[31m; DROP: dumping, 12 of 48 parts, 1.2 of 4.0 GiB, 85.0 MiB/s, about 33 s left",
        ),
    ],
)
def test_a_line(told: dict[str, Any], expected: str) -> None:
    assert line(told) == expected


def test_lines_become_rarer() -> None:
    assert [interval(seconds) for seconds in (0, 59, 60, 599, 600, 3599, 3600, 1e6)] == [5, 5, 15, 15, 30, 30, 60, 60]


def test_work_that_is_not_new() -> None:
    told = {"title": "shop\r\n", "seconds": 200.3, "pid": 77, "started": 1795312800.0, "ended": 1795313400.0}
    assert taking_over(told).startswith("shop  : the same work has been running for 3 min 20 s, as process 77; ")
    assert "from 2026-11-22T02:00:00Z to 2026-11-22T02:10:00Z, and nobody heard of it" in over(told)


@pytest.mark.parametrize(
    ("state", "signalled", "interrupted", "succeeded", "expected"),
    [
        ("ended", True, True, False, "it has ended, and cleared away"),
        ("ended", True, False, True, "it was done by then; the next run reports it"),
        ("ended", False, True, False, "it has ended, and cleared away"),
        ("ended", False, False, False, "it had ended before"),
        ("killed", True, False, None, "it was killed; the next run clears away"),
        ("running", True, False, None, "it is still clearing away"),
    ],
)
def test_work_that_is_stopped(
    state: str, signalled: bool, interrupted: bool, succeeded: bool | None, expected: str
) -> None:
    told = {"state": state, "signalled": signalled, "interrupted": interrupted, "status": {"succeeded": succeeded}}
    assert stopped(told).startswith(expected)


def test_work_that_never_began() -> None:
    assert stopped({"state": "lost", "signalled": False, "interrupted": False, "status": None}) == "no work had begun"

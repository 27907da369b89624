# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far work is: counts, rates and what is left, by a clock of the test's own; and how often that is published."""

from __future__ import annotations

import io
import threading
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._progress import SILENT, Gauge

MIB = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def gauge() -> tuple[Gauge, Clock, list[dict[str, Any]]]:
    clock = Clock()
    published: list[dict[str, Any]] = []
    return Gauge(published.append, clock), clock, published


def test_it_counts_and_says_what_is_left_by_the_bytes() -> None:
    told, clock, published = gauge()
    told.phase("restoring rows", 4, "parts", 100 * MIB)
    assert published[-1] == {
        "phase": "restoring rows",
        "phase_seconds": 0,
        "unit": "parts",
        "objects_done": 0,
        "objects_total": 4,
        "bytes_done": 0,
        "bytes_total": 100 * MIB,
        "bytes_per_second": None,
        "seconds_left": None,
    }
    clock.now += 10
    told.add(1, 20 * MIB)
    figures = told.figures()
    assert (figures["objects_done"], figures["bytes_done"]) == (1, 20 * MIB)
    assert (figures["bytes_per_second"], figures["seconds_left"]) == (2 * MIB, 40)


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    told, clock, _published = gauge()
    told.phase("dumping", 2, "parts", 1000 * MIB)
    for _second in range(60):
        clock.now += 1
        told.add(size=10 * MIB)
        told.figures()
    for _second in range(40):
        clock.now += 1
        told.add(size=MIB)
        told.figures()
    figures = told.figures()
    assert MIB <= figures["bytes_per_second"] <= 1.5 * MIB
    assert figures["seconds_left"] == round((1000 - 640) * MIB / figures["bytes_per_second"], 1)


def test_nothing_moves_any_more() -> None:
    told, clock, _published = gauge()
    told.phase("dumping", 2, "parts", 100 * MIB)
    clock.now += 1
    told.add(size=MIB)
    told.figures()
    for _second in range(120):
        clock.now += 1
        told.figures()
    figures = told.figures()
    assert (figures["bytes_per_second"], figures["seconds_left"]) == (0, None)


def test_without_bytes_the_objects_say_what_is_left() -> None:
    told, clock, _published = gauge()
    told.phase("counting rows", 10, "tables")
    clock.now += 6
    told.add(3)
    assert told.figures()["seconds_left"] == 14
    told.add(9)  # more than there were
    assert told.figures()["seconds_left"] == 0


def test_what_is_not_known_is_not_said() -> None:
    told, clock, _published = gauge()
    told.phase("building indexes")
    clock.now += 95
    figures = told.figures()
    assert figures["phase_seconds"] == 95
    assert (figures["objects_total"], figures["bytes_total"], figures["seconds_left"]) == (None, None, None)


def test_an_expectation_that_was_exceeded_is_none() -> None:
    told, clock, _published = gauge()
    told.phase("dumping", None, "parts")
    told.expect(10 * MIB)
    clock.now += 1
    told.add(size=9 * MIB)
    assert told.figures()["bytes_total"] == 10 * MIB
    told.add(size=2 * MIB)
    assert (told.figures()["bytes_total"], told.figures()["seconds_left"]) == (None, None)


def test_a_clock_that_stands_still() -> None:
    told, _clock, _published = gauge()
    told.phase("dumping", 1, "parts", 5)
    told.add(1, 5)
    figures = told.figures()
    assert (figures["bytes_per_second"], figures["seconds_left"]) == (None, None)


def test_a_phase_begins_at_nothing() -> None:
    told, clock, published = gauge()
    told.phase("one", 5, "tables", 100)
    told.add(5, 100)
    clock.now += 7
    told.phase("two")
    assert [figures["phase"] for figures in published] == ["one", "two"]
    assert (published[-1]["objects_done"], published[-1]["bytes_done"], published[-1]["phase_seconds"]) == (0, 0, 0)


def test_streams_are_counted() -> None:
    told, _clock, _published = gauge()
    told.phase("copying")
    taken: list[bytes] = []
    sink = told.writing(taken.append)
    source = told.reading(io.BytesIO(b"x" * 10))
    for chunk in iter(lambda: source.read(4), b""):
        sink(chunk)
    assert b"".join(taken) == b"x" * 10
    assert told.figures()["bytes_done"] == 20


def test_it_is_published_at_phases_and_while_it_moves() -> None:
    """In the block a thread publishes once a second what is new; what is not new, it does not."""
    came = threading.Event()
    published: list[dict[str, Any]] = []

    def publish(figures: dict[str, Any]) -> None:
        published.append(figures)
        if figures["objects_done"]:
            came.set()

    with Gauge(publish) as told:
        assert [figures["phase"] for figures in published] == ["planning"]
        told.phase("counting", 2, "tables")
        told.add(1)
        assert came.wait(10)
    told.phase("over")
    assert [(figures["phase"], figures["objects_done"]) for figures in published] == [
        ("planning", 0),
        ("counting", 0),
        ("counting", 1),
        ("over", 0),
    ]


def test_who_is_told_nothing_is_no_trouble() -> None:
    SILENT.phase("dumping", 3, "parts", 5)
    SILENT.add(1, 2)
    SILENT.expect(4)
    taken: list[bytes] = []
    SILENT.writing(taken.append)(SILENT.reading(io.BytesIO(b"abc")).read())
    assert taken == [b"abc"]

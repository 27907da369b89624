# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts of any kind where others are expected: what cannot be shown says so, and everything else is shown."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.plugin_utils._report import Report, charts
from ansible_collections.day2.ops.plugins.plugin_utils._report import render as render_module
from ansible_collections.day2.ops.plugins.plugin_utils._report import sections as sections_module
from ansible_collections.day2.ops.plugins.plugin_utils._report import view as view_module

from .documents import HOSTILE, document
from .test_report import Elements

FORMATS = ["html", "json", "md"]


def nested(depth: int) -> Any:
    value: Any = "at the bottom"
    for level in range(depth):
        value = {"deeper": value} if level % 2 else [value]
    return value


ODD: list[Any] = [
    None, True, False, 0, -1, 1e-320, -0.0, float("nan"), float("inf"), float("-inf"), 10**400, -(10**400), 2**63,
    10**9999, 1e308, "", "12", "nan", "1e999", "-", HOSTILE, "\udcff", "\x00\x1b[2J", "2026-99-99T99:99:99Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", [], {}, [None], [[]], [{}], [[1, [2]]], {"": None},
    {"a": {"b": []}}, [{"top": 1}], ["text"], [1, "2", None], {"top": "text", "total": "many"}, {1: 2},
]  # fmt: skip
HUGE: list[Any] = [
    "x" * 10_000_000,
    "\x00" * 3_000_000,
    nested(5000),
    [0] * 200_000,
    {str(n): n for n in range(50_000)},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(item, (*path, key))


def put(whole: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    holder: Any = whole
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value


# Without these it is no document.
NEEDED = {("run",), ("run", "environment"), ("run", "runbook"), ("run", "started")}


def told(given: dict[str, Any], previous: dict[str, Any] | None = None) -> dict[str, str]:
    """The report, which has all its parts and nothing in it that is not well formed."""
    report = Report(given)
    report.compare(previous)
    texts = report.texts(FORMATS)
    page = Elements(texts["html"])
    assert (page.open, page.wrong) == ([], [])
    names = [attributes["id"] for _tag, attributes in page.found if "id" in attributes]
    assert {"needs", "changes", "checks", "about"} <= set(names)
    assert len(set(names)) == len(names)
    assert "</html>" in texts["html"]
    for heading in ("## Needs a person", "## Changes since the last run", "## All checks", "## This run"):
        assert heading in texts["md"]
    json.loads(texts["json"])
    json.dumps(report.history_entry(), allow_nan=False)
    assert all("\n" not in line for line in report.told("")["summary"])
    assert max(len(texts["html"]), len(texts["md"])) < 5_000_000
    return texts


def without_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts take most of the time."""
    monkeypatch.setattr(charts, "_drawn", lambda draw, rows, salt: "<svg></svg>")


@pytest.mark.parametrize("odd", range(len(ODD)))
def test_an_odd_value_in_every_place(odd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one by one: every seventh place of the document, with each beginning."""
    without_charts(monkeypatch)
    every = [path for path in places(document()) if path not in NEEDED]
    for start in range(7):
        given = document()
        for path in every[start::7]:
            try:
                put(given, path, copy.deepcopy(ODD[odd]))
            except (KeyError, IndexError, TypeError):  # what held it has become something odd itself
                continue
        told(given, document())


@pytest.mark.parametrize("seed", range(60))
def test_any_values_anywhere(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 10:
        without_charts(monkeypatch)
    chance = random.Random(seed)
    given, previous = document(), document()
    for whole in (given, previous):
        for _time in range(chance.randrange(1, 40)):
            every = [path for path in places(whole) if path not in NEEDED]
            put(whole, chance.choice(every), copy.deepcopy(chance.choice(ODD)))
    told(given, previous)


@pytest.mark.parametrize("huge", range(len(HUGE)))
def test_huge_values_cost_neither_the_page_nor_the_time(huge: int, monkeypatch: pytest.MonkeyPatch) -> None:
    without_charts(monkeypatch)
    chance = random.Random(huge)
    every = [path for path in places(document()) if path not in NEEDED]
    began = time.process_time()
    for _time in range(6):
        given = document()
        put(given, chance.choice(every), HUGE[huge])
        told(given)
    given = document()
    for group in list(given["hosts"]["db1"]["facts"]):
        given["hosts"]["db1"]["facts"][group] = HUGE[huge]
    told(given)
    assert time.process_time() - began < 60


def fail(*_given: Any) -> Any:
    raise ZeroDivisionError("no such luck <script>")


THERE = document()["hosts"]["db1"]["facts"]


@pytest.mark.parametrize("section", [entry[0] for entry in sections_module._KNOWN if entry[0] in THERE])
def test_a_section_that_cannot_be_made_says_so(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(document())
    known = [(key, title, fail if key == section else make) for key, title, make in sections_module._KNOWN]
    monkeypatch.setattr(sections_module, "_KNOWN", tuple(known))
    found = told(document())
    title = {key: title for key, title, _make in known}[section]
    for kind in ("html", "md"):
        assert f"{title} of db1 cannot be shown: ZeroDivisionError: no such luck" in found[kind]
        assert "<script" not in found[kind]
    others = [other for key, other, _make in known if key != section and f">{other}</h2>" in whole["html"]]
    assert others
    assert all(f">{other}</h2>" in found["html"] for other in others)


def test_what_cannot_be_drawn_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(document())
    monkeypatch.setattr(charts, "_drawn", fail)
    found = told(document())
    assert "cannot be shown: ZeroDivisionError: no such luck &lt;script&gt;" in found["html"]
    assert found["html"].count("<table") == whole["html"].count("<table")


@pytest.mark.parametrize("part", ["_steps", "_about", "_checks", "drill_words"])
def test_parts_of_the_page_that_fail_cost_themselves_alone(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, part, fail)
    found = told(document())
    assert "cannot be shown: ZeroDivisionError: no such luck" in found["html"]
    assert ">Databases</h2>" in found["html"]


@pytest.mark.parametrize("template", ["header", "needs", "changes"])
def test_a_template_that_fails_costs_its_part_alone(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    get = render_module.Environment.get_template

    def broken(environment: Any, name: str, *more: Any, **options: Any) -> Any:
        return environment.from_string("{{ nothing.there }}") if name.startswith(template) else get(environment, name)

    monkeypatch.setattr(render_module.Environment, "get_template", broken)
    texts = Report(document()).texts(FORMATS)
    for kind in ("html", "md"):
        assert "cannot be shown: UndefinedError" in texts[kind]
    assert ">Databases</h2>" in texts["html"]
    assert "## Databases" in texts["md"]

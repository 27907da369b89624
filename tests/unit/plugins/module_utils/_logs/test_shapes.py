# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines taken by shapes count as lines read one by one; so do blocks of any size."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.budget import Budget
from ansible_collections.day2.ops.plugins.module_utils._logs.scanner import Scanner
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import PatternSpec

from .made_up import MAKERS, NOW, PATTERNS, one_by_one, scanned, settings, source


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: (one[key], other[key]) for key in one if one[key] != other[key]}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("made", MAKERS)
@pytest.mark.parametrize("read_as", ["as made", "auto"])
def test_shapes_change_nothing(made: str, read_as: str, seed: int) -> None:
    text = MAKERS[made](random.Random(seed), 500)
    spec = source(format=made if read_as == "as made" else "auto", patterns=PATTERNS)
    expected = one_by_one(text, spec, settings())
    assert expected["entries"] > 300
    for block in (3000, 1 << 20):
        assert differences(scanned(text, spec, settings(), block), expected) == {}


@pytest.mark.parametrize("made", MAKERS)
@pytest.mark.parametrize(
    ("since", "until"), [(2.9, None), (None, 2.5), (2.8, 2.6), (2.95, 2.94), (99, None), (None, 99), (0, None)]
)
def test_shapes_change_nothing_of_a_period(made: str, since: float | None, until: float | None) -> None:
    text = MAKERS[made](random.Random(7), 500)
    spec = source(format=made, patterns=PATTERNS)
    moments = [None if hours is None else (NOW - timedelta(hours=hours)).timestamp() for hours in (since, until)]
    asked = settings(since=moments[0], until=moments[1])
    expected = one_by_one(text, spec, asked)
    for block in (3000, 1 << 20):
        assert differences(scanned(text, spec, asked, block), expected) == {}


def compact(given: dict[str, Any]) -> str:
    return json.dumps(given, separators=(",", ":"))


def stamped(number: int) -> str:
    return f"2026-11-22T01:{number % 60:02d}:00.{number:03d}Z"


# Templates of lines, and whether a shape may be made of them: only where it is exact.
TEMPLATES: dict[str, tuple[Callable[[int], str], bool]] = {
    "seconds": (lambda n: compact({"ts": 1795312800 + n, "level": 30, "msg": "x"}), True),
    "fractions": (lambda n: compact({"ts": 1795312800 + n / 8 + 0.0625, "levelno": 40, "msg": "x"}), True),
    "milliseconds as text": (lambda n: compact({"ts": str(1795312800000 + n), "PRIORITY": str(n % 8)}), True),
    "access time": (lambda n: compact({"time": f"22/Nov/2026:01:{n % 60:02d}:00 +0000", "level": "warn"}), True),
    "syslog time": (lambda n: compact({"time": f"Nov 22 01:{n % 60:02d}:00", "level": "err", "msg": "no"}), True),
    "other day first": (lambda n: compact({"time": f"{n % 28 + 1:02d}/Oct/2026:01:00:00 +0000"}), True),
    "time with the year last": (lambda n: compact({"time": f"Sun Nov 22 01:{n % 60:02d}:00 2026"}), False),
    "not a time": (lambda n: compact({"time": "soon", "timestamp": stamped(n)}), False),
    "not a level": (lambda n: compact({"level": [n], "severity": "info", "msg": "x"}), False),
    "units": (lambda n: compact({"duration": f"{n}.5ms", "path": "/x", "status": "200"}), True),
    "seconds by name": (lambda n: compact({"request_time": n / 8, "uri": f"/x/{n}", "method": "GET"}), True),
    "two units": (lambda n: compact({"duration": f"1m{n}s"}), False),
    "unit with a letter of another alphabet": (lambda n: compact({"duration": f"{n}µs"}), False),
    "not a duration": (lambda n: compact({"duration": "long", "elapsed": n}), False),
    "not a status": (lambda n: compact({"status": "ok", "status_code": 200 + n % 2}), False),
    "status of null": (lambda n: compact({"status": None, "status_code": 200 + n % 2}), False),
    "message of an object": (lambda n: compact({"msg": {"n": n}, "level": "error"}), False),
    "escapes": (lambda n: compact({"msg": f'"{n}"\t\u00e4 \u001b[31m', "level": "error", "x": "\\"}), True),
    "nested": (lambda n: compact({"request": {"method": "GET", "path": f"/a/{n}", "headers": {"a": [n]}}}), True),
    "nested and flat": (lambda n: compact({"log": {"level": "error"}, "log.level": "info", "n": n}), False),
    "deep": (lambda n: compact({"n": n, "x": {"a": {"b": {"c": n}}}, "level": "info"}), False),
    "arrays": (lambda n: compact({"x": [n, [1], {}], "y": {}, "z": True, "level": "info"}), True),
    "asked for": (lambda n: compact({"user": f"u{n}", "level": "error" if n % 2 else "info"}), True),
    "asked for, a number": (lambda n: compact({"user": n, "level": "info"}), False),
    "asked for, null": (lambda n: compact({"user": None if n % 2 else "u1", "level": "info"}), True),
    "asked for deep down": (lambda n: compact({"who": {"id": f"u{n}"}, "level": "info"}), True),
    "twice the same key": (lambda n: f'{{"level":"info","level":"error","n":{n}}}', False),
    "method in small letters": (lambda n: compact({"method": "get", "path": f"/{n}", "status": 500}), False),
    "path of a number": (lambda n: compact({"method": "GET", "path": n}), False),
    "method of a number": (lambda n: compact({"method": n, "path": "/x"}), False),
    "behind a time": (lambda n: stamped(n) + " " + compact({"level": "error", "msg": f"e {n}"}), True),
    "behind a time, with its own": (lambda n: f"{stamped(n)} " + compact({"ts": stamped(n + 1)}), True),
    "behind a service": (lambda n: f"api-{n} | {stamped(n)} " + compact({"level": "error"}), True),
    "of an engine": (lambda n: compact({"log": f"ERROR: {n}\n", "stream": "stdout", "time": stamped(n)}), False),
    "spaces": (lambda n: f'{{ "level" :\t"error" , "msg" : "e {n}" }}', True),
    "status alone": (lambda n: compact({"status": 500 + n % 4, "msg": "x"}), True),
    "path without method": (lambda n: compact({"status": 500, "path": f"/x/{n}"}), True),
    "level without message": (lambda n: compact({"level": "error", "n": n}), True),
    "syslog": (lambda n: f"Nov 22 01:{n % 60:02d}:00 web app[{n}]: error: disk {n}", True),
    "year last": (lambda n: f"[Sun Nov 22 01:{n % 60:02d}:00 2026] [core:error] {n}", False),
    "epoch": (lambda n: f"{1795312800 + n} ERROR e {n}", True),
    "access, timed": (lambda n: f'h - - [22/Nov/2026:01:00:00 +0000] "GET /{n} HTTP/1.1" 500 1 rt=0.{n + 1}', True),
    "access, common": (lambda n: f'h - - [22/Nov/2026:01:00:{n % 60:02d} +0000] "GET /{n} HTTP/1.1" 200 -', True),
    "access, odd": (lambda n: f'h - - [22/Nov/2026:01:00:{n % 60:02d} +0000] "{n}" 400 0', False),
}
ASKED = (
    PatternSpec("user", "1", "user"),
    PatternSpec("who", "2", "who.id", "info"),
    PatternSpec("message", "^e", "message", "error"),
    PatternSpec("status", "^5", "status"),
    PatternSpec("odd", "0", "duration"),
)


@pytest.mark.parametrize("asked", [ASKED[:4], (), ASKED])
@pytest.mark.parametrize("name", TEMPLATES)
def test_shapes_are_exact_or_not_made(name: str, asked: tuple[PatternSpec, ...]) -> None:
    make, possible = TEMPLATES[name]
    text = "".join(f"{make(number)}\n" for number in range(60)).encode()
    for given in (settings(), settings(since=(NOW - timedelta(minutes=40)).timestamp(), mask=False)):
        spec = source(patterns=asked)
        assert differences(scanned(text, spec, given, 1 << 20), one_by_one(text, spec, given)) == {}
    scanner = Scanner(source(patterns=asked), settings(), Budget())
    scanner.block(text)
    if asked == ASKED:
        possible = False  # A field called as what is found under several names.
    elif not asked:
        possible = possible or name.startswith("asked for")
    elif b"{" not in text:
        possible = False  # Only objects have columns for any field.
    assert bool(scanner._shapes._shapes) is possible


def test_shapes_that_are_not_seen_any_more_are_forgotten() -> None:
    text = "".join(
        "".join(compact({f"key{kind}": number, "level": "error"}) + "\n" for number in range(60)) for kind in range(40)
    )
    scanner = Scanner(source(), settings(), Budget())
    for start in range(0, len(text), len(text) // 8):
        scanner.block(text[text.rfind("\n", 0, start) + 1 : text.rfind("\n", 0, start + len(text) // 8) + 1].encode())
    assert len(scanner._shapes._shapes) <= 12


def test_broken_lines_are_not_taken_with_the_next() -> None:
    good = compact({"level": "error", "msg": "x", "last": "end"})
    lines = [good] * 40 + [good[:-5], '"}', good]
    found = scanned("".join(f"{line}\n" for line in lines).encode(), source(format="json"), settings())
    assert (found["entries"], found["unparsed"], found["continued"]) == (41, 1, 1)

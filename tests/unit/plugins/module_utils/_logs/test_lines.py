# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line of each kind, and what it says."""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.lines import LineParser
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import FIELDS, Entry
from ansible_collections.day2.ops.plugins.module_utils._logs.times import Clock, in_words

from .made_up import NOW, source

TWO = "2026-11-22T02:00:00.000+00:00"


def parsed(line: str | bytes, **changed: Any) -> Entry | None:
    raw = line if isinstance(line, bytes) else line.encode()
    return LineParser(source(**changed), Clock(timezone.utc, NOW.timestamp())).entry(raw)


def said(line: str | bytes, **changed: Any) -> dict[str, Any]:
    """What is not empty of what a line says, the time in words."""
    entry = parsed(line, **changed)
    assert entry is not None
    told = {**entry._asdict(), "time": in_words(entry.time)}
    del told["fields"]
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in told.items()
        if value not in (None, b"")
    }


PLAIN = [
    ("2026-11-22 02:00:00,000 ERROR [app.db] no answer", "error", "[app.db] no answer"),
    ("2026-11-22 02:00:00,000 - app.db - ERROR - no answer", "error", "no answer"),
    ("2026-11-22T02:00:00.000Z  WARN 1 --- [main] c.e.App : slow", "warning", "1 --- [main] c.e.App : slow"),
    ("2026-11-22 02:00:00.000 UTC [123] mara@shop LOG:  checkpoint starting", "info", "checkpoint starting"),
    ("2026-11-22 02:00:00.000 UTC [123] [unknown]@[unknown] FATAL:  too many", "critical", "too many"),
    ("2026/11/22 02:00:00 [error] 31#31: *1 open() failed", "error", "31#31: *1 open() failed"),
    ("[2026-11-22 02:00:00 +0000] [7] [INFO] Booting worker", "info", "Booting worker"),
    ("2026-11-22 02:00:00.000 | ERROR    | app.main:run:12 - boom", "error", "app.main:run:12 - boom"),
    ("Nov 22 02:00:00 web1 app[12]: error: disk full", "error", "disk full"),
    ("Nov 22 02:00:00 web1 app[12]: all well", None, "web1 app[12]: all well"),
    ("[Sun Nov 22 02:00:00.000000 2026] [core:error] [pid 1] x", "error", "[pid 1] x"),
    ("[2026-11-22 02:00:00] no level", None, "no level"),
    ("1795312800 INFO started", "info", "started"),
    ("2026-11-22 02:00:00 Worker got ERROR from upstream", None, "Worker got ERROR from upstream"),
    ("2026-11-22 02:00:00 GET /ERROR.css failed", None, "GET /ERROR.css failed"),
    ("2026-11-22 02:00:00 error: lower case", "error", "lower case"),
    ("2026-11-22 02:00:00 informal talk", None, "informal talk"),
    ("2026-11-22 02:00:00 ERROR", "error", None),
    ("2026-11-22 02:00:00", None, None),
]


@pytest.mark.parametrize(("line", "level", "message"), PLAIN)
def test_plain_lines(line: str, level: str | None, message: str | None) -> None:
    for format_name in ("plain", "auto"):
        told = said(line, format=format_name)
        assert (told["time"], told.get("level"), told.get("message")) == (TWO, level, message)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ERROR: no time here", {"level": "error", "message": "no time here"}),
        ("ERROR:root:no time here", {"level": "error", "message": "root:no time here"}),
        ("[warn] no time here", {"level": "warning", "message": "no time here"}),
        (
            'INFO:     10.0.0.1:5 - "GET /api/x HTTP/1.1" 404 Not Found',
            {"level": "info", "method": "GET", "path": "/api/x", "status": 404},
        ),
        (
            '2026-11-22 02:00:00 10.0.0.1 - "POST /a?b=c HTTP/2.0" 503',
            {"time": TWO, "method": "POST", "path": "/a?b=c", "status": 503},
        ),
        (
            "2026-11-22 02:00:00 INFO method=PUT path=/a/1 status_code=500 duration=1.5s user=mara",
            {"time": TWO, "level": "info", "method": "PUT", "path": "/a/1", "status": 500, "duration": 1500.0},
        ),
        (
            'ts=2026-11-22T02:00:00Z level=warn msg="slow \\"query\\"" elapsed=250ms',
            {"time": TWO, "level": "warning", "message": 'slow "query"', "duration": 250.0},
        ),
        (
            "2026-11-22 02:00:00 UTC [1] LOG:  duration: 123.456 ms  statement: SELECT 'x'",
            {"time": TWO, "level": "info", "duration": 123.456, "method": "SQL", "path": "SELECT 'x'"},
        ),
        (
            "2026-11-22 02:00:00 UTC [1] LOG:  duration: 9.5 ms  execute <unnamed>: SELECT $1",
            {"time": TWO, "level": "info", "duration": 9.5, "method": "SQL", "path": "SELECT $1"},
        ),
        ("2026-11-22 02:00:00 request_time: 0.25 done", {"time": TWO, "duration": 250.0}),
        ("2026-11-22 02:00:00 duration: 15µs", {"time": TWO, "duration": 0.015}),
        ("2026-11-22 02:00:00 duration: fast", {"time": TWO}),
        ("backend-1  | 2026-11-22 02:00:00 ERROR x", {"time": TWO, "level": "error", "message": "x"}),
    ],
)
def test_what_plain_lines_hold(line: str, expected: dict[str, Any]) -> None:
    told = said(line)
    if "message" not in expected:
        told.pop("message", None)
    assert told == expected


@pytest.mark.parametrize(
    "line",
    [
        "  File x.py, line 3",
        "ValueError: bad",
        "Traceback (most recent call last):",
        "ERROR no colon, no time",
        "STATEMENT:  SELECT 1",
        "2026-11-22 02:00:00 UTC [1] mara@shop STATEMENT:  SELECT 1",
        "2026-11-22 02:00:00 UTC [1] DETAIL:  Key exists",
        "a=b",
        "",
        "\x00\x00",
        "[1, 2]",
        "{",
    ],
)
def test_lines_that_continue_another(line: str) -> None:
    parser = LineParser(source(), Clock(timezone.utc, NOW.timestamp()))
    assert parser.entry(line.encode()) is None
    assert not parser.broken(line.encode())


ACCESS = '10.0.0.1 - mara [22/Nov/2026:02:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 12'


@pytest.mark.parametrize(
    ("rest", "unit", "duration"),
    [
        ("", "auto", None),
        (' "-" "curl/8"', "auto", None),
        (' "-" "say \\"hi\\"" 0.250', "auto", 250.0),
        (' "-" "curl/8" rt=0.250 uct=0.1', "auto", 250.0),
        (' "-" "curl/8" request_time="0.250"', "auto", 250.0),
        (' "-" "curl/8" 2500', "auto", None),
        (' "-" "curl/8" 2500', "us", 2.5),
        (' "-" "curl/8" "10.0.0.2"', "auto", None),
    ],
)
def test_access_lines(rest: str, unit: str, duration: float | None) -> None:
    expected = {"time": TWO, "method": "GET", "path": "/a?b=c", "status": 200, "message": "GET /a?b=c HTTP/1.1"}
    if duration is not None:
        expected["duration"] = duration
    for format_name in ("access", "auto"):
        assert said(ACCESS + rest, format=format_name, duration_unit=unit) == expected


@pytest.mark.parametrize(
    "line",
    [
        '10.0.0.1 - - [22/Nov/2026:02:00:00 +0000] "-" 400 0',
        '10.0.0.1 - - [22/Nov/2026:02:00:00 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"',
        'host:443 10.0.0.1 - "mara" [22/Nov/2026:02:00:00 +0000] "GET / HTTP/1.1" 200 1',
    ],
)
def test_odd_access_lines(line: str) -> None:
    entry = parsed(line, format="access")
    assert entry is None if '"mara"' in line else (entry is not None and entry.status == 400 and entry.path == b"")


def test_fields_of_access_lines() -> None:
    entry = parsed(ACCESS + ' "http://r/" "curl/8"', format="access")
    assert entry is not None
    assert dict(entry.fields) == {"host": "10.0.0.1", "user": "mara", "referer": "http://r/", "agent": "curl/8"}
    parser = LineParser(source(format="access"), Clock(timezone.utc, NOW.timestamp()))
    assert parser.broken(b"nonsense")
    assert parser.entry(b'10.0.0.1 - - [22/Foo/2026:02:00:00 +0000] "GET / HTTP/1.1" 200 1') is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"ts": "2026-11-22T02:00:00Z", "level": "error", "msg": "x"}, {"time": TWO, "level": "error", "message": "x"}),
        ({"@timestamp": 1795312800000, "log.level": "WARN"}, {"time": TWO, "level": "warning"}),
        ({"time": "1795312800.0", "severity": 50}, {"time": TWO, "level": "error"}),
        ({"time": None, "ts": "soon", "timestamp": "2026-11-22 02:00:00"}, {"time": TWO}),
        ({"__REALTIME_TIMESTAMP": "1795312800000000", "PRIORITY": "3"}, {"time": TWO, "level": "error"}),
        ({"MESSAGE": [104, 105]}, {"message": "hi"}),
        ({"status": "ok", "status_code": "503"}, {"status": 503}),
        ({"status": 42}, {}),
        ({"duration": "1.5s"}, {"duration": 1500.0}),
        ({"duration": "x", "elapsed": 3}, {"duration": 3.0}),
        ({"request_time": "0.250"}, {"duration": 250.0}),
        ({"duration_ms": float("nan")}, {}),
        ({"duration_ms": True, "status": True, "ts": True, "level": True}, {}),
        ({"http": {"response": {"status_code": 404}, "request": {"method": "get"}}}, {"status": 404, "method": "GET"}),
        ({"method": "GET", "url": {"path": "/x"}}, {"method": "GET", "path": "/x"}),
        ({"http.request.method": "PUT", "path": "/a"}, {"method": "PUT", "path": "/a"}),
        ({"method": "not a method", "path": ""}, {}),
        ({"msg": {"a": 1}}, {"message": '{"a": 1}'}),
        ({"msg": "\x1b[31mred\x1b[0m"}, {"message": "red"}),
        ({"ts": 10**400, "duration": 10**400}, {}),
        ({"ts": -1}, {}),
    ],
)
def test_json_lines(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert said(json.dumps(given), format="json") == expected


@pytest.mark.parametrize("line", ['{"a": 1', "[1]", "1", '"x"', "null", "{" * 5000, '{"a":' * 5000, "text"])
def test_what_is_no_object(line: str) -> None:
    assert parsed(line, format="json") is None


def test_broken_objects_continue_nothing() -> None:
    parser = LineParser(source(), Clock(timezone.utc, NOW.timestamp()))
    assert parser.broken(b'{"ts": "2026')
    assert not parser.broken(b"{ braces of some text")
    assert not parser.broken(b'{"log":"Traceback\\n","stream":"stderr","time":"2026-11-22T02:00:00Z"}')


@pytest.mark.parametrize(
    "line",
    [
        '2026-11-22T02:00:00.000Z {"level": "error"}',
        'backend-1  | 2026-11-22T02:00:00.000Z {"level": "error"}',
        '2026-11-22T03:00:00.000Z {"level": "error", "ts": "2026-11-22T02:00:00Z"}',
        json.dumps({"log": '{"level": "error"}\n', "stream": "stdout", "time": "2026-11-22T02:00:00.000000001Z"}),
        json.dumps({"log": "ERROR: \r\n", "stream": "stdout", "time": "2026-11-22T02:00:00Z", "attrs": {}}),
    ],
)
def test_what_engines_put_round_a_line(line: str) -> None:
    assert said(line) == {"time": TWO, "level": "error"}


def test_fields_of_ones_own() -> None:
    fields = {**FIELDS, "time": ("when",), "duration": ("timing.total",), "path": ("http.target", "http.route")}
    line = json.dumps({"when": 1795312800, "timing": {"total": 2500}, "http": {"route": "/x"}, "path": "/y"})
    told = said(line, format="json", fields=fields, duration_unit="us")
    assert told == {"time": TWO, "duration": 2.5, "path": "/x"}

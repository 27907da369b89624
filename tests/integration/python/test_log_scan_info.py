# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""log_scan_info over real files, against numbers that were counted by hand or by grep, awk and sort."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ansible_collections.day2.ops.plugins.module_utils._findings import judge, rulebook
from ansible_collections.day2.ops.plugins.plugin_utils._rules import default_rules
from tests.benchmarks.log_scan import PIPELINES, make, measure
from tests.collection import CHECKOUT
from tests.conftest import RunModule

Scan = Callable[..., dict[str, Any]]


def entry(second: int, level: str, message: str, **fields: Any) -> str:
    return json.dumps({"ts": f"2026-11-22T02:00:{second:02d}Z", "level": level, "msg": message, **fields})


def served(second: int, path: str, status: int, duration: float | str) -> str:
    return entry(second, "info", "served", method="GET", path=path, status=status, duration_ms=duration)


DAY = [
    served(0, "/api/orders/1", 200, 10),
    served(1, "/api/orders/2?token=s3cr3t", 200, "30"),
    served(2, "/static/ERROR.css", 404, 1.5),
    entry(3, "warning", "not logged in", method="POST", path="/login", status=401, duration="20ms"),
    entry(4, "error", "payment of 4012 by mara@example.org failed: password=hunter2", code=401),
    "Traceback (most recent call last):",
    "ValueError: timeout expired",
    entry(5, "error", "payment of 17 by lind@example.org failed: password=x", user="mara"),
    served(6, "/api/orders/3", 503, 1000),
    '{"ts": "2026-11-22T02:00:07',
    "",
]


@pytest.fixture
def scan(run_module: RunModule) -> Scan:
    """Scan one source; return its element of the result."""

    def run(paths: list[Path] | Path, **given: Any) -> dict[str, Any]:
        whole = {name: given.pop(name) for name in list(given) if name in ("since", "until", "top", "mask", "timezone")}
        whole.update({name: given.pop(name) for name in list(given) if name in ("max_line_bytes", "concurrency")})
        names = [str(path) for path in (paths if isinstance(paths, list) else [paths])]
        result = run_module("log_scan_info", {"sources": [{"paths": names, **given}], **whole})
        assert "failed" not in result, result
        assert result["changed"] is False
        (found,) = result["logs"]
        assert isinstance(found, dict)
        return found

    return run


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_day_counted_by_hand(scan: Scan, tmp_path: Path) -> None:
    log = written(tmp_path / "app.log", DAY)
    patterns = [
        {"name": "timeouts", "regex": "timeout expired"},
        {"name": "401", "regex": "^401$", "field": "status"},
        {"name": "mara", "regex": "mara", "level": "error"},
        {"name": "mara herself", "regex": "^mara$", "field": "user", "level": "ERROR"},
        {"name": "none", "regex": "(?i)never"},
    ]
    found = scan(log, name="app", patterns=patterns)
    assert found["files"] == [
        {"path": str(log), "bytes": log.stat().st_size, "lines": 11, "error": None, "skipped": None}
    ]
    endpoint = {"method": "GET", "path": "/api/orders/{id}", "count": 3, "missing": 0, "max": 1000.0}
    first = found["endpoints"][0]
    assert {**endpoint, "p50": first["p50"], "p95": first["p95"]} == first
    assert (first["p50"], first["p95"]) == (pytest.approx(30, rel=0.01), pytest.approx(1000, rel=0.01))
    assert found["slowest"][0] == first
    latency = found["latency"]
    assert (latency["count"], latency["min"], latency["max"], latency["mean"]) == (5, 1.5, 1000.0, 212.3)
    assert latency["p50"] == pytest.approx(20, rel=0.01)
    assert found["groups"] == [
        {
            "message": "payment of ? by ? failed: password=?",
            "count": 2,
            "missing": 0,
            "first_time": "2026-11-22T02:00:04.000+00:00",
            "last_time": "2026-11-22T02:00:05.000+00:00",
            "sample": "payment of ? by ? failed: password=?",
        },
        {
            "message": "GET /api/orders/{id} answered 503",
            "count": 1,
            "missing": 0,
            "first_time": "2026-11-22T02:00:06.000+00:00",
            "last_time": "2026-11-22T02:00:06.000+00:00",
            "sample": "GET /api/orders/{id} answered 503",
        },
    ]
    simple = {key: value for key, value in found.items() if not isinstance(value, list)}
    del simple["latency"], simple["bytes"]
    assert simple == {
        "timed_out": None,
        "name": "app",
        "lines": 11,
        "lines_outside": 0,
        "entries": 7,
        "continued": 2,
        "unparsed": 1,
        "cut_lines": 0,
        "since": None,
        "until": None,
        "first_time": "2026-11-22T02:00:00.000+00:00",
        "last_time": "2026-11-22T02:00:06.000+00:00",
        "levels": {"error": 2, "info": 4, "warning": 1},
        "patterns": {"timeouts": 1, "401": 1, "mara": 2, "mara herself": 1, "none": 0},
        "statuses": {"200": 2, "401": 1, "404": 1, "503": 1},
        "status_classes": {"1xx": 0, "2xx": 2, "3xx": 0, "4xx": 2, "5xx": 1},
        "requests": 5,
        "error_rate": 0.2,
        "unauthorized": 1,
        "forbidden": 0,
        "endpoints_kept": 3,
        "endpoints_let_go": 0,
        "errors": 3,
        "groups_kept": 2,
        "groups_let_go": 0,
    }


def test_nobodys_data_unless_it_is_asked_for(scan: Scan, tmp_path: Path) -> None:
    log = written(tmp_path / "app.log", DAY)
    masked = json.dumps(scan(log))
    for secret in ("hunter2", "mara", "lind", "4012", "s3cr3t"):
        assert secret not in masked
    bare = scan(log, mask=False)
    assert bare["groups"][0]["sample"] == "payment of 4012 by mara@example.org failed: password=hunter2"
    assert bare["groups"][0]["message"] == "payment of ? by ? failed: password=?"


def test_every_key_is_there_of_an_empty_log(scan: Scan, tmp_path: Path) -> None:
    full = scan(written(tmp_path / "app.log", DAY))
    empty = scan([written(tmp_path / "empty.log", []), tmp_path / "no*"], name="nothing")
    assert empty.keys() == full.keys()
    assert empty["latency"].keys() == full["latency"].keys()
    assert [file["error"] for file in empty["files"]] == [None, "no file matches"]
    for key in ("first_time", "last_time", "error_rate"):
        assert empty[key] is None
    assert [empty["latency"][key] for key in ("count", "min", "p50", "p99", "max", "mean")] == [0] + [None] * 5
    assert (empty["entries"], empty["requests"], empty["levels"], empty["groups"]) == (0, 0, {}, [])


def test_rotated_and_compressed_files_count_once(scan: Scan, tmp_path: Path) -> None:
    text = "".join(f"{line}\n" for line in DAY).encode()
    (tmp_path / "app.log").write_bytes(text)
    (tmp_path / "app.log.1").symlink_to(tmp_path / "app.log")
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(text))
    (tmp_path / "app.log.3.zst").write_bytes(zstandard.compress(text))
    (tmp_path / "app.log.4.gz").write_bytes(gzip.compress(text)[:-9])
    found = scan([tmp_path / "app.log", tmp_path / "app.log*"], format="json")
    assert [Path(file["path"]).name for file in found["files"]] == [
        "app.log",
        "app.log.2.gz",
        "app.log.3.zst",
        "app.log.4.gz",
    ]
    assert [file["error"] is None for file in found["files"]] == [True, True, True, False]
    assert found["files"][3]["error"].startswith("corrupt gzip: ")
    assert (found["lines"], found["entries"], found["levels"]["error"]) == (44, 28, 8)


def test_an_unreadable_file_is_a_fact(scan: Scan, tmp_path: Path) -> None:
    log = written(tmp_path / "app.log", DAY)
    secret = written(tmp_path / "secret.log", DAY)
    secret.chmod(0)
    if os.geteuid() == 0:
        # Root may read all; a folder in the place of the file is refused to anyone.
        secret.unlink()
        secret.mkdir()
    found = scan([secret, log])
    assert found["files"][0]["error"] in ("Permission denied", "it is a directory, not a file")
    assert (found["files"][0]["lines"], found["entries"]) == (0, 7)


@pytest.mark.parametrize(
    ("since", "until", "entries"),
    [
        ("2026-11-22T02:00:03Z", None, 4),
        (None, "2026-11-22T02:00:03Z", 3),
        ("2026-11-22 02:00:01", "2026-11-22T02:00:03+00:00", 2),
        ("2026-11-22T02:00", "2026-11-23", 7),
        ("2026-11-21", "2026-11-22", 0),
    ],
)
def test_a_period(scan: Scan, tmp_path: Path, since: str | None, until: str | None, entries: int) -> None:
    log = written(tmp_path / "app.log", DAY)
    found = scan(log, since=since, until=until)
    assert found["entries"] == entries
    if since == "2026-11-22T02:00:03Z":
        assert (found["lines_outside"], found["continued"], found["since"]) == (3, 2, "2026-11-22T02:00:03.000+00:00")


def test_a_period_back_from_now(scan: Scan, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    times = [now - timedelta(hours=hours) for hours in (50, 25, 23, 1)]
    log = written(tmp_path / "app.log", [f"{time:%Y-%m-%dT%H:%M:%SZ} ERROR lost" for time in times])
    assert scan(log, since="24h")["levels"] == {"error": 2}
    assert scan(log, since="2d", until="24h")["levels"] == {"error": 1}


def test_times_without_a_zone(scan: Scan, tmp_path: Path) -> None:
    log = written(tmp_path / "app.log", ["2026-11-22 02:00:00,500 ERROR x"])
    assert scan(log)["first_time"] == "2026-11-22T02:00:00.500+00:00"
    assert scan(log, timezone="Europe/Berlin")["first_time"] == "2026-11-22T01:00:00.500+00:00"


def test_an_access_log(scan: Scan, tmp_path: Path) -> None:
    lines = [
        f'10.0.0.{number} - - [22/Nov/2026:02:00:{number:02d} +0000] "GET /shop/{number} HTTP/1.1" '
        f'{500 if number == 7 else 200} 12 "-" "{"badbot" if number % 2 else "curl/8"}" 0.0{number:02d}'
        for number in range(1, 41)
    ]
    patterns = [{"name": "bots", "regex": "badbot", "field": "agent"}, {"name": "wp", "regex": r"wp-login|\.php"}]
    found = scan(written(tmp_path / "access.log", [*lines, "garbage"]), format="access", patterns=patterns)
    assert (found["requests"], found["unparsed"], found["patterns"]) == (40, 1, {"bots": 20, "wp": 0})
    assert found["error_rate"] == 1 / 40
    assert (found["latency"]["min"], found["latency"]["max"]) == (1.0, 40.0)
    assert found["groups"][0]["message"] == "GET /shop/{id} answered 500"
    assert found["levels"] == {}


def test_a_postgresql_log(scan: Scan, tmp_path: Path) -> None:
    head = "2026-11-22 02:00:00.000 UTC [123] app@shop"
    log = written(
        tmp_path / "postgresql.log",
        [
            f"{head} LOG:  duration: 250.5 ms  statement: SELECT * FROM t WHERE mail = 'mara@example.org' AND id = 7",
            f"{head} LOG:  duration: 300.5 ms  statement: SELECT * FROM t WHERE mail = 'x' AND id = 99",
            f'{head} ERROR:  duplicate key value violates unique constraint "orders_pkey"',
            f"{head} DETAIL:  Key (id)=(7) already exists.",
            f"{head} STATEMENT:  INSERT INTO orders VALUES (7)",
            "\twith a second line",
        ],
    )
    found = scan(log, format="plain")
    assert (found["entries"], found["continued"], found["levels"]) == (3, 3, {"error": 1, "info": 2})
    assert (found["requests"], found["error_rate"], found["endpoints"]) == (0, None, [])
    assert [(item["method"], item["path"], item["count"], item["max"]) for item in found["slowest"]] == [
        ("SQL", "SELECT * FROM t WHERE mail = ? AND id = ?", 2, 300.5)
    ]
    assert found["groups"][0]["message"] == 'duplicate key value violates unique constraint "?"'


LATENCY = {"logs.latency_p95": "warning", "logs.latency_p99": "warning", "logs.slow_endpoint": "info"}
SLOW = {
    "statements": [
        f"2026-11-22 02:00:{second:02d}.000 UTC [1] LOG:  duration: 9000.5 ms  statement: SELECT 1"
        for second in range(40)
    ],
    "requests": [served(second, "/report", 200, 9000) for second in range(40)],
    "jobs": [entry(second, "info", "done", duration_ms=9000) for second in range(40)],
    "requests and jobs": [
        line
        for second in range(20)
        for line in (served(second, "/report", 200, 9000), entry(second, "info", "x", took=8000))
    ],
    "nothing timed": [entry(second, "info", "done") for second in range(40)],
}


@pytest.mark.parametrize(
    ("kind", "durations_of", "complete"),
    [
        ("statements", "auto", False),
        ("statements", "all", True),
        ("requests", "auto", True),
        ("requests", "slow", False),
        ("jobs", "auto", False),
        ("requests and jobs", "auto", True),
        ("nothing timed", "all", False),
    ],
)
def test_latency_is_judged_where_all_requests_are_timed(
    scan: Scan, tmp_path: Path, kind: str, durations_of: str, complete: bool
) -> None:
    found = scan(written(tmp_path / "a.log", SLOW[kind]), durations_of=durations_of)
    assert found["latency"]["complete"] is complete
    judged = judge({"logs": [found]}, rulebook(default_rules()))
    severities = {finding.check: finding.severity for finding in judged if finding.check in LATENCY}
    assert severities == (LATENCY if complete else {})


def test_bytes_of_every_kind(scan: Scan, tmp_path: Path) -> None:
    log = tmp_path / "odd.log"
    log.write_bytes(
        b"\xef\xbb\xbf2026-11-22 02:00:00 ERROR bad \xff\xfe bytes and a NUL \x00\r\n"
        b"\x1b[31m2026-11-22 02:00:01 \x1b[1mERROR\x1b[0m coloured\r\n"
        b"\x00\x00\x00\x00\n"
        b"2026-11-22 02:00:02 ERROR " + b"x" * 2_000_000 + b"\n"
        b"2026-11-22 02:00:03 ERROR the end, without a newline"
    )
    found = scan(log, max_line_bytes=4096)
    assert (found["lines"], found["entries"], found["continued"], found["cut_lines"]) == (5, 4, 1, 1)
    assert found["levels"] == {"error": 4}
    assert {group["message"] for group in found["groups"]} >= {
        "bad \ufffd\ufffd bytes and a NUL \ufffd",
        "coloured",
        "the end, without a newline",
    }


def test_more_errors_and_paths_than_memory_is_meant_for(scan: Scan, tmp_path: Path) -> None:
    words = [
        f"{first}{second}{third}" for first in "abcdefgh" for second in "ijklmnop" for third in "qrstuvwxyzabcdefghij"
    ]
    lines = [f"2026-11-22 02:00:00 ERROR {word} path=/{word} status=500" for word in words]
    often = ["2026-11-22 02:00:00 ERROR often path=/often status=500"] * 50
    found = scan(written(tmp_path / "a.log", [*often, *lines, *often]), top=3)
    assert len(found["groups"]) == len(found["endpoints"]) == 3
    assert found["groups_let_go"] > 0
    assert found["endpoints_let_go"] > 0
    assert found["errors"] == found["statuses"]["500"] == len(lines) + 100
    assert (found["endpoints"][0]["path"], found["endpoints"][0]["count"]) == ("/often", 100)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"since": "soon"}, "Reading the option since on soon failed: it is neither a time nor a period"),
        ({"since": "1h", "until": "2h"}, "it does not lie before until"),
        ({"timezone": "Mars/Base"}, "this host knows no such time zone"),
        ({"timezone": "../../etc/passwd"}, "this host knows no such time zone"),
        ({"top": 0}, "it is less than 1"),
        ({"concurrency": 0}, "it is less than 1"),
        ({"max_line_bytes": 10}, "it is too small or too large"),
        ({"sources": [{"paths": [], "name": "x"}]}, "a path is empty"),
        (
            {"sources": [{"paths": ["x"], "patterns": [{"name": "p", "regex": "("}]}]},
            "the regular expression cannot be",
        ),
        ({"sources": [{"paths": ["x"], "patterns": [{"name": "p", "regex": "a", "level": "?"}]}]}, "? is no level"),
        ({"sources": [{"paths": ["x"], "patterns": [{"name": "p", "regex": "a"}] * 2}]}, "two patterns are called p"),
    ],
)
def test_options_that_make_no_sense(run_module: RunModule, given: dict[str, Any], message: str) -> None:
    result = run_module("log_scan_info", {"sources": [{"paths": ["/dev/null"]}], **given})
    assert result["failed"]
    assert message in result["msg"]
    assert result["error"]["kind"] == "Refused"


def test_check_mode_is_the_same(run_module: RunModule, tmp_path: Path) -> None:
    params = {"sources": [{"paths": [str(written(tmp_path / "app.log", DAY))]}]}
    assert run_module("log_scan_info", params, check_mode=True) == run_module("log_scan_info", params)


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    make(log, "json", 60_000_000)
    argv = [sys.executable, "-m", "tests.benchmarks.log_scan", str(log), "json", "2"]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True, cwd=CHECKOUT).stdout)
    assert told["logs"]["bytes"] == log.stat().st_size
    assert 5 * 1024 < told["peak_kilobytes"] < 64 * 1024


@pytest.mark.parametrize("kind", PIPELINES)
def test_grep_awk_and_sort_find_the_same(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "app.log"
    make(log, kind, 3_000_000)
    assert measure(log, kind, 2)["same_numbers"]

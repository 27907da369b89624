# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs made up from a fixed seed, and what the scanner says of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._logs.budget import Budget
from ansible_collections.day2.ops.plugins.module_utils._logs.scanner import Scanner
from ansible_collections.day2.ops.plugins.module_utils._logs.specs import PatternSpec, Settings, SourceSpec

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=timezone.utc)

PATTERNS = (
    PatternSpec("literal", "timeout expired"),
    PatternSpec("folded", "(?i)TIMEOUT EXPIRED"),
    PatternSpec("either", "connection to|Traceback"),
    PatternSpec("no literal", r"\b(401|403)\b"),
    PatternSpec("in errors", "e", None, "error"),
    PatternSpec("message", "^request", "message"),
    PatternSpec("slow words", "o", "message", "error"),
    PatternSpec("path", "^/api", "path"),
    PatternSpec("level", "^warning$", "level"),
    PatternSpec("not ASCII", "größ"),
)


def settings(**changed: Any) -> Settings:
    given: dict[str, Any] = {"zone": timezone.utc, "now": NOW.timestamp(), "top": 1000, **changed}
    return Settings(**given)


def source(**changed: Any) -> SourceSpec:
    given: dict[str, Any] = {"name": "made up", "paths": (), **changed}
    return SourceSpec(**given)


def scanned(text: bytes, spec: SourceSpec, asked: Settings, block: int = 1 << 16) -> dict[str, Any]:
    """Scan *text* in blocks of whole lines of about *block* bytes."""
    scanner = Scanner(spec, asked, Budget())
    start = 0
    while start < len(text):
        end = text.find(b"\n", min(start + block, len(text) - 1)) + 1
        scanner.block(text[start:end])
        start = end
    return scanner.told()


def one_by_one(text: bytes, spec: SourceSpec, asked: Settings) -> dict[str, Any]:
    """Scan *text* without shapes: each line in a block of its own teaches nothing."""
    return scanned(text, spec, asked, 1)


def _moments(dice: random.Random, count: int) -> Iterator[datetime]:
    moment = NOW - timedelta(hours=3)
    for _turn in range(count):
        moment += timedelta(milliseconds=dice.choice([0, 1, 3, 250, 1500]))
        yield moment - timedelta(seconds=dice.choice([0] * 50 + [7]))


def _request(dice: random.Random) -> dict[str, Any]:
    path = dice.choice(
        [
            "/api/orders",
            f"/api/orders/{dice.randrange(9999)}",
            f"/api/users/{dice.getrandbits(128):032x}/cart?token={dice.randrange(10**9)}",
            "/static/ERROR.css",
            "/search/<script>",
            "/größe",
        ]
    )
    return {
        "method": dice.choice(["GET", "POST"]),
        "path": path,
        "status": dice.choice([200, 200, 200, 201, 301, 401, 403, 404, 500, 503]),
        "duration_ms": dice.choice([0, 0.0, round(dice.lognormvariate(3, 2), 3), dice.randrange(9999)]),
    }


def json_lines(dice: random.Random, count: int) -> bytes:
    lines = []
    for moment in _moments(dice, count):
        time = moment.isoformat(timespec=dice.choice(["milliseconds", "milliseconds", "microseconds", "seconds"]))
        entry: dict[str, Any] = {"ts": time, "level": dice.choice(["info", "INFO", "warning", "Error", "fatal"])}
        kind = dice.randrange(12)
        if kind < 7:
            entry.update({"msg": "request served", **_request(dice), "user": {"id": dice.randrange(99), "tags": [1]}})
        elif kind < 9:
            entry["msg"] = (
                f'connection to "db{dice.randrange(9)}" failed:\ttimeout expired after {dice.randrange(99)} s'
            )
            entry["user"] = dice.choice([None, "mara", 7])
        elif kind == 9:
            entry["message"] = dice.choice(["größer als erwartet", "a } brace", 'a quote " here', ""])
        elif kind == 10:
            entry.update(
                {"status": dice.choice(["ok", "200", None]), "elapsed": dice.choice(["1.5s", "250ms", 3, "x"])}
            )
        else:
            lines.append(
                dice.choice([b'{"ts": "2026', b"Traceback (most recent call last):", b"  File x", b"", b"[1]"])
            )
            continue
        ascii_only = dice.random() < 0.5
        lines.append(json.dumps(entry, ensure_ascii=ascii_only).encode())
    return b"\n".join(lines) + b"\n"


def access_lines(dice: random.Random, count: int) -> bytes:
    lines = []
    for moment in _moments(dice, count):
        asked = _request(dice)
        request = f"{asked['method']} {asked['path']} HTTP/1.1"
        if dice.random() < 0.02:
            request = dice.choice(["-", "\\x16\\x03", "GET /", 'GET /a\\"b HTTP/1.1'])
        line = f'10.0.0.{dice.randrange(255)} - mara [{moment:%d/%b/%Y:%H:%M:%S %z}] "{request}" {asked["status"]} 12'
        line += dice.choice(["", ' "-" "curl/8"', ' "http://x/" "Mozilla/5.0 (X11) \\"q\\""'])
        line += dice.choice(["", "", f" {asked['duration_ms'] / 1000:.3f}", " rt=0.25", " 1234", ' "10.0.0.1"'])
        lines.append(dice.choice([line.encode()] * 40 + [b"nonsense", b""]))
    return b"\n".join(lines) + b"\n"


def text_lines(dice: random.Random, count: int) -> bytes:
    lines = []
    for moment in _moments(dice, count):
        level = dice.choice(["INFO", "INFO", "WARNING", "ERROR", "CRITICAL", "LOG"])
        time = f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"
        asked = _request(dice)
        took = asked["duration_ms"]
        message = dice.choice(
            [
                f"job {dice.randrange(999)} done, an ERROR in words",
                "connection to db failed: timeout expired",
                f"method={asked['method']} path={asked['path']} status={asked['status']} duration={took}ms",
                f'10.0.0.1 - "GET {asked["path"]} HTTP/1.1" {asked["status"]} OK',
                f"duration: {took:.3f} ms  statement: SELECT * FROM t WHERE a = 'x' AND b = {dice.random()}",
                "größer als erwartet",
                "request {} of many",
            ]
        )
        heads = [
            f"{time} {level} ",
            f"{time} [{level}] app: ",
            f"{time} - app.db - {level} - ",
            f"{time} [12] a@b {level}:  ",
        ]
        lines.append((dice.choice([*heads, f"{time} "]) + message).encode())
        if dice.random() < 0.1:
            lines.append(
                dice.choice(
                    [b"Traceback (most recent call last):", b"  at x", b"", (time + " STATEMENT:  SELECT 1").encode()]
                )
            )
    return b"\n".join(lines) + b"\n"


def mixed_lines(dice: random.Random, count: int) -> bytes:
    parts = [json_lines(dice, count), access_lines(dice, count), text_lines(dice, count)]
    lines = [line for part in parts for line in part.split(b"\n")[:-1]]
    dice.shuffle(lines)
    return b"\n".join(lines) + b"\n"


MAKERS: dict[str, Callable[[random.Random, int], bytes]] = {
    "json": json_lines,
    "access": access_lines,
    "plain": text_lines,
    "auto": mixed_lines,
}

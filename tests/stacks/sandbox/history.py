# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The web application's logs of the days before: the same requests each time, dated back from now."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import zstandard

__all__ = ["ensure_history"]

_DAY = timedelta(days=1)
_REQUESTS = 5000  # a day
_KINDS = (  # how often, path, status, milliseconds in the middle, level, message
    (600, "/api/product/{n}", 200, 6, "info", "product shown"),
    (240, "/api/products?colour={colour}", 200, 14, "info", "products listed"),
    (60, "/api/orders", 200, 9, "info", "orders listed"),
    (40, "/health", 200, 2, "info", "healthy"),
    (12, "/api/orders", 401, 1, "warning", "not logged in"),
    (10, "/api/product/{n}99999", 404, 3, "warning", "no product {n}99999"),
    (4, "/static/ERROR.css", 404, 1, "warning", "no such page"),
    (4, "/search/<script>alert(1)</script>", 404, 1, "warning", "no such page"),
    (6, "/api/report", 200, 900, "info", "report made"),
    (2, "/api/quotient/0", 500, 5, "error", "query failed: division by zero"),
    (1, "/api/product/{n}", 503, 3000, "error", "database unavailable: timeout expired for customer {n}@example.org"),
)


def ensure_history(folder: Path) -> bool:
    """Write the older logs, unless those that are there end not long ago. Return whether they were written."""
    marker = folder / "history-until"
    now = datetime.now(timezone.utc).replace(microsecond=0)
    files = [folder / name for name in ("app.log.1", "app.log.2.gz", "app.log.3.zst")]
    if marker.exists() and all(path.exists() for path in files):
        age = now - datetime.fromisoformat(marker.read_text())
        if timedelta(0) <= age < _DAY:
            return False
    folder.mkdir(mode=0o700, exist_ok=True)
    until = now - timedelta(minutes=30)
    files[0].write_bytes(_text(1, until))
    files[1].write_bytes(gzip.compress(_text(2, until - _DAY), mtime=0))
    files[2].write_bytes(zstandard.ZstdCompressor().compress(_text(3, until - 2 * _DAY)))
    marker.write_text(until.isoformat())
    return True


def _text(seed: int, until: datetime) -> bytes:
    return "".join(_lines(random.Random(seed), until)).encode()


def _lines(dice: random.Random, until: datetime) -> Iterator[str]:
    weights = [kind[0] for kind in _KINDS]
    seconds = sorted(dice.uniform(0, _DAY.total_seconds()) for _turn in range(_REQUESTS))
    for offset in seconds:
        _other, path, status, middle, level, message = dice.choices(_KINDS, weights)[0]
        number = dice.randrange(1, 20000)
        when = until - _DAY + timedelta(seconds=offset)
        entry = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "method": "GET",
            "path": path.format(n=number, colour=dice.choice(["red", "green", "blue"])),
            "status": status,
            "duration_ms": round(middle * dice.lognormvariate(0, 0.5), 3),
            "message": message.format(n=number),
        }
        yield json.dumps(entry) + "\n"

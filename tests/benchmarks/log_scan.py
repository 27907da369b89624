# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast logs are scanned, against pipelines of grep, sed, awk and sort that find the same numbers.

``python -m tests.benchmarks.log_scan LOG KIND PROCESSES`` scans a log and prints, as JSON, what was found and the
most memory that all its processes had, what they share counted once.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..collection import CHECKOUT

PATTERNS = {"timeouts": "timeout expired", "failed logins": "authentication failed", "limited": "rate limit.*exceeded"}
SEED_LINES = 200_000

_FOLD = r"s#/[0-9]+#/{id}#g; s/[0-9]+(\.[0-9]+)*/?/g"
_QUANTILES = (
    "{v[NR]=$1; s+=$1} function q(p) {r=p*NR; i=int(r); if (i<r) i++; return v[i]}"
    " END {print NR, v[1], q(0.5), q(0.95), q(0.99), v[NR], s/NR}"
)
_P95 = (
    "function told() {if (n) {r=0.95*n; i=int(r); if (i<r) i++; print v[i], n, e}}"
    ' {k=$2" "$3; if (k!=e) {told(); e=k; n=0} v[++n]=$1} END {told()}'
)
# What a person on call would type, a number at a time; in the C locale, where these programs are fastest.
PIPELINES = {
    "json": {
        "times": """grep -o '"ts": "[^"]*"' LOG | sort | sed -n '1p;$p'""",
        "levels": """grep -o '"level": "[^"]*"' LOG | sort | uniq -c""",
        "statuses": """grep -o '"status": [0-9]*' LOG | sort | uniq -c""",
        "latency": f"""grep -o '"duration_ms": [0-9.]*' LOG | cut -d' ' -f2 | sort -n | awk '{_QUANTILES}'""",
        # Fields between quotes: where the keys stand in a fixed order, much faster than sed.
        "endpoints": """awk -F'"' '$18=="method" {print $20, $24}' LOG | """
        """sed -E 's#[?].*##; s#/[0-9]+#/{id}#g' | """
        "sort | uniq -c | sort -rn",
        "slowest": """awk -F'"' '$18=="method" {split($29, d, /[:, ]+/); print d[2], $20, $24}' LOG | """
        rf"""sed -E 's#[?].*##; s#/[0-9]+#/{{id}}#g' | sort -k2,3 -k1,1n | awk '{_P95}' | sort -rn""",
        "groups": rf"""grep '"level": "ERROR"' LOG | sed -E 's/.*"msg": "([^"]*)".*/\1/; {_FOLD}' | """
        "sort | uniq -c | sort -rn",
    },
    "access": {
        "times": """cut -d'[' -f2 LOG | cut -d']' -f1 | sort | sed -n '1p;$p'""",
        "statuses": """awk '{print $9}' LOG | sort | uniq -c""",
        "latency": f"""awk '{{print $NF*1000}}' LOG | sort -n | awk '{_QUANTILES}'""",
        "endpoints": r"""awk '{print $6, $7}' LOG | tr -d '"' | sed -E 's#\?.*##; s#/[0-9]+#/{id}#g' | """
        "sort | uniq -c | sort -rn",
        "slowest": r"""awk '{print $NF*1000, $6, $7}' LOG | tr -d '"' | sed -E 's#\?.*##; s#/[0-9]+#/{id}#g' | """
        f"""sort -k2,3 -k1,1n | awk '{_P95}' | sort -rn""",
        "groups": r"""awk '$9 >= 500 {print $6, $7, $9}' LOG | tr -d '"' | sed -E 's#/[0-9]+#/{id}#g' | """
        "sort | uniq -c",
    },
}


def main() -> None:
    """Scan the log that the arguments name."""
    log, kind, concurrency = sys.argv[1:]
    print(json.dumps(_scan(Path(log), kind, int(concurrency))))


def measure(log: Path, kind: str, concurrency: int) -> dict[str, Any]:
    """Scan *log* both ways: seconds of the wall clock and of the processors, memory, whether both found the same."""
    argv = [sys.executable, "-m", "tests.benchmarks.log_scan", str(log), kind, str(concurrency)]
    started, used = time.perf_counter(), _processor_seconds()
    found = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True, cwd=CHECKOUT).stdout)
    scan_seconds, scan_used = time.perf_counter() - started, _processor_seconds() - used
    started, used = time.perf_counter(), _processor_seconds()
    piped = {name: _piped(command, log) for name, command in PIPELINES[kind].items()}
    counts = {name: int(_piped(f"grep -c '{regex}' LOG", log)) for name, regex in PATTERNS.items()}
    pipeline_seconds, pipeline_used = time.perf_counter() - started, _processor_seconds() - used
    return {
        "kind": kind,
        "bytes": found["logs"]["bytes"],
        "lines": found["logs"]["lines"],
        "scan_seconds": round(scan_seconds, 2),
        "pipeline_seconds": round(pipeline_seconds, 2),
        "ratio": round(pipeline_seconds / scan_seconds, 2),
        "scan_processor_seconds": round(scan_used, 2),
        "pipeline_processor_seconds": round(pipeline_used, 2),
        "processor_ratio": round(pipeline_used / scan_used, 2),
        "lines_per_second": round(found["logs"]["lines"] / scan_seconds),
        "peak_megabytes": round(found["peak_kilobytes"] / 1024, 1),
        "same_numbers": _same(found["logs"], piped, counts),
    }


def _processor_seconds() -> float:
    """What the programs that were run have used: a fairer measure than the wall clock where others work too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make(log: Path, kind: str, size: int) -> None:
    """Write a log of about *size* bytes: lines of different days, otherwise the same lines again and again."""
    dice = random.Random(1)
    written = 0
    with log.open("wb") as stream:
        lines = list(_lines(dice, kind))
        day = datetime(2026, 1, 1, tzinfo=timezone.utc)
        while written < size:
            stamp = f"{day:%Y-%m-%d}" if kind == "json" else f"{day:%d/%b/%Y}"
            for line in lines:
                written += stream.write(line.replace("DAY", stamp, 1).encode())
                if written >= size:
                    break
            day += timedelta(days=1)


def _lines(dice: random.Random, kind: str) -> Iterator[str]:
    for number in range(SEED_LINES):
        seconds, milliseconds = divmod(number * 86400_000 // SEED_LINES, 1000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        name = dice.choice(["orders", "customers", "items", "carts", "search", "prices"])
        path = f"/api/v1/{name}/{dice.randrange(100000)}" if dice.random() < 0.5 else f"/api/v1/{name}"
        method = dice.choice(["GET", "GET", "GET", "POST"])
        status = dice.choices([200, 201, 204, 304, 401, 404, 500, 503], [800, 50, 30, 20, 30, 40, 3, 2])[0]
        milliseconds_taken = round(dice.lognormvariate(3, 1.2), 3)
        if kind == "access":
            address = f"10.1.{dice.randrange(255)}.{dice.randrange(255)}"
            yield (
                f'{address} - - [DAY:{clock} +0000] "{method} {path} HTTP/1.1" {status} {dice.randrange(9999)} "-" '
                f'"Mozilla/5.0 (X11; Linux x86_64)" {milliseconds_taken / 1000:.6f}\n'
            )
            continue
        entry: dict[str, Any] = {"ts": f"DAYT{clock}.{milliseconds:03d}Z", "level": "INFO", "logger": "shop.request"}
        trouble = dice.random()
        if trouble < 0.01:
            reason = dice.choice(["timeout expired", "connection refused", "authentication failed"])
            address = f"10.0.0.{dice.randrange(255)}"
            entry.update({"level": "ERROR", "msg": f"query {dice.randrange(9999)} at {address} failed: {reason}"})
        elif trouble < 0.02:
            entry.update({"level": "WARNING", "msg": f"rate limit of {dice.randrange(99)} exceeded"})
        else:
            entry.update({"msg": "request served", "method": method, "path": path, "status": status})
            entry["duration_ms"] = milliseconds_taken
        entry["request_id"] = f"{dice.getrandbits(128):032x}"
        yield json.dumps(entry) + "\n"


def _scan(log: Path, kind: str, concurrency: int) -> dict[str, Any]:
    from datetime import timezone as zone

    from ansible_collections.day2.ops.plugins.module_utils._logs.scan import scan
    from ansible_collections.day2.ops.plugins.module_utils._logs.specs import PatternSpec, Settings, SourceSpec
    from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner

    patterns = tuple(PatternSpec(name, regex) for name, regex in PATTERNS.items())
    spec = SourceSpec("benchmark", (str(log),), kind, patterns=patterns)
    watcher = _MemoryWatcher()
    watcher.start()
    logs = scan(spec, Settings(zone.utc, time.time(), top=1000), HostRunner(), concurrency)
    watcher.stop.set()
    watcher.join()
    return {"logs": logs, "peak_kilobytes": watcher.peak}


class _MemoryWatcher(threading.Thread):
    """Adds up, again and again, the proportional memory of this process and those that it started."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self.stop.wait(0.05):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            self.peak = max(self.peak, sum(self._kilobytes(process) for process in ["self", *children]))

    @staticmethod
    def _kilobytes(process: str) -> int:
        try:
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            return 0
        return int(found[1]) if found else 0


def _piped(command: str, log: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    argv = ["bash", "-c", command.replace("LOG", f"'{log}'")]
    return subprocess.run(argv, check=False, capture_output=True, text=True, env=environment).stdout


def _same(logs: dict[str, Any], piped: dict[str, str], counts: dict[str, int]) -> bool:
    """Whether counts agree exactly, and percentiles within one percent."""
    statuses = {line.split()[-1]: int(line.split()[0]) for line in piped["statuses"].splitlines()}
    endpoints = {" ".join(line.split()[1:]): int(line.split()[0]) for line in piped["endpoints"].splitlines()}
    count, *numbers = [float(number) for number in piped["latency"].split()]
    latency = [logs["latency"][key] for key in ("min", "p50", "p95", "p99", "max", "mean")]
    slowest = {" ".join(line.split()[2:]): float(line.split()[0]) for line in piped["slowest"].splitlines()}
    found_slowest = {f"{item['method']} {item['path']}": item["p95"] for item in logs["slowest"]}
    groups = sum(int(line.split()[0]) for line in piped["groups"].splitlines())
    return (
        statuses == logs["statuses"]
        and endpoints == {f"{item['method']} {item['path']}": item["count"] for item in logs["endpoints"]}
        and count == logs["latency"]["count"]
        and all(abs(found - number) <= 0.01 * number for found, number in zip(latency, numbers))
        and slowest.keys() == found_slowest.keys()
        and all(abs(found_slowest[key] - number) <= 0.01 * number for key, number in slowest.items())
        and (groups <= logs["errors"])
        and counts == logs["patterns"]
    )


if __name__ == "__main__":
    main()

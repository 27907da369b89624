# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs programs and tells how long they took and how much memory they had, on the host where it is run itself.

``python -m tests.benchmarks.timed_programs`` reads ``{"argvs": [[…], …], "stdin": "…", "stdout": "…"}`` from standard
input: each program reads what the one before writes, the last one writes the file. It prints ``{"seconds": …,
"processor_seconds": …, "kilobytes": …, "printed": "…"}``.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psutil

_EVERY_SECONDS = 0.5


class Watcher(threading.Thread):
    """Looks every now and then at all that this process has started; runs as long as its block.

    :ivar kilobytes: the most memory that they had together. What they share is counted for each.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.kilobytes = 0

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self.kilobytes = max(self.kilobytes, self._now())

    def _now(self) -> int:
        total = 0
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total // 1024


def main() -> None:
    """Run what standard input says."""
    given = json.loads(sys.stdin.read())
    with tempfile.TemporaryFile() as said, _sink(given["stdout"]) as sink:
        said.write(given["stdin"].encode())
        said.seek(0)
        began, had = time.monotonic(), _used()
        with Watcher() as watcher:
            states = _run(given["argvs"], said, sink)
        seconds, processors = time.monotonic() - began, _used() - had
        if any(states):
            sys.exit(f"ended with the statuses {states}")
        printed = ""
        if not given["stdout"]:
            sink.seek(0)
            printed = sink.read().decode()
    told = {"seconds": seconds, "processor_seconds": processors, "kilobytes": watcher.kilobytes, "printed": printed}
    print(json.dumps(told))


def _used() -> float:
    """What the programs used of the processors, those included that they started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _sink(path: str) -> IO[bytes]:
    """Where the last program writes."""
    return Path(path).open("wb") if path else tempfile.TemporaryFile()


def _run(argvs: Sequence[Sequence[str]], stdin: IO[bytes], sink: IO[bytes]) -> list[int]:
    processes: list[subprocess.Popen[bytes]] = []
    for argv in argvs:
        last = len(processes) == len(argvs) - 1
        source = processes[-1].stdout if processes else stdin
        processes.append(subprocess.Popen(argv, stdin=source, stdout=sink if last else subprocess.PIPE))
        if len(processes) > 1 and source is not None:
            source.close()  # the one before is told when this one has ended
    return [process.wait() for process in processes]


if __name__ == "__main__":
    main()

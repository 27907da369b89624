# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scanning sources: their files in one pass, large ones by several processes at a time, into one result each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from .._errors import NotPossible
from .._present import present
from .._runtime.runner import Runner
from .assembly import Lines
from .budget import Budget, OutOfTime
from .files import find_files, read_part
from .fold import printable
from .found import Found, Unreadable
from .scanner import Scanner
from .services import find_streams
from .specs import Settings, SourceSpec
from .times import in_words

__all__ = ["Part", "plan", "scan"]

# How much a file's clock may be behind that of its lines before the file is left unread.
GRACE_SECONDS = 86400.0
# To start a process is not worth while for less.
SMALLEST_PART = 8 << 20
# Logs shrink to about a tenth.
_UNPACKED = 10


@dataclass(frozen=True)
class Part:
    """A file, or a stretch of one.

    :ivar place: the file's place among those that were found.
    :ivar end: where the stretch ends; None for a whole file.
    :ivar weight: how much work it is, in bytes.
    """

    place: int
    path: str
    weight: int
    start: int = 0
    end: int | None = None


class _Read(NamedTuple):
    """What was read of a part."""

    place: int
    bytes: int
    lines: int
    cut: int
    error: str | None
    over: str | None


def scan(spec: SourceSpec, settings: Settings, runner: Runner, concurrency: int = 1) -> dict[str, Any]:
    """Scan all that a source consists of, in one pass.

    :param concurrency: how many processes work at the same time, at most.
    :return: an element of RV(logs) of the module log_scan_info.
    """
    found = _found(spec, settings)
    unread = [_unread(file, settings) for file in found]
    wanted = [place for place, file in enumerate(found) if file.error is None and unread[place] is None]
    shares = plan([(place, found[place]) for place in wanted], concurrency)
    budget = Budget(spec.timeout, spec.max_unpacked_bytes)
    scanner = Scanner(spec, settings, budget)
    read = _work_together(shares, _Worker(scanner, settings, runner, budget, found))
    files = [
        _told(file, why, [part for part in read if part.place == place])
        for place, (file, why) in enumerate(zip(found, unread))
    ]
    return {
        "name": spec.name,
        "files": files,
        "bytes": sum(file["bytes"] for file in files),
        "lines": sum(file["lines"] for file in files),
        "cut_lines": sum(part.cut for part in read),
        "since": in_words(settings.since),
        "until": in_words(settings.until),
        "timed_out": next((part.over for part in read if part.over), None),
        **scanner.told(),
    }


def _found(spec: SourceSpec, settings: Settings) -> Sequence[Found]:
    if spec.service is not None:
        return find_streams(spec.service, settings, spec.timeout)
    return find_files(spec.paths)


def plan(files: Sequence[tuple[int, Found]], concurrency: int) -> list[list[Part]]:
    """Return the parts for each process, the first one's for this one: large plain files are shared out."""
    parts: list[Part] = []
    for place, file in files:
        pieces = min(concurrency, file.size // SMALLEST_PART)
        divisible = file.divisible
        if pieces < 2 or not divisible:
            parts.append(Part(place, file.path, file.size * (1 if divisible else _UNPACKED)))
            continue
        ends = [file.size * piece // pieces for piece in range(pieces + 1)]
        parts += [Part(place, file.path, end - start, start, end) for start, end in zip(ends, ends[1:])]
    count = max(1, min(concurrency, sum(part.weight for part in parts) // SMALLEST_PART))
    shares: list[list[Part]] = [[] for _turn in range(count)]
    for part in sorted(parts, key=lambda part: -part.weight):
        min(shares, key=lambda share: sum(other.weight for other in share)).append(part)
    return [sorted(share, key=lambda part: (part.place, part.start)) for share in shares if share] or [[]]


class _Worker:
    """Reads parts into a scanner."""

    def __init__(
        self, scanner: Scanner, settings: Settings, runner: Runner, budget: Budget, found: Sequence[Found]
    ) -> None:
        self.scanner = scanner
        self._longest = settings.max_line_bytes
        self._runner = runner
        self._budget = budget
        self._found = found

    def work(self, share: Sequence[Part]) -> list[_Read]:
        """Read one part after the other."""
        with self._budget.running():
            return [self._read(part) for part in share]

    def _read(self, part: Part) -> _Read:
        lines = Lines(self.scanner.block, self._longest)

        def feed(chunk: bytes) -> None:
            self._budget.check()
            lines.feed(chunk)

        self.scanner.begin_file()
        error = None
        try:
            self._budget.check()
            if part.end is None:
                self._found[part.place].read(self._runner, feed, self._budget)
            else:
                read_part(part.path, part.start, part.end, self.scanner.begin_part, feed)
            lines.end()
        except Unreadable as unreadable:
            error = str(unreadable)
            lines.end()
        except OutOfTime:
            error = f"not read to its end: {self._budget.over}"
        over = self._budget.over
        if over is not None and error is None:
            error = f"not counted to its end: {over}"
        return _Read(part.place, lines.bytes, lines.lines, lines.cut, error, over)

    def help(self, theirs: Connection, share: Sequence[Part]) -> None:
        """What another process does: its share, then its counts sent back."""
        read = self.work(share)
        theirs.send((read, self.scanner.counted()))
        theirs.close()


def _work_together(shares: Sequence[Sequence[Part]], worker: _Worker) -> list[_Read]:
    # Forked: a process that starts anew would need as much time and memory as the scan.
    context = multiprocessing.get_context("fork") if len(shares) > 1 else None
    helpers = []
    for share in shares[1:]:
        ours, theirs = present(context).Pipe(duplex=False)
        process = present(context).Process(target=worker.help, args=(theirs, share), daemon=True)
        process.start()
        theirs.close()
        helpers.append((process, ours))
    try:
        read = worker.work(shares[0])
        for process, ours in helpers:
            try:
                theirs_read, counted = ours.recv()
            except EOFError as error:
                process.join()
                raise NotPossible(
                    "scanning logs",
                    "this host",
                    f"a process ended with {process.exitcode} before it was done",
                    "See whether memory is short, or set concurrency to 1.",
                ) from error
            read += theirs_read
            worker.scanner.absorb(counted)
    finally:
        for process, ours in helpers:
            ours.close()
            process.terminate()
            process.join()
    return read


def _told(file: Found, why: str | None, read: Sequence[_Read]) -> dict[str, Any]:
    errors = [part.error for part in read if part.error is not None]
    return {
        "path": printable(file.path.encode("utf-8", "surrogateescape"), 4096),
        "bytes": sum(part.bytes for part in read),
        "lines": sum(part.lines for part in read),
        "error": file.error or (errors[0] if errors else None),
        "skipped": why,
    }


def _unread(found: Found, settings: Settings) -> str | None:
    """Why a file need not be read."""
    if found.error is not None or found.modified is None or settings.since is None:
        return None
    if found.modified < settings.since - GRACE_SECONDS:
        return f"last written to {in_words(found.modified)}, more than a day before the period"
    return None

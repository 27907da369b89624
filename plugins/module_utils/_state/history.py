# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs found: one line of JSON for each, in a file of bounded size."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import NotPossible, Refused
from .._paths import make_private_folder, not_possible, sync_folder
from .._trust import open_ordinary, refuse_unsafe

__all__ = ["MAX_BYTES", "History", "append", "read"]

# When a file has grown beyond this, it becomes the older half and a new one is begun.
MAX_BYTES = 16 * 1024 * 1024
_DOING = "keeping the history"


@dataclass(frozen=True)
class History:
    """The newest runs, the oldest first, and how many lines made no sense."""

    runs: list[dict[str, Any]]
    damaged: int


def append(path: Path, entry: dict[str, Any], max_bytes: int = MAX_BYTES) -> None:
    """Add *entry* as the last line, on the disk when this returns. Several writers wait for one another.

    A line that a killed writer left half written stays, alone on its line, and is passed over by :func:`read`.
    """
    try:
        line = json.dumps(entry, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise Refused(
            _DOING, str(path), f"the run is no JSON: {error}", "Give plain data and finite numbers."
        ) from error
    if len(line) > max_bytes:
        raise Refused(
            _DOING, str(path), f"the run takes {len(line)} bytes, {max_bytes} are allowed", "Raise max_bytes."
        )
    try:
        make_private_folder(path.parent)
        refuse_unsafe(path.parent, path.parent, _DOING)
        with _locked(path) as descriptor:
            _add(descriptor, line)
            if os.fstat(descriptor).st_size > max_bytes:
                path.replace(_older(path))
        sync_folder(path.parent)
    except OSError as error:
        raise not_possible(_DOING, str(path), error) from error


def read(path: Path, last: int) -> History:
    """The *last* runs of the file at *path*; none when it is not there yet."""
    refuse_unsafe(path.parent, path.parent, "reading the history")
    lines = _lines(path)
    runs, damaged = _parsed(lines)
    if len(runs) < last:
        older, cut = _parsed(_lines(_older(path)))
        runs, damaged = older + runs, damaged + cut
    return History(runs[-last:] if last > 0 else [], damaged)


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file at *path*, open and locked. Another writer may put it aside while we wait: then its successor."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _add(descriptor: int, line: bytes) -> None:
    """Write *line* whole or not at all, on a line of its own."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        written = os.write(descriptor, line)
        if written != len(line):
            raise NotPossible(_DOING, "its file", "there is no space for a run", "Free space there.")
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise


def _lines(path: Path) -> list[bytes]:
    try:
        with open_ordinary(path) as stream:
            return stream.read().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise not_possible("reading the history", str(path), error) from error


def _parsed(lines: list[bytes]) -> tuple[list[dict[str, Any]], int]:
    runs, damaged = [], 0
    for line in lines:
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            runs.append(entry)
        else:
            damaged += 1
    return runs, damaged

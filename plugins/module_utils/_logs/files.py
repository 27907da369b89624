# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files as line sources: which they are, and how their bytes are read, whatever compressed them."""

from __future__ import annotations

import glob
import gzip
import os
import stat
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Callable

from .._errors import Day2Error
from .found import Found, Sink, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._runtime.runner import Runner
    from .budget import Budget

try:
    import zstandard as _zstandard
except ImportError:
    zstandard: Any = None
else:
    zstandard = _zstandard

__all__ = ["CHUNK", "FoundFile", "compressed", "find_files", "read_file", "read_part"]

CHUNK = 1 << 19
# Fed to the decompressor at once: the worst that is written in so few bytes is 32 MiB of output.
_ZSTD_FED = 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_OTHERS = ((b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"PK\x03\x04", "zip"))


@dataclass(frozen=True)
class FoundFile(Found):
    """A path to read, or why it cannot be."""

    @property
    def divisible(self) -> bool:
        return not compressed(self.path)

    def read(self, runner: Runner, sink: Sink, budget: Budget) -> None:
        read_file(self.path, runner, sink, budget)


def find_files(patterns: Iterable[str]) -> list[FoundFile]:
    """Return the files that paths and globs name, each file once, even where several names lead to it."""
    files: list[FoundFile] = []
    known: set[tuple[int, int]] = set()
    for pattern in patterns:
        paths = [pattern] if os.path.lexists(pattern) else _matches(pattern)
        if not paths:
            wild = glob.has_magic(pattern)
            files.append(FoundFile(pattern, "no file matches" if wild else "no such file"))
        for path in paths:
            try:
                status = Path(path).stat()
            except OSError as error:
                files.append(FoundFile(path, _said(error)))
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in known or (stat.S_ISDIR(status.st_mode) and path != pattern):
                continue
            known.add(identity)
            error_text = None if stat.S_ISREG(status.st_mode) else f"it is {_kind(status.st_mode)}, not a file"
            files.append(FoundFile(path, error_text, status.st_mtime, status.st_size))
    return files


def _matches(pattern: str) -> list[str]:
    """The paths that a glob names; as in a shell, a name that begins with a dot is only found by one that does."""
    if not glob.has_magic(pattern):
        return []
    wanted = Path(pattern)
    within = wanted.relative_to(wanted.anchor) if wanted.anchor else wanted
    root = Path(wanted.anchor or ".")
    dotted = any(part.startswith(".") for part in within.parts)
    try:
        found = [path for path in root.glob(str(within)) if dotted or not _hidden(path.relative_to(root))]
    except (OSError, ValueError):
        return []
    return sorted(str(path) for path in found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def compressed(path: str) -> bool:
    """Whether a file is compressed, or cannot be looked at."""
    try:
        with Path(path).open("rb") as stream:
            start = stream.read(6)
    except OSError:
        return True
    return start.startswith((_GZIP, _ZSTD, *(magic for magic, _name in _OTHERS))) or path.endswith((".gz", ".zst"))


def read_file(path: str, runner: Runner, sink: Sink, budget: Budget) -> None:
    """Push what the file holds now, decompressed, into *sink*.

    :raises OutOfTime: when it takes too long; what came before was pushed.
    :raises Unreadable: when it cannot be read, or not to its end; what came before was pushed.
    """
    with _opened(path) as stream:
        # No further than it was long at the start: a file that grows as fast as it is read has no end.
        size = os.fstat(stream.fileno()).st_size
        start = stream.read(6)
        stream.seek(0)
        if start.startswith(_GZIP):
            _read_gzip(stream, sink, budget)
        elif start.startswith(_ZSTD):
            _read_zstd(stream, path, runner, sink, budget)
        else:
            _check_plain(path, start)
            _read_stretch(stream, size, sink)


def read_part(path: str, start: int, end: int, begin: Callable[[bytes], object], sink: Sink) -> None:
    """Push the lines that start within a stretch of a plain file into *sink*.

    :param begin: is given whole lines that stand before.
    :raises Unreadable: when it cannot be read.
    """
    with _opened(path) as stream:
        if start > 0:
            stream.seek(start - 1)
            while not stream.readline(CHUNK).endswith(b"\n"):
                if stream.tell() >= end:
                    return
            begin(_before(stream))
        _read_stretch(stream, end - stream.tell(), sink)
        # The last line that starts here ends at the first newline from the last byte on.
        if stream.tell() == end and end > 0:
            stream.seek(end - 1)
            last = stream.read(1)
            while last and not last.endswith(b"\n"):
                last = stream.readline(CHUNK)
                sink(last)


def _before(stream: IO[bytes]) -> bytes:
    """Whole lines before the place of a stream, which stays."""
    place = stream.tell()
    start = max(0, place - CHUNK)
    stream.seek(start)
    text = stream.read(place - start)
    return text[text.find(b"\n") + 1 :] if start else text


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    try:
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        raise Unreadable(_said(error)) from error


def _check_plain(path: str, start: bytes) -> None:
    for suffix, name in ((".gz", "gzip"), (".zst", "zstd")):
        if path.endswith(suffix):
            raise Unreadable(f"corrupt: it does not begin as {name} does" if start else "corrupt: it is empty")
    for magic, name in _OTHERS:
        if start.startswith(magic):
            raise Unreadable(f"compressed by {name}, which is not read; compress it with gzip or zstd")


def _read_stretch(stream: IO[bytes], size: int, sink: Sink) -> None:
    while size > 0:
        chunk = stream.read(min(CHUNK, size))
        if not chunk:
            return
        size -= len(chunk)
        sink(chunk)


class _Gathered:
    """What was unpacked, put together to chunks, so that the scanner has enough lines at a time.

    :raises Unreadable: when it is more than allowed.
    """

    def __init__(self, sink: Sink, limit: int | None) -> None:
        self._sink = sink
        self._left = limit
        self._limit = limit
        self._waiting: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> None:
        if self._left is not None:
            piece, beyond = piece[: self._left], len(piece) > self._left
            self._left -= len(piece)
        else:
            beyond = False
        self._waiting.append(piece)
        self._size += len(piece)
        if self._size >= CHUNK:
            self.flush()
        if beyond:
            raise Unreadable(f"it holds more than {self._limit} bytes unpacked; what came before was read")

    def flush(self) -> None:
        chunk = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        if chunk:
            self._sink(chunk)


def _read_gzip(stream: IO[bytes], sink: Sink, budget: Budget) -> None:
    gathered = _Gathered(sink, budget.unpacked)

    def unpacked() -> bytes:
        with budget.watched("while it was unpacked"):  # what says nothing for gigabytes is one call
            return unzipped.read1(CHUNK)

    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
            # read would lose what it has when it meets the damage.
            for piece in iter(unpacked, b""):
                gathered.feed(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"corrupt gzip: {error}; what came before was read") from error
    finally:
        gathered.flush()


def _read_zstd(stream: IO[bytes], path: str, runner: Runner, sink: Sink, budget: Budget) -> None:
    gathered = _Gathered(sink, budget.unpacked)
    try:
        if zstandard is None:
            _read_with_program(path, runner, gathered)
        else:
            _read_with_library(stream, gathered, budget)
    finally:
        gathered.flush()


def _read_with_library(stream: IO[bytes], gathered: _Gathered, budget: Budget) -> None:
    frame: Any = None
    try:
        for fed in iter(lambda: stream.read(_ZSTD_FED), b""):
            budget.check()
            rest = fed
            while rest:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                gathered.feed(frame.decompress(rest))
                rest = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise Unreadable(f"corrupt zstd: {error}; what came before was read") from error
    if frame is not None:
        raise Unreadable("corrupt zstd: it ends within a frame; what came before was read")


def _read_with_program(path: str, runner: Runner, gathered: _Gathered) -> None:
    try:
        streamed = runner.stream_from(["zstd", "-dcq", "--", path], gathered.feed, doing=f"reading {path}")
    except Day2Error as error:
        raise Unreadable(
            f"compressed by zstd, and it cannot be read: {error.why}; "
            "install the Python library zstandard or the program zstd on this host"
        ) from error
    if streamed.returncode != 0:
        raise Unreadable(f"corrupt zstd: {streamed.stderr.strip() or 'zstd failed'}; what came before was read")


def _said(error: OSError) -> str:
    return error.strerror or str(error)


def _kind(mode: int) -> str:
    for test, name in ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket")):
        if test(mode):
            return name
    return "a device"

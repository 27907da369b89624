# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runners: the one way in which a program is run where a service lives.

A runner knows argv, standard input and output, private files, and where the service lives; nothing else.
Callers pass argv lists and never name ``docker`` or ``kubectl``.

What a program must find in a file (a password, a list) is given as a :class:`PrivateFile` in the place of the file's
path. The program gets it as an open descriptor of a file that has no name: nothing of it can stay on a disk, however
anybody is killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import IO, Callable, Union

from .._errors import Day2Error, NotPossible, Unreachable
from .._interruption import uninterrupted
from .._present import present

__all__ = [
    "Completed", "Environment", "Launch", "PrivateFile", "Runner", "StreamBroken", "Streamed", "Word",
    "inherited_environment", "placed",
]  # fmt: skip

CHUNK = 1 << 20
STDERR_KEPT = 1 << 20  # a program quotes a query with the names of all tables after it said what is wrong
GRACE_SECONDS = 10.0
_REST_SECONDS = 1.0

# What a program may know of this process's environment: where things are, who we are, the time zone, and how libpq
# finds Kerberos tickets and the system's certificates. Not what steers database clients behind our back (PG*), not the
# language of messages, and not what is none of its business: keys of clouds and vaults, tokens, passwords.
_INHERITED = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LD_LIBRARY_PATH",
    "KRB5CCNAME", "KRB5_CONFIG", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "OPENSSL_MODULES",
))  # fmt: skip


class StreamBroken(Day2Error):
    """A stream did not arrive as it was sent."""


@dataclass(frozen=True, repr=False)
class PrivateFile:
    """What a program is to find in a file that nobody else can read; stands for the path of that file.

    The program may open the path as often as it likes, so may those that it forks.
    """

    content: bytes


Word = Union[str, PrivateFile]
Environment = Mapping[str, Word]


@dataclass(frozen=True)
class Launch:
    """How a program is started from here.

    :ivar descriptors: files that it is handed, open under the same numbers.
    :ivar preface: what it reads from standard input before its own.
    """

    argv: list[str]
    env: dict[str, str]
    descriptors: tuple[int, ...] = ()
    preface: bytes = b""


@dataclass(frozen=True)
class Completed:
    """A program that has ended. ``stderr`` is text, at most its last MiB."""

    returncode: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True)
class Streamed:
    """A stream that has ended: its bytes, their SHA-256 in hex, and how the program at its far end fared."""

    size: int
    sha256: str
    returncode: int
    stderr: str


class Runner(ABC):
    """Runs programs at one place.

    :ivar where: the place in words, for messages: ``this host``, ``container shop-db``.
    :ivar direct: whether the place shares this process's network and files.
    """

    where: str
    direct: bool

    @abstractmethod
    def launch(self, argv: Sequence[Word], env: Environment) -> AbstractContextManager[Launch]:
        """Give what, started in the block, runs *argv* with the added *env* at the place."""

    def sender(self, argv: Sequence[Word]) -> Sequence[Word]:
        """Return the argv whose output is sent from the place; overridden where the sender reports a hash."""
        return argv

    def receiver(self, argv: Sequence[Word]) -> Sequence[Word]:
        """Return the argv whose input is sent to the place; overridden where the receiver reports a hash."""
        return argv

    def checked(self, streamed: Streamed, doing: str) -> Streamed:
        """Compare what was counted here with what the far end reported; a failed program is left to its own words."""
        return streamed

    def start(self, argv: Sequence[Word], env: Environment | None = None) -> subprocess.Popen[bytes]:
        """Start *argv*, its input, output and error as pipes, in a process group of its own."""
        with self.launch(argv, env or {}) as launch:
            try:
                process = subprocess.Popen(
                    launch.argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=launch.env,
                    start_new_session=True,
                    pass_fds=launch.descriptors,
                )
            except OSError as error:
                raise NotPossible(
                    f"starting {launch.argv[0]}",
                    self.where,
                    error.strerror or str(error),
                    f"Install {launch.argv[0]} there, or name the folder that holds it.",
                ) from error
        if launch.preface:
            # A program that ends before it has read this says why itself.
            with _ended(process), contextlib.suppress(BrokenPipeError):
                stdin = present(process.stdin)
                stdin.write(launch.preface)
                stdin.flush()
        return process

    def run(
        self,
        argv: Sequence[Word],
        env: Environment | None = None,
        stdin: bytes = b"",
        timeout: float = 60.0,
    ) -> Completed:
        """Run a short program to its end.

        :param timeout: seconds after which its process group is killed.
        :raises Unreachable: when it did not end in time.
        """
        process = self.start(argv, env)
        with _closed(process.stdin, process.stdout, process.stderr), _ended(process):
            try:
                stdout, stderr = process.communicate(stdin, timeout=timeout)
            except subprocess.TimeoutExpired as error:
                raise Unreachable(
                    f"running {argv[0]}",
                    self.where,
                    f"it did not end within {timeout:g} seconds",
                    "Look at what the service is waiting for, or allow more time.",
                ) from error
        return Completed(process.returncode, stdout, _text(stderr))

    def stream_from(
        self,
        argv: Sequence[Word],
        sink: Callable[[bytes], object],
        env: Environment | None = None,
        doing: str = "reading a stream",
        stop: threading.Event | None = None,
    ) -> Streamed:
        """Run *argv* and hand its standard output to *sink*, chunk by chunk.

        :param stop: ends the program when set; the result then has a return code other than 0, or the stream is broken.
        :raises StreamBroken: when what arrived is not what was sent.
        """
        # Standard input stays open: should this process die, its end tells the far side to stop.
        process = self.start(self.sender(argv), env)
        with (
            _closed(process.stdin, process.stdout),
            _collected(process.stderr) as errors,
            _ended(process, stop),
        ):
            size, sha256 = _pump(present(process.stdout), sink)
            process.wait()
        return self.checked(Streamed(size, sha256, process.returncode, errors.text), doing)

    def stream_to(
        self,
        argv: Sequence[Word],
        source: IO[bytes],
        env: Environment | None = None,
        doing: str = "writing a stream",
        stop: threading.Event | None = None,
        sink: Callable[[bytes], object] | None = None,
    ) -> Streamed:
        """Run *argv* with *source* as its standard input; hand its output to *sink* when there is one.

        A program that stops reading early is told by its own return code and message.
        """
        process = self.start(self.receiver(argv), env)
        target = present(process.stdin)
        size, sha256 = 0, ""
        with (
            _closed(process.stdin),
            _collected(process.stderr) as errors,
            _collected(process.stdout, sink) as output,
            _ended(process, stop),
        ):
            with contextlib.suppress(BrokenPipeError):
                size, sha256 = _pump(source, target.write)
                target.close()
            process.wait()
        if output.is_alive():
            raise StreamBroken(
                doing, self.where, f"{argv[0]} has ended and its output has not", "Look at what else it started there."
            )
        return self.checked(Streamed(size, sha256, process.returncode, errors.text), doing)


def placed(argv: Sequence[Word], env: Environment, place: Callable[[bytes], str]) -> tuple[list[str], dict[str, str]]:
    """Put the paths, where *place* puts the contents, in the place of private files."""

    def path(word: Word) -> str:
        return word if isinstance(word, str) else place(word.content)

    return [path(word) for word in argv], {name: path(word) for name, word in env.items()}


def inherited_environment(also: Collection[str] = ()) -> dict[str, str]:
    """What a child inherits of this process's environment; messages in English.

    :param also: names of what this child needs beside that which every child does.
    """
    kept = {name: value for name, value in os.environ.items() if name in _INHERITED or name in also}
    return {**kept, "LC_ALL": "C"}


def _text(raw: bytes) -> str:
    return raw[-STDERR_KEPT:].decode("utf-8", "replace")


def _pump(source: IO[bytes], sink: Callable[[bytes], object]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in iter(lambda: source.read(CHUNK), b""):
        sink(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


class _Collector(threading.Thread):
    """Drains a stream, so that its writer never blocks; hands it on, or keeps the end of it; closes it then.

    Nobody else may close it: its number would become that of another stream, and be read here.

    :ivar fault: what went wrong where it was handed on.
    """

    def __init__(self, stream: IO[bytes], sink: Callable[[bytes], object] | None) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._sink = sink
        self._kept = b""
        self.fault: Exception | None = None

    def run(self) -> None:
        with self._stream:
            for chunk in iter(lambda: os.read(self._stream.fileno(), CHUNK), b""):
                self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        if self._sink is None or self.fault is not None:
            self._kept = (self._kept + chunk)[-STDERR_KEPT:]
            return
        try:
            self._sink(chunk)
        except Exception as fault:  # raised where the stream was asked for, once it has ended
            self.fault = fault

    @property
    def text(self) -> str:
        return _text(self._kept)


@contextmanager
def _collected(stream: IO[bytes] | None, sink: Callable[[bytes], object] | None = None) -> Iterator[_Collector]:
    collector = _Collector(present(stream), sink)
    collector.start()
    try:
        yield collector
    finally:
        collector.join(GRACE_SECONDS)
    if collector.fault is not None:
        raise collector.fault


@contextmanager
def _ended(process: subprocess.Popen[bytes], stop: threading.Event | None = None) -> Iterator[None]:
    """End the process's whole group when the block fails, and when *stop* is set."""
    over = threading.Event()

    def watch(stop: threading.Event) -> None:
        while not over.is_set():
            if stop.wait(0.2):
                if not over.is_set():
                    _end_group(process)
                return

    if stop is not None:
        threading.Thread(target=watch, args=(stop,), daemon=True).start()
    try:
        yield
    except BaseException:
        with uninterrupted():
            _end_group(process)
        raise
    finally:
        over.set()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started; what does not end when asked is killed."""
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    limit = time.monotonic() + _REST_SECONDS
    while _signal_group(process, 0) and time.monotonic() < limit:
        time.sleep(0.02)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to the process's group; whether there is one."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def _closed(*pipes: IO[bytes] | None) -> Iterator[None]:
    """Close a process's pipes after the block."""
    try:
        yield
    finally:
        for pipe in pipes:
            with contextlib.suppress(OSError):
                present(pipe).close()

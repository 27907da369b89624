# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a piece of long work is: told by the work itself, in phases, objects and bytes."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import IO, Any, Callable, cast

__all__ = ["SILENT", "Gauge", "Progress"]

# Written no more often than this while a phase lasts.
_TICK_SECONDS = 1.0
# The rate is that of the last so many seconds.
_WINDOW_SECONDS = 30.0


class Progress:
    """What long work is given to tell how far it is. This one tells nobody."""

    def phase(self, name: str, total: int | None = None, unit: str = "", size: int | None = None) -> None:
        """Begin a phase.

        :param name: what is done in it, as a gerund phrase: ``dumping tables``.
        :param total: how many objects it concerns, where that is known.
        :param unit: what these are, in the plural.
        :param size: how many bytes it will move, where that is known.
        """

    def add(self, count: int = 0, size: int = 0) -> None:
        """So many objects are done, and so many bytes moved, since it was told last."""

    def expect(self, size: int) -> None:
        """The phase will probably move so many bytes."""

    def writing(self, sink: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """The sink, with what goes into it counted."""

        def counted(chunk: bytes) -> object:
            taken = sink(chunk)
            self.add(size=len(chunk))
            return taken

        return counted

    def reading(self, source: IO[bytes]) -> IO[bytes]:
        """The source, with what is read from it counted."""
        return cast("IO[bytes]", _Counted(source, self))


SILENT = Progress()


class _Counted:
    """A stream of which nothing is asked but to be read."""

    def __init__(self, source: IO[bytes], progress: Progress) -> None:
        self._source = source
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self._progress.add(size=len(chunk))
        return chunk


class Gauge(Progress):
    """A progress that is published: when a phase begins, and at most once a second while it lasts.

    Work tells it from several threads, and never waits for what publishing takes, but at the beginning of a phase.

    :param publish: takes what :meth:`figures` returns; called by one thread at a time.
    :param clock: tells seconds; only ever compared with itself.
    """

    def __init__(
        self, publish: Callable[[dict[str, Any]], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._guard = threading.Lock()
        self._publishing = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._news = False
        self._begin("planning", None, "", None)

    def _begin(self, name: str, total: int | None, unit: str, size: int | None) -> None:
        self._name, self._total, self._unit, self._size = name, total, unit, size
        self._count = self._moved = 0
        self._began = self._clock()
        self._samples: deque[tuple[float, int]] = deque([(self._began, 0)])

    def phase(self, name: str, total: int | None = None, unit: str = "", size: int | None = None) -> None:
        with self._guard:
            self._begin(name, total, unit, size)
        self._tell()

    def add(self, count: int = 0, size: int = 0) -> None:
        with self._guard:
            self._count += count
            self._moved += size
            self._news = True

    def expect(self, size: int) -> None:
        with self._guard:
            self._size = size

    def figures(self) -> dict[str, Any]:
        """How far the work is, now.

        ``bytes_total``, ``bytes_per_second`` and ``seconds_left`` (of the phase) are None where nothing can be said.
        """
        with self._guard:
            now = self._clock()
            rate = self._rate(now)
            # What moved more than was expected tells that nobody knows how much it will be.
            size = self._size if self._size is not None and self._size >= self._moved else None
            return {
                "phase": self._name,
                "phase_seconds": round(now - self._began, 1),
                "unit": self._unit,
                "objects_done": self._count,
                "objects_total": self._total,
                "bytes_done": self._moved,
                "bytes_total": size,
                "bytes_per_second": rate,
                "seconds_left": self._left(now, rate, size),
            }

    def _rate(self, now: float) -> int | None:
        self._samples.append((now, self._moved))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _WINDOW_SECONDS:
            self._samples.popleft()
        (before, had), (at, has) = self._samples[0], self._samples[-1]
        return round((has - had) / (at - before)) if has and at > before else None

    def _left(self, now: float, rate: int | None, size: int | None) -> float | None:
        if size is not None and self._moved:
            return round((size - self._moved) / rate, 1) if rate else None
        if self._total is not None and self._count:
            return round(max(0, self._total - self._count) * (now - self._began) / self._count, 1)
        return None

    def __enter__(self) -> Gauge:
        self._tell()
        self._ticker.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._ticker.join()

    def _tick(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            if self._news:
                self._tell()

    def _tell(self) -> None:
        with self._publishing:
            self._news = False
            self._publish(self.figures())

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all restores have in common: a database of another name first, and an ending for what is proven only."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Callable

from .._errors import Unfinished
from .._postgresql.server import Server
from .._progress import Progress
from .ending import Ending, Finished
from .proof import Proof
from .scratch import drop_orphans, scratch_database
from .store import DirectoryStore
from .swap import home_of

__all__ = ["Beside", "RestoreResult"]


@dataclass
class RestoreResult:
    """What a restore did and proved.

    :ivar scratch: the name under which it was restored.
    :ivar safety_backup: path of the set that was made first; None where none was.
    :ivar dropped: the remains of killed restores that were dropped.
    :ivar amchecked: how many indexes and tables amcheck read.
    :ivar answers: what the restored database answered.
    """

    scratch: str
    path: str
    started: str
    seconds: float
    seconds_verifying: float
    proof: Proof
    left_alone: dict[str, list[str]]
    dropped: list[str]
    amchecked: int
    answers: list[dict[str, Any]]
    safety_backup: str | None = None
    finished: Finished = field(default_factory=Finished)

    def as_dict(self) -> dict[str, Any]:
        """The result as a module returns it."""
        return {
            "database": self.finished.database or self.scratch,
            "path": self.path,
            "started": self.started,
            "seconds": self.seconds,
            "seconds_verifying": self.seconds_verifying,
            "seconds_without_database": round(self.finished.seconds_without, 3),
            "previous_database": self.finished.previous,
            "safety_backup": self.safety_backup,
            "left_alone": self.left_alone,
            **self.proof.as_dict(),
            "amchecked": self.amchecked,
            "checks": self.answers,
        }

    def why(self) -> str:
        """The first differences in words."""
        found = self.proof.differences
        told = "; ".join(f"{one.kind} {one.object}: {one.expected!r} was, {one.found!r} is" for one in found[:3])
        return f"{len(found)} differences between the backup and what was restored: {told}"

    def proven(self) -> RestoreResult:
        """Return the result if it is proven.

        :raises Unfinished: when something differs; it carries the result.
        """
        if self.proof.verified:
            return self
        raise Unfinished(
            "proving a restore",
            self.path,
            self.why(),
            "Do not rely on this set before the differences are understood; make another backup.",
            {"restore": self.as_dict()},
        )


class Beside:
    """A restore beside everything else that is on a server.

    :ivar ending: what becomes of the restored database when it is proven.
    """

    def __init__(
        self, server: Server, database: str, store: DirectoryStore, ending: Ending, progress: Progress
    ) -> None:
        self.server = server
        self.database = database
        self.store = store
        self.ending = ending
        self._progress = progress
        self._home = home_of(server, database)
        self._stop = threading.Event()

    def _beside(
        self,
        doing: str,
        like: dict[str, Any],
        fill: Callable[[str], RestoreResult],
        properties: dict[str, Any],
        version: int,
    ) -> RestoreResult:
        """Let a scratch database be filled and proven; only what is proven comes to its ending, all else is dropped.

        :param like: the properties with which it is made.
        :param fill: fills and proves the database of a name.
        :param properties: those that the ending gives it.
        :param version: of the server that they are of.
        """
        safety = self.ending.prepare()
        with self.store.lock(self.database, shared=True, doing=doing):
            with self.server.session(self._home) as admin:
                dropped = drop_orphans(admin)
            with scratch_database(self.server, self._home, like) as scratch:
                try:
                    result = fill(scratch)
                except BaseException:
                    self._stop.set()
                    raise
                result.safety_backup, result.dropped = safety, dropped
                if result.proof.verified:
                    self._progress.phase(self.ending.doing)
                    result.finished = self.ending.finish(scratch, properties, version)
        return result

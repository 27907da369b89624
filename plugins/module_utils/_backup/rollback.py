# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undoing a replacement: the database that was kept gets its name back, and the live one is kept in its turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import Refused
from .._postgresql.kept import Kept, kept_databases
from .._postgresql.server import Server
from .._postgresql.sql import Identifier, compose
from .._progress import SILENT, Progress
from .ending import Finished, unconfirmed
from .manifest import iso, now
from .store import DirectoryStore
from .swap import EXCHANGING, Swap, home_of, in_the_way, kept_name, sessions_on

__all__ = ["Rollback", "RollbackPlan"]


# Somebody closed it, or a DROP DATABASE did not come to its end.
_CLOSED = "SELECT NOT datallowconn OR datconnlimit = -2 AS closed FROM pg_database WHERE datname = {name}"


@dataclass(frozen=True)
class RollbackPlan:
    """What a rollback would do; what check mode tells.

    :ivar previous: the kept database that gets its name back.
    :ivar kept_as: the name that the live one gets.
    :ivar sessions: who is connected to either, and would be ended.
    """

    previous: Kept
    kept_as: str
    sessions: list[dict[str, Any]]
    in_the_way: dict[str, list[str]]
    problems: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The plan as a module returns it."""
        return {**self.__dict__, "previous": dict(self.previous.__dict__)}


class Rollback:
    """The way back to a database that was kept.

    :param previous: its name; the one that was kept last when None.
    :param confirm: must be the name of the live database.
    :param despite: obstacles that are accepted, by kind.
    :param progress: is told how far it is.
    """

    def __init__(
        self,
        server: Server,
        database: str,
        store: DirectoryStore,
        previous: str | None,
        confirm: str | None,
        despite: Sequence[str],
        wait_seconds: float,
        progress: Progress = SILENT,
    ) -> None:
        self.server = server
        self.database = database
        self.store = store
        self._previous = previous
        self._confirm = confirm
        self._despite = despite
        self._wait_seconds = wait_seconds
        self._progress = progress

    def plan(self) -> RollbackPlan:
        """Look, and say what would be done. Changes nothing."""
        with self.server.session(home_of(self.server, self.database)) as session:
            kept = self._chosen(kept_databases(session, self.database))
            obstacles = in_the_way(self.server, session, self.database)
            problems = unconfirmed(self.database, self._confirm) + obstacles.problems(self.database, self._despite)
            there = "SELECT count(*) = 1 AS there FROM pg_database WHERE datname = {name}"
            if not session.value(compose(there, name=self.database)):
                problems.append(f'there is no database named "{self.database}"; rename "{kept.name}" by hand')
            if session.value(compose(_CLOSED, name=kept.name)):
                problems.append(f'nobody may connect to "{kept.name}"; ALTER DATABASE … ALLOW_CONNECTIONS true first')
            return RollbackPlan(
                previous=kept,
                kept_as=kept_name(session, self.database, now()),
                sessions=[row for name in (self.database, kept.name) for row in sessions_on(session, name)],
                in_the_way=obstacles.as_dict(),
                problems=problems,
            )

    def run(self, plan: RollbackPlan) -> dict[str, Any]:
        """Exchange the names; return the result as a module does. Nothing is compared: what was kept is untouched."""
        if plan.problems:
            raise Refused(
                f'rolling back the database "{self.database}"',
                self.server.where,
                "; ".join(plan.problems),
                "Mend that, then run it again.",
            )
        began, clock = now(), time.monotonic()
        self._progress.phase(EXCHANGING)
        finished = self._swapped(plan, iso(began))
        return {
            "database": self.database,
            "path": None,
            "started": iso(began),
            "seconds": round(time.monotonic() - clock, 3),
            "seconds_verifying": 0.0,
            "seconds_without_database": round(finished.seconds_without, 3),
            "previous_database": finished.previous,
            "safety_backup": None,
            "left_alone": {},
            "verified": False,
            "tables_compared": 0,
            "rows_compared": 0,
            "contents_compared": 0,
            "objects_compared": 0,
            "differences": [],
            "differences_total": 0,
            "amchecked": 0,
            "checks": [],
            "notes": [f'"{plan.previous.name}" has its name back; its content was not compared with anything'],
        }

    def _swapped(self, plan: RollbackPlan, since: str) -> Finished:
        home = home_of(self.server, self.database, plan.previous.name)
        comment = "COMMENT ON DATABASE {name} IS {text}"
        restored = compose(comment, name=Identifier(self.database), text=plan.previous.comment)
        swap = Swap(self.server, home, self.database, plan.previous.name, plan.kept_as, since, [restored])
        with self.store.lock(self.database, shared=True, doing="rolling back a database"):
            return Finished(self.database, plan.kept_as, swap.run(self._wait_seconds))

    def _chosen(self, kept: Sequence[Kept]) -> Kept:
        doing = f'choosing a kept database to roll "{self.database}" back to'
        if self._previous is None and kept:
            return kept[0]
        for one in kept:
            if one.name == self._previous:
                return one
        there = ", ".join(f'"{one.name}"' for one in kept) or "none"
        asked = "there is none" if self._previous is None else f'"{self._previous}" is none'
        raise Refused(
            doing, self.server.where, f"{asked}; kept are: {there}", "Name one of those, or restore a backup."
        )

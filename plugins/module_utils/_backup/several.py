# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of several databases of one server, where one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .._errors import Day2Error, Ended, Refused, Unfinished
from .._postgresql.server import Server
from .._progress import Progress
from .dump import Backup, BackupOptions, BackupPlan
from .scratch import of_restores
from .store import DirectoryStore, StoredSet

__all__ = ["Outcome", "all_done", "back_up", "back_up_each", "databases_of"]

_DATABASES = """
SELECT d.datname AS name FROM pg_database AS d
 WHERE NOT d.datistemplate AND d.datallowconn AND d.datconnlimit <> -2
 ORDER BY 1
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one database's backup.

    :ivar made: whether a set was made or, in check mode, would be.
    :ivar backup: the set that was made, or the one that makes a new one unnecessary.
    :ivar error: why there is none.
    """

    database: str
    made: bool
    plan: BackupPlan | None
    backup: StoredSet | None
    error: Day2Error | None
    warnings: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The outcome as a module returns it."""
        return {
            "database": self.database,
            "changed": self.made,
            "plan": self.plan and self.plan.as_dict(),
            "backup": self.backup and self.backup.as_dict(),
            "error": self.error and self.error.as_dict(),
        }


def databases_of(server: Server, exclude: Sequence[str]) -> list[str]:
    """The databases of a server, but templates, those that restores are making, and those that *exclude* names.

    :param exclude: names, or patterns with ``*``, ``?`` and ``[…]``; one that fits nothing is warned about.
    :raises Refused: when none is left.
    """
    with server.session() as session:
        scratch = of_restores(session)
        there = [name for name in session.values(_DATABASES) if name not in scratch]
    for pattern in exclude:
        if not any(_fits(name, pattern) for name in there):
            server.warnings.append(f"The database {pattern}, which is excluded, does not exist on {server.where}.")
    left = [name for name in there if not any(_fits(name, pattern) for pattern in exclude)]
    if not left:
        remedy = "Exclude less."
        raise Refused("choosing databases", server.where, f"all {len(there)} databases are excluded", remedy)
    return left


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def back_up(backup: Backup, check_mode: bool) -> Outcome:
    """Plan the backup of one database; unless in check mode or unnecessary, make it and prove it."""
    plan = backup.plan()
    if not plan.due:
        found = backup.newest(verified=True)
        return Outcome(backup.database, False, plan, found, None, backup.warnings)
    made = None if check_mode else backup.run(plan)
    return Outcome(backup.database, True, plan, made, None, backup.warnings)


def back_up_each(
    server: Server,
    databases: Sequence[str],
    store: DirectoryStore,
    options: BackupOptions,
    check_mode: bool,
    progress: Progress,
) -> list[Outcome]:
    """Back up one database after the other; the outcome of each tells whether it succeeded."""
    outcomes = []
    for name in dict.fromkeys(databases):
        backup = Backup(server, name, store, options, _Of(name, progress))
        try:
            _refuse_unspeakable(name)
            outcomes.append(back_up(backup, check_mode))
        except Ended:
            raise
        except Day2Error as error:
            outcomes.append(Outcome(name, False, None, None, error, backup.warnings))
    return outcomes


def all_done(outcomes: Sequence[Outcome], where: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return *result* if every backup succeeded.

    :raises Unfinished: when one did not; it names each of them, and carries the result.
    """
    failed = [one for one in outcomes if one.error is not None]
    if not failed:
        return result
    told = "; ".join(f'"{one.database}": {one.error.why}' for one in failed if one.error is not None)
    raise Unfinished(
        f"backing up {len(outcomes)} databases",
        where,
        f"{len(failed)} of them failed: {told}",
        "Mend what each entry of backups tells, and run it again.",
        result,
    )


def _refuse_unspeakable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        remedy = "Rename it, or exclude it."
        raise Refused("backing up a database", repr(name), "its name is no UTF-8", remedy) from None


class _Of(Progress):
    """Tells of which database a phase is."""

    def __init__(self, database: str, progress: Progress) -> None:
        self._database = database
        self._progress = progress

    def phase(self, name: str, total: int | None = None, unit: str = "", size: int | None = None) -> None:
        self._progress.phase(f"{self._database}: {name}", total, unit, size)

    def add(self, count: int = 0, size: int = 0) -> None:
        self._progress.add(count, size)

    def expect(self, size: int) -> None:
        self._progress.expect(size)

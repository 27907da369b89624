# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a database that was restored beside everything else and proven: dropped, named, or put in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .._errors import Day2Error, NotPossible
from .._postgresql.catalog import database_properties
from .._postgresql.server import Server
from .._postgresql.session import Session
from .._postgresql.sql import Identifier, compose
from .dump import Backup
from .manifest import iso, now
from .proof import prove_properties
from .properties import admission
from .swap import EXCHANGING, Swap, home_of, in_the_way, kept_name, sessions_on

__all__ = ["Dropped", "Ending", "Finished", "Look", "Named", "Replacing", "exists"]


@dataclass(frozen=True)
class Look:
    """What an ending finds before anything starts.

    :ivar problems: what stands in its way.
    :ivar replaces: what it would do to a live database; None where there is none.
    """

    problems: list[str]
    replaces: dict[str, Any] | None = None


@dataclass(frozen=True)
class Finished:
    """How a restore ended.

    :ivar database: the name of the restored database; None when it was dropped.
    :ivar previous: the name of the database that was live before.
    :ivar seconds_without: for how long nobody could connect to the live name.
    """

    database: str | None = None
    previous: str | None = None
    seconds_without: float = 0.0


class Ending(ABC):
    """What becomes of the restored database.

    :cvar lasting: whether something of it stays.
    :cvar whole_only: whether it would lose what a restore of chosen tables leaves out.
    :cvar doing: what :meth:`finish` does, as a gerund phrase.
    :ivar target: the name that it gets; None when it gets none.
    """

    lasting: ClassVar[bool]
    whole_only: ClassVar[bool] = False
    doing: ClassVar[str]
    target: str | None = None

    @abstractmethod
    def look(self, session: Session, properties: dict[str, Any]) -> Look:
        """Say what would be done, and what stands in the way. Changes nothing.

        :param session: on a database that is none of those concerned.
        :param properties: of the database that was dumped.
        """

    def prepare(self) -> str | None:
        """Do what comes before the restore; return the path of the backup set that was made for safety."""
        return None

    @abstractmethod
    def finish(self, scratch: str, properties: dict[str, Any], version: int) -> Finished:
        """Do it. The restored database bears no session, and its scratch name until then.

        :param properties: that it is to have.
        :param version: of the server that told them.
        """


class Dropped(Ending):
    """The end of a drill: the database has served its purpose."""

    lasting = False
    doing = "dropping the database"

    def look(self, session: Session, properties: dict[str, Any]) -> Look:
        return Look([])

    def finish(self, scratch: str, properties: dict[str, Any], version: int) -> Finished:
        return Finished()


class Named(Ending):
    """A new database, under a name that nothing has."""

    lasting = True
    doing = "naming the database"

    def __init__(self, server: Server, target: str) -> None:
        self.target: str = target
        self._server = server

    def look(self, session: Session, properties: dict[str, Any]) -> Look:
        return Look([f'a database named "{self.target}" exists already'] if exists(session, self.target) else [])

    def finish(self, scratch: str, properties: dict[str, Any], version: int) -> Finished:
        rename = "ALTER DATABASE {old} RENAME TO {new}"
        with self._server.session(home_of(self._server, self.target)) as admin:
            admin.execute("BEGIN")
            admin.execute(compose(rename, old=Identifier(scratch), new=Identifier(self.target)))
            for statement in admission(self.target, properties):
                admin.execute(statement)
            _proven(admin, self.target, properties, version)
            admin.execute("COMMIT")
        return Finished(self.target)


class Replacing(Ending):
    """The restored database takes the name of a live one, which is kept under another.

    :param confirm: must be the name of the live database.
    :param despite: obstacles that are accepted, by kind.
    :param wait_seconds: how long to try while somebody cannot be moved.
    :param safety: the backup of the live database that is made first; None for none.
    """

    lasting = True
    whole_only = True
    doing = EXCHANGING

    def __init__(
        self,
        server: Server,
        live: str,
        confirm: str | None,
        despite: Sequence[str],
        wait_seconds: float,
        safety: Backup | None,
    ) -> None:
        self.target: str = live
        self._server = server
        self._confirm = confirm
        self._despite = despite
        self._wait_seconds = wait_seconds
        self._safety = safety

    def look(self, session: Session, properties: dict[str, Any]) -> Look:
        live = self.target
        if not exists(session, live):
            return Look([f'there is no database named "{live}" to replace; restore it with mode=new'])
        obstacles = in_the_way(self._server, session, live)
        problems = unconfirmed(live, self._confirm) + obstacles.problems(live, self._despite)
        with self._server.session(live) as inside:
            current = database_properties(inside)
        changes = {
            name: {"live": current[name], "backup": value}
            for name, value in properties.items()
            if name != "bytes" and current.get(name) != value
        }
        needed, free = self._room(problems)
        return Look(
            problems,
            {
                "database": live,
                "bytes": current["bytes"],
                "kept_as": kept_name(session, live, now()),
                "sessions": sessions_on(session, live),
                "in_the_way": obstacles.as_dict(),
                "properties": changes,
                "safety_backup_bytes": needed,
                "safety_backup_free_bytes": free,
            },
        )

    def _room(self, problems: list[str]) -> tuple[int | None, int | None]:
        """The bytes that the safety backup needs and that are free for it; adds why it cannot be made."""
        if self._safety is None:
            return None, None
        try:
            plan = self._safety.plan()
        except Day2Error as error:
            problems.append(f"the safety backup cannot be made: {error}")
            return None, None
        if plan.free_bytes < plan.needed_bytes:
            why = f"about {plan.needed_bytes} bytes are needed where the sets lie and {plan.free_bytes} are free"
            problems.append(f"the safety backup cannot be made: {why}")
        return plan.needed_bytes, plan.free_bytes

    def prepare(self) -> str | None:
        if self._safety is None:
            return None
        return str(self._safety.run(self._safety.plan()).path)

    def finish(self, scratch: str, properties: dict[str, Any], version: int) -> Finished:
        home = home_of(self._server, self.target)
        began = now()
        with self._server.session(home) as session:
            kept = kept_name(session, self.target, began)
        admit = admission(self.target, properties)

        def prove(session: Session) -> None:
            _proven(session, self.target, properties, version)

        swap = Swap(self._server, home, self.target, scratch, kept, iso(began), admit, prove)
        return Finished(self.target, kept, swap.run(self._wait_seconds))


def _proven(session: Session, database: str, properties: dict[str, Any], version: int) -> None:
    """Look whether a database has its properties.

    :raises NotPossible: when it has not; the transaction is to be given up then.
    """
    wrong = prove_properties(session, database, version, properties)
    if wrong:
        raise NotPossible(
            f'giving the database "{database}" its properties',
            session.where,
            "; ".join(f"{one.kind}: {one.expected!r} was to be, {one.found!r} is" for one in wrong),
            "Nothing was changed. Log in as a role that may give them, such as the owner or a superuser.",
        )


def unconfirmed(live: str, confirm: str | None) -> list[str]:
    """What is wrong with a confirmation, in words; nothing when it names the database."""
    if confirm == live:
        return []
    return [f'it is not confirmed: confirm is {confirm!r} and must be the name of the database, "{live}"']


def exists(session: Session, database: str) -> bool:
    """Whether the server has a database of this name."""
    query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = {name}) AS there"
    there: bool = session.value(compose(query, name=database))
    return there

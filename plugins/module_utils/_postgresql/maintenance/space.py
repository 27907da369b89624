# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether there is room for a rebuild where the server's data lies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..._errors import Day2Error
from ..._runtime.runner import Runner
from ..session import QueryFailed, Session

__all__ = ["NEEDED", "Place", "Space"]

NEEDED = 1.2  # times the index: the new one is no larger, and sorting takes room too

ELSEWHERE = "elsewhere"

_PLACES = """
SELECT t.oid::bigint AS oid,
       coalesce(nullif(pg_tablespace_location(t.oid), ''), current_setting('data_directory') || '/base') AS path
  FROM pg_tablespace t
"""
_TEMPORARY = """
SELECT t.oid::bigint AS oid FROM pg_tablespace t
 WHERE t.spcname = ANY (string_to_array(replace(replace(current_setting('temp_tablespaces'), ' ', ''), '"', ''), ','))
"""

# A constant program for a POSIX shell. $1 is the process of a session: a server's process elsewhere has another name
# or none here. $2 is the database, which is in that name. The rest are folders: for each, the file system's name and
# its free KiB.
_FREE = """
pid=$1 database=$2; shift 2
case $(tr '\\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null) in
  "postgres: "*"$database"*) ;;
  *) echo elsewhere; exit 0 ;;
esac
for folder; do
  df -P -k -- "$folder" 2> /dev/null | awk 'END { if (NR > 1) print $1 "|" $NF, $4; else print "unknown", 0 }'
done
"""


@dataclass
class Place:
    """A file system: its name, the bytes that are free on it, and those that running rebuilds will take."""

    name: str
    free: int
    taken: int = 0


class Space:
    """What is free in the server's tablespaces, when that can be seen from where its client programs run."""

    def __init__(self, runner: Runner, session: Session) -> None:
        self._places: dict[int, Place] = {}
        self._temporary: list[int] = []
        self._mutex = threading.Lock()
        self.why_not = ""
        try:
            self._look(runner, session)
        except QueryFailed as error:
            self.why_not = f"{error.why}; membership in pg_read_all_settings lets the role see where the data lies"
        except Day2Error as error:
            self.why_not = error.why

    def _look(self, runner: Runner, session: Session) -> None:
        rows = session.query(_PLACES)
        self._temporary = session.values(_TEMPORARY)
        pid = session.value("SELECT pg_backend_pid() AS pid")
        argv = ["sh", "-c", _FREE, "sh", str(pid), session.database, *(row["path"] for row in rows)]
        done = runner.run(argv)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        if done.returncode or lines == [ELSEWHERE] or len(lines) != len(rows):
            self.why_not = f"the server does not run on {runner.where}"
            return
        systems: dict[str, Place] = {}
        for row, line in zip(rows, lines):
            name, free = line.rsplit(" ", 1)
            if name != "unknown":
                place = systems.setdefault(name, Place(name, int(free) * 1024))
                self._places[row["oid"]] = place
        if not self._places:
            self.why_not = f"nobody lets the user on {runner.where} look at the server's folders"

    def lack(self, tablespace: int, size: int, expected: int) -> str:
        """What is missing for the rebuild of an index, as a sentence; empty when there is room or nobody knows."""
        with self._mutex:
            return self._lack(self._needs(tablespace, size, expected))

    def free(self, tablespace: int) -> int | None:
        """The bytes that are free where a tablespace lies; None when nobody knows."""
        place = self._places.get(tablespace)
        return None if place is None else place.free

    @contextmanager
    def reserved(self, tablespace: int, size: int, expected: int) -> Iterator[str]:
        """Keep the room of a rebuild from others for the block; gives what :meth:`lack` does."""
        needs = self._needs(tablespace, size, expected)
        with self._mutex:
            lack = self._lack(needs)
            if not lack:
                self._take(needs, 1)
        try:
            yield lack
        finally:
            if not lack:
                with self._mutex:
                    self._take(needs, -1)

    def _needs(self, tablespace: int, size: int, expected: int) -> list[tuple[Place, int]]:
        needs = []
        if tablespace in self._places:
            needs.append((self._places[tablespace], int(NEEDED * size)))
        for oid in self._temporary:
            place = self._places.get(oid)
            if place is not None and place is not self._places.get(tablespace):
                needs.append((place, expected))
        return needs

    @staticmethod
    def _lack(needs: list[tuple[Place, int]]) -> str:
        for place, need in needs:
            if place.free - place.taken < need:
                others = f", {place.taken} of which other rebuilds take" if place.taken else ""
                return f"{need} bytes are needed on the file system {place.name}, {place.free} are free{others}"
        return ""

    @staticmethod
    def _take(needs: list[tuple[Place, int]], sign: int) -> None:
        for place, need in needs:
            place.taken += sign * need

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client programs as people run them: what our modules are measured against."""

from __future__ import annotations

from .places import FOLDER, Place
from .sides import Run, Side

__all__ = ["BareDump", "BareRestore", "PipedDump", "PipedRestore"]

_RESTORED = "restored"


class _Dump(Side):
    """Writes to *target*, which goes before it does so again."""

    target: str

    def before(self) -> None:
        self.place.inside("rm", "-rf", self.target)

    def size(self) -> int:
        """Bytes of what was written."""
        return int(self.place.inside("du", "--summarize", "--apparent-size", "--bytes", self.target).split()[0])


class BareDump(_Dump):
    """pg_dump into a folder, two tables at a time; it flushes what it wrote."""

    def __init__(self, place: Place, database: str) -> None:
        self.name = "pg_dump -Fd -j2 --compress=zstd:3"
        self.place = place
        self.target = f"{FOLDER}/bare"
        self._database = database

    def run(self) -> Run:
        taken = self.place.timed(
            ["pg_dump", "-U", "postgres", "-Fd", "-j2", "--compress=zstd:3", "-f", self.target, self._database]
        )
        return Run(taken.seconds, taken.processor_seconds, self.size(), kilobytes=taken.kilobytes)


class PipedDump(_Dump):
    """pg_dump through gzip, as manuals have it."""

    def __init__(self, place: Place, database: str) -> None:
        self.name = "pg_dump | gzip"
        self.place = place
        self.target = f"{FOLDER}/piped.sql.gz"
        self._database = database

    def run(self) -> Run:
        taken = self.place.timed(["pg_dump", "-U", "postgres", self._database], ["gzip"], stdout=self.target)
        return Run(taken.seconds, taken.processor_seconds, self.size(), kilobytes=taken.kilobytes)


class _IntoNew(Side):
    """Restores into a database that is made before, and dropped after."""

    def before(self) -> None:
        self.after()
        self.place.execute(f"CREATE DATABASE {_RESTORED}")

    def after(self) -> None:
        self.place.execute(f"DROP DATABASE IF EXISTS {_RESTORED}")


class BareRestore(_IntoNew):
    """pg_restore from the folder that the bare dump wrote, two at a time."""

    def __init__(self, dump: BareDump) -> None:
        self.name = "pg_restore -j2"
        self.place = dump.place
        self._source = dump.target

    def run(self) -> Run:
        taken = self.place.timed(["pg_restore", "-U", "postgres", "-j2", "-d", _RESTORED, self._source])
        return Run(taken.seconds, taken.processor_seconds, kilobytes=taken.kilobytes)


class PipedRestore(_IntoNew):
    """psql from the file that the piped dump wrote."""

    def __init__(self, dump: PipedDump) -> None:
        self.name = "gunzip | psql"
        self.place = dump.place
        self._source = dump.target

    def run(self) -> Run:
        psql = ["psql", "-U", "postgres", "-X", "-q", "-d", _RESTORED]
        taken = self.place.timed(["gunzip", "--stdout", self._source], psql)
        return Run(taken.seconds, taken.processor_seconds, kilobytes=taken.kilobytes)

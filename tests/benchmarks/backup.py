# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast backups and replacements are, against the client programs as people run them, and how small."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..tools import images
from ..tools.engine import ensure_engine
from ..tools.program import WORK, say
from .bare import BareDump, BareRestore, PipedDump, PipedRestore
from .database import make_database
from .ours import Backup, InContainer, OnHost, Replace
from .pgbackrest import WHAT_IT_IS, FullBackup, FullRestore
from .places import Place, place_in
from .sides import Run, Side, described, divided, seconds, take_turns
from .table import Line, at_least, at_most, ratios, told

__all__ = ["measure"]

Runs = Mapping[str, Sequence[Run]]

_IMAGE = "benchmark-18"

# The same again at a tenth of the size: what is promised of every size must hold there too.
_SMALL_SHARE = 0.1

_MEMORY = at_most(200, always=True)
_WITHOUT = at_most(1, always=True)


def measure(rounds: int, size: int) -> list[Line]:
    """Measure all of it; print what was found; return what has limits.

    :param size: of the database, in bytes.
    """
    ensure_engine()
    images.build([_IMAGE])
    WORK.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=WORK) as folder,
        place_in(images.BENCHMARK[_IMAGE].tag) as place,
    ):
        lines = [*_made(place, "large", size), *_made(place, "small", round(size * _SMALL_SHARE))]
        sides = _Sides(place, Path(folder))
        runs = take_turns(sides.all(), rounds)
        lines += sides.lines(runs)
    _show(f"{rounds} rounds on PostgreSQL", runs, lines)
    return lines


def _made(place: Place, name: str, size: int) -> list[Line]:
    say(f"making the database {name}")
    made = make_database(place, name, size)
    say(f"  {made.bytes / 1e9:.2f} GB with its indexes, {made.rows} rows")
    return list(made.lines)


class _Sides:
    """All sides, in the order of their turns: those that are compared next to one another, readers after writers."""

    def __init__(self, place: Place, folder: Path) -> None:
        host, small = OnHost(place, "large"), OnHost(place, "small", "small database")
        container = InContainer(place, "large", folder / "sets")
        self.dump = BareDump(place, "large")
        self.unread = Backup(host, verify=False)
        self.backup = Backup(host)
        self.backup_inside = Backup(container)
        self.piped = PipedDump(place, "large")
        self.restored = BareRestore(self.dump)
        self.replace = Replace(host)
        self.safe = Replace(host, safety=True)
        self.replace_inside = Replace(container)
        self.loaded = PipedRestore(self.piped)
        self.small_backup = Backup(small)
        self.small_replace = Replace(small)
        self.copied = FullBackup(place)
        self.copied_back = FullRestore(place)

    def all(self) -> list[Side]:
        """Each once."""
        return list(vars(self).values())

    def lines(self, runs: Runs) -> list[Line]:
        """What was found."""

        def times(one: Side, other: Side) -> list[float]:
            return ratios(seconds(runs[one.name]), seconds(runs[other.name]))

        def sizes(one: Side, other: Side) -> list[float]:
            return ratios([run.bytes for run in runs[one.name]], [run.bytes for run in runs[other.name]])

        replacing = (self.replace, self.safe, self.replace_inside, self.small_replace)
        backing_up = (self.unread, self.backup, self.backup_inside, self.small_backup)
        return [
            Line("backup, not read back / pg_dump -Fd -j2", times(self.unread, self.dump), at_most(1.2)),
            Line("backup / pg_dump -Fd -j2", times(self.backup, self.dump), at_most(1.6)),
            Line("pg_dump | gzip / backup, not read back", times(self.piped, self.unread), at_least(3.5)),
            Line("pg_dump | gzip / backup", times(self.piped, self.backup)),
            Line("size: backup / pg_dump | gzip", sizes(self.backup, self.piped), at_most(0.75)),
            Line("size: pg_dump -Fd -j2 / pg_dump | gzip", sizes(self.dump, self.piped)),
            Line("replace / pg_restore -j2", times(self.replace, self.restored), at_most(1.2)),
            Line("replace, with safety backup / pg_restore -j2", times(self.safe, self.restored), at_most(1.5)),
            Line("gunzip | psql / replace", times(self.loaded, self.replace), at_least(1.25)),
            Line("backup: in a container / on its host", times(self.backup_inside, self.backup), at_most(1.25)),
            Line("replace: in a container / on its host", times(self.replace_inside, self.replace), at_most(1.25)),
            *(_without_database(runs, side.name) for side in replacing),
            *(_memory(runs, side.name) for side in (*backing_up, *replacing)),
            Line("pgBackRest backup / pg_dump -Fd -j2", times(self.copied, self.dump)),
            Line("pgBackRest restore / pg_restore -j2", times(self.copied_back, self.restored)),
        ]


def _without_database(runs: Runs, name: str) -> Line:
    values = [run.figures["seconds_without_database"] for run in runs[name]]
    return Line(f"{name}: time without the database", values, _WITHOUT, "s")


def _memory(runs: Runs, name: str) -> Line:
    return Line(f"{name}: memory", [run.own_kilobytes / 1024 for run in runs[name]], _MEMORY, "MB")


def _show(title: str, runs: Runs, lines: Sequence[Line]) -> None:
    say(f"\n{title}\n\n{described(runs)}\n")
    for name, taken in runs.items():
        if taken[0].phases:
            say(f"{name}, seconds (of the processors): {divided(taken)}")
    say(f"\n{told(lines)}\n\npgBackRest: {WHAT_IT_IS}\n")

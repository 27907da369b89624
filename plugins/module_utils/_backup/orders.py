# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a backup or a restore that somebody else began is the one that is asked for."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from .._errors import Day2Error
from .._postgresql.server import Server
from .._work.order import Order
from .ending import exists
from .restore import choose
from .store import DirectoryStore
from .swap import EXCHANGING, home_of

__all__ = ["backup_order", "restore_order"]


def backup_order(asked: dict[str, Any], store: DirectoryStore) -> Order:
    """A backup stands for another one if it made sets, and all of them are still there."""

    def holds(result: dict[str, Any]) -> bool:
        made = [one for one in result["backups"] if one["changed"]]
        there = {str(one.path) for name in made for one in store.sets(name["database"]) if one.state == "complete"}
        return bool(made) and all(one["backup"]["path"] in there for one in made)

    names = [asked["database"]] if asked["database"] else asked["databases"] or ["all databases"]
    return Order("postgresql_backup", ", ".join(names), asked, holds=holds)


def restore_order(asked: dict[str, Any], server: Server, store: DirectoryStore) -> Order:
    """A drill stands for another one of the same set or dump; a new database for itself while it is there.

    A live database is never replaced twice because somebody did not hear that it was.
    """
    name, database = "postgresql_restore", asked["database"]
    if asked["mode"] in ("replace", "rollback"):
        return Order(name, database, asked, stands_seconds=None, no_return=EXCHANGING)
    if asked["dump"] is not None:
        with contextlib.suppress(OSError):  # the restore will tell
            seen = Path(asked["dump"]).stat()
            asked = {**asked, "dump": [asked["dump"], seen.st_size, seen.st_mtime_ns]}
    elif asked["mode"] == "drill":
        with contextlib.suppress(Day2Error):  # what there is none to choose from, the drill will tell
            asked = {**asked, "backup": choose(store, database, asked["backup"]).path.name}
    if asked["mode"] == "drill":
        return Order(name, database, asked)

    def holds(result: dict[str, Any]) -> bool:
        made = result["restore"]["database"]
        with server.session(home_of(server, made)) as session:
            return exists(session, made)

    return Order(name, database, asked, holds=holds)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A live database that has changed since it was backed up, modules to which things happen, and what is true after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose
from tests.collection import COLLECTIONS
from tests.conftest import RunModule

from . import faulty
from .backup_places import arguments, content_of, databases, furnish
from .maintenance_places import Place, places, until
from .test_ended_by_a_signal import works

__all__ = ["KILL", "Scene", "content", "kept_ones", "message", "run_faulty", "scenes"]

KILL: dict[str, Any] = {"kill": None}


def run_faulty(module: str, args: dict[str, Any], step: str, fault: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, faulty.__file__, str(COLLECTIONS), module],
        input=json.dumps({"args": args, "step": step, "fault": fault}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != faulty.NOT_REACHED, f"{step} was never reached: {done.stdout}"
    return done


def message(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a failed module said."""
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["failed"]
    return result


def content(place: Place, database: str | None = None) -> dict[str, str]:
    with place.server.session(database or place.database) as session:
        return content_of(session)


def kept_ones(place: Place) -> list[str]:
    with place.server.session() as session:
        return [one.name for one in kept_databases(session, place.database)]


class Scene:
    """A live database that has changed since it was backed up.

    :ivar then: what it held when it was backed up.
    :ivar now: what it holds.
    """

    def __init__(self, place: Place, folder: Path, run_module: RunModule) -> None:
        self.place = place
        self.folder = folder
        self._run = run_module
        assert run_module("postgresql_backup", arguments(place, folder))["backup"]["verified"]
        self.then = content(place)
        place.run("DELETE FROM public.orders WHERE id % 2 = 0", "UPDATE public.worded SET status = 'old'")
        self.now = content(place)
        self.sets = self.complete()

    def complete(self) -> list[str]:
        """The sets that are listed as complete; every one of them is, to its last bit."""
        given = {"directory": str(self.folder), "environment": "test", "databases": [self.place.database]}
        info = self._run("postgresql_backup_info", given)
        names = [one["path"] for one in info["backups"] if one["state"] == "complete"]
        store = DirectoryStore(str(self.folder), "test")
        whole = [str(one.path) for one in store.sets(self.place.database, hashes=True) if one.state == "complete"]
        assert names == whole
        return names

    def replacing(self, **more: Any) -> dict[str, Any]:
        return arguments(self.place, self.folder, mode="replace", confirm=self.place.database, amcheck=True, **more)

    def live_is(self, *expected: dict[str, str]) -> None:
        assert content(self.place) in expected
        kept = [content(self.place, name) for name in kept_ones(self.place)]
        assert self.now in [content(self.place), *kept], "what was live is gone"

    def recovers(self) -> None:
        """The next runs work, and nothing is left of what failed."""
        assert until(lambda: works(self.place) == 0, 60)
        before = content(self.place)
        assert self._run("postgresql_backup", arguments(self.place, self.folder))["backup"]["verified"]
        drill = self._run("postgresql_restore", arguments(self.place, self.folder, mode="drill"))
        assert drill["restore"]["verified"], drill
        assert databases(self.place) == []
        assert list(self.folder.rglob(".partial-*")) == []
        assert content(self.place) == before


def scenes(
    request: pytest.FixtureRequest, login: dict[str, Any], run_module: RunModule, folder: Path
) -> Iterator[Scene]:
    """A scene on a server of the kind that the fixture's parameter names; nothing of it stays."""
    for place in places(request, login):
        furnish(place)
        place.run("INSERT INTO public.worded VALUES ('new')")
        try:
            yield Scene(place, folder, run_module)
        finally:
            with place.server.session() as admin:
                for name in kept_ones(place):
                    admin.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))

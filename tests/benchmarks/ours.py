# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our modules: each run in a process of its own, with the options that somebody has who sets none."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..tools.program import Failed
from .places import FOLDER, Place
from .sides import Run, Side

__all__ = ["Backup", "InContainer", "OnHost", "Replace"]

_ENVIRONMENT = "benchmark"


class OnHost:
    """A database as the modules know it on its own host.

    :ivar word: what tells it from others in the names of sides.
    """

    def __init__(self, place: Place, database: str, word: str = "") -> None:
        self.place = place
        self.database = database
        self.word = word

    folder = f"{FOLDER}/sets"
    reached: Mapping[str, Any] = {"login_host": "/run/postgresql"}

    def remove(self, path: str) -> None:
        """Remove backup sets."""
        self.place.inside("rm", "-rf", path)

    def call(self, module: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Run]:
        """Run a module; its result, and what it took."""
        return self._called(module, arguments, "python3", here=False)

    def _called(self, module: str, given: Mapping[str, Any], python: str, here: bool) -> tuple[dict[str, Any], Run]:
        database = {"database": self.database, "directory": self.folder, "environment": _ENVIRONMENT}
        arguments = {**self.reached, **database, **given}
        argv = [python, "-m", "tests.benchmarks.timed_module", module]
        taken = self.place.timed(argv, stdin=json.dumps(arguments), here=here)
        told: dict[str, Any] = json.loads(taken.printed)
        if told["result"].get("failed"):
            raise Failed(f"The module {module} failed: {told['result']['msg']}")
        own, phases = told["kilobytes"], told["phases"]
        programs = max(0, taken.kilobytes - own)
        return told["result"], Run(told["seconds"], taken.processor_seconds, 0, own, programs, phases)

    @property
    def sets(self) -> str:
        """The folder of the database's backup sets."""
        return f"{self.folder}/{_ENVIRONMENT}/{self.database}"


class InContainer(OnHost):
    """The same database, seen from this host: as a service in a container, with the programs in it.

    :param folder: where its sets lie, on this host.
    """

    def __init__(self, place: Place, database: str, folder: Path) -> None:
        super().__init__(place, database, "in a container")
        self.folder = str(folder)
        self.reached = {"service": {"runtime": "container", "name": place.container, "user": "postgres"}}

    def remove(self, path: str) -> None:
        shutil.rmtree(path, ignore_errors=True)

    def call(self, module: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Run]:
        return self._called(module, arguments, sys.executable, here=True)


class Backup(Side):
    """The module postgresql_backup.

    :param verify: whether what was written is read back.
    """

    def __init__(self, target: OnHost, verify: bool = True) -> None:
        self.name = ", ".join(
            ["backup", *([] if verify else ["not read back"]), *([target.word] if target.word else [])]
        )
        self.place = target.place
        self._target = target
        self._verify = verify

    def before(self) -> None:
        self._target.remove(self._target.sets)

    def run(self) -> Run:
        result, run = self._target.call("postgresql_backup", {"verify": self._verify})
        return replace(run, bytes=result["backup"]["bytes"])


class Replace(Side):
    """The module postgresql_restore, where it puts a set in the place of the live database.

    :param safety: whether the live database is backed up before.
    """

    def __init__(self, target: OnHost, safety: bool = False) -> None:
        word = [target.word] if target.word else []
        self.name = ", ".join(["replace", *(["with safety backup"] if safety else []), *word])
        self.place = target.place
        self._target = target
        self._safety = safety
        self._kept = ""
        self._set = ""

    def run(self) -> Run:
        database = self._target.database
        asked = {"mode": "replace", "confirm": database, "safety_backup": self._safety}
        result, run = self._target.call("postgresql_restore", asked)
        restore = result["restore"]
        self._kept, self._set = restore["previous_database"], restore["safety_backup"] or ""
        names = ("seconds", "seconds_verifying", "seconds_without_database", "amchecked")
        return replace(run, figures={name: float(restore[name]) for name in names})

    def after(self) -> None:
        """What was live is live again; the set that was made for safety goes."""
        database = self._target.database
        if self._kept:
            self.place.execute(
                f"DROP DATABASE {database}",
                f'ALTER DATABASE "{self._kept}" RENAME TO {database}',
                f"COMMENT ON DATABASE {database} IS NULL",
            )
            self._kept = ""
        if self._set:
            self._target.remove(self._set)

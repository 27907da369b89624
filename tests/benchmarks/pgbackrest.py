# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pgBackRest beside the dumps: for what it is, another kind of backup."""

from __future__ import annotations

import time

from .places import ARCHIVED_NOWHERE, Place
from .sides import Run, Side

__all__ = ["WHAT_IT_IS", "FullBackup", "FullRestore"]

WHAT_IT_IS = (
    "It copies the files of the whole server with all indexes, looks at page checksums and archives WAL: any moment "
    "can be restored, but only a whole server of the same major version, and nothing is counted, compared or read back."
)

_STANZA = "benchmark"
_HOME = "/var/lib/postgresql"
_DATA = f"{_HOME}/data"
_REPOSITORY = f"{_HOME}/repository"
_RESTORED = f"{_HOME}/restored"
_PORT = "5433"
_ALWAYS = (
    "pgbackrest", f"--stanza={_STANZA}", f"--repo1-path={_REPOSITORY}", "--log-level-file=off",
    "--log-level-console=warn",
)  # fmt: skip
_OF_LIVE = (f"--pg1-path={_DATA}", "--pg1-socket-path=/run/postgresql")
_COMPRESSED = ("--compress-type=zst", "--compress-level=3")
_JOBS = "--process-max=2"


class FullBackup(Side):
    """A full backup of the server, with the WAL that it needs."""

    def __init__(self, place: Place) -> None:
        self.name = "pgBackRest: full backup of the server"
        self.place = place

    def before(self) -> None:
        """A repository of its own each time, into which the server archives from now on."""
        self._run("rm", "-rf", _REPOSITORY)
        self._run(*_ALWAYS, *_OF_LIVE, "stanza-create")
        self.place.archive_by(" ".join([*_ALWAYS, f"--pg1-path={_DATA}", *_COMPRESSED, "archive-push", "%p"]))

    def run(self) -> Run:
        began = time.monotonic()
        how = [*_COMPRESSED, _JOBS, "--type=full", "--start-fast", "--no-expire-auto"]
        self._run(*_ALWAYS, *_OF_LIVE, *how, "backup")
        seconds = time.monotonic() - began
        return Run(seconds, bytes=int(self._run("du", "--summarize", "--bytes", _REPOSITORY).split()[0]))

    def after(self) -> None:
        self.place.archive_by(ARCHIVED_NOWHERE)

    def _run(self, *argv: str) -> str:
        return self.place.inside(*argv, user="postgres")


class FullRestore(Side):
    """That backup, restored beside the server and started, until it takes connections."""

    def __init__(self, place: Place) -> None:
        self.name = "pgBackRest: restore of the server, and its start"
        self.place = place

    def before(self) -> None:
        self._run("rm", "-rf", _RESTORED)
        self._run("mkdir", "--mode=0700", _RESTORED)

    def run(self) -> Run:
        began = time.monotonic()
        self._run(*_ALWAYS, f"--pg1-path={_RESTORED}", _JOBS, "restore")
        settings = f"-p {_PORT} -c archive_mode=off -c hot_standby=off -c shared_buffers=1GB"
        start = ["pg_ctl", "--pgdata", _RESTORED, "--wait", "--silent", "--log", f"{_HOME}/restored.log"]
        self._run(*start, "--options", settings, "start")
        return Run(time.monotonic() - began)

    def after(self) -> None:
        self._run("pg_ctl", "--pgdata", _RESTORED, "--silent", "--mode", "immediate", "stop")
        self._run("rm", "-rf", _RESTORED)

    def _run(self, *argv: str) -> str:
        return self.place.inside(*argv, user="postgres")

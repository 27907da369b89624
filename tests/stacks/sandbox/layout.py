# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where everything of a sandbox lies, and how its parts tell what they do."""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..shared import say, write_private

__all__ = ["LOGINS", "Layout", "SandboxError", "say", "write_private"]

LOGINS = ("app_owner", "app", "report", "backup", "monitor", "maintenance", "drill")
_PATIENCE = 300.0  # seconds to wait for another start or stop of the same sandbox


class SandboxError(Exception):
    """The sandbox cannot be started or stopped; the text says why and what to do."""


@dataclass(frozen=True)
class Layout:
    """The files of one sandbox, all below one folder."""

    root: Path

    @property
    def postgresql(self) -> Path:
        return self.root / "postgresql"

    @property
    def passwords(self) -> Path:
        """One file for each database role that logs in."""
        return self.root / "passwords"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def app(self) -> Path:
        """The web application's port, process id and what it said when it started."""
        return self.root / "app"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def sick(self) -> Path:
        """Which critical troubles are planted, and how to take them away."""
        return self.root / "sick.json"

    def password(self, role: str) -> str:
        """A role's password, made when it is first asked for."""
        path = self.passwords / role
        if not path.exists():
            self.passwords.mkdir(mode=0o700, exist_ok=True)
            write_private(path, secrets.token_urlsafe(18))
        return path.read_text()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one program at a time starts, stops or changes a sandbox."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            limit = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > limit:
                        raise SandboxError(f"Another program works on {self.root}; wait until it has ended.") from None
                    time.sleep(0.2)
            yield

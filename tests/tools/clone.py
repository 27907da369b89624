# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fresh clones of the project, at a path with a space, with a home folder in which nothing is: as a newcomer has it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .ansible_test import copy_checkout
from .program import LOGS, TAIL_LINES, Failed, run, say, system_path

__all__ = ["Clone", "remove_shared_clone", "shared_clone"]

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Clone:
    """One clone and the account that works in it.

    :param account: its owner, another one than this process's; only root can give it away.
    """

    def __init__(self, account: str | None = None) -> None:
        self.account = account
        self.top = Path(tempfile.mkdtemp(prefix="day2 clone "))
        self.home = self.top / "home"
        self.checkout = self.top / "ops"
        self.sandbox = self.checkout / ".sandbox"
        self.home.mkdir(mode=0o700)
        copy_checkout(self.checkout)
        if account:
            owner = pwd.getpwnam(account)
            run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", str(self.top)])

    @property
    def who(self) -> str:
        """The account in words."""
        return self.account or pwd.getpwuid(os.geteuid()).pw_name

    def run(self, argv: Sequence[str], log: str, good: Sequence[int] = (0,)) -> tuple[str, float]:
        """Run a program as the clone's account; return what it wrote and its seconds."""
        place = LOGS / f"{log}-{self.who}.log"
        place.parent.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        with place.open("wb") as out:
            status = subprocess.run(
                [*self._as_account(), *argv],
                cwd=self.checkout,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        said = place.read_text(errors="replace")
        if status not in good:
            tail = said.splitlines()[-TAIL_LINES:]
            raise Failed("\n".join([*tail, f"{' '.join(argv)} as {self.who} ended with status {status}."]))
        return said, time.monotonic() - started

    def remove(self) -> None:
        """Stop its sandbox and remove all of it."""
        try:
            if self.sandbox.exists():
                self.run(["make", "clean"], "clean")
        finally:
            shutil.rmtree(self.top, ignore_errors=True)

    def _as_account(self) -> list[str]:
        if self.account is None:
            return []
        owner = pwd.getpwnam(self.account)
        return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--inh-caps=-all"]

    def _environment(self) -> dict[str, str]:
        """What a login shell has; nothing of this run's environment but the settings of package clients."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy") or name in ("LANG", "TZ", "TERM")
        }
        settings = Path("~/.config/pip/pip.conf").expanduser()
        if self.account is None and settings.is_file():
            kept.setdefault("PIP_CONFIG_FILE", str(settings))
        path = SYSTEM_PATH if self.account else os.pathsep.join(system_path())
        return {**kept, "HOME": str(self.home), "USER": self.who, "LOGNAME": self.who, "PATH": path}


_SHARED: list[Clone] = []


def shared_clone() -> Clone:
    """One clone of this process's own account, for stages that need not begin from nothing."""
    if not _SHARED:
        clone = Clone()
        say(f"a clone at {clone.checkout}")
        _SHARED.append(clone)
    return _SHARED[0]


def remove_shared_clone() -> None:
    """Remove it, if it was made."""
    while _SHARED:
        _SHARED.pop().remove()

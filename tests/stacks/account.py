# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As whom PostgreSQL's own programs run, and where their files then lie: PostgreSQL refuses root.

An ordinary user runs them as himself. Root runs them in a user namespace of its own, in which the same files belong
to an ordinary user. Where that cannot be, they run as ``nobody``, with programs and data in a folder of their own
outside the checkout, which may lie where nobody can go. The permissions of no existing folder are changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Account", "account_for", "remove_home"]

_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_OUTSIDE = ("/var/tmp", "/tmp")  # the first survives a reboot
_ORDINARY = "nobody"


@dataclass(frozen=True)
class Account:
    """How to run a program as an ordinary user.

    :ivar home: where that user can write.
    :ivar programs: where that user finds PostgreSQL's programs.
    """

    home: Path
    programs: Path
    prefix: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, argv: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, standard output and error in one."""
        return subprocess.run(
            [*self.prefix, *argv],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            check=False, cwd=self.home, **self.options, **more,
        )  # fmt: skip

    def start(self, argv: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a program that stays, its output appended to *log*."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [*self.prefix, *argv],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.home, start_new_session=True, **self.options,
            )  # fmt: skip

    def give(self, path: Path) -> None:
        """Let the account own a file or folder of ours."""
        if self.options:
            os.chown(path, self.options["user"], self.options["group"])


def account_for(folder: Path, programs: Path) -> Account:
    """The account for a server whose files shall lie in *folder*; the same one each time for the same folder."""
    marker = folder / "outside"
    if marker.is_dir():
        return _nobody(marker.readlink(), programs)
    marker.unlink(missing_ok=True)
    if os.geteuid() != 0:
        return Account(folder, programs)
    if _namespace_reaches(folder, programs):
        return Account(folder, programs, prefix=_NAMESPACE)
    if (folder / "data").exists():
        raise RuntimeError(
            f"The data in {folder} was made by root in a user namespace, and none can be made now "
            f"({' '.join(_NAMESPACE)}). Allow user namespaces again, or remove that folder."
        )
    home = _move_outside(programs)
    try:
        account = _nobody(home, programs)
    except BaseException:
        shutil.rmtree(home)
        raise
    marker.symlink_to(home)
    return account


def remove_home(folder: Path) -> None:
    """Remove a server's folder, and what lies outside of it."""
    marker = folder / "outside"
    if marker.is_dir():
        shutil.rmtree(marker.readlink())
    if folder.exists():
        shutil.rmtree(folder)


def _namespace_reaches(folder: Path, programs: Path) -> bool:
    if shutil.which(_NAMESPACE[0]) is None:
        return False
    tried = [*_NAMESPACE, "sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(folder), str(programs / "postgres")]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _nobody(home: Path, programs: Path) -> Account:
    entry = pwd.getpwnam(_ORDINARY)
    as_nobody = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    account = Account(home, _copy_of(programs, home), options=as_nobody)
    if account.run([str(account.programs / "postgres"), "--version"]).returncode:
        raise RuntimeError(
            f"PostgreSQL does not run as root, and {_ORDINARY} cannot run it from {home}. Allow user namespaces "
            f"({' '.join(_NAMESPACE)}), allow programs to run from that folder, or use an ordinary user."
        )
    return account


def _copy_of(programs: Path, home: Path) -> Path:
    return home / "programs" / programs.relative_to(programs.parents[2])


def _move_outside(programs: Path) -> Path:
    """Copy the programs to a folder that the account can reach, with the folder of libraries that lies beside them."""
    place = next((Path(name) for name in _OUTSIDE if os.access(name, os.W_OK)), Path(tempfile.gettempdir()))
    home = Path(tempfile.mkdtemp(prefix="day2-sandbox-", dir=place))
    shutil.copytree(programs.parent, _copy_of(programs, home).parent, symlinks=True)
    for libraries in programs.parents[2].glob(programs.parents[1].name + ".libs"):
        shutil.copytree(libraries, home / "programs" / libraries.name, symlinks=True)
    entry = pwd.getpwnam(_ORDINARY)
    for path in (home, *home.rglob("*")):  # whatever the umask was when the programs were installed
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    print(f"  PostgreSQL does not run as root, and no user namespace serves: it runs as {_ORDINARY} from {home}")
    return home

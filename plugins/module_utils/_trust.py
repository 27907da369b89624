# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders and files that nobody but this user and root can have put there or changed.

What is restored, and who holds a lease, is read from disks. Whoever may write there decides what a restore brings,
under which rights we write, and what we remove: so, like ssh with its keys, we refuse what others may write to.
"""

from __future__ import annotations

import errno
import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ._errors import Refused

__all__ = ["open_ordinary", "refuse_unsafe", "unsafe"]

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_LINKS_FOLLOWED = 40  # as many as the kernel follows


def refuse_unsafe(folder: Path, top: Path, doing: str) -> None:
    """Refuse a folder in which others could plant, swap or remove something.

    Every level counts, from *top*, which somebody chose, down to *folder*, and every symbolic link on the way. What
    is not there yet is no danger: who makes it makes it for this user alone.

    :raises Refused: and names the level and what to do about it. Permissions are never changed here.
    """
    for link, holder in _links(folder):
        if (why := _danger(holder.stat())) and not _kept_by_sticky_bit(link, holder):
            raise Refused(
                doing,
                str(folder),
                f"{link} on the way there is a symbolic link that others can swap: of the folder it lies in, {why}",
                f"Name the folder itself, or take the right away: chmod go-w {shlex.quote(str(holder))}.",
            )
    for level in _levels(folder, top):
        try:
            status = level.stat()
        except OSError:  # told by whoever uses it next, if that matters there
            return
        if why := _danger(status):
            raise Refused(
                doing,
                str(level),
                f"others could put something there or change what is there: {why}",
                "Let it belong to the user who runs this, and to nobody else's changes: "
                f"chown {os.geteuid()} {shlex.quote(str(level))}; chmod go-w {shlex.quote(str(level))}.",
            )


def unsafe(path: Path) -> str:
    """Why the file or folder at *path*, itself no link, may be of others; empty when it is ours or root's alone.

    :raises OSError: when it cannot be looked at.
    """
    status = path.lstat()
    return "it is a symbolic link" if stat.S_ISLNK(status.st_mode) else _danger(status)


def open_ordinary(path: Path) -> IO[bytes]:
    """Open a file for reading that is one: no symbolic link, no folder, no pipe that never ends.

    :raises OSError: when it is something else, or cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    return os.fdopen(descriptor, "rb")


def _levels(folder: Path, top: Path) -> Iterator[Path]:
    yield top
    for part in folder.relative_to(top).parts:
        top = top / part
        yield top


def _links(path: Path) -> Iterator[tuple[Path, Path]]:
    """The symbolic links that are followed on the way to *path*, each with the folder it lies in."""
    waiting = list(reversed(Path.cwd().joinpath(path).parts))
    here = Path(waiting.pop())
    followed = 0
    while waiting and followed < _LINKS_FOLLOWED:
        part = waiting.pop()
        following = here.parent if part == ".." else here / part
        try:
            is_link = following.is_symlink()
        except OSError:  # told by whoever opens it
            return
        if is_link:
            yield following, here
            followed += 1
            target = following.readlink()
            waiting += reversed(target.parts)
            here = Path("/") if target.is_absolute() else here
        else:
            here = following


def _danger(status: os.stat_result) -> str:
    if status.st_uid not in (0, os.geteuid()):
        return f"its owner is {_name_of(status.st_uid)}"
    if status.st_mode & _WRITABLE_BY_OTHERS:
        return f"its mode is {stat.S_IMODE(status.st_mode):04o}"
    return ""


def _kept_by_sticky_bit(link: Path, holder: Path) -> bool:
    """Whether only the link's owner may remove it, and that is this user or root, as in ``/tmp``."""
    status = holder.stat()
    sticky = bool(status.st_mode & stat.S_ISVTX) and status.st_uid in (0, os.geteuid())
    return sticky and link.lstat().st_uid in (0, os.geteuid())


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the user {user}"

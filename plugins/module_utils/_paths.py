# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as path components, files that are whole or not there at all, and what an OS error means."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from pathlib import Path

from ._errors import NotPossible, Refused

__all__ = ["TEMPORARY", "atomic_write", "decoded", "encoded", "make_private_folder", "not_possible", "sync_folder"]

# Temporary files begin with this. It does not hold the final name, which may already be as long as a name can be.
TEMPORARY = ".day2-"

_LONGEST = 255
_PLAIN = re.compile(rb"[A-Za-z0-9_.-]")
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")

_REMEDIES = {
    errno.EACCES: "Run as a user that may do this there, or change the permissions.",
    errno.EPERM: "Run as a user that may do this there, or change the permissions.",
    errno.ENOSPC: "Free space there, or name another folder.",
    errno.EDQUOT: "Free space there, or raise the user's quota.",
    errno.EROFS: "Mount the file system for writing, or name another folder.",
    errno.ENOTDIR: "A part of the path is a file: move it away, or name another folder.",
    errno.EEXIST: "Something else has this name: move it away, or name another folder.",
    errno.EISDIR: "A folder has this name: move it away, or name another.",
    errno.ENOENT: "Create it, or name the right one.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ELOOP: "A symbolic link leads in a circle or is not allowed here: remove it.",
}


def encoded(name: str) -> str:
    """Return *name* as one path component: percent-encoded UTF-8, never empty, ``.`` or ``..``.

    Letters and digits of ASCII, ``_``, ``-`` and every ``.`` but a leading one stay as they are. Different names
    give different components; 85 bytes of any name fit.

    :raises Refused: when the name is empty, too long, or no text.
    """
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _refused(name, "it holds half a character") from error
    component = "".join(
        chr(byte) if _PLAIN.match(raw, index) and not (index == 0 and byte == ord(".")) else f"%{byte:02X}"
        for index, byte in enumerate(raw)
    )
    if not component:
        raise _refused(name, "it is empty")
    if len(component) > _LONGEST:
        raise _refused(name, f"it takes {len(component)} bytes of a path, {_LONGEST} are possible")
    return component


def decoded(component: str) -> str:
    """Return the name of which *component* is the encoding.

    :raises Refused: when it is no name's encoding.
    """
    raw = component.encode("utf-8", "surrogatepass")
    name = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw).decode("utf-8", "surrogateescape")
    if not name or encoded(name) != component:
        raise _refused(component, "it is not the encoding of a name")
    return name


def atomic_write(path: str | Path, content: str | bytes, mode: int = 0o600) -> None:
    """Put a file with *content* at *path*: whole and on the disk, or not at all. What was there before is replaced.

    A process that is killed on the way may leave a file beside it whose name begins with :data:`TEMPORARY`.

    :raises NotPossible: when the folder does not take it.
    """
    path = Path(path)
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}.tmp")
    try:
        try:
            _write_new(temporary, data, mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise not_possible("writing a file", str(path), error) from error


def sync_folder(folder: str | Path) -> None:
    """Bring the names in *folder* to the disk, where its file system knows how to."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_private_folder(folder: Path) -> None:
    """Make *folder* and those above it that are missing, all for their owner alone.

    :raises OSError: when one of them cannot be made.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            each.mkdir(mode=0o700)


def not_possible(doing: str, on: str, error: OSError) -> NotPossible:
    """The error of a refused system call, told with what to do about it."""
    remedy = _REMEDIES.get(error.errno or 0, "Look at the file system and the host's log.")
    return NotPossible(doing, on, error.strerror or str(error), remedy)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _refused(name: str, why: str) -> Refused:
    return Refused("naming a file or folder", repr(name), why, "Choose another name.")

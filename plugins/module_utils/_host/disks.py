# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File systems: which are worth telling, and how full they are."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .seen import Host, Seen, readable

__all__ = ["Mount", "disks", "mounts_of", "paths", "worth_telling"]

PATIENCE_SECONDS = 5.0

# On the network or made of several devices: their source is no path of a device.
_WITHOUT_DEVICE = frozenset(
    ("zfs", "btrfs", "bcachefs", "nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "afs", "9p", "virtiofs")
)
_NETWORK_IN_USER_SPACE = frozenset(("fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "fuse.s3fs"))
# Full by their nature, or never holding anything.
_PSEUDO = frozenset(("squashfs", "erofs", "cramfs", "iso9660", "udf", "autofs", "overlay", "tmpfs", "devtmpfs", "nsfs"))
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """A line of ``mountinfo``.

    :ivar number: ``major:minor``, equal for all mounts of one file system.
    :ivar root: which folder of the file system is mounted; not ``/`` for most bind mounts.
    """

    number: str
    root: str
    point: str
    filesystem: str
    device: str
    read_only: bool


def mounts_of(mountinfo: str) -> list[Mount]:
    """The mounts that can be reached, from the text of ``/proc/self/mountinfo``, in their order."""
    found: dict[str, Mount] = {}
    for line in mountinfo.splitlines():
        left, _dash, right = line.partition(" - ")
        fields, (filesystem, device, options) = left.split(" "), [*right.split(" ", 2), "", "", ""][:3]
        if len(fields) < 6 or not filesystem:
            raise ValueError(f"the mount {line[:80]!r}")
        read_only = "ro" in fields[5].split(",") or "ro" in options.split(",")
        point = _plain(fields[4])
        # What is mounted later at the same point hides what was there.
        found.pop(point, None)
        found[point] = Mount(fields[2], _plain(fields[3]), point, filesystem, _plain(device), read_only)
    return list(found.values())


def worth_telling(mounts: Iterable[Mount]) -> list[Mount]:
    """Of each real file system one mount, the widest; and the root, whatever it is."""
    chosen: dict[str, Mount] = {}
    for mount in mounts:
        if mount.point == "/" or _is_real(mount):
            known = chosen.get(mount.number)
            if known is None or _narrowness(mount) < _narrowness(known):
                chosen[mount.number] = mount
    return sorted(chosen.values(), key=lambda mount: mount.point)


def disks(host: Host, seen: Seen) -> list[dict[str, Any]] | None:
    """How full the file systems are. One that does not answer in time is told with ``None`` for its figures."""
    mounts = seen.look("disks", lambda: mounts_of(host.text("/proc/self/mountinfo")))
    if mounts is None:
        return None
    chosen = worth_telling(mount for mount in mounts if not _is_single_file(mount, host))
    usages = _usages([str(host.path(mount.point)) for mount in chosen])
    return [{**_of(mount), **_figures(usage, f"disk {mount.point}", seen)} for mount, usage in zip(chosen, usages)]


def paths(names: Sequence[str], host: Host, seen: Seen) -> list[dict[str, Any]]:
    """How full the file systems are that hold these paths. A path that is missing is told so."""
    mounts = seen.look("the mounts of paths", lambda: mounts_of(host.text("/proc/self/mountinfo"))) if names else []
    usages = _usages([str(host.path(name)) for name in names])
    return [_path(name, usage, mounts or [], host, seen) for name, usage in zip(names, usages)]


def _is_single_file(mount: Mount, host: Host) -> bool:
    """Whether a file is mounted, as into containers: its file system is the affair of the host that it is from."""
    return mount.root != "/" and mount.device.startswith("/") and host.path(mount.point).is_file()


def _path(name: str, usage: Usage, mounts: list[Mount], host: Host, seen: Seen) -> dict[str, Any]:
    missing = isinstance(usage, (FileNotFoundError, NotADirectoryError))
    exists = True if isinstance(usage, os.statvfs_result) else (False if missing else None)
    holders = [mount for mount in mounts if exists and _holds(mount, os.path.realpath(host.path(name)), host)]
    holder = max(holders, key=lambda mount: len(mount.point), default=None)
    known = _of(holder) if holder else dict.fromkeys(("mount", "device", "filesystem", "read_only"))
    return {"path": name, "exists": exists, **known, **_figures(usage, f"path {name}", None if missing else seen)}


def _holds(mount: Mount, path: str, host: Host) -> bool:
    point = str(host.path(mount.point))
    return path == point or path.startswith(point.rstrip("/") + "/")


def _of(mount: Mount) -> dict[str, Any]:
    return {
        "mount": readable(mount.point),
        "device": readable(mount.device),
        "filesystem": mount.filesystem,
        "read_only": mount.read_only,
    }


Usage = Any  # os.statvfs_result, or the OSError in its place


def _usages(names: Sequence[str]) -> list[Usage]:
    """Ask the file systems at the same time: a dead network server keeps whoever asks waiting for ever."""
    answers: dict[int, Usage] = {}

    def ask(index: int, name: str) -> None:
        try:
            answers[index] = os.statvfs(name)
        except OSError as error:
            answers[index] = error

    threads = [threading.Thread(target=ask, args=each, daemon=True) for each in enumerate(names)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = TimeoutError(0, f"it did not answer within {PATIENCE_SECONDS:g} seconds")
    return [answers.get(index, late) for index in range(len(names))]


def _figures(usage: Usage, subject: str, seen: Seen | None) -> dict[str, Any]:
    keys = ("bytes", "used_bytes", "free_bytes", "used_percent", "inodes", "inodes_used_percent")
    if isinstance(usage, OSError):
        if seen is not None:
            seen.miss(subject, usage.strerror or str(usage))
        return dict.fromkeys(keys)
    used = (usage.f_blocks - usage.f_bfree) * usage.f_frsize
    free = usage.f_bavail * usage.f_frsize
    inodes_used = usage.f_files - usage.f_ffree
    figures = (
        usage.f_blocks * usage.f_frsize,
        used,
        free,
        _percent(used, used + free),
        usage.f_files,
        _percent(inodes_used, usage.f_files),
    )
    return dict(zip(keys, figures))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole > 0 else 0.0


def _is_real(mount: Mount) -> bool:
    if mount.filesystem in _WITHOUT_DEVICE or mount.filesystem in _NETWORK_IN_USER_SPACE:
        return True
    return mount.device.startswith("/") and mount.device != "/dev/fuse" and mount.filesystem not in _PSEUDO


def _narrowness(mount: Mount) -> tuple[bool, bool, int]:
    return mount.point != "/", mount.root != "/", len(mount.point)


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)

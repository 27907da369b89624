# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a lease: made, replaced and removed whole, by one process at a time.

Who changes it holds a lock on a file beside it, which the kernel takes back from a process that dies. A new lease is
written under another name and linked to its own, which fails when there is one: so two that for some reason do not
see each other's lock still cannot both make it. Whatever is killed on the way leaves the old lease or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .._errors import NotPossible, Refused
from .._paths import encoded, make_private_folder, not_possible, sync_folder
from .._trust import refuse_unsafe
from .lease_record import Damaged, Lease

__all__ = ["LeaseFile"]

_LARGEST = 1 << 16
_LOCK_POLL = 0.02
_TEMPORARY = ".lease-"
_WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class LeaseFile:
    """The lease file of one environment.

    :param directory: the state directory, an absolute path.
    :param environment: the environment's name, any text.
    """

    def __init__(self, directory: str, environment: str) -> None:
        self.environment = environment
        self._directory = Path(directory)
        self._folder = self._directory / encoded(environment)
        self.path = self._folder / "lease.json"
        if not self._directory.is_absolute():
            raise Refused("finding the lease", directory, "it is not an absolute path", "Name an absolute path.")

    def read(self) -> Lease | Damaged | None:
        """What the file says; ``None`` when there is no file.

        :raises NotPossible: when that cannot be found out.
        """
        refuse_unsafe(self._folder, self._directory, "reading the lease")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise not_possible("reading the lease", str(self.path), error) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NotPossible("reading the lease", str(self.path), "it is not a file", "Move it away.")
            raw = os.read(descriptor, _LARGEST)
        except OSError as error:
            raise not_possible("reading the lease", str(self.path), error) from error
        finally:
            os.close(descriptor)
        try:
            return Lease.from_text(raw.decode("utf-8", "replace"), self.environment)
        except ValueError as error:
            return Damaged(str(error), status.st_mtime)

    @contextmanager
    def locked(self, patience: float) -> Iterator[None]:
        """Keep every other process from changing the lease during the block; make the folder when it is missing.

        :param patience: seconds to wait for another process that is changing it.
        :raises NotPossible: when the folder cannot be used, or the other process does not end.
        """
        try:
            make_private_folder(self._folder)
            refuse_unsafe(self._folder, self._directory, "locking the lease")
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._folder / "lease.lock", flags, 0o600)
        except OSError as error:
            raise not_possible("locking the lease", str(self._folder), error) from error
        try:
            self._lock(descriptor, time.monotonic() + patience, patience)
            yield
        finally:
            os.close(descriptor)

    def create(self, lease: Lease) -> bool:
        """Make the file; ``False`` when there already is one. Only inside :meth:`locked`."""
        with self._written(lease) as temporary:
            try:
                self._link(temporary)
            except FileExistsError:
                return False
        self._confirm(lease)
        return True

    def replace(self, lease: Lease) -> None:
        """Put *lease* in the place of what is there. Only inside :meth:`locked`."""
        with self._written(lease) as temporary:
            temporary.replace(self.path)
        self._confirm(lease)

    def remove(self) -> None:
        """Remove the file. Only inside :meth:`locked`."""
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self._folder)
        except OSError as error:
            raise not_possible("releasing the lease", str(self.path), error) from error

    def _lock(self, descriptor: int, deadline: float, patience: float) -> None:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise NotPossible(
                        "locking the lease",
                        str(self._folder),
                        f"another process has been changing it for {patience:g} seconds",
                        "Find the process that has lease.lock open there; end it if it hangs.",
                    ) from error
                time.sleep(_LOCK_POLL)
            except OSError as error:
                raise not_possible("locking the lease", str(self._folder), error) from error

    @contextmanager
    def _written(self, lease: Lease) -> Iterator[Path]:
        """Give a file beside the lease that holds *lease* on the disk; it is gone afterwards."""
        temporary = self._folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            self._clear_remains()
            try:
                with open(temporary, "xb", opener=_private) as stream:
                    stream.write(lease.as_text().encode())
                    stream.flush()
                    os.fsync(stream.fileno())
                yield temporary
            finally:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
            sync_folder(self._folder)
        except OSError as error:
            raise not_possible("writing the lease", str(self.path), error) from error

    def _clear_remains(self) -> None:
        """Remove what killed processes left; nobody writes now but the holder of the lock."""
        for entry in self._folder.iterdir():
            if entry.name.startswith(_TEMPORARY):
                entry.unlink()

    def _link(self, temporary: Path) -> None:
        try:
            os.link(temporary, self.path)
        except OSError as error:
            if error.errno not in _WITHOUT_LINKS:
                raise
            # A file system without hard links: reserve the name, then put the whole file there.
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            temporary.replace(self.path)

    def _confirm(self, lease: Lease) -> None:
        if self.read() != lease:
            raise Refused(
                "taking the lease",
                str(self.path),
                "another process wrote it at the same time and did not respect the lock",
                "Keep the state directory on a file system whose locks all its users see.",
            )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of works: reading and writing them, locks, and clearing old ones away."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .._errors import NotPossible
from .._paths import TEMPORARY, atomic_write, make_private_folder, not_possible

__all__ = ["FOLLOWS", "KILLED", "RUNNING", "UNHEARD", "WELL", "WRONG", "Status", "WorkFiles", "WorkFolder"]

RUNNING, WELL, WRONG, KILLED, FOLLOWS = "running", "succeeded", "failed", "killed", "follows"

# For how long it is remembered what became of a work of which nobody heard, and of one of which somebody did; of the
# latter also no more than so many.
_UNHEARD_SECONDS = 7 * 86400.0
_HEARD_SECONDS = 86400.0
_HEARD = 50

_ALONE_SECONDS = 60.0
_STATUS = ".json"
UNHEARD = ".unheard"
_MUTEX = ".lock"


@dataclass(frozen=True)
class Status:
    """What is told of a work. Times are seconds since 1970.

    :ivar number: works of a folder are counted in the order in which they began.
    :ivar birth: when its process was born, as the kernel tells: process ids are used again.
    :ivar follows: the name of the work that stands for this one.
    :ivar printed: whether there is a result: a process that crashed has none.
    """

    module: str
    title: str
    identity: str
    number: int
    state: str
    pid: int
    birth: str
    started: float
    updated: float
    ended: float | None = None
    follows: str | None = None
    printed: bool = False
    progress: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The content of a status file; its times are there a second time, for people."""
        plain = asdict(self)
        told = {f"{name}_at": _iso(plain[name]) for name in ("started", "updated", "ended") if plain[name] is not None}
        return json.dumps({**plain, **told}, indent=1) + "\n"

    @classmethod
    def from_json(cls, content: bytes) -> Status:
        """Read a status file.

        :raises ValueError: when it is none.
        """
        plain = json.loads(content)
        if not isinstance(plain, dict) or any(not isinstance(plain.get(name), kind) for name, kind in _KINDS.items()):
            raise ValueError("it is no status of a work")
        return cls(**{name: plain[name] for name in _KINDS})


class WorkFiles:
    """The files of one work.

    :param path: their path without the ending.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.folder = path.parent
        self._path = path

    def _file(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def status(self) -> Status | None:
        """What is told of it; None when it has not begun, or what there is cannot be read."""
        with contextlib.suppress(OSError, ValueError):
            return Status.from_json(self._file(_STATUS).read_bytes())
        return None

    def tell(self, status: Status, lasting: bool = False) -> None:
        """Replace its status.

        :param lasting: bring it to the disk, which a busy one may take a while for.
        :raises OSError: when the folder does not take it.
        """
        target, content = self._file(_STATUS), status.to_json()
        if lasting:
            try:
                atomic_write(target, content)
            except NotPossible as error:
                raise OSError(str(error)) from error
            return
        draft = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}.tmp")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(content)
            draft.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise

    def keep_result(self, printed: str) -> None:
        """Keep what the module printed."""
        try:
            atomic_write(self._file(".result"), printed)
        except NotPossible as error:
            raise OSError(str(error)) from error

    def result(self) -> str | None:
        """What the module printed; None when it is not there."""
        try:
            return self._file(".result").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None

    @property
    def unheard(self) -> bool:
        """Whether nobody took its result or was told how it ended."""
        return self._file(UNHEARD).exists()

    def wait_to_be_heard(self) -> None:
        """Mark it as one of which nobody has heard."""
        os.close(os.open(self._file(UNHEARD), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))

    def heard(self) -> None:
        """Somebody has heard of it."""
        with contextlib.suppress(OSError):
            self._file(UNHEARD).unlink()

    @contextmanager
    def living(self) -> Iterator[None]:
        """Be known to live, for as long as the block or the process does."""
        descriptor = os.open(self._file(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def lives(self) -> bool:
        """Whether its process lives."""
        try:
            descriptor = os.open(self._file(".lock"), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def remove(self) -> None:
        """Forget it, its status last."""
        for ending in (UNHEARD, ".result", ".lock", _STATUS):
            with contextlib.suppress(OSError):
                self._file(ending).unlink()


class WorkFolder:
    """The works of this user on this host."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it, and let nobody else in.

        :raises NotPossible: when it is not there for this user alone.
        """
        try:
            make_private_folder(self.path)
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(descriptor).st_uid != os.geteuid():
                    raise NotPossible(
                        "keeping the status of long work", str(self.path), "the folder is another user's", _ELSEWHERE
                    )
                os.fchmod(descriptor, 0o700)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise not_possible("keeping the status of long work", str(self.path), error) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out others who begin work, or look for what there is; for moments only.

        :raises NotPossible: when somebody else keeps it for long, or the file system has no locks.
        """
        descriptor = os.open(self.path / _MUTEX, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            end = time.monotonic() + _ALONE_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if not isinstance(error, BlockingIOError) or time.monotonic() > end:
                        raise not_possible("keeping the status of long work", str(self.path), error) from error
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def works(self) -> list[tuple[WorkFiles, Status]]:
        """Every work that is remembered, the newest first."""
        try:
            names = [path.stem for path in self.path.iterdir() if path.suffix == _STATUS]
        except OSError:
            return []
        found = [WorkFiles(self.path / name) for name in names]
        told = [(files, status) for files in found if (status := files.status()) is not None]
        return sorted(told, key=lambda one: one[1].number, reverse=True)

    def clear(self, now: float) -> None:
        """Forget works that ended long ago, and what is left of starters that never came back. Needs :meth:`alone`."""
        heard = 0
        for files, status in self.works():
            if status.state == RUNNING and files.lives():
                continue
            unheard = files.unheard
            heard += not unheard
            limit = _UNHEARD_SECONDS if unheard else _HEARD_SECONDS
            if (not unheard and heard > _HEARD) or abs(now - (status.ended or status.updated)) > limit:
                files.remove()
        for path in self.path.iterdir():
            with contextlib.suppress(OSError):
                old = abs(now - path.stat().st_mtime) > _UNHEARD_SECONDS
                if old and path.name != _MUTEX and WorkFiles(path.with_suffix("")).status() is None:
                    path.unlink()


_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("module", "title", "identity", "state", "birth"), str),
    **dict.fromkeys(("number", "pid"), int),
    **dict.fromkeys(("started", "updated"), (int, float)),
    "ended": (int, float, type(None)),
    "follows": (str, type(None)),
    "printed": bool,
    "progress": dict,
}
_ELSEWHERE = "Name another folder in Ansible's async_dir."


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

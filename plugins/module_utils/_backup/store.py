# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where backup sets lie: one folder each, published by a rename when whole.

``<directory>/<environment>/<database>/<UTC stamp>-<label>/``, names percent-encoded. Beside the sets, a database's
folder holds the lock of whoever writes there and the record of its drills. An object store will be another class with
the same methods.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .._errors import NotPossible, Refused
from .._interruption import uninterrupted
from .._paths import atomic_write, decoded, encoded, make_private_folder, not_possible, sync_folder
from .._present import present
from .._trust import open_ordinary, refuse_unsafe, unsafe
from .manifest import MANIFEST, Manifest, ManifestDamaged, Part, moment, now
from .retention import SAFETY
from .selection import Selection, words

__all__ = ["DirectoryStore", "Draft", "StoredSet", "newest_of", "read_file", "sha256_of"]

# A clock that is put right by less than this proves nothing about when a set was made.
_CLOCK_SECONDS = 300

_PARTIAL = ".partial-"
_SET = re.compile(r"\d{8}T\d{6}Z-[A-Za-z0-9%_.-]+")
_LOCK = ".lock"
_DRILLS = "drills.json"
_DRILLS_KEPT = 200
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class StoredSet:
    """A set as it lies in the store.

    :ivar state: ``complete``, ``partial`` (never published) or ``corrupt``.
    :ivar reason: what is wrong with it; empty for a complete one.
    """

    path: Path
    database: str
    state: str
    reason: str
    manifest: Manifest | None

    @property
    def series(self) -> str:
        """What it stands beside: other sets with the same word, none for those that hold all of the database."""
        if self.manifest is None:
            return ""
        return SAFETY if self.manifest.label == SAFETY else words(self.manifest.selection)

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the backup ended."""
        return None if self.manifest is None else (now() - moment(self.manifest.finished)).total_seconds()

    @property
    def of_the_future(self) -> bool:
        """Whether it is dated later than now: the clock was wrong when it was made, or is now."""
        return self.age_seconds is not None and self.age_seconds < -_CLOCK_SECONDS

    def as_dict(self) -> dict[str, Any]:
        """The set as a module returns it."""
        summary = self.manifest.summary() if self.manifest else {"database": self.database, "verified": False}
        return {
            **summary,
            "path": str(self.path),
            "state": self.state,
            "reason": self.reason,
            "age_seconds": self.age_seconds,
        }


class Draft:
    """A set that is being written, under a name that no reader takes for a set."""

    def __init__(self, folder: Path, final: Path) -> None:
        self.folder = folder
        self.final = final

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """Open a new file of the set for writing; it is on the disk when the block ends."""
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise not_possible("writing a backup set", str(path), error) from error

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the set for reading."""
        return open_ordinary(self.folder / name)

    def publish(self, manifest: Manifest) -> Path:
        """Write the manifest and give the set its final name."""
        atomic_write(self.folder / MANIFEST, manifest.to_json())
        sync_folder(self.folder)
        try:
            self.folder.rename(self.final)
        except OSError as error:
            raise not_possible("publishing a backup set", str(self.final), error) from error
        sync_folder(self.final.parent)
        return self.final


class DirectoryStore:
    """The sets of one environment in a folder of this host."""

    def __init__(self, directory: str, environment: str) -> None:
        self.directory = Path(directory)
        self.environment = environment
        self._root = self.directory / encoded(environment)

    def folder(self, database: str) -> Path:
        """The folder of one database's sets."""
        return self._root / encoded(database)

    def databases(self) -> list[str]:
        """The databases that have a folder here."""
        self._refuse_unsafe(self._root, "listing backup sets")
        try:
            names = [entry.name for entry in self._root.iterdir() if entry.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise not_possible("listing backup sets", str(self._root), error) from error
        return sorted(_decoded_all(names))

    def sets(self, database: str, hashes: bool = False) -> list[StoredSet]:
        """The sets of a database, the newest first as their manifests tell; those without a manifest last.

        :param hashes: read every file and compare its hash, not only its presence and size.
        """
        folder = self.folder(database)
        self._refuse_unsafe(folder, "listing backup sets")
        try:
            entries = sorted(folder.iterdir(), reverse=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise not_possible("listing backup sets", str(folder), error) from error
        found = [
            self._look_at(entry, database, hashes)
            for entry in entries
            if entry.name.startswith(_PARTIAL) or _SET.fullmatch(entry.name)
        ]
        known = [one for one in found if one.manifest is not None]
        newest_first = sorted(known, key=lambda one: moment(present(one.manifest).finished), reverse=True)
        return newest_first + [one for one in found if one.manifest is None]

    def newest(self, database: str, verified: bool = False, selection: Selection | None = None) -> StoredSet | None:
        """The newest complete set of a database that was not made before a replacement; see :func:`newest_of`.

        :param selection: whose rows it is to hold; all of the database when None.
        """
        return newest_of(self.sets(database), verified, "" if selection is None else str(selection))

    def _look_at(self, path: Path, database: str, hashes: bool) -> StoredSet:
        if path.name.startswith(_PARTIAL):
            return StoredSet(path, database, "partial", "it was never finished", None)
        try:
            if why := unsafe(path):
                return StoredSet(path, database, "corrupt", f"others may have changed it: {why}", None)
            with open_ordinary(path / MANIFEST) as stream:
                manifest = Manifest.from_json(stream.read(), str(path))
        except FileNotFoundError:
            return StoredSet(path, database, "corrupt", f"{MANIFEST} is missing", None)
        except (OSError, ManifestDamaged) as error:
            why = error.why if isinstance(error, ManifestDamaged) else error.strerror or str(error)
            return StoredSet(path, database, "corrupt", f"{MANIFEST}: {why}", None)
        wrong = [f"{part.file}: {why}" for part in manifest.parts if (why := _wrong(path / part.file, part, hashes))]
        if manifest.database != database:
            wrong.append(f"{MANIFEST}: it is of the database {manifest.database!r}")
        return StoredSet(path, database, "corrupt" if wrong else "complete", "; ".join(wrong), manifest)

    @contextmanager
    def lock(self, database: str, shared: bool = False, doing: str = "working on backup sets") -> Iterator[None]:
        """Keep others out while sets are written or removed; *shared* keeps only those out who write or remove.

        The lock ends with the process that holds it, however that ends.
        """
        folder = self.folder(database)
        try:
            make_private_folder(folder)
            self._refuse_unsafe(folder, doing)
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise not_possible(doing, str(folder), error) from error
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except OSError as error:
                raise Refused(
                    doing,
                    str(folder),
                    "another process is writing, removing or restoring backup sets of this database",
                    "Wait for it to end, then run it again.",
                ) from error
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def draft(self, database: str, name: str, label: str) -> Iterator[Draft]:
        """Begin a new set; unless it is published in the block, nothing of it stays. Needs the lock."""
        if not _LABEL.fullmatch(label):
            raise Refused(
                "beginning a backup set",
                f"the label {label!r}",
                "a label is at most 64 letters, digits, '.', '_' and '-'",
                "Choose another label.",
            )
        folder = self.folder(database)
        final = folder / f"{name}-{label}"
        if final.exists():
            final = folder / f"{name}-{label}.{secrets.token_hex(2)}"
        draft = Draft(folder / f"{_PARTIAL}{name}-{secrets.token_hex(4)}", final)
        try:
            draft.folder.mkdir(mode=0o700)
        except OSError as error:
            raise not_possible("beginning a backup set", str(draft.folder), error) from error
        try:
            yield draft
        finally:
            with uninterrupted():
                shutil.rmtree(draft.folder, ignore_errors=True)

    def clear_remains(self, database: str) -> list[str]:
        """Remove what killed backups left; return their names. Needs the lock: whoever holds it is alone."""
        remains = [one.path for one in self.sets(database) if one.state == "partial"]
        for path in remains:
            self._remove(path)
        return [path.name for path in remains]

    def remove(self, one: StoredSet) -> None:
        """Remove a set: first its name as a set, then its files. Needs the lock."""
        hidden = one.path.with_name(f"{_PARTIAL}{one.path.name}-{secrets.token_hex(4)}")
        try:
            one.path.rename(hidden)
        except OSError as error:
            raise not_possible("removing a backup set", str(one.path), error) from error
        self._remove(hidden)

    def _remove(self, path: Path) -> None:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise not_possible("removing a backup set", str(path), error) from error

    def drills(self, database: str) -> list[dict[str, Any]]:
        """The record of the drills of a database's sets, the newest last.

        :raises NotPossible: when there is one that cannot be read; it says which set must be kept.
        """
        path = self.folder(database) / _DRILLS
        self._refuse_unsafe(path.parent, "reading the record of drills")
        try:
            with open_ordinary(path) as stream:
                record = json.load(stream)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise not_possible("reading the record of drills", str(path), error) from error
        except (ValueError, RecursionError) as error:
            record = error
        if not isinstance(record, list) or not all(_is_drill(drill) for drill in record):
            raise NotPossible(
                "reading the record of drills",
                str(path),
                "it is damaged",
                "Move it away; the next drill begins a new one. Until then nothing says which set was proven last.",
            )
        return record

    def record_drill(self, database: str, drill: dict[str, Any]) -> None:
        """Add a drill to the record."""
        record = [*self.drills(database), drill][-_DRILLS_KEPT:]
        atomic_write(self.folder(database) / _DRILLS, json.dumps(record, indent=1) + "\n")

    def _refuse_unsafe(self, folder: Path, doing: str) -> None:
        refuse_unsafe(folder, self.directory, doing)

    def free_bytes(self) -> int:
        """Bytes that this user may still write where the sets lie."""
        place = self._root
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            usage = os.statvfs(place)
        except OSError as error:
            raise not_possible("measuring free space", str(place), error) from error
        return usage.f_bavail * usage.f_frsize


def newest_of(found: Sequence[StoredSet], verified: bool = False, series: str = "") -> StoredSet | None:
    """The newest complete set of a series, of sets that have the newest first.

    One that is dated in the future would be the newest for as long as that takes: it is only when there is no other.
    """
    complete = [one for one in found if one.state == "complete" and one.series == series]
    fit = [one for one in complete if present(one.manifest).verified or not verified]
    return next((one for one in fit if not one.of_the_future), fit[0] if fit else None)


def read_file(one: StoredSet, part: Part) -> IO[bytes]:
    """Open a part of a set for reading."""
    try:
        return open_ordinary(one.path / part.file)
    except OSError as error:
        raise NotPossible("reading a backup set", str(one.path / part.file), str(error), "Use another set.") from error


def _wrong(path: Path, part: Part, hashes: bool) -> str:
    """What is wrong with a part's file, or nothing."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return "it is no ordinary file"
        if status.st_size != part.bytes:
            return f"it has {status.st_size} bytes instead of {part.bytes}"
        if hashes and sha256_of(path) != part.sha256:
            return "its content is not what was written (SHA-256 differs)"
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return ""


def _is_drill(drill: Any) -> bool:
    try:
        moment(drill["finished"])
        return isinstance(drill["path"], str) and isinstance(drill["passed"], bool)
    except (TypeError, KeyError, ValueError):
        return False


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with open_ordinary(path) as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _decoded_all(names: list[str]) -> Iterator[str]:
    for name in names:
        with contextlib.suppress(Refused):  # a folder that is none of ours
            yield decoded(name)

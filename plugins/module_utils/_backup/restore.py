# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore: plan, do, prove. Into a database of another name first; nothing else is touched until it is proven."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._errors import NotPossible, Refused
from .._postgresql.catalog import Difference
from .._postgresql.client import Client
from .._postgresql.server import Server
from .._postgresql.session import UTF8, Session
from .._postgresql.work_lock import work_lock
from .._present import present
from .._progress import SILENT, Progress
from .beside import Beside, RestoreResult
from .checks import Question, ask, integrity
from .ending import Ending
from .filling import Filling, tied_extensions, whole
from .manifest import Manifest, iso, now
from .ownership import properties_under_owner, under_owner
from .prerequisites import Catalog, missing, room_for, runs_functions_of, unreadable
from .proof import LeftAlone, Proof, prove
from .properties import apply_settings
from .scratch import orphans
from .selection import TORN, Choice, Selection, choice_of, choose_rows, words
from .store import DirectoryStore, StoredSet

__all__ = ["Restore", "RestoreOptions", "RestorePlan", "choose"]

# Entries of an archive that would reach beyond the restored database.
_LEFT_ALONE = {"SUBSCRIPTION": "subscriptions", "USER MAPPING": "user_mappings"}


@dataclass(frozen=True)
class RestoreOptions:
    """How a restore is done.

    :ivar backup: name of the set's folder; the newest verified set when None.
    :ivar owner: the role to which everything is to belong; None leaves each object to its own.
    :ivar amcheck: whether every index and table is read by the extension of that name.
    :ivar questions: what else the restored database is asked.
    :ivar selection: whose rows are restored; None for all that the set holds.
    """

    backup: str | None
    jobs: int
    owner: str | None
    amcheck: bool
    questions: Sequence[Question]
    selection: Selection | None = None


@dataclass(frozen=True)
class RestorePlan:
    """What a restore would do; what check mode tells.

    :ivar target: the name that the restored database gets; None for a drill.
    :ivar needed_bytes: that it probably takes on the server's disk.
    :ivar free_bytes: that are free there; None when nobody knows.
    :ivar backup_version: of the server that was backed up.
    :ivar problems: what stands in the way; with any, nothing is started.
    :ivar expected_seconds: from the last drill of this database; None when there was none.
    :ivar replaces: what becomes of a live database; None where none is concerned.
    :ivar selection: whose rows are restored; None for the whole database.
    """

    backup: StoredSet
    target: str | None
    program: str
    database_bytes: int
    needed_bytes: int
    free_bytes: int | None
    backup_version: int
    server_version: int
    expected_seconds: float | None
    left_alone: dict[str, list[str]]
    problems: list[str]
    orphans: list[str]
    replaces: dict[str, Any] | None
    selection: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """The plan as a module returns it."""
        return {**self.__dict__, "backup": str(self.backup.path)}

    @property
    def manifest(self) -> Manifest:
        """The manifest of the set."""
        return present(self.backup.manifest)


class Restore(Beside):
    """A restore of one database's backup set onto one server."""

    def __init__(
        self,
        server: Server,
        database: str,
        store: DirectoryStore,
        options: RestoreOptions,
        ending: Ending,
        progress: Progress = SILENT,
    ) -> None:
        super().__init__(server, database, store, ending, progress)
        self.options = options

    # -- plan ---------------------------------------------------------------------------------------------------------

    def plan(self) -> RestorePlan:
        """Look, and say what would be done. Changes nothing."""
        chosen = choose(self.store, self.database, self.options.backup)
        self.server.silence_event_triggers()
        manifest = present(chosen.manifest)
        if self.server.major < manifest.major:
            raise Refused(
                "planning a restore",
                self.server.where,
                f"the backup is of PostgreSQL {manifest.major}, the server of {self.server.major}",
                f"Restore to a server of PostgreSQL {manifest.major} or later.",
            )
        program = self.server.program("pg_restore")
        catalog = json.loads(whole(chosen, manifest.part("catalog")))
        choice = self._choice(manifest, catalog)
        selection = manifest.selection if self.options.selection is None else self.options.selection.as_dict()
        with self.server.session(self._home) as session:
            problems = missing(session, manifest, catalog, self.options.owner)
            problems += unreadable(Client(self.server, self._home), manifest)
            room = room_for(self.server, session, int(manifest.properties["bytes"]), manifest.properties["tablespace"])
            look = self.ending.look(session, manifest.properties)
            self._warn_of_foreign_functions(session, catalog)
            remains = orphans(session)
        if choice is not None:
            problems += _problems_of(choice, manifest, selection, self.ending)
        elif room.lack:  # how much of it chosen tables take is not recorded
            problems.append(room.lack)
        drills = self.store.drills(self.database)
        passed = [drill for drill in drills if drill["passed"] and drill.get("selection") == selection]
        return RestorePlan(
            backup=chosen,
            target=self.ending.target,
            program=program.path,
            database_bytes=int(manifest.properties["bytes"]),
            needed_bytes=room.needed,
            free_bytes=room.free,
            backup_version=manifest.server_version,
            server_version=self.server.version,
            expected_seconds=passed[-1]["seconds"] if passed else None,
            left_alone=self._left_alone(chosen, manifest, choice),
            problems=[*look.problems, *problems],
            orphans=remains,
            replaces=look.replaces,
            selection=selection,
        )

    def _choice(self, manifest: Manifest, catalog: Catalog) -> Choice | None:
        """Whose rows are restored; None where it is those of all tables."""
        if self.options.selection is not None:
            return choose_rows(catalog, self.options.selection, manifest.tables)
        return None if manifest.selection is None else choice_of(catalog, manifest.tables)

    def _left_alone(self, chosen: StoredSet, manifest: Manifest, choice: Choice | None) -> dict[str, list[str]]:
        archive = whole(chosen, manifest.part("schema"))
        with io.BytesIO(archive) as stream:
            contents = Client(self.server, self._home).contents(stream)
        found = {
            word: [entry.rest.replace("- ", "", 1) for entry in contents if entry.kind == kind]
            for kind, word in _LEFT_ALONE.items()
        }
        found["extensions"] = list(tied_extensions(manifest))
        found["foreign_tables"] = manifest.left_out.get("foreign_tables", [])
        if choice is not None:
            found["tables"] = list(choice.left)
            found["foreign_keys"] = [str(key) for key in choice.foreign_keys]
        return {word: names for word, names in found.items() if names}

    def _warn_of_foreign_functions(self, session: Session, catalog: Catalog) -> None:
        owners = runs_functions_of(session, catalog)
        if owners:
            self.server.warnings.append(
                f"The restore runs functions of {', '.join(owners)} as the superuser {self.server.login.user}: whoever "
                "owns them could take over the server. Restore on a server of its own, or as another role."
            )

    # -- do -----------------------------------------------------------------------------------------------------------

    def run(self, plan: RestorePlan) -> RestoreResult:
        """Restore and prove; only what is proven comes to its ending, all else is dropped."""
        if plan.problems:
            raise Refused(
                f'restoring the database "{self.database}"',
                self.server.where,
                "; ".join(plan.problems),
                "Provide what is missing, or restore to a server that has it.",
            )
        manifest = plan.manifest
        return self._beside(
            "restoring a backup set",
            manifest.properties,
            partial(self._fill, plan=plan),
            self._properties(manifest),
            manifest.server_version,
        )

    def _fill(self, scratch: str, plan: RestorePlan) -> RestoreResult:
        began, clock = now(), time.monotonic()
        manifest, owner = plan.manifest, self.options.owner
        catalog: Catalog = json.loads(whole(plan.backup, manifest.part("catalog")))
        choice = self._choice(manifest, catalog)
        with work_lock(self.server, scratch, "restore") as held:
            filling = Filling(
                self.server, scratch, plan.backup, self.options.jobs, owner, self._stop, self._progress, choice
            )
            unreadable = filling.fill(held, catalog)
            seconds = time.monotonic() - clock
            refused = apply_settings(held, self._properties(manifest))
            if refused and self.ending.lasting:
                raise NotPossible(
                    f'giving the restored database the properties of "{self.database}"',
                    self.server.where,
                    "; ".join(refused),
                    "Log in as a role that may, such as a member of the owner.",
                )
            without = LeftAlone(tied_extensions(manifest), unreadable)
            if choice is not None:
                manifest, catalog = manifest.narrowed(choice.chosen), choice.expected(catalog)
            expected = catalog if owner is None else under_owner(catalog, owner)
            proof = prove(self.server, held, manifest, expected, self.options.jobs, without, self._progress)
            proof.notes += [f"not tried, for want of permission: {what}" for what in refused]
            amchecked = self._read_files(held, proof) if self.options.amcheck else 0
            answers = self._ask(held, proof)
        left_alone = {**plan.left_alone, **({"materialized_views": unreadable} if unreadable else {})}
        return RestoreResult(
            scratch=scratch,
            path=str(plan.backup.path),
            started=iso(began),
            seconds=round(seconds, 3),
            seconds_verifying=round(time.monotonic() - clock - seconds, 3),
            proof=proof,
            left_alone=left_alone,
            dropped=[],
            amchecked=amchecked,
            answers=answers,
        )

    def _properties(self, manifest: Manifest) -> dict[str, Any]:
        """What the restored database is to have as a whole."""
        owner = self.options.owner
        return manifest.properties if owner is None else properties_under_owner(manifest.properties, owner)

    def _read_files(self, session: Session, proof: Proof) -> int:
        number, wrong, notes = integrity(self.server, session, self.options.jobs, self._stop, self._progress)
        proof.differences += wrong
        proof.notes += notes
        return number

    def _ask(self, session: Session, proof: Proof) -> list[dict[str, Any]]:
        answers = ask(session, self.options.questions)
        proof.differences += [
            Difference("check", answer["name"], answer["expected"], answer["reason"] or answer["observed"])
            for answer in answers
            if not answer["passed"]
        ]
        return answers


def _problems_of(
    choice: Choice, manifest: Manifest, selection: Mapping[str, Any] | None, ending: Ending
) -> Iterator[str]:
    """What stands in the way of restoring the rows of chosen tables only."""
    if ending.whole_only:
        yield f"only rows of {words(selection)} would be restored, and a replacement would lose all others"
    for root in choice.torn(manifest.summed):
        yield f"of {root} some partitions are chosen and others not: {TORN}; choose {root}"
    told = sorted(text for text in choice.unlisted if not text.isascii())
    encoding = manifest.properties["encoding"]
    if told and encoding != UTF8:
        yield f"some names in the set are in {encoding}, and cannot be found in its archives: {told[0]}"


def choose(store: DirectoryStore, database: str, name: str | None) -> StoredSet:
    """The set to restore: the one of that name; without one, the newest verified one that is no safety backup.

    :raises Refused: when there is none.
    """
    folder = store.folder(database)
    doing = f'choosing a backup set of the database "{database}"'
    if name is None:
        newest = store.newest(database, verified=True)
        if newest is None:
            raise Refused(doing, str(folder), "there is no complete and verified one", "Make a backup first.")
        return newest
    found = [one for one in store.sets(database) if one.path.name == name]
    if not found:
        raise Refused(
            doing,
            str(folder),
            f"there is none named {name!r}",
            "Name one of those that postgresql_backup_info lists.",
        )
    if found[0].state != "complete":
        raise Refused(doing, str(found[0].path), f"it is {found[0].state}: {found[0].reason}", "Use another set.")
    return found[0]

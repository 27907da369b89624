# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many bytes the archives of a backup will take: as many as the last set's, or in proportion to the first ones."""

from __future__ import annotations

import threading

from .._progress import Progress
from .store import StoredSet

__all__ = ["Pace"]

_ARCHIVES = ("schema", "statistics", "data", "rest")


class Pace:
    """Tells how far the archives of one backup are, and what is to be expected of them.

    :param last: the set that was made before; None when there is none.
    :param archives: how many will be written.
    :param table_bytes: the size of the tables whose rows they will hold.
    :param tables: how many of those will be measured, beside the writing and after it.
    """

    def __init__(
        self, progress: Progress, last: StoredSet | None, archives: int, table_bytes: int, tables: int
    ) -> None:
        self._progress = progress
        self._unwritten = archives
        self._tables = tables
        self._measured = 0
        self._of_tables = table_bytes
        self._in_tables = self._in_archives = 0
        self._guard = threading.Lock()
        self._known: int | None = None
        if last is not None and last.manifest is not None:
            self._known = sum(part.bytes for part in last.manifest.parts if part.kind in _ARCHIVES)
        progress.phase("dumping", archives, "parts", self._known)

    def finished(self, table_bytes: int, archive_bytes: int) -> None:
        """An archive of tables of so many bytes was finished. What is not known, those so far let expect."""
        with self._guard:
            self._in_tables += table_bytes
            self._in_archives += archive_bytes
            if self._known is None and self._in_tables:
                self._progress.expect(round(self._in_archives / self._in_tables * self._of_tables))
            self._progress.add(1)
            self._unwritten -= 1
            if not self._unwritten and self._measured < self._tables:
                self._progress.phase("measuring rows", self._tables, "tables")
                self._progress.add(self._measured)

    def measured(self) -> None:
        """A table was measured. That is told when nothing else is left to do."""
        with self._guard:
            self._measured += 1
            if not self._unwritten:
                self._progress.add(1)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What interrupted rebuilds leave behind, told by name and definition: pure.

The rules are those of the PostgreSQL documentation (REINDEX, Rebuilding Indexes Concurrently): an invalid index whose
name ends in ``_ccnew`` is the unfinished new one, one in ``_ccold`` the old one that was not dropped; both are
dropped. A number may follow. The server cuts the original's name so that the whole has at most 63 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .index_catalog import Index

__all__ = ["is_remains_by_name", "original_of"]

_SUFFIX = re.compile(r"(?s)(?P<stem>.+)_(?P<kind>ccnew|ccold)(?P<number>\d*)")
NAME_BYTES = 63


def is_remains_by_name(name: str, original: str) -> bool:
    """Whether a rebuild of the index *original* may have left an index of this *name*."""
    match = _SUFFIX.fullmatch(name)
    if match is None:
        return False
    stem = match.group("stem")
    if stem == original:
        return True
    # Cut at the end of a character, so up to three bytes may be free.
    return original.startswith(stem) and len(name.encode()) > NAME_BYTES - 4


def original_of(remains: Index, indexes: Sequence[Index]) -> Index | None:
    """The index that a rebuild which left *remains* was about; None when it is no remains of a rebuild.

    It is on the same table and is defined the same. One that is valid and named alike is preferred; one of another name
    counts only when it is valid, for then the original was renamed since.
    """
    if remains.valid or remains.kind != "i" or not _SUFFIX.fullmatch(remains.name):
        return None
    originals = [
        other
        for other in indexes
        if other.oid != remains.oid
        and other.kind == "i"
        and other.table_oid == remains.table_oid
        and other.signature == remains.signature
        and (other.valid or is_remains_by_name(remains.name, other.name))
    ]

    def by_preference(other: Index) -> tuple[bool, bool, str]:
        return not other.valid, not is_remains_by_name(remains.name, other.name), other.name

    return min(originals, key=by_preference, default=None)

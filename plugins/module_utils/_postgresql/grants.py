# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Grants as the server writes them: ``reader=r*w/owner``, the items of an access control list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .sql import unquoted

__all__ = ["Grant"]

_ITEM = re.compile(r'("(?:[^"]|"")*"|[^=]*)=([A-Za-z*]*)/(.*)')
_UNQUOTED = re.compile(r"\w*", re.ASCII)


@dataclass(frozen=True)
class Grant:
    """What one role granted to another.

    :ivar grantee: a role; empty for PUBLIC.
    :ivar letters: one for each privilege, with an asterisk where it may be granted on.
    """

    grantee: str
    letters: str
    grantor: str

    @classmethod
    def of(cls, item: str) -> Grant:
        """Read an item.

        :raises ValueError: when it is none.
        """
        found = _ITEM.fullmatch(item)
        if found is None:
            raise ValueError(f"not an aclitem: {item!r}")
        return cls(unquoted(found.group(1)), found.group(2), unquoted(found.group(3)))

    def __str__(self) -> str:
        return f"{_role(self.grantee)}={self.letters}/{_role(self.grantor)}"


def _role(name: str) -> str:
    return name if _UNQUOTED.fullmatch(name) else '"' + name.replace('"', '""') + '"'

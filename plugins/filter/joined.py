# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter joined: vacuum and reindex of each database together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: joined
short_description: Vacuum and reindex of each database together
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes what the role C(day2.ops.database) kept of vacuum and of reindex, and returns one element for each database,
    the fact group C(maintenance).
positional: _input, reindexed
options:
  _input:
    description: What vacuum planned, did and skipped in each database.
    type: list
    elements: dict
    required: true
  reindexed:
    description: The same of reindex.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Put them together
  ansible.builtin.set_fact:
    maintenance: "{{ database_vacuumed | day2.ops.joined(database_reindexed) }}"
"""

RETURN = r"""
_value:
  description: C(database), C(vacuum) and C(reindex) of each, V(null) where there is nothing.
  type: list
  elements: dict
"""


def joined(vacuumed: Sequence[Mapping[str, Any]], reindexed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return both kinds of maintenance by database, in the order in which they were done."""
    kinds = {
        "vacuum": {one["database"]: one for one in vacuumed},
        "reindex": {one["database"]: one for one in reindexed},
    }
    names = dict.fromkeys(one["database"] for one in [*vacuumed, *reindexed])
    return [{"database": name, **{kind: done.get(name) for kind, done in kinds.items()}} for name in names]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"joined": joined}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter with_drills: the state of backups, with drills that were held since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: with_drills
short_description: The state of backups, with drills that were held since
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes C(databases) of M(day2.ops.postgresql_backup_info) as it was when every file was read, and as it is now, and
    returns the first with the drills of the second. So the files need not be read again.
positional: _input, later
options:
  _input:
    description: The state of each database's backups.
    type: list
    elements: dict
    required: true
  later:
    description: The same, later.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep the state of the backups with the drill just held
  ansible.builtin.set_fact:
    backup_state: "{{ backup_state | day2.ops.with_drills(now.databases) }}"
"""

RETURN = r"""
_value:
  description: The state of each database's backups.
  type: list
  elements: dict
"""


def with_drills(states: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return *states* with the drills of *later*."""
    drills = {state["database"]: state["drill"] for state in later}
    return [{**state, "drill": drills.get(state["database"], state["drill"])} for state in states]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"with_drills": with_drills}

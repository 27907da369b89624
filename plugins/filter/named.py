# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter named: results of a loop over databases, each with the name of its database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: named
short_description: Results of a loop over databases, each with the name of its database
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - A loop over databases goes over their places in the list, so that no login is shown. This filter adds C(database) to
    each result.
positional: _input, databases, index
options:
  _input:
    description: The results.
    type: list
    elements: dict
    required: true
  databases:
    description: The databases.
    type: list
    elements: dict
    required: true
  index:
    description: The loop's variable.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell what was backed up
  ansible.builtin.debug:
    msg: "{{ backup_made | day2.ops.named(day2_databases, 'backup_index') | map('day2.ops.told', 'backup') }}"
"""

RETURN = r"""
_value:
  description: The results.
  type: list
  elements: dict
"""


def named(
    results: Sequence[Mapping[str, Any]], databases: Sequence[Mapping[str, Any]], index: str
) -> list[dict[str, Any]]:
    """Return *results*, each with the name of the database whose place in *databases* its *index* is."""
    return [{**result, "database": databases[result[index]]["name"]} for result in results]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"named": named}

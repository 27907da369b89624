# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter maintained: what maintenance did in each database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: maintained
short_description: What maintenance planned, did and skipped in each database
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes databases of the inventory and the results of a loop of M(day2.ops.postgresql_vacuum) or
    M(day2.ops.postgresql_reindex) over their indexes; returns one element for each database that has a result.
positional: _input, results
options:
  _input:
    description: The databases.
    type: list
    elements: dict
    required: true
  results:
    description: The results, each with C(database_index).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep what was done
  ansible.builtin.set_fact:
    vacuumed: "{{ databases | day2.ops.maintained(runs.results) }}"
"""

RETURN = r"""
_value:
  description: C(database), C(plan), C(done), C(skipped) and C(failures) of each.
  type: list
  elements: dict
"""


def maintained(databases: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each database with a result, what maintenance planned, did and skipped in it."""
    return [
        {
            "database": databases[result["database_index"]]["name"],
            **{key: result[key] for key in ("plan", "done", "skipped", "failures") if key in result},
        }
        for result in results
        if "plan" in result
    ]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"maintained": maintained}

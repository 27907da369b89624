# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter logins: from databases of the inventory to as few logins as they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.day2.ops.plugins.filter.login import login

DOCUMENTATION = r"""
name: logins
short_description: The logins of databases of the inventory, each with its databases
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes C(day2_databases) and returns the login options of each, as P(day2.ops.login#filter) does. Databases that have
    the same options come together, for one call of a module that takes several.
positional: _input, purpose
options:
  _input:
    description: The databases.
    type: list
    elements: dict
    required: true
  purpose:
    description: The work for which to log in.
    type: str
    choices: [backup, drill, health, maintenance, restore]
"""

EXAMPLES = r"""
- name: Look at all databases
  day2.ops.postgresql_health_info:
    databases: "{{ logins[index].names }}"
  loop: "{{ range(logins | length) | list }}"
  loop_control:
    loop_var: index
    label: "{{ logins[index].names | join(', ') }}"
  module_defaults:
    group/day2.ops.postgresql: "{{ logins[index].options }}"
  vars:
    logins: "{{ day2_databases | day2.ops.logins('health') }}"
"""

RETURN = r"""
_value:
  description:
    - C(names) of the databases, their C(options), and their C(metrics), each with its C(database), as option of
      M(day2.ops.postgresql_metric_info); in the order of the first database of each.
  type: list
  elements: dict
"""


def logins(databases: Sequence[Mapping[str, Any]], purpose: str | None = None) -> list[dict[str, Any]]:
    """Return the login options of *databases* for *purpose*, each with the databases that have them."""
    found: list[dict[str, Any]] = []
    for database in databases:
        options = login(database, purpose)
        same = next((known for known in found if known["options"] == options), None)
        if same is None:
            same = {"names": [], "metrics": [], "options": options}
            found.append(same)
        same["names"].append(database["name"])
        same["metrics"] += [{**metric, "database": database["name"]} for metric in database.get("metrics") or []]
    return found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"logins": logins}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter fellows: the hosts of a play by the environment that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: fellows
short_description: The hosts of a play by environment
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes the names of hosts and C(hostvars); returns the names by the environment that a fact of each host names. Hosts
    without the fact are left out.
  - Fails when hosts of one environment are of inventories in different folders. Their variables of the group C(all)
    then stand for the hosts of both, and the last inventory's win, so that some hosts have the variables of others.
positional: _input, hostvars, fact
options:
  _input:
    description: Names of hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  fact:
    description: Name of the fact.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See which hosts are worked on together
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | day2.ops.fellows(hostvars, 'day2_environment') }}"
"""

RETURN = r"""
_value:
  description: Names of hosts by environment, in the order in which they were given.
  type: dict
"""


def fellows(hosts: Sequence[str], hostvars: Mapping[str, Any], fact: str) -> dict[str, list[str]]:
    """Return *hosts* by the environment that *fact* names."""
    found: dict[str, list[str]] = {}
    folders: dict[str, Any] = {}
    for host in hosts:
        variables = hostvars[host]
        environment = variables.get(fact)
        if not environment:
            continue
        found.setdefault(environment, []).append(host)
        folder = variables.get("inventory_dir")
        if folders.setdefault(environment, folder) != folder:
            raise AnsibleFilterError(
                f"The hosts {found[environment][0]!r} of {folders[environment]} and {host!r} of {folder} are both of "
                f"the environment {environment!r}. Give each inventory a group of its own, and put its variables there "
                "instead of into the group all, which the inventories share when they are used together."
            )
    return found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"fellows": fellows}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter surroundings: a database of an environment, with what stands around it on any of its hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.plugin_utils._keys import check_keys, nearest

DOCUMENTATION = r"""
name: surroundings
short_description: A database of an environment, and what stands around it
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Looks through the variables of all hosts of the environment to which the play's hosts belong, whether they take part
    in the play or not, for the host that has the database, the services that write to it (C(databases) of
    C(day2_services)), the commands that bring its schema up to date (C(migrations) of C(day2_restore)), and the
    endpoints.
  - Fails when the play's hosts are of several environments, when none or several hosts have the database, when the one
    that has it takes no part in the play, and for a key that is not known; and says what there is.
positional: _input, hostvars, hosts, database
options:
  _input:
    description: Names of the play's hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
  hosts:
    description: Names of all hosts of the inventory.
    type: list
    elements: str
    required: true
  database:
    description: Name of the database. The environment's only one when empty.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: See what has to be stopped before the shop's database is replaced
  ansible.builtin.debug:
    msg: "{{ (ansible_play_hosts_all | day2.ops.surroundings(hostvars, groups['all'], 'shop')).services }}"
"""

RETURN = r"""
_value:
  description:
    - C(host), the host that has the database; C(database), its element of C(day2_databases).
    - C(services), those that write to it, each with C(host); C(migrations), in their order.
    - C(endpoints), for each host that has any, C(host) and C(probes).
  type: dict
"""

SERVICE = frozenset({"name", "runtime", "project", "databases", "stop", "start", "chdir", "timeout"})
MIGRATION = frozenset({"database", "argv", "chdir", "environment", "host", "timeout"})


def surroundings(
    played: Sequence[str], hostvars: Mapping[str, Any], hosts: Sequence[str], database: str | None = None
) -> dict[str, Any]:
    """Return the database and what stands around it."""
    environment = _environment(played, hostvars)
    variables = {host: hostvars[host] for host in hosts if hostvars[host].get("day2_environment") == environment}
    host, chosen = _chosen(variables, environment, database or None)
    if host not in played:
        raise AnsibleFilterError(
            f"The database {chosen['name']!r} is on {host}, which takes no part. Aim the play at it."
        )
    name = chosen["name"]
    return {
        "host": host,
        "database": chosen,
        "services": [
            {**{key: value for key, value in service.items() if key != "databases"}, "host": place}
            for place, every in variables.items()
            for service in _checked(every.get("day2_services"), SERVICE, f"day2_services of {place}")
            if name in (service.get("databases") or [])
        ],
        "migrations": [
            {key: value for key, value in migration.items() if key != "database"}
            for migration in _checked(
                (variables[host].get("day2_restore") or {}).get("migrations"), MIGRATION, "migrations of day2_restore"
            )
            if migration.get("database") == name
        ],
        "endpoints": [
            {"host": place, "probes": every["day2_endpoints"]}
            for place, every in variables.items()
            if every.get("day2_endpoints")
        ],
    }


def _environment(played: Sequence[str], hostvars: Mapping[str, Any]) -> str:
    """The one environment of the play's hosts. In two, one name of a database would mean two databases."""
    found = list(dict.fromkeys(str(hostvars[host].get("day2_environment") or "none") for host in played))
    if len(found) != 1:
        raise AnsibleFilterError(
            f"The play's hosts are of several environments ({', '.join(found)}). Aim it at one (day2_target, --limit)."
        )
    return found[0]


def _chosen(variables: Mapping[str, Any], environment: str, name: str | None) -> tuple[str, dict[str, Any]]:
    every = [(host, database) for host, given in variables.items() for database in given.get("day2_databases") or []]
    there = ", ".join(f"{database.get('name')!r} on {host}" for host, database in every) or "none"
    found = [(host, database) for host, database in every if name in (None, database.get("name"))]
    if len(found) == 1:
        return found[0]
    if name is None:
        problem = "Name the database (day2_database)."
    elif found:
        problem = f"Several hosts have a database {name!r} in their day2_databases."
    else:
        advice = nearest(name, [str(database.get("name")) for _host, database in every])
        problem = f"There is no database {name!r}" + (f"; {advice}" if advice else ".")
    raise AnsibleFilterError(f"{problem} In the environment {environment!r} there are: {there}.")


def _checked(given: Any, known: frozenset[str], what: str) -> list[Mapping[str, Any]]:
    elements = given or []
    for element in elements:
        if not isinstance(element, Mapping):
            raise AnsibleFilterError(f"An element of {what} is no dictionary: {element!r}.")
        check_keys(element, known, what)
    return list(elements)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"surroundings": surroundings}

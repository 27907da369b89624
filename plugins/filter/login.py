# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter login: from a database of the inventory to the options with which modules log in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.plugin_utils._keys import check_keys

DOCUMENTATION = r"""
name: login
short_description: The login options of a database of the inventory
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes an element of C(day2_databases) and returns those of its keys that the PostgreSQL modules take as options,
    so that
    they can be given as C(module_defaults) of the group C(day2.ops.postgresql).
  - An unknown key is an error that names the nearest known one.
positional: _input, purpose
options:
  _input:
    description: The database; C(name), the options of the PostgreSQL modules, and by purpose other logins.
    type: dict
    required: true
  purpose:
    description:
      - The work for which to log in. When the database has a dictionary of that name, its options take precedence.
    type: str
    choices: [backup, drill, health, maintenance, restore]
"""

EXAMPLES = r"""
- name: Make the backup with the login for backups
  day2.ops.postgresql_backup:
    database: shop
    directory: /var/backups/day2
    environment: production
  module_defaults:
    group/day2.ops.postgresql: "{{ database | day2.ops.login('backup') }}"
  vars:
    database:
      name: shop
      login_host: db.example.org
      backup:
        login_user: backup
"""

RETURN = r"""
_value:
  description: The options.
  type: dict
"""

OPTIONS = frozenset(
    {
        "bin_dir",
        "ca_cert",
        "connect_timeout",
        "login_db",
        "login_host",
        "login_password",
        "login_port",
        "login_user",
        "service",
        "ssl_mode",
    }
)
PURPOSES = frozenset({"backup", "drill", "health", "maintenance", "restore"})
# What else is said of a database.
_OTHERS = frozenset({"checks", "metrics", "name"})
KEYS = OPTIONS | PURPOSES | _OTHERS


def login(database: Any, purpose: str | None = None) -> dict[str, Any]:
    """Return the login options of *database* for *purpose*."""
    if not isinstance(database, Mapping) or not database.get("name"):
        raise AnsibleFilterError("A database of day2_databases is a dictionary with a name.")
    if purpose is not None and purpose not in PURPOSES:
        raise AnsibleFilterError(f"There is no login for {purpose!r}; there are {', '.join(sorted(PURPOSES))}.")
    what = f"the database {database['name']!r}"
    check_keys(database, KEYS, what)
    special = database.get(purpose) or {} if purpose else {}
    check_keys(special, OPTIONS, f"{purpose} of {what}")
    merged = {**database, **special}
    return {name: value for name, value in merged.items() if name in OPTIONS}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"login": login}

#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_backup_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_backup_info
short_description: List backup sets and what is wrong with them
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Lists the backup sets of an environment as their manifests tell, the newest first, with what is wrong with any,
    and the
    state of every database's backups with its last drill.
extends_documentation_fragment:
  - day2.ops.attributes.info
  - day2.ops.store
options:
  databases:
    description:
      - The databases whose sets are listed. All that have sets when omitted.
      - A database without any set is listed as such when it is named.
    type: list
    elements: str
  check_hashes:
    description:
      - Whether every file is read and its SHA-256 compared with the manifest. Otherwise only presence and size are
        looked
        at.
    type: bool
    default: false
seealso:
  - module: day2.ops.postgresql_backup
  - module: day2.ops.backup_retention
"""

EXAMPLES = r"""
- name: List the backups of the shop, every byte of them looked at
  day2.ops.postgresql_backup_info:
    directory: /var/backups/day2
    environment: production
    databases: [shop]
    check_hashes: true
  register: shop_backups
"""

RETURN = r"""
backups:
  description: Every set, the newest first; sets without a readable manifest last.
  returned: always
  type: list
  elements: dict
  contains:
    path: {description: Folder of the set., type: str, returned: always}
    database: {description: The database., type: str, returned: always}
    state:
      description:
        - V(complete) when the manifest and all files are there and as they were written, V(partial) for what a killed
          backup left, V(corrupt) for anything else.
      type: str
      returned: always
    reason: {description: "What is wrong, naming the files; empty when nothing is.", type: str, returned: always}
    age_seconds: {description: Seconds since the backup ended., type: float, returned: when there is a manifest}
    verified: {description: Whether it was read back when it was made., type: bool, returned: always}
    label: {description: The label., type: str, returned: when there is a manifest}
    finished: {description: When the backup ended; ISO 8601 in UTC., type: str, returned: when there is a manifest}
    bytes: {description: Bytes of all files., type: int, returned: when there is a manifest}
    tables: {description: Rows of each table., type: dict, returned: when there is a manifest}
    selection: {description: "The C(tables) and C(schemas) whose rows alone it holds; V(null) for all of the database.",
      type: dict, returned: when there is a manifest}
    files: {description: SHA-256 of each file., type: dict, returned: when there is a manifest}
databases:
  description: The state of each database's backups.
  returned: always
  type: list
  elements: dict
  contains:
    database: {description: The database., type: str, returned: always}
    complete: {description: Number of complete sets., type: int, returned: always}
    whole:
      description: Number of those that hold all of the database and were not made before a replacement.
      type: int
      returned: always
    partial: {description: Number of remains of killed backups., type: int, returned: always}
    corrupt: {description: Number of corrupt sets., type: int, returned: always}
    faults: {description: Path and reason of each corrupt set., type: list, elements: dict, returned: always}
    bytes: {description: Bytes of all complete sets., type: int, returned: always}
    newest:
      description: The newest complete set of the whole database; V(null) when there is none.
      type: dict
      returned: always
    age_seconds: {description: Age of the newest complete set in seconds., type: float, returned: always}
    verified: {description: Whether the newest complete set is verified., type: bool, returned: always}
    drill:
      description: The last drill of the whole database, and the last that passed; V(null) when there was none.
      type: dict
      returned: always
    drill_reason: {description: Why drills cannot be read; empty when they can., type: str, returned: always}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import STORE, store_of
from ansible_collections.day2.ops.plugins.module_utils._backup.overview import of_database
from ansible_collections.day2.ops.plugins.module_utils._module import finish


def run(params: dict[str, Any]) -> dict[str, Any]:
    """Read every set."""
    store = store_of(params)
    names = params["databases"] or store.databases()
    found = {name: store.sets(name, hashes=params["check_hashes"]) for name in names}
    every = [one for sets in found.values() for one in sets]
    every.sort(key=lambda one: one.manifest.finished if one.manifest else "", reverse=True)
    return {
        "backups": [one.as_dict() for one in every],
        "databases": [of_database(store, name, sets) for name, sets in found.items()],
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **STORE,
            "databases": {"type": "list", "elements": "str"},
            "check_hashes": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module.params))


if __name__ == "__main__":
    main()

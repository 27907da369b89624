#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_backup."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_backup
short_description: Back up a PostgreSQL database and prove the backup
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Writes a backup set of one database, of several, or of each database of a server; pg_dump archives in custom format,
    several for large tables and one for the rest, all from one snapshot, in parallel; roles and tablespaces; and a
    manifest.
  - Before the snapshot is taken, every table is locked in C(ACCESS SHARE) mode, so that nothing can be truncated,
    dropped or altered while it is dumped; reading and writing go on.
  - When all parts are written, the snapshot and the locks end. Then every part is read back to its end, and its rows
    are compared with those that were counted on the snapshot. Only then is the set published, by a rename. What a
    failed or killed backup leaves is never taken for a backup; the next run removes it.
  - Rows of foreign tables, of materialised views that were never populated, and those of extensions' tables that the
    extension does not mark for dumps are left out and named.
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.long_work
  - day2.ops.postgresql
  - day2.ops.service
  - day2.ops.store
attributes:
  check_mode:
    support: full
    details: Returns RV(plan).
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: With O(unless_newer_than), a run within that time changes nothing.
options:
  database:
    description:
      - The database to back up.
      - Exactly one of O(database), O(databases) and O(all_databases) is given.
    type: str
  databases:
    description:
      - The databases to back up, one after the other. One that fails does not stop the others; the module fails in the
        end, and RV(backups) tells of each.
    type: list
    elements: str
  all_databases:
    description:
      - Back up every database of the server as O(databases) does, whatever there are by now. Templates, databases that
        take no connections, and those that restores are making are left out.
    type: bool
    default: false
  exclude_databases:
    description:
      - With O(all_databases), not these; names, or patterns with C(*), C(?) and C([...]). One that fits no database is
        warned about.
    type: list
    elements: str
    default: []
  tables:
    description:
      - Back up the rows of these tables only, and of those in O(schemas); names as in SQL, with their schema, such as
        V(public.orders) or V(app."Order Lines"). A partitioned table means all its partitions.
      - Definitions of everything, and values of sequences, are in the set all the same, so that it can be restored
        by itself. Left out, and named in RV(plan.left_out), are the rows of all other C(tables), large objects, and
        what cannot be made without those rows, C(foreign_keys) and materialised views (C(views_of_tables)).
      - Such a set never counts as a backup of the database, nor for a database or another choice with
        O(unless_newer_than). Goes with O(database) only.
    type: list
    elements: str
    default: []
  schemas:
    description: Back up the rows of the tables in these schemas only, and of O(tables); names as they are.
    type: list
    elements: str
    default: []
  label:
    description: A word that ends the set's name, such as V(daily); letters, digits, C(.), C(_) and C(-).
    type: str
    default: manual
  unless_newer_than:
    description:
      - Seconds. When a complete and verified set of the database is younger than this, nothing is done.
      - A backup is always made when omitted.
    type: int
  jobs:
    description: How many parts are dumped at the same time; each takes one connection.
    type: int
    default: 2
  compression:
    description:
      - How parts are compressed. V(auto) takes V(zstd) where the server's own programs can, which came with
        PostgreSQL 16, and V(gzip) elsewhere.
    type: str
    choices: [auto, zstd, lz4, gzip, none]
    default: auto
  compression_level:
    description:
      - The level of the compression.
      - The algorithm's own default when omitted, V(3) for V(zstd) chosen by V(auto).
    type: int
  lock_wait:
    description: Seconds to wait for a lock on a table before the backup fails.
    type: int
    default: 60
  fingerprint:
    description:
      - What is recorded of the rows, on the snapshot, for comparing them with what a dump and a restore hold.
      - V(rows) counts the rows of each table.
      - V(content) also hashes every row, and every large object. A restore then proves that each row came back as it
        was, on any version of PostgreSQL. It takes longer, while the tables are locked in C(ACCESS SHARE) mode.
      - V(none) does not even count. What was read back is then compared with nothing, so RV(backup.verified) is
        V(false), the set does not count for O(unless_newer_than), and a restore takes it only when it is named.
    type: str
    choices: [rows, content, none]
    default: rows
  verify:
    description:
      - Whether every part is read back and its rows are compared with the snapshot's.
      - Without it, RV(backup.verified) is V(false), and the set does not count for O(unless_newer_than).
    type: bool
    default: true
  role_passwords:
    description: Whether C(globals.sql) holds the roles' password hashes. Needs a superuser.
    type: bool
    default: false
notes:
  - The role needs to read every table, sequence and large object, and to see every row. From PostgreSQL 14 on that is
    membership in C(pg_read_all_data), the attribute C(BYPASSRLS) where row-level security is used, and SELECT on the
    large
    objects or membership in their owners. Before 14, SELECT on all tables and sequences instead of C(pg_read_all_data).
  - Event triggers of the database do not fire, where the server can be told so, which is from PostgreSQL 17 on, by
    superusers and roles that were granted C(SET ON PARAMETER event_triggers). Other roles pass the login event triggers
    like everybody; no other event trigger concerns a backup.
  - On a standby it works too; rows of unlogged tables, which are not there, are left out and named.
  - The client programs must be of the server's major version; newer ones are used with a warning, older ones are
    refused.
seealso:
  - module: day2.ops.postgresql_backup_info
  - module: day2.ops.postgresql_restore
  - module: day2.ops.backup_retention
"""

EXAMPLES = r"""
- name: Back up the shop, unless that was done within 20 hours
  day2.ops.postgresql_backup:
    database: shop
    directory: /var/backups/day2
    environment: production
    label: daily
    unless_newer_than: 72000

- name: Back up every database of the server but those of tests
  day2.ops.postgresql_backup:
    all_databases: true
    exclude_databases: [postgres, "test_*"]
    directory: /var/backups/day2
    environment: production

- name: Keep the books of each day for themselves, too
  day2.ops.postgresql_backup:
    database: shop
    schemas: [accounting]
    tables: [public.invoices, 'public."Invoice Lines"']
    label: books
    directory: /var/backups/day2
    environment: production

- name: Back up a database in a container, with the programs inside it
  day2.ops.postgresql_backup:
    database: shop
    directory: /var/backups/day2
    environment: production
    service:
      runtime: container
      name: shop-db-1
      user: postgres
"""

RETURN = r"""
adopted:
  description: When the work was begun by an earlier run that did not come to its end.
  returned: when it was taken over
  type: dict
  contains:
    started: {description: When it began; ISO 8601 in UTC., type: str, returned: always}
    ended: {description: When it ended; ISO 8601 in UTC., type: str, returned: always}
backups:
  description: What became of each database's backup, one entry for each database, also when one of them failed.
  returned: always, but for a failure of O(database)
  type: list
  elements: dict
  contains:
    database: {description: The database., type: str, returned: always}
    changed: {description: "Whether a set was made or, in check mode, would be.", type: bool, returned: always}
    plan: {description: "As RV(plan); V(null) where planning failed.", type: dict, returned: always}
    backup: {description: "As RV(backup); V(null) where there is none.", type: dict, returned: always}
    error: {description: "Why there is none: kind, doing, on, why, remedy; V(null) where nothing failed.", type: dict,
      returned: always}
plan:
  description: What is, or in check mode would be, done.
  returned: when O(database) is given
  type: dict
  contains:
    due: {description: Whether a backup is necessary., type: bool, returned: always}
    reason: {description: Why or why not., type: str, returned: always}
    parts: {description: Number of archives., type: int, returned: always}
    tables: {description: Number of tables whose rows are dumped., type: int, returned: always}
    database_bytes: {description: Size of the database in bytes., type: int, returned: always}
    needed_bytes: {description: Bytes that the set will probably take., type: int, returned: always}
    free_bytes: {description: Bytes free where the sets lie., type: int, returned: always}
    program: {description: The pg_dump that is used., type: str, returned: always}
    left_out: {description: "What the set will not hold, by kind.", type: dict, returned: always}
    remains: {description: Remains of killed backups that are removed., type: list, elements: str, returned: always}
backup:
  description: The set that was made, or the one that makes a new one unnecessary; V(null) in check mode when one is
    due.
  returned: when O(database) is given
  type: dict
  contains:
    path: {description: Folder of the set., type: str, returned: always}
    label: {description: The label., type: str, returned: always}
    environment: {description: The environment., type: str, returned: always}
    database: {description: The database., type: str, returned: always}
    started: {description: When the backup began; ISO 8601 in UTC., type: str, returned: always}
    finished: {description: When it ended; ISO 8601 in UTC., type: str, returned: always}
    seconds: {description: How long it took., type: float, returned: always}
    bytes: {description: Bytes of all files., type: int, returned: always}
    format: {description: The set's format., type: str, returned: always}
    compression: {description: "The compression, as pg_dump calls it.", type: str, returned: always}
    server_version: {description: "The server's version, such as V(170005).", type: int, returned: always}
    client_version: {description: Major version of pg_dump., type: int, returned: always}
    tables: {description: "Rows of each table, by C(quote_ident(schema\\).quote_ident(name\\)); V(null) where
      O(fingerprint) is V(none).", type: dict, returned: always}
    extension_tables: {description: "The same of tables that belong to extensions; counted are the rows that the
      extension marks for dumps.", type: dict, returned: always}
    fingerprint: {description: What was recorded of the rows., type: str, returned: always}
    selection: {description: "O(tables) and O(schemas); V(null) for a set of the whole database.", type: dict,
      returned: always}
    large_objects: {description: Number of large objects., type: int, returned: always}
    left_out: {description: "What the set does not hold, by kind.", type: dict, returned: always}
    files: {description: SHA-256 of each file., type: dict, returned: always}
    verified: {description: Whether every part was read back and holds what the snapshot has., type: bool, returned:
      always}
    state: {description: V(complete)., type: str, returned: always}
    reason: {description: Empty., type: str, returned: always}
    age_seconds: {description: Seconds since the backup ended., type: float, returned: always}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import (
    POSTGRESQL,
    STORE,
    check_numbers,
    server_of,
    store_of,
)
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import Backup, BackupOptions
from ansible_collections.day2.ops.plugins.module_utils._backup.orders import backup_order
from ansible_collections.day2.ops.plugins.module_utils._backup.selection import Selection
from ansible_collections.day2.ops.plugins.module_utils._backup.several import (
    all_done,
    back_up,
    back_up_each,
    databases_of,
)
from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._module import finish_work
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress


def run(module: AnsibleModule, progress: Progress) -> dict[str, Any]:
    """Plan; unless in check mode or unnecessary, do and prove."""
    params = module.params
    check_numbers(params, jobs=1, lock_wait=1, unless_newer_than=0)
    options = BackupOptions(
        label=params["label"],
        jobs=params["jobs"],
        lock_wait_seconds=params["lock_wait"],
        compression=params["compression"],
        level=params["compression_level"],
        verify=params["verify"],
        role_passwords=params["role_passwords"],
        fingerprint=params["fingerprint"],
        unless_newer_than=params["unless_newer_than"],
        selection=Selection.of(params["tables"], params["schemas"]),
    )
    server, store = server_of(params), store_of(params)
    if _chosen(params) == "database":
        done = back_up(Backup(server, params["database"], store, options, progress), module.check_mode)
        told = done.as_dict()
        return {
            "changed": done.made,
            "plan": told["plan"],
            "backup": told["backup"],
            "backups": [told],
            "warnings": [*server.warnings, *done.warnings],
        }
    names = databases_of(server, params["exclude_databases"]) if params["databases"] is None else params["databases"]
    outcomes = back_up_each(server, names, store, options, module.check_mode, progress)
    result = {
        "changed": any(one.made for one in outcomes),
        "backups": [one.as_dict() for one in outcomes],
        "warnings": [*server.warnings, *(warning for one in outcomes for warning in one.warnings)],
    }
    return all_done(outcomes, server.where, result)


def _chosen(params: dict[str, Any]) -> str:
    """The one option that says which databases are meant."""
    given = [name for name in ("database", "databases", "all_databases") if params[name]]
    if len(given) != 1:
        raise Refused(
            "reading the options",
            "database, databases and all_databases",
            f"{' and '.join(given)} are given" if given else "none of them names a database",
            "Give exactly one of them.",
        )
    for name, beside in (("exclude_databases", "all_databases"), ("tables", "database"), ("schemas", "database")):
        if params[name] and given != [beside]:
            why, remedy = f"it says nothing beside {given[0]}", f"Leave it out, or give {beside}."
            raise Refused("reading the options", name, why, remedy)
    return given[0]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **POSTGRESQL,
            **STORE,
            "database": {"type": "str"},
            "databases": {"type": "list", "elements": "str"},
            "all_databases": {"type": "bool", "default": False},
            "exclude_databases": {"type": "list", "elements": "str", "default": []},
            "tables": {"type": "list", "elements": "str", "default": []},
            "schemas": {"type": "list", "elements": "str", "default": []},
            "label": {"type": "str", "default": "manual"},
            "unless_newer_than": {"type": "int"},
            "jobs": {"type": "int", "default": 2},
            "compression": {"type": "str", "choices": ["auto", "zstd", "lz4", "gzip", "none"], "default": "auto"},
            "compression_level": {"type": "int"},
            "lock_wait": {"type": "int", "default": 60},
            "fingerprint": {"type": "str", "choices": ["rows", "content", "none"], "default": "rows"},
            "verify": {"type": "bool", "default": True},
            "role_passwords": {"type": "bool", "default": False, "no_log": False},
        },
        supports_check_mode=True,
    )
    finish_work(
        module,
        lambda asked: backup_order(asked, store_of(module.params)),
        lambda progress: run(module, progress),
    )


if __name__ == "__main__":
    main()

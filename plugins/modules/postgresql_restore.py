#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_restore."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_restore
short_description: Restore a backup set, prove that it can be restored, or undo a restore
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Restores a backup set made by M(day2.ops.postgresql_backup) into a database of its own, and compares that with what
    the manifest says of the original, table by table and object by object. Only what is proven goes further.
  - With O(mode=drill) the database is dropped again; the result, with the time that the restore took, is recorded
    beside the sets, and the module fails when anything differs.
  - With O(mode=new) the database gets the name O(target) when it is proven, in one transaction; until then no database
    has that name.
  - With O(mode=replace) it is restored beside the live database, which goes on serving, and takes its name when it is
    proven. One transaction renames both, while the sessions that remain are ended; newcomers wait for less than a
    second. The one that was live is kept as C(<name>_before_<time>), untouched. Before that, a safety backup is made.
  - With O(mode=rollback) a kept database gets its name back in the same way, and the one that was live is kept.
  - Subscriptions and the credentials of foreign servers are not restored, rows of foreign tables are neither read nor
    written, and extensions that live in one database of a server only (C(pg_cron), C(pglogical)) are left out; all are
    named in RV(restore.left_alone).
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.long_work
  - day2.ops.postgresql
  - day2.ops.service
  - day2.ops.store
attributes:
  check_mode:
    support: full
    details: Returns RV(plan), with everything that stands in the way.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: A drill changes nothing that lasts but its record, and reports no change, unless it dropped what a killed
      restore had left.
options:
  mode:
    description:
      - V(drill) proves that a set can be restored.
      - V(new) restores into a database that does not exist.
      - V(replace) puts the restored database in the place of the live one, which is kept.
      - V(rollback) puts a kept database back in its place.
    type: str
    choices: [drill, new, replace, rollback]
    required: true
  database:
    description: The database whose backup is restored.
    type: str
    required: true
  backup:
    description:
      - Name of the set's folder.
      - When omitted, the newest complete and verified set that is not a safety backup.
    type: str
  tables:
    description:
      - Restore the rows of these tables only, and of those in O(schemas); names as in SQL, with their schema, such as
        V(public.orders) or V(app."Order Lines"). A partitioned table means all its partitions.
      - All definitions are restored. Left out, and named in RV(restore.left_alone), are the rows of all other
        C(tables), large objects, and what cannot be made without those rows, C(foreign_keys) and
        C(materialized_views). What is restored is proven as ever.
      - Not with O(mode=replace), which would lose all other rows. A set that was made for chosen tables is restored
        likewise, without saying so here.
    type: list
    elements: str
    default: []
  schemas:
    description: Restore the rows of the tables in these schemas only, and of O(tables); names as they are.
    type: list
    elements: str
    default: []
  dump:
    description:
      - Path, on the host where the module runs, of a dump that another tool made, instead of a backup set. SQL or an
        archive of C(pg_dump), of one database, compressed with gzip or not; its content tells which.
      - It is loaded by a role that is made for this and owns nothing but the new database, through a C(psql) that runs
        SQL only; whatever is in the file, it does nothing elsewhere. Owners and grants in it are left out, and named in
        RV(restore.left_alone). In the end everything belongs to O(owner).
      - Proven is that every row of the file arrived. Rows that are written as C(INSERT) are not counted; then O(checks)
        must prove it.
      - Only a superuser can do this. The role that is made logs in with a password, so the server must ask for one
        where the login reaches it, not for the system's user (C(peer)).
    type: path
  extensions:
    description:
      - Extensions that O(dump) needs. They are made before it is loaded, by the login; the dump itself may make trusted
        ones only.
    type: list
    elements: str
    default: []
  target:
    description: Name of the new database. Required with O(mode=new).
    type: str
  owner:
    description:
      - Role to which the new database and everything in it is to belong, instead of the roles of the original, which
        need not exist. Only with O(mode=new), or with O(dump), where it is by default the owner of the live database,
        or the login's role.
    type: str
  confirm:
    description:
      - The name of the live database once more. Required with O(mode=replace) and O(mode=rollback); without it, check
        mode tells the plan, and nothing else is done.
    type: str
  safety_backup:
    description:
      - Whether O(mode=replace) first makes a verified backup of the live database, with the label V(before-replace).
      - The kept database holds everything up to the last moment; the safety backup is for the day when that one, too,
        is gone.
    type: bool
    default: true
  previous:
    description: The kept database that O(mode=rollback) goes back to. The one that was kept last when omitted.
    type: str
  despite:
    description:
      - What O(mode=replace) and O(mode=rollback) accept, by kind. All stay as they are, with the kept database.
      - V(logical_slots), replication slots of the live database; V(subscriptions), those of the live database, which
        go on writing to the kept one; V(foreign_servers), servers in other databases that name this one.
      - Prepared transactions are never accepted; the server renames no database that has one.
    type: list
    elements: str
    choices: [logical_slots, subscriptions, foreign_servers]
    default: []
  swap_timeout:
    description: Seconds for which the exchange of names is tried again while somebody cannot be moved.
    type: int
    default: 30
  jobs:
    description: How many parts are restored at the same time, and how many indexes are built.
    type: int
    default: 2
  amcheck:
    description:
      - Whether the extension C(amcheck) reads every B-tree index of the restored database, compares it with its table,
        and reads every table (from PostgreSQL 14 on).
      - Where the extension is not installed, or the role may not use it, RV(restore.notes) tells so.
      - V(true) for O(mode=drill), which has the time; V(false) for the other modes, where the database would be there a
        quarter later. Its indexes are new, and its rows and definitions are compared in any case.
    type: bool
  checks:
    description: Questions of the application's own that the restored database must answer as expected, to be proven.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What is asked, in words.
        type: str
        required: true
      query:
        description: SQL that returns one value. It is run in a transaction that may only read.
        type: str
        required: true
      op:
        description: How the answer is compared.
        type: str
        default: ==
        choices: ['>', '>=', '<', '<=', '==', '!=', outside, in]
      value:
        description: With what it is compared; a list of two numbers for V(outside), a list for V(in).
        type: raw
        required: true
      timeout:
        description: Seconds that the answer may take.
        type: int
        default: 60
notes:
  - The role needs C(CREATEDB) and everything that the dump does. Where all objects belong to roles of which it is a
    member, and no event trigger, untrusted extension or C-language function is in the dump, that is all. To replace a
    database, it must own the live one or be a member of its owner, and C(pg_signal_backend) to end sessions of others.
  - A superuser can restore everything, but runs what others wrote; functions in constraints, indexes and materialised
    views run as whoever restores them, so their owners could take over the server. Where not everybody who may create
    a function is trusted, drill on a server of its own. The module warns when it restores such functions as a
    superuser.
  - What was written between the backup and the replacement is in the kept database only. Stop what writes before, as
    the role C(day2.ops.restore) does, or know that you drop it. The module stops nothing by itself.
seealso:
  - module: day2.ops.postgresql_backup
  - module: day2.ops.postgresql_backup_info
"""

EXAMPLES = r"""
- name: Prove that the newest backup of the shop can be restored
  day2.ops.postgresql_restore:
    mode: drill
    database: shop
    directory: /var/backups/day2
    environment: production
    checks:
      - name: There were orders yesterday
        query: SELECT count(*) FROM orders.orders WHERE placed > now() - interval '2 days'
        op: '>'
        value: 0

- name: Restore it under another name, to look something up
  day2.ops.postgresql_restore:
    mode: new
    database: shop
    target: shop_yesterday
    directory: /var/backups/day2
    environment: production

- name: Look up a table of yesterday without restoring the rest
  day2.ops.postgresql_restore:
    mode: new
    database: shop
    target: shop_orders_yesterday
    tables: [public.orders]
    directory: /var/backups/day2
    environment: production

- name: Put last night's state in the place of the live one
  day2.ops.postgresql_restore:
    mode: replace
    database: shop
    confirm: shop
    backup: 20261122T020000Z-nightly
    directory: /var/backups/day2
    environment: production

- name: Look into a dump that somebody sent
  day2.ops.postgresql_restore:
    mode: new
    database: shop
    target: shop_sent
    dump: /srv/incoming/shop.sql.gz
    directory: /var/backups/day2
    environment: production

- name: Undo a replacement
  day2.ops.postgresql_restore:
    mode: rollback
    database: shop
    confirm: shop
    directory: /var/backups/day2
    environment: production
"""

RETURN = r"""
adopted:
  description: When the work was begun by an earlier run that did not come to its end.
  returned: when it was taken over
  type: dict
  contains:
    started: {description: When it began; ISO 8601 in UTC., type: str, returned: always}
    ended: {description: When it ended; ISO 8601 in UTC., type: str, returned: always}
plan:
  description:
    - What is, or in check mode would be, done.
    - With O(dump) it holds C(dump), C(archive), C(target), C(owner), C(needed_bytes), C(free_bytes), C(program),
      C(problems), C(orphans) and C(replaces). How large a database a dump makes is not known; it takes at least the
      room of a file packed by gzip, or a tenth of another one.
    - With O(mode=rollback) it holds C(previous) (name, identifier, was, since, comment and bytes of the kept
      database), C(kept_as), C(sessions), C(in_the_way) and C(problems) only.
  returned: always
  type: dict
  contains:
    backup: {description: Folder of the set., type: str, returned: always}
    target: {description: Name that the restored database gets; V(null) for a drill., type: str, returned: always}
    program: {description: The pg_restore that is used., type: str, returned: always}
    replaces:
      description: What becomes of the live database; V(null) where none is concerned.
      returned: always
      type: dict
      contains:
        database: {description: Its name., type: str, returned: always}
        bytes: {description: Its size., type: int, returned: always}
        kept_as: {description: The name that it would be kept under., type: str, returned: always}
        sessions:
          description: "Who would be ended: pid, role, application, address, backend_type, state, since."
          type: list
          elements: dict
          returned: always
        in_the_way: {description: "What would be left behind or broken, by kind.", type: dict, returned: always}
        properties:
          description: Owner, grants, settings and the like that differ, each with C(live) and C(backup), which it gets.
          type: dict
          returned: always
        safety_backup_bytes:
          description: Room that the safety backup needs; V(null) where none is made.
          type: int
          returned: always
        safety_backup_free_bytes:
          description: Room that there is where the sets lie; V(null) where no safety backup is made.
          type: int
          returned: always
    selection: {description: "O(tables) and O(schemas), or those of the set; V(null) for the whole database.",
      type: dict, returned: always}
    database_bytes: {description: Size of the database when it was dumped., type: int, returned: always}
    needed_bytes: {description: Room that the restore probably takes on the server's disk., type: int, returned: always}
    free_bytes:
      description: Room that there is in the tablespace of the database; V(null) where it cannot be seen from where the
        client programs run.
      type: int
      returned: always
    backup_version: {description: "Version of the server that was backed up, such as V(170005).", type: int,
      returned: always}
    server_version: {description: Version of the server that it is restored to., type: int, returned: always}
    expected_seconds: {description: Time that the last passed drill took., type: float, returned: when there was one}
    left_alone: {description: "What is not restored, by kind.", type: dict, returned: always}
    problems: {description: What stands in the way., type: list, elements: str, returned: always}
    orphans: {description: Databases of killed restores that are dropped., type: list, elements: str, returned: always}
restore:
  description: What was restored and proven; V(null) in check mode.
  returned: always
  type: dict
  contains:
    database: {description: The database that was restored into., type: str, returned: always}
    path: {description: Folder of the set., type: str, returned: always}
    started: {description: When it began; ISO 8601 in UTC., type: str, returned: always}
    seconds: {description: "Time until the database could be used: the measured RTO.", type: float, returned: always}
    seconds_verifying: {description: Time that the comparison took after that., type: float, returned: always}
    seconds_without_database:
      description: Time for which nobody could connect; V(0) where no live database was concerned.
      type: float
      returned: always
    previous_database:
      description: The name under which the database that was live is kept; V(null) where none was.
      type: str
      returned: always
    safety_backup: {description: Folder of the safety backup; V(null) where none was made., type: str, returned: always}
    left_alone: {description: "What was not restored, by kind.", type: dict, returned: always}
    verified: {description: Whether nothing differs., type: bool, returned: always}
    tables_compared: {description: Number of tables whose rows were counted., type: int, returned: always}
    rows_compared: {description: Number of rows in them when they were dumped., type: int, returned: always}
    contents_compared: {description: "Of how many tables not only the number of rows was compared, but what is in them,
      because the set has the fingerprint V(content).", type: int, returned: always}
    objects_compared: {description: Number of objects compared., type: int, returned: always}
    differences:
      description: "What differs, at most a hundred: kind, object, expected, found."
      type: list
      elements: dict
      returned: always
    differences_total: {description: How many differences there are., type: int, returned: always}
    amchecked: {description: How many indexes and tables amcheck read., type: int, returned: always}
    checks:
      description: "What was asked: name, expected, observed, passed, and the reason where there is no answer."
      type: list
      elements: dict
      returned: always
    notes:
      description: What is not as it was for a reason that is no fault.
      type: list
      elements: str
      returned: always
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
from ansible_collections.day2.ops.plugins.module_utils._backup.checks import questions
from ansible_collections.day2.ops.plugins.module_utils._backup.drill import drilled
from ansible_collections.day2.ops.plugins.module_utils._backup.dump import Backup, BackupOptions
from ansible_collections.day2.ops.plugins.module_utils._backup.ending import Dropped, Ending, Named, Replacing
from ansible_collections.day2.ops.plugins.module_utils._backup.foreign import DumpRestore
from ansible_collections.day2.ops.plugins.module_utils._backup.orders import restore_order
from ansible_collections.day2.ops.plugins.module_utils._backup.restore import Restore, RestoreOptions
from ansible_collections.day2.ops.plugins.module_utils._backup.retention import SAFETY
from ansible_collections.day2.ops.plugins.module_utils._backup.rollback import Rollback
from ansible_collections.day2.ops.plugins.module_utils._backup.selection import Selection
from ansible_collections.day2.ops.plugins.module_utils._backup.store import DirectoryStore
from ansible_collections.day2.ops.plugins.module_utils._findings.condition import OPERATORS
from ansible_collections.day2.ops.plugins.module_utils._module import finish_work
from ansible_collections.day2.ops.plugins.module_utils._postgresql.server import Server
from ansible_collections.day2.ops.plugins.module_utils._progress import Progress

LOCK_WAIT_SECONDS = 60.0


def run(params: dict[str, Any], check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Plan; unless in check mode, do and prove."""
    check_numbers(params, jobs=1, swap_timeout=0)
    server, store = server_of(params), store_of(params)
    work = _roll_back if params["mode"] == "rollback" else _restore
    return {**work(server, store, params, check_mode, progress), "warnings": server.warnings}


def _restore(
    server: Server, store: DirectoryStore, params: dict[str, Any], check_mode: bool, progress: Progress
) -> dict[str, Any]:
    asked = questions(params["checks"])
    ending = _ending(server, store, params, progress)
    if params["dump"] is not None:
        given = (params["dump"], params["owner"], params["extensions"], asked)
        return _done(DumpRestore(server, params["database"], store, *given, ending, progress), ending, check_mode)
    selection = Selection.of(params["tables"], params["schemas"])
    amcheck = params["mode"] == "drill" if params["amcheck"] is None else params["amcheck"]
    options = RestoreOptions(params["backup"], params["jobs"], params["owner"], amcheck, asked, selection)
    restore = Restore(server, params["database"], store, options, ending, progress)
    if ending.lasting or check_mode:
        return _done(restore, ending, check_mode)
    plan, result = drilled(restore)
    return {"changed": bool(result.dropped), "plan": plan.as_dict(), "restore": result.as_dict()}


def _done(restore: Restore | DumpRestore, ending: Ending, check_mode: bool) -> dict[str, Any]:
    plan: Any = restore.plan()
    if check_mode:
        return {"changed": ending.lasting or bool(plan.orphans), "plan": plan.as_dict(), "restore": None}
    result = restore.run(plan).proven()
    changed = ending.lasting or bool(result.dropped)
    return {"changed": changed, "plan": plan.as_dict(), "restore": result.as_dict()}


def _ending(server: Server, store: DirectoryStore, params: dict[str, Any], progress: Progress) -> Ending:
    if params["mode"] == "drill":
        return Dropped()
    if params["mode"] == "new":
        return Named(server, params["target"])
    safety = None
    if params["safety_backup"]:
        options = BackupOptions(
            label=SAFETY,
            jobs=params["jobs"],
            lock_wait_seconds=LOCK_WAIT_SECONDS,
            compression="auto",
            level=None,
            verify=True,
            role_passwords=False,
            unless_newer_than=None,
        )
        safety = Backup(server, params["database"], store, options, progress)
    return Replacing(server, params["database"], params["confirm"], params["despite"], params["swap_timeout"], safety)


def _roll_back(
    server: Server, store: DirectoryStore, params: dict[str, Any], check_mode: bool, progress: Progress
) -> dict[str, Any]:
    rollback = Rollback(
        server,
        params["database"],
        store,
        params["previous"],
        params["confirm"],
        params["despite"],
        params["swap_timeout"],
        progress,
    )
    plan = rollback.plan()
    result = None if check_mode else rollback.run(plan)
    return {"changed": True, "plan": plan.as_dict(), "restore": result}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **POSTGRESQL,
            **STORE,
            "mode": {"type": "str", "choices": ["drill", "new", "replace", "rollback"], "required": True},
            "database": {"type": "str", "required": True},
            "backup": {"type": "str"},
            "target": {"type": "str"},
            "tables": {"type": "list", "elements": "str", "default": []},
            "schemas": {"type": "list", "elements": "str", "default": []},
            "dump": {"type": "path"},
            "extensions": {"type": "list", "elements": "str", "default": []},
            "owner": {"type": "str"},
            "confirm": {"type": "str"},
            "safety_backup": {"type": "bool", "default": True},
            "previous": {"type": "str"},
            "despite": {
                "type": "list",
                "elements": "str",
                "choices": ["logical_slots", "subscriptions", "foreign_servers"],
                "default": [],
            },
            "swap_timeout": {"type": "int", "default": 30},
            "jobs": {"type": "int", "default": 2},
            "amcheck": {"type": "bool"},
            "checks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "query": {"type": "str", "required": True},
                    "op": {"type": "str", "default": "==", "choices": list(OPERATORS)},
                    "value": {"type": "raw", "required": True},
                    "timeout": {"type": "int", "default": 60},
                },
            },
        },
        required_if=[("mode", "new", ("target",))],
        mutually_exclusive=[("backup", "dump"), ("dump", "tables"), ("dump", "schemas")],
        supports_check_mode=True,
    )
    params = module.params
    finish_work(
        module,
        lambda asked: restore_order(asked, server_of(params), store_of(params)),
        lambda progress: run(params, module.check_mode, progress),
    )


if __name__ == "__main__":
    main()

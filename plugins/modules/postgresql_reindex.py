#!/usr/bin/python

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_reindex
short_description: Repair and rebuild the indexes of a PostgreSQL database that need it
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Finds invalid indexes and bloated B-tree indexes, repairs or rebuilds them with C(CONCURRENTLY) only, and proves
    that a valid index of the same definition is in place.
  - An invalid index that an interrupted rebuild left (C(_ccnew), C(_ccold), with a number or not) is dropped, when a
    valid index of the same definition is there; any other invalid index is built anew. One that somebody is building
    now is left alone. Valid indexes are never dropped, whatever their name.
  - Bloat of B-tree indexes is estimated from the statistics, by the layout of pages and tuples that the PostgreSQL
    documentation describes, equal keys packed together included. Where that leaves something open the index is taken
    for sound. It is the estimate that M(day2.ops.postgresql_health_info) tells. Where it says bloated and the widths
    of keys may be others, 300 pages of the table are looked at, but no function of users in the index's predicate is
    called for that.
  - An estimate that says bloated is checked by reading the index where the database has the extension C(pgstattuple)
    and the role may use it. The bloat of other kinds of index is not estimated.
  - Takes the lock C(SHARE UPDATE EXCLUSIVE) only, which lets reads and writes pass. A rebuild that is cut short removes
    what it left at once, or tells what is left.
  - Indexes of primary keys and unique constraints, of TOAST tables and of partitions are rebuilt like any other. Those
    of exclusion constraints cannot be rebuilt concurrently and are skipped. Those of system tables and of temporary
    tables are left alone.
  - Before a rebuild there must be 1.2 times the size of the index free in its tablespace, where that can be seen.
  - An advisory lock in the server keeps backup, vacuum and reindex of one database apart.
options:
  database:
    description: The database.
    type: str
    required: true
  tables:
    description:
      - Only these tables and materialised views, each with its schema, quoted as in SQL. Naming a parent names its
        partitions and children.
      - With O(schemas), what either names.
    type: list
    elements: str
    default: []
  schemas:
    description: Only the tables of these schemas, named as they are, unquoted.
    type: list
    elements: str
    default: []
  exclude_tables:
    description:
      - Not these tables and materialised views, nor their partitions and children. A name that does not exist is
        warned about.
    type: list
    elements: str
    default: []
  exclude_schemas:
    description: Not the tables of these schemas.
    type: list
    elements: str
    default: []
  jobs:
    description: How many indexes are rebuilt at once, of different tables, each in a session of its own.
    type: int
    default: 2
  lock_timeout:
    description:
      - Seconds to wait for a table's lock before anything of a rebuild is done. An index whose table stays locked is
        skipped, and who holds the lock is told.
    type: float
    default: 5
  snapshot_timeout:
    description:
      - Seconds for which a rebuild may wait for the transactions of others to end. The wait hinders nobody; a rebuild
        that is cut by it is undone.
      - While a transaction that has a snapshot, or any lock on the table, is older than this, or a C(pg_dump) runs, no
        rebuild is begun, because it would wait in vain; the index is skipped, and who is in the way is told.
    type: float
    default: 120
  window:
    description:
      - Seconds after which no further index is begun; those that were not begun are skipped and told. What runs by
        then is finished.
      - No limit when omitted.
    type: float
  bloat_percent:
    description:
      - Rebuild an index of which at least this share would be saved. A B-tree index filled in random order settles at
        about 25 % of itself, so less than 20 is refused.
    type: float
    default: 30
  min_bytes:
    description: Leave smaller indexes alone, unless they are invalid.
    type: int
    default: 1048576
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.long_work
  - day2.ops.postgresql
  - day2.ops.service
attributes:
  check_mode:
    support: full
    details: Returns the same plan that a run would follow, and warns about transactions that would keep a run from it.
  diff_mode:
    support: full
    details: Shows the statements with their reasons and locks.
  idempotent:
    support: full
  platform:
    platforms: posix
notes:
  - The role must own the tables or be a superuser; from PostgreSQL 17 on C(MAINTAIN) on the tables or membership in
    C(pg_maintain) serves for rebuilds, while dropping what interrupted rebuilds left needs the owner. It also needs
    C(USAGE) on their schemas, C(pg_toast) for indexes of TOAST tables, and must be able to read the tables
    (C(pg_read_all_data)) for the statistics to be seen. What it may not do is skipped, with the grant to give.
  - C(pg_read_all_stats) lets it see since when transactions run, C(pg_read_all_settings) where the server's data lies.
  - Run M(day2.ops.postgresql_vacuum) before, so that the statistics are fresh. An index whose statistics are stale is
    skipped.
  - A standby is refused, and so is PostgreSQL 14.0 to 14.3, which may corrupt indexes that it builds concurrently.
seealso:
  - module: day2.ops.postgresql_vacuum
  - module: day2.ops.postgresql_health_info
  - name: REINDEX
    description: Rebuilding indexes concurrently, and what an interrupted rebuild leaves.
    link: https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
"""

EXAMPLES = r"""
- name: Repair and rebuild what needs it, for at most an hour
  day2.ops.postgresql_reindex:
    database: shop
    window: 3600

- name: Only see what is due, inside a container
  day2.ops.postgresql_reindex:
    database: shop
    service:
      runtime: container
      name: shop-db
  check_mode: true
  diff: true

- name: The indexes of one schema, when half of them is waste and they are large
  day2.ops.postgresql_reindex:
    database: shop
    schemas:
      - public
    bloat_percent: 50
    min_bytes: 104857600
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
  description: The indexes that need work and that the role may work on, repairs first, then the greatest waste first.
  returned: always
  type: list
  elements: dict
  contains:
    table:
      description: The table, schema and name, quoted where SQL needs it; of an index of a TOAST table, the table it
        serves.
      type: str
      sample: public.orders
    index:
      description: The index, schema and name, quoted where SQL needs it.
      type: str
      sample: public.orders_pkey
    action:
      description:
        - V(drop) what an interrupted rebuild left, V(repair) an invalid index, V(rebuild) a bloated one.
      type: str
    statement:
      description: The SQL statement.
      type: str
      sample: REINDEX INDEX CONCURRENTLY "public"."orders_pkey"
    reasons:
      description: Why it is due, with the numbers.
      type: list
      elements: str
    lock:
      description: The lock that the statement takes.
      type: str
      sample: SHARE UPDATE EXCLUSIVE
    method:
      description: The access method.
      type: str
      sample: btree
    constraint:
      description: V(primary key), V(unique) or V(exclusion) when it backs such a constraint, else null.
      type: str
    bytes_before:
      description: Its size; null while somebody has it locked for himself.
      type: int
    expected_bytes:
      description: Its size after a rebuild, as estimated or read; null for repairs.
      type: int
    bloat_percent:
      description: The share that a rebuild would save; null for repairs.
      type: float
    measured:
      description: Whether the index was read, and not only estimated.
      type: bool
done:
  description: What was done and is proven. Each entry is one of RV(plan), and more. Empty in check mode.
  returned: always
  type: list
  elements: dict
  contains:
    bytes_after:
      description: Size after it; 0 when dropped.
      type: int
    remains_dropped:
      description: What the rebuild itself left and was dropped at once.
      type: list
      elements: str
    seconds:
      description: How long the statement ran.
      type: float
skipped:
  description: What needs work and did not get it. Each entry is one of the form of RV(plan), and more.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description:
        - V(permission), the role may not; V(locked), others held the lock or made the rebuild wait for too long;
          V(snapshot), a rebuild would wait for a long transaction or a dump; V(space), there is not enough room;
          V(window), not begun in time; V(interrupted), not begun before the module was told to end; V(unsupported),
          it cannot be done concurrently; V(not_estimated), the statistics do not tell whether it is bloated;
          V(original), the index that it was to replace is invalid itself; V(gone), dropped or renamed meanwhile.
      type: str
    why:
      description: The same in a sentence, with who is in the way or what to grant.
      type: str
    remains_dropped:
      description: When the rebuild was begun, what it left and was dropped at once.
      type: list
      elements: str
    bytes_after:
      description: The same as before; nothing was done.
      type: int
    seconds:
      description: How long the rebuild ran; 0 when it was not begun.
      type: float
failures:
  description: What was begun and did not succeed. When there are any, the module fails once all else is done.
  returned: always
  type: list
  elements: dict
  contains:
    why:
      description: What failed and why, in a sentence; which invalid indexes are left, if any.
      type: str
    error:
      description: The same in parts.
      type: dict
      contains:
        kind:
          description:
            - V(QueryFailed), the server refused the statement; V(ConnectionLost), the session ended in the midst of it;
              V(Unreachable) and V(Refused), no session was to be had; V(NotProven), the statement succeeded and the
              server does not show its effect; V(Remains), a rebuild did not end, and what it left could not be
              removed.
          type: str
        doing:
          description: What was being done.
          type: str
        'on':
          description: On which server and database.
          type: str
        why:
          description: The cause, in the words of the server where there are any.
          type: str
        remedy:
          description: What to do now.
          type: str
    remains_dropped:
      description: What the rebuild left and was dropped at once.
      type: list
      elements: str
    remains:
      description: When a rebuild was begun, the invalid indexes that it left and that could not be dropped.
      type: list
      elements: str
    rebuilt:
      description: When a rebuild was begun, whether the new index is in place all the same.
      type: bool
    bytes_after:
      description: Size now; null when that is not known.
      type: int
    seconds:
      description: How long it took to fail.
      type: float
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL, server_of
from ansible_collections.day2.ops.plugins.module_utils._module import finish_work
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.options import (
    MAINTENANCE,
    REINDEX,
    maintenance_order,
    reindex_order,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.reindex import reindex


def main() -> None:
    module = AnsibleModule(argument_spec={**POSTGRESQL, **MAINTENANCE, **REINDEX}, supports_check_mode=True)
    params = module.params
    finish_work(
        module,
        lambda asked: maintenance_order("postgresql_reindex", asked),
        lambda progress: reindex(server_of(params), reindex_order(params), module.check_mode, module._diff, progress),
    )


if __name__ == "__main__":
    main()

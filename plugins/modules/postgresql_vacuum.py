#!/usr/bin/python

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_vacuum
short_description: Vacuum and analyse the tables of a PostgreSQL database that need it
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Finds from the server's statistics which tables need C(VACUUM) or C(ANALYZE), runs that and no more, several at
    once, and proves it by the server's counters.
  - A table with too many dead rows, or with many rows inserted since its last vacuum, is vacuumed; one whose
    statistics are stale or missing is analysed; one whose oldest transactions or multixacts come near to the age at
    which the server forces it is frozen. Dead rows of TOAST tables count too.
  - Partitioned tables and inheritance parents are analysed when their children were, which autovacuum never does.
  - Materialised views are looked after as tables are. Temporary and foreign tables are left alone. Tables of the
    system are frozen when they need it, and otherwise left to autovacuum.
  - Takes the lock C(SHARE UPDATE EXCLUSIVE) only, which lets reads and writes pass, and never truncates a table, which
    would lock them out. The server decides by itself whether several processes clean a table's indexes.
  - Dead rows that a transaction, a prepared transaction or a replication slot may still see cannot be removed. What
    holds them back is told, and a table on which vacuum cannot do better than it did is skipped until that is gone.
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
      - Before PostgreSQL 18, analysis of a partitioned table also analyses its excluded partitions.
    type: list
    elements: str
    default: []
  exclude_schemas:
    description: Not the tables of these schemas.
    type: list
    elements: str
    default: []
  jobs:
    description: How many tables are worked on at once, each in a session of its own.
    type: int
    default: 2
  lock_timeout:
    description: Seconds to wait for a table's lock. A table that stays locked is skipped, and who holds it is told.
    type: float
    default: 5
  window:
    description:
      - Seconds after which no further table is begun; those that were not begun are skipped and told. What runs by
        then is finished.
      - No limit when omitted.
    type: float
  dead_rows:
    description:
      - This many dead rows, and O(dead_percent), are well. The server's default for C(autovacuum_vacuum_threshold).
      - A table with storage parameters C(autovacuum_vacuum_threshold) or C(autovacuum_vacuum_scale_factor) of its own
        is judged by those instead; likewise for the other limits.
    type: int
    default: 50
  dead_percent:
    description:
      - This share of a table's rows may be dead, on top of O(dead_rows).
      - Half of the server's default for C(autovacuum_vacuum_scale_factor), so that what is due soon is done in the
        window and not in business hours.
    type: float
    default: 10
  changed_rows:
    description:
      - This many rows changed since the last analysis, and O(changed_percent), are well. The server's default for
        C(autovacuum_analyze_threshold).
    type: int
    default: 50
  changed_percent:
    description:
      - This share of a table's rows may have changed since its last analysis, on top of O(changed_rows). The server's
        default for C(autovacuum_analyze_scale_factor).
    type: float
    default: 10
  inserted_rows:
    description:
      - This many rows inserted since the last vacuum, and O(inserted_percent), are well. The server's default for
        C(autovacuum_vacuum_insert_threshold).
    type: int
    default: 1000
  inserted_percent:
    description:
      - This share of a table's rows may have been inserted since its last vacuum, on top of O(inserted_rows). The
        server's default for C(autovacuum_vacuum_insert_scale_factor).
    type: float
    default: 20
  freeze_percent:
    description:
      - Freeze a table whose oldest transaction or multixact has this share of the age at which the server forces it
        (C(autovacuum_freeze_max_age), C(autovacuum_multixact_freeze_max_age)).
      - The default is where the server's default for C(vacuum_freeze_table_age) lies.
    type: float
    default: 75
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.long_work
  - day2.ops.postgresql
  - day2.ops.service
attributes:
  check_mode:
    support: full
    details: Returns the same plan that a run would follow.
  diff_mode:
    support: full
    details: Shows the statements with their reasons and locks.
  idempotent:
    support: full
    details: A table whose dead rows are held back by something of which it cannot be seen since when is tried again
      after an hour.
  platform:
    platforms: posix
notes:
  - The role must own the tables, or be a superuser or the owner of the database; from PostgreSQL 17 on C(MAINTAIN) on
    the tables or membership in C(pg_maintain) serves. It also needs C(USAGE) on their schemas. What it may not do is
    skipped, with the grant to give.
  - C(pg_read_all_stats) lets it see since when others hold back dead rows.
  - A standby is refused.
seealso:
  - module: day2.ops.postgresql_reindex
  - module: day2.ops.postgresql_health_info
"""

EXAMPLES = r"""
- name: Vacuum and analyse what needs it, for at most an hour
  day2.ops.postgresql_vacuum:
    database: shop
    window: 3600

- name: Only see what is due, inside a container
  day2.ops.postgresql_vacuum:
    database: shop
    service:
      runtime: container
      name: shop-db
  check_mode: true
  diff: true

- name: One partitioned table with all its partitions, four at once
  day2.ops.postgresql_vacuum:
    database: shop
    tables:
      - public.measurements
    exclude_tables:
      - public."Old Measurements"
    jobs: 4
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
  description: The tables that need work and that the role may work on, in the order in which they are begun.
  returned: always
  type: list
  elements: dict
  contains:
    table:
      description: Schema and name, quoted where SQL needs it.
      type: str
      sample: public.orders
    action:
      description: V(vacuum), V(freeze), V(analyze), V(vacuum and analyze), V(freeze and analyze).
      type: str
    statement:
      description: The SQL statement.
      type: str
      sample: VACUUM (ANALYZE, TRUNCATE FALSE, INDEX_CLEANUP AUTO) "public"."orders"
    reasons:
      description: Why it is due, with the numbers.
      type: list
      elements: str
      sample: ["5200 dead rows, more than 1050"]
    lock:
      description: The lock that the statement takes.
      type: str
      sample: SHARE UPDATE EXCLUSIVE
    bytes_before:
      description: Size with its TOAST table; null for partitioned tables, and while somebody has it locked for himself.
      type: int
    rows:
      description: Estimated rows; null for partitioned tables.
      type: int
    dead_rows:
      description: Estimated dead rows.
      type: int
    dead_toast_rows:
      description: Estimated dead rows of its TOAST table.
      type: int
    changed_rows:
      description: Rows changed since its last analysis.
      type: int
    inserted_rows:
      description: Rows inserted since its last vacuum.
      type: int
    xid_age_percent:
      description: Age of its oldest transaction, in percent of the age at which the server forces a freeze.
      type: float
    mxid_age_percent:
      description: Age of its oldest multixact, in percent of the age at which the server forces a freeze.
      type: float
done:
  description:
    - What was done and is proven by the server's counters. Each entry is one of RV(plan), and more. Empty in check
      mode.
  returned: always
  type: list
  elements: dict
  contains:
    bytes_after:
      description: Size after it.
      type: int
    dead_rows_after:
      description: Dead rows after it.
      type: int
    dead_toast_rows_after:
      description: Dead rows of its TOAST table after it.
      type: int
    xid_age_after:
      description: Age of its oldest transaction after it, in transactions; null for partitioned tables.
      type: int
    held_back_by:
      description: Who keeps dead rows alive, the oldest first, when many stayed.
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
        - V(permission), the role may not; V(held_back), vacuum cannot remove what is dead; V(locked), its lock was not
          to be had within O(lock_timeout); V(window), not begun in time; V(interrupted), not begun before the module
          was told to end; V(gone), dropped or renamed meanwhile.
      type: str
    why:
      description: The same in a sentence, with who is in the way or what to grant.
      type: str
    bytes_after:
      description: The same as before; nothing was done.
      type: int
    seconds:
      description: Always 0.
      type: float
failures:
  description: What was begun and did not succeed. When there are any, the module fails once all else is done.
  returned: always
  type: list
  elements: dict
  contains:
    why:
      description: What failed and why, in a sentence.
      type: str
    error:
      description: The same in parts.
      type: dict
      contains:
        kind:
          description:
            - V(QueryFailed), the server refused the statement; V(ConnectionLost), the session ended in the midst of it;
              V(Unreachable) and V(Refused), no session was to be had; V(NotProven), the statement succeeded and the
              server does not show its effect.
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
    bytes_after:
      description: Always null.
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
    VACUUM,
    maintenance_order,
    vacuum_order,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.maintenance.vacuum import vacuum


def main() -> None:
    module = AnsibleModule(argument_spec={**POSTGRESQL, **MAINTENANCE, **VACUUM}, supports_check_mode=True)
    params = module.params
    finish_work(
        module,
        lambda asked: maintenance_order("postgresql_vacuum", asked),
        lambda progress: vacuum(server_of(params), vacuum_order(params), module.check_mode, module._diff, progress),
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_health_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_health_info
short_description: Look at the health of PostgreSQL databases
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Returns facts of a server and of its databases, and no opinion of them. What is too much is for rules to say.
  - A database that cannot be reached is a fact too. The module fails only on bad options, and where no program or
    library is there to connect with.
  - What could not be seen is null, with the reason in RV(postgresql[].unseen). A family of facts that fails or takes
    too long is told there, and takes no other one down.
extends_documentation_fragment:
  - day2.ops.attributes.info
  - day2.ops.postgresql
  - day2.ops.service
options:
  databases:
    description:
      - The databases to look at, each through a session of its own.
      - O(login_db) when neither this nor O(database) is given.
    type: list
    elements: str
  database:
    description: The one database to look at.
    type: str
  families:
    description:
      - The families of facts to look at; the keys of the others are null. All when omitted.
      - RV(postgresql[].server), RV(postgresql[].database) and RV(postgresql[].role) are always returned.
    type: list
    elements: str
    choices:
      - connections
      - long_queries
      - blocking
      - prepared_transactions
      - cache_hit_ratio
      - index_hit_ratio
      - statistics
      - checksum_failures
      - table_sizes
      - index_sizes
      - bloat
      - index_usage
      - sequences
      - slow_statements
      - vacuum_times
      - wraparound
      - replication
      - wal
      - settings
      - extensions
      - collations
      - kept_databases
      - schema
  top:
    description: How many entries of each long list are returned, from 1 to 1000. Totals count all of them.
    type: int
    default: 20
  long_query_seconds:
    description: From how many seconds on a query that runs is listed in RV(postgresql[].long_queries).
    type: float
    default: 5
  mask:
    description:
      - Whether strings and numbers in query texts are replaced by C(?) and comments are emptied. Query texts hold what
        people type into applications.
      - Identifiers of prepared transactions are returned as they are, for they are needed to end them.
    type: bool
    default: true
  query_timeout:
    description: Seconds after which a query of this module is cancelled.
    type: float
    default: 30
notes:
  - Nothing is changed. Every query is a read-only transaction of its own, so that no old row versions are held, and
    takes no lock heavier than ACCESS SHARE. Relations that others lock exclusively are left out and counted, not waited
    for.
  - The role needs CONNECT on the databases and C(pg_monitor). C(pg_read_all_data) (PostgreSQL 14 and later; SELECT on
    the tables before) lets it read statistics of columns, from which bloat is estimated, and values of sequences.
    C(pg_file_settings) and the folder of waiting WAL are shown to those only whom the server lets see them.
  - With less, it works and tells what it did not see. A role without C(pg_read_all_stats) does not see what others do,
    and gets null instead of a count of itself.
  - Works on standbys. These keep no statistics of vacuum and dead rows, and use their indexes in their own way; ask the
    primary about these.
  - Facts of the whole server are repeated for each database, so that each entry stands by itself.
seealso:
  - module: day2.ops.postgresql_vacuum
  - module: day2.ops.postgresql_reindex
"""

EXAMPLES = r"""
- name: Look at the health of two databases
  day2.ops.postgresql_health_info:
    login_host: db.example.org
    login_user: monitor
    login_password: "{{ monitor_password }}"
    databases: [shop, billing]
  register: health

- name: Look at who is blocked and by whom, in a container, with the query texts as they are
  day2.ops.postgresql_health_info:
    service:
      runtime: container
      name: shop-db
      user: postgres
    database: shop
    families: [connections, long_queries, blocking]
    mask: false
"""

RETURN = r"""
postgresql:
  description:
    - One entry for each database, in the order given. The keys are the same whatever could be seen; a family that could
      not be seen at all is null.
    - Tables and indexes are named with their schema, each part quoted where SQL needs it.
    - Lists that may be long are dictionaries of C(total), the number of all, and C(top), the first of them.
    - Ages and durations are in seconds, sizes in bytes, times in ISO 8601 and UTC.
  returned: always
  type: list
  elements: dict
  contains:
    reached: {description: Whether a session could be opened., type: bool, returned: always}
    error:
      description: Why it could not be opened, or what ended it before all was seen. Null when all went well.
      type: dict
      returned: always
      contains:
        kind: {description: "Kind of error, such as V(Unreachable).", type: str, returned: always}
        doing: {description: What was being done., type: str, returned: always}
        "on": {description: On what., type: str, returned: always}
        why: {description: Why it failed., type: str, returned: always}
        remedy: {description: What to do., type: str, returned: always}
    seconds: {description: How long it took to look. Null when not reached., type: float, returned: always}
    families: {description: The families that were asked for., type: list, elements: str, returned: always}
    unseen:
      description: What could not be seen, and why.
      type: list
      elements: dict
      returned: always
      contains:
        what: {description: "The family, or the path of the fact in this entry.", type: str, returned: always}
        reason: {description: Why it could not be seen., type: str, returned: always}
    server:
      description: The server. Only C(where) when it was not reached.
      type: dict
      returned: always
      contains:
        where: {description: The server in words., type: str, returned: always}
        version: {description: "Version, such as V(17.5).", type: str, returned: when reached}
        version_num: {description: "Version as a number, such as V(170005).", type: int, returned: when reached}
        version_text: {description: What the server says of its build., type: str, returned: when reached}
        started: {description: When it was started., type: str, returned: when reached}
        uptime_seconds: {description: For how long it has been running., type: int, returned: when reached}
        in_recovery: {description: Whether it is a standby., type: bool, returned: when reached}
        data_checksums: {description: Whether pages carry checksums., type: bool, returned: when reached}
        system_identifier: {description: Identifier of the cluster., type: str, returned: when reached}
        bytes: {description: Size of all databases., type: int, returned: when reached}
    database:
      description: The database. Only C(name) when it was not reached.
      type: dict
      returned: always
      contains:
        name: {description: Name., type: str, returned: always}
        bytes: {description: Size., type: int, returned: when reached}
        owner: {description: Owner., type: str, returned: when reached}
        encoding: {description: Encoding., type: str, returned: when reached}
        collate: {description: LC_COLLATE., type: str, returned: when reached}
        ctype: {description: LC_CTYPE., type: str, returned: when reached}
        locale_provider: {description: "V(libc), V(icu) or V(builtin).", type: str, returned: when reached}
        locale: {description: Locale of a provider other than libc. Null for libc., type: str, returned: when reached}
        collation_version:
          description: Version of the default collation that was recorded. Null when it has none.
          type: str
          returned: when reached
        actual_collation_version:
          description: Version that the library has now. Null when it has none.
          type: str
          returned: when reached
        collation_mismatch:
          description: Whether these differ, so that indexes on text may be wrong. Null before PostgreSQL 15.
          type: bool
          returned: when reached
        connection_limit: {description: Its connection limit. Null for none., type: int, returned: when reached}
        allows_connections: {description: Whether it lets clients in., type: bool, returned: when reached}
        is_template: {description: Whether it is a template., type: bool, returned: when reached}
    role:
      description: The role that looked. Null when not reached.
      type: dict
      returned: always
      contains:
        name: {description: Name., type: str, returned: always}
        superuser: {description: Whether it is a superuser., type: bool, returned: always}
        replication: {description: Whether it may replicate., type: bool, returned: always}
        pg_monitor: {description: Whether it has the privileges of this role., type: bool, returned: always}
        pg_read_all_stats: {description: Whether it has the privileges of this role., type: bool, returned: always}
        pg_read_all_settings: {description: Whether it has the privileges of this role., type: bool, returned: always}
        pg_read_all_data:
          description: Whether it has the privileges of this role. Before PostgreSQL 14, whether it is a superuser.
          type: bool
          returned: always
        cannot_see: {description: What it may not see for lack of these., type: list, elements: str, returned: always}
    connections:
      description:
        - Connections of clients; background processes, replication and autovacuum are not among them.
        - Counts are of the whole server; transactions are those of this database, without the ones of this collection.
        - All but the limits is null for a role that does not see other roles' sessions.
      type: dict
      returned: always
      contains:
        total: {description: Connections of clients., type: int, returned: always}
        own: {description: How many of them are of this collection., type: int, returned: always}
        max_connections: {description: The setting., type: int, returned: always}
        reserved: {description: How many are reserved for superusers and privileged roles., type: int, returned: always}
        used_percent: {description: Share of those that are not reserved., type: float, returned: always}
        by_state: {description: "State → connections.", type: dict, returned: always}
        by_database: &counted
          description: The names with most connections.
          type: list
          elements: dict
          returned: always
          contains:
            name: {description: The name; empty when there is none., type: str, returned: always}
            total: {description: Its connections., type: int, returned: always}
        by_user: *counted
        by_application: *counted
        background: {description: "Kind of server process → how many run.", type: dict, returned: always}
        idle_in_transaction:
          description:
            - Sessions of this database that do nothing inside an open transaction, those that are longest so first.
              Each has the keys of C(oldest_transaction) and C(seconds), for how long it has been idle.
          type: dict
          returned: always
        oldest_transaction_seconds:
          description: Age of the oldest transaction of this database. 0 when none is open.
          type: float
          returned: always
        oldest_transaction:
          description: The session with the oldest transaction. Null when none is open.
          type: dict
          returned: always
          contains: &session
            pid: {description: Number of the server process., type: int, returned: always}
            database: {description: Its database., type: str, returned: always}
            user: {description: Its role., type: str, returned: always}
            application: {description: Its C(application_name)., type: str, returned: always}
            client: {description: Address of the client. Null for a local socket., type: str, returned: always}
            state: {description: Its state., type: str, returned: always}
            transaction_seconds: {description: Age of its transaction. Null for none., type: float, returned: always}
            query:
              description: Its current or last query, masked when wanted, at most 1000 characters.
              type: str
              returned: always
    long_queries:
      description:
        - Queries of clients of this database that run for O(long_query_seconds) or longer, the longest first.
        - WAL senders, autovacuum and this collection's own are not among them, but counted in C(excluded).
      type: dict
      returned: always
      contains:
        seconds: {description: From how long on a query is listed., type: float, returned: always}
        total: {description: How many there are., type: int, returned: always}
        top:
          description: The longest of them.
          type: list
          elements: dict
          returned: always
          contains:
            <<: *session
            seconds: {description: For how long the query has been running., type: float, returned: always}
            wait_event_type: {description: What kind of event it waits for. Null for none., type: str, returned: always}
            wait_event: {description: What it waits for., type: str, returned: always}
            query_id: {description: Identifier of the query from PostgreSQL 14 on., type: str, returned: always}
        excluded:
          description: "C(own), C(walsender), C(autovacuum), C(other) → how many that run as long."
          type: dict
          returned: always
    blocking:
      description: Sessions of this database that wait for a lock that others hold or wait for.
      type: dict
      returned: always
      contains:
        total: {description: How many are blocked., type: int, returned: always}
        longest_seconds:
          description: The longest wait. 0 when nobody waits; null when it could not be seen.
          type: float
          returned: always
        top:
          description: Those that have been waiting longest.
          type: list
          elements: dict
          returned: always
          contains:
            <<: *session
            seconds:
              description:
                - For how long it has been waiting; before PostgreSQL 14, for how long its query has been running.
              type: float
              returned: always
            lock: {description: "Kind of what is locked, such as V(relation).", type: str, returned: always}
            mode: {description: The mode it waits for., type: str, returned: always}
            relation: {description: The relation. Null where it is none of this database., type: str, returned: always}
            blocked_by:
              description: The processes it waits for; 0 is a prepared transaction.
              type: list
              elements: int
              returned: always
            depth: {description: The longest chain of waits before it., type: int, returned: always}
            roots: {description: The processes at the head of its chains., type: list, elements: int, returned: always}
        roots:
          description: The processes at the head of the queues, those that block most first.
          type: list
          elements: dict
          returned: always
          contains:
            <<: *session
            prepared_transaction: {description: Whether it is a prepared transaction., type: bool, returned: always}
            blocks: {description: "How many sessions wait for it, directly or not.", type: int, returned: always}
    prepared_transactions:
      description: Prepared transactions of this database, the oldest first. Null on a standby.
      type: dict
      returned: always
      contains:
        total: {description: How many there are., type: int, returned: always}
        oldest_seconds: {description: Age of the oldest. 0 when there is none., type: float, returned: always}
        top:
          description: The oldest of them.
          type: list
          elements: dict
          returned: always
          contains:
            gid: {description: Its identifier., type: str, returned: always}
            user: {description: Its role., type: str, returned: always}
            prepared: {description: When it was prepared., type: str, returned: always}
            transaction: {description: Its transaction number., type: str, returned: always}
            xid_age: {description: Transactions since., type: int, returned: always}
            age_seconds: {description: Seconds since., type: float, returned: always}
    cache_hit_ratio:
      description: Share of block reads that the server's buffers served, from 0 to 1. Null when there were none.
      type: float
      returned: always
    index_hit_ratio: {description: The same of blocks of user indexes., type: float, returned: always}
    statistics:
      description: What was counted for this database since C(reset).
      type: dict
      returned: always
      contains:
        reset: {description: When the counters were last reset. Null for never., type: str, returned: always}
        age_seconds:
          description: For how long they have been counting; when never reset, since the server was made or crashed.
          type: int
          returned: always
        commits: {description: Commits., type: int, returned: always}
        rollbacks: {description: Rollbacks., type: int, returned: always}
        rollback_ratio:
          description: Share of rollbacks, from 0 to 1. Null without transactions.
          type: float
          returned: always
        deadlocks: {description: Deadlocks., type: int, returned: always}
        conflicts: {description: Queries cancelled by replay on a standby., type: int, returned: always}
        temp_files: {description: Temporary files written., type: int, returned: always}
        temp_bytes: {description: Bytes of them., type: int, returned: always}
        sessions_abandoned: {description: Sessions lost by their client., type: int, returned: always}
        sessions_fatal: {description: Sessions ended by a fatal error., type: int, returned: always}
        sessions_killed: {description: Sessions terminated by somebody., type: int, returned: always}
    checksum_failures:
      description: Pages whose checksum was wrong when they were read.
      type: dict
      returned: always
      contains:
        enabled: {description: Whether pages carry checksums., type: bool, returned: always}
        count: {description: Failures in this database. Null when not enabled., type: int, returned: always}
        last: {description: When the last one was. Null for never., type: str, returned: always}
        server_count: {description: Failures in all of the server., type: int, returned: always}
        server_last: {description: When the last one of these was., type: str, returned: always}
    table_sizes:
      description: Tables and materialised views outside the system schemas, the largest first.
      type: dict
      returned: always
      contains:
        total: {description: How many there are., type: int, returned: always}
        bytes: {description: Size of all with their indexes., type: int, returned: always}
        table_bytes: {description: "Size of all with TOAST, without indexes.", type: int, returned: always}
        index_bytes: {description: Size of their indexes., type: int, returned: always}
        other_bytes: {description: Size of system catalogs and temporary tables., type: int, returned: always}
        unmeasured: {description: How many were left out because others lock them., type: int, returned: always}
        top:
          description: The largest of them.
          type: list
          elements: dict
          returned: always
          contains:
            table: {description: Name., type: str, returned: always}
            kind: {description: "V(table) or V(materialized view).", type: str, returned: always}
            persistence: {description: "V(permanent), V(unlogged) or V(temporary).", type: str, returned: always}
            partition_of:
              description: The topmost table that it is a partition of. Null for none.
              type: str
              returned: always
            bytes: {description: Size with indexes. Null when it is locked., type: int, returned: always}
            table_bytes: {description: "Size with TOAST, without indexes.", type: int, returned: always}
            index_bytes: {description: Size of its indexes., type: int, returned: always}
            estimated_rows:
              description: Rows when last vacuumed or analyzed. Null for never.
              type: int
              returned: always
        partitioned:
          description: "Partitioned tables summed up; entries have C(table), C(partitions), C(bytes)."
          type: dict
          returned: always
    index_sizes:
      description: Indexes outside the system schemas, the largest first.
      type: dict
      returned: always
      contains:
        total: {description: How many there are., type: int, returned: always}
        bytes: {description: Size of all., type: int, returned: always}
        unmeasured: {description: How many were left out because others lock them., type: int, returned: always}
        top:
          description: The largest of them, with C(index), C(table), C(method), C(is_valid), C(bytes).
          type: list
          elements: dict
          returned: always
    bloat:
      description: Space that tables and B-tree indexes hold and would not need if they were written anew. An estimate.
      type: dict
      returned: always
      contains:
        method: {description: How it is estimated and from what., type: str, returned: always}
        tables:
          description: Those with most bloat first.
          type: dict
          returned: always
          contains: &bloat
            total: {description: How many there are., type: int, returned: always}
            unknown:
              description:
                - How many are in no sum, because they lack statistics, have outdated ones, or are locked.
              type: int
              returned: always
            bytes: {description: Size of those that are known. Null when none is., type: int, returned: always}
            bloat_bytes: {description: Bloat of those that are known. Null when none is., type: int, returned: always}
            bloat_percent: {description: Share of the bloat. Null when none is known., type: float, returned: always}
            top:
              description:
                - Those with most bloat, with C(table) or C(index) and its C(table), C(bytes), C(bloat_bytes),
                  C(bloat_percent), C(fillfactor).
              type: list
              elements: dict
              returned: always
        indexes:
          description:
            - Those with most bloat first, those of TOAST tables included, by the estimate that
              M(day2.ops.postgresql_reindex) acts on.
          type: dict
          returned: always
          contains: *bloat
    index_usage:
      description: Indexes that may be too many, and broken ones, as counted on this server since C(statistics.reset).
      type: dict
      returned: always
      contains:
        unused:
          description:
            - Valid indexes that no query has used on this server; those that nothing else needs first, the largest
              first.
            - Entries have C(index), C(table), C(bytes), C(scans), C(last_idx_scan) (PostgreSQL 16 and later),
              C(is_unique), C(is_primary), C(backs_constraint), C(is_replica_identity), C(is_partition), and
              C(is_needed), whether any of these holds. C(not_needed_total) and C(not_needed_bytes) sum up the others.
          type: dict
          returned: always
        duplicates:
          description:
            - Groups of indexes that hold the same. Entries have C(table), C(indexes), and in C(bytes) what all but the
              largest of them take.
          type: dict
          returned: always
        overlapping:
          description: B-trees whose columns begin another one, named in C(covered_by).
          type: dict
          returned: always
        invalid:
          description:
            - Indexes that queries cannot use. Entries have C(index), C(table), C(bytes), C(is_partitioned),
              C(is_ready), C(is_live), C(is_unique), C(leftover) (V(ccnew) or V(ccold) where an interrupted REINDEX
              CONCURRENTLY left it; null otherwise), C(in_progress) (whether somebody holds a lock on its table such as
              a build of an index does). C(leftovers) and C(in_progress) count them.
          type: dict
          returned: always
    sequences:
      description: Sequences, those of identity and serial columns too, the most used up first.
      type: dict
      returned: always
      contains:
        total: {description: How many there are., type: int, returned: always}
        unread: {description: How many of them could not be read., type: int, returned: always}
        highest_used_percent:
          description:
            - The most used up, by its own range or its column's; of those that cycle only by their column's. Null when
              none was read.
          type: float
          returned: always
        top:
          description: The most used up.
          type: list
          elements: dict
          returned: always
          contains:
            sequence: {description: Name., type: str, returned: always}
            type: {description: Its data type., type: str, returned: always}
            increment: {description: Its step., type: int, returned: always}
            last_value: {description: Its last value. Null when it could not be read., type: int, returned: always}
            limit: {description: The last value that it can have., type: int, returned: always}
            cycles: {description: Whether it begins anew at the limit., type: bool, returned: always}
            used_percent: {description: How much of its own range is used up., type: float, returned: always}
            column_used_percent:
              description:
                - How much of the range of the narrowest column that it fills is used up. Null when it fills none.
              type: float
              returned: always
            columns:
              description: The columns that it fills, with C(column), C(type), C(identity).
              type: list
              elements: dict
              returned: always
    slow_statements:
      description:
        - Statements of this database as pg_stat_statements counts them. Null where it is not installed or not readable.
        - "Entries have C(query_id), C(user), C(calls), C(total_seconds), C(mean_seconds), C(max_seconds), C(rows),
          C(shared_blocks_hit), C(shared_blocks_read), C(temp_blocks_written), C(query)."
        - C(query) is null in all of them where a text of any database of the server is in an encoding of its own.
      type: dict
      returned: always
      contains:
        total: {description: How many statements are counted., type: int, returned: always}
        total_seconds: {description: The time of all., type: float, returned: always}
        reset: {description: Since when they are counted., type: str, returned: always}
        by_total_time: {description: Those that took most time in all., type: list, elements: dict, returned: always}
        by_mean_time:
          description: Those that took most time at each call.
          type: list
          elements: dict
          returned: always
        by_calls: {description: Those that were called most., type: list, elements: dict, returned: always}
    vacuum_times:
      description: Dead rows, and when tables were vacuumed and analyzed. Null on a standby.
      type: dict
      returned: always
      contains:
        total: {description: How many tables there are., type: int, returned: always}
        never_vacuumed: {description: How many were never vacuumed., type: int, returned: always}
        never_analyzed: {description: How many were never analyzed., type: int, returned: always}
        autovacuum_disabled: {description: For how many autovacuum is switched off., type: int, returned: always}
        live_tuples: {description: Live rows of all., type: int, returned: always}
        dead_tuples: {description: Dead rows of all., type: int, returned: always}
        oldest_vacuum_seconds:
          description: How long ago the table longest not vacuumed was.
          type: int
          returned: always
        oldest_statistics_seconds: {description: The same for ANALYZE., type: int, returned: always}
        top: &vacuum
          description: Those with most dead rows.
          type: list
          elements: dict
          returned: always
          contains:
            table: {description: Name., type: str, returned: always}
            live_tuples: {description: Live rows., type: int, returned: always}
            dead_tuples: {description: Dead rows., type: int, returned: always}
            dead_percent: {description: Share of dead rows. Null for an empty table., type: float, returned: always}
            modified_since_analyze: {description: Rows changed since ANALYZE., type: int, returned: always}
            inserted_since_vacuum: {description: Rows added since VACUUM., type: int, returned: always}
            last_vacuum: {description: Last VACUUM by hand., type: str, returned: always}
            last_autovacuum: {description: Last autovacuum., type: str, returned: always}
            last_analyze: {description: Last ANALYZE by hand., type: str, returned: always}
            last_autoanalyze: {description: Last one by autovacuum., type: str, returned: always}
            vacuum_age_seconds:
              description: How long ago the later vacuum was. Null for never.
              type: int
              returned: always
            statistics_age_seconds:
              description: How long ago the later ANALYZE was. Null for never.
              type: int
              returned: always
            autovacuum_enabled: {description: Whether autovacuum may work on it., type: bool, returned: always}
        most_modified: *vacuum
        horizon_xid_age:
          description:
            - How many transactions ago the oldest snapshot is that keeps dead rows from being removed, by who holds it;
              C(sessions), C(standbys), C(slots), C(slots_catalog), C(prepared_transactions). Null where nobody does.
          type: dict
          returned: always
    wraparound:
      description: Age of the oldest transaction and multixact numbers that are not frozen.
      type: dict
      returned: always
      contains: &wraparound
        xid_age: {description: Transactions., type: int, returned: always}
        mxid_age: {description: Multixacts., type: int, returned: always}
        xid_percent_of_freeze: {description: Towards C(autovacuum_freeze_max_age)., type: float, returned: always}
        mxid_percent_of_freeze:
          description: Towards C(autovacuum_multixact_freeze_max_age).
          type: float
          returned: always
        xid_percent_of_limit: {description: "Towards 2^31, where the server stops.", type: float, returned: always}
        mxid_percent_of_limit: {description: The same for multixacts., type: float, returned: always}
        databases:
          description: The oldest databases of the server, with C(database) and the same keys.
          type: list
          elements: dict
          returned: always
        tables:
          description:
            - The oldest tables of this database, system catalogs and TOAST tables too, with C(table), the first four of
              these keys, C(is_temporary), and in C(toast_of) the table of a TOAST table.
          type: list
          elements: dict
          returned: always
    replication:
      description: Replication in both directions.
      type: dict
      returned: always
      contains:
        slots:
          description: Slots of the server.
          type: list
          elements: dict
          returned: always
          contains:
            name: {description: Name., type: str, returned: always}
            type: {description: "V(physical) or V(logical).", type: str, returned: always}
            plugin: {description: Output plugin of a logical slot., type: str, returned: always}
            database: {description: Database of a logical slot., type: str, returned: always}
            temporary: {description: Whether it goes with its session., type: bool, returned: always}
            active: {description: Whether it is in use now., type: bool, returned: always}
            wal_status:
              description: V(reserved), V(extended), V(unreserved) or V(lost).
              type: str
              returned: always
            retained_bytes:
              description: WAL that it keeps from removal. Null when it keeps none.
              type: int
              returned: always
            safe_wal_size:
              description: WAL that may be written before it is lost. Null for no limit.
              type: int
              returned: always
            inactive_since:
              description: Since when nobody uses it. From PostgreSQL 17 on.
              type: str
              returned: always
            inactive_seconds: {description: For how long., type: int, returned: always}
            invalidation_reason:
              description: Why it was invalidated. From PostgreSQL 16 on.
              type: str
              returned: always
            xmin_age: {description: Transactions whose rows it keeps., type: int, returned: always}
            catalog_xmin_age: {description: The same for system catalogs., type: int, returned: always}
        senders:
          description: Processes that send WAL. Null where the role does not see them.
          type: list
          elements: dict
          returned: always
          contains:
            pid: {description: Number of the process., type: int, returned: always}
            application: {description: Name of the receiver., type: str, returned: always}
            user: {description: Role., type: str, returned: always}
            client: {description: Address of the receiver., type: str, returned: always}
            state: {description: State., type: str, returned: always}
            sync_state: {description: "V(async), V(sync), V(quorum) or V(potential).", type: str, returned: always}
            write_lag_seconds: {description: Time until written there. Null when idle., type: float, returned: always}
            flush_lag_seconds: {description: Time until flushed there., type: float, returned: always}
            replay_lag_seconds: {description: Time until replayed there., type: float, returned: always}
            unsent_bytes: {description: WAL not yet sent., type: int, returned: always}
            lag_bytes: {description: WAL not yet replayed there., type: int, returned: always}
        receiver:
          description:
            - The process that receives WAL on a standby, with C(pid), C(status), C(sender_host), C(sender_port),
              C(slot), C(timeline), C(last_message), C(last_message_seconds). Null when there is none.
          type: dict
          returned: always
        standby:
          description: How far this standby is behind. Null on a primary.
          type: dict
          returned: always
          contains:
            unreplayed_bytes: {description: WAL received and not yet replayed., type: int, returned: always}
            last_replayed: {description: When the last transaction replayed was committed., type: str, returned: always}
            replay_lag_seconds:
              description:
                - 0 when all that was received is replayed; else the age of the last transaction replayed. Null when
                  nothing streams, for then it is not known what is missing.
              type: float
              returned: always
            replay_paused: {description: Whether replay is paused., type: bool, returned: always}
        subscriptions:
          description: Subscriptions of this database.
          type: list
          elements: dict
          returned: always
          contains:
            name: {description: Name., type: str, returned: always}
            enabled: {description: Whether it is enabled., type: bool, returned: always}
            slot: {description: Its slot., type: str, returned: always}
            publications: {description: Its publications., type: list, elements: str, returned: always}
            pid: {description: Number of its process. Null when it does not run., type: int, returned: always}
            latest_end_time: {description: When the last position was reported., type: str, returned: always}
            last_message: {description: When the last message came., type: str, returned: always}
            last_message_seconds: {description: How long ago., type: float, returned: always}
            apply_error_count:
              description: Errors while applying changes. From PostgreSQL 15 on.
              type: int
              returned: always
            sync_error_count:
              description: Errors while copying tables. From PostgreSQL 15 on.
              type: int
              returned: always
            tables: {description: Its tables., type: int, returned: always}
            tables_not_ready: {description: Those still being copied., type: int, returned: always}
        publications:
          description:
            - Publications of this database, with C(name), C(all_tables), and how many C(tables) and C(schemas) it
              lists.
          type: list
          elements: dict
          returned: always
    wal:
      description: The write-ahead log of the server.
      type: dict
      returned: always
      contains:
        files: {description: Files in its folder. Null where the role may not look., type: int, returned: always}
        bytes: {description: Size of these. Null where the role may not look., type: int, returned: always}
        written_bytes:
          description: WAL written since its counters were reset. From PostgreSQL 14 on.
          type: int
          returned: always
        archiver:
          description: Archiving.
          type: dict
          returned: always
          contains:
            archive_mode: {description: The setting., type: str, returned: always}
            archived_count: {description: Files archived., type: int, returned: always}
            failed_count: {description: Attempts that failed., type: int, returned: always}
            last_archived_wal: {description: The last file archived., type: str, returned: always}
            last_archived_time: {description: When. Null for never., type: str, returned: always}
            last_archived_seconds: {description: How long ago., type: int, returned: always}
            last_failed_wal: {description: The last file that failed., type: str, returned: always}
            last_failed_time: {description: When. Null for never., type: str, returned: always}
            failing: {description: Whether the last attempt failed., type: bool, returned: always}
            waiting: {description: Files that wait. Null where the role may not look., type: int, returned: always}
            reset: {description: Since when it is counted., type: str, returned: always}
        checkpoints:
          description:
            - Checkpoints, with C(timed), C(requested), C(write_seconds), C(sync_seconds), C(buffers_written), C(reset),
              C(last) and C(last_seconds).
          type: dict
          returned: always
    settings:
      description: Settings of the server as this session has them.
      type: dict
      returned: always
      contains:
        values:
          description: Name → C(value), C(unit), C(source) of the settings that matter most.
          type: dict
          returned: always
        pending_restart:
          description: Settings that were changed and wait for a restart.
          type: list
          elements: str
          returned: always
        file_errors:
          description:
            - Mistakes in the configuration files, with C(file), C(line), C(name), C(error). Null where the role may not
              read them.
          type: list
          elements: dict
          returned: always
    extensions:
      description:
        - Extensions of this database, with C(name), C(schema), C(installed), C(available) (the version that the server
          would install; null when its files are gone), C(update_available).
      type: list
      elements: dict
      returned: always
    collations:
      description: Collations other than the database's default that columns or indexes use.
      type: dict
      returned: always
      contains:
        in_use: {description: How many have a version., type: int, returned: always}
        mismatched:
          description: "Those whose library has changed, with C(collation), C(recorded), C(actual)."
          type: dict
          returned: always
    kept_databases:
      description:
        - Databases that had this one's name before M(day2.ops.postgresql_restore) gave it to another, and that it kept;
          the newest first. They are known by their comment.
      type: list
      elements: dict
      returned: always
      contains:
        name: {description: Name., type: str, returned: always}
        identifier: {description: "The name as SQL takes it, quoted where it has to be.", type: str, returned: always}
        was: {description: The name that it had., type: str, returned: always}
        since: {description: When it lost that name., type: str, returned: always}
        age_seconds: {description: How long ago. Null where the comment does not tell., type: int, returned: always}
        bytes: {description: Its size. Null where the role may not see it., type: int, returned: always}
    schema:
      description: What the definition of tables lacks, or has switched off.
      type: dict
      returned: always
      contains:
        tables_without_primary_key:
          description:
            - Tables without one, partitions apart, with C(table), C(estimated_rows), C(is_partitioned), C(is_unlogged),
              C(has_unique_index), C(replica_identity).
          type: dict
          returned: always
        disabled_triggers:
          description: "Triggers that do not fire, with C(table), C(trigger), C(enforces_foreign_key)."
          type: dict
          returned: always
        not_valid_constraints:
          description: "Constraints not checked for all rows, with C(table), C(constraint), C(type), C(is_enforced)."
          type: dict
          returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.collect import FAMILIES, health


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "databases": {"type": "list", "elements": "str"},
            "database": {"type": "str"},
            "families": {"type": "list", "elements": "str", "choices": list(FAMILIES)},
            "top": {"type": "int", "default": 20},
            "long_query_seconds": {"type": "float", "default": 5},
            "mask": {"type": "bool", "default": True},
            "query_timeout": {"type": "float", "default": 30},
            **POSTGRESQL,
        },
        mutually_exclusive=[("databases", "database")],
        supports_check_mode=True,
    )
    finish(module, lambda: health(module.params))


if __name__ == "__main__":
    main()

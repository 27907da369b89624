# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a relation: indexes, constraints, triggers, rules, policies, extended statistics."""

from __future__ import annotations

from .kind import OWN_SCHEMA, Kind, not_of_extension, owner, qualified, tablespace, unless

__all__ = ["ATTACHED"]

_OF_RELATION = "JOIN pg_class AS r ON r.oid = {column} JOIN pg_namespace AS n ON n.oid = r.relnamespace"
_OWN_RELATION = f"r.relpersistence <> 't' AND {OWN_SCHEMA} AND {not_of_extension('pg_class', 'r.oid')}"

# pg_dump leaves invalid indexes out: they are remains of work that never came to its end.
_INDEX = Kind(
    "index",
    qualified("c.relname"),
    {
        "table": "i.indrelid::regclass::text",
        "is_unique": unless("i.indisunique", "false"),
        "is_primary": unless("i.indisprimary", "false"),
        "is_clustered": unless("i.indisclustered", "false"),
        "is_identity": unless("i.indisreplident", "false"),
        "is_valid": unless("i.indisvalid", "true"),
        "options": "c.reloptions",
        "tablespace": tablespace("c.reltablespace"),
        "statistics": """(SELECT jsonb_object_agg(a.attnum, a.attstattarget) FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attstattarget >= 0)""",
        "parent": "(SELECT h.inhparent::regclass::text FROM pg_inherits AS h WHERE h.inhrelid = c.oid)",
        "definition": "pg_get_indexdef(c.oid)",
    },
    f"""FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid {_OF_RELATION.format(column="i.indrelid")}
   WHERE (i.indisvalid OR r.relkind = 'p') AND {_OWN_RELATION}""",
)

# Foreign keys of partitions follow from their parent's, and are numbered anew by a restore.
_CONSTRAINT = Kind(
    "constraint",
    """quote_ident(n.nspname) || '.' || coalesce(quote_ident(r.relname), format_type(c.contypid, NULL)) || '.'
        || quote_ident(c.conname)""",
    {
        "kind": "c.contype",
        "validated": unless("c.convalidated", "true"),
        "is_deferrable": unless("c.condeferrable", "false"),
        "deferred": unless("c.condeferred", "false"),
        "local": "CASE WHEN NOT coalesce(r.relispartition, false) THEN NULLIF(c.conislocal, true) END",
        "parent": "(SELECT p.conname FROM pg_constraint AS p WHERE p.oid = c.conparentid)",
        # DISABLE TRIGGER ALL turns a foreign key off.
        "triggers": """(SELECT array_agg(DISTINCT g.tgenabled::text) FROM pg_trigger AS g
                WHERE g.tgconstraint = c.oid AND g.tgisinternal AND g.tgenabled <> 'O')""",
        "definition": "pg_get_constraintdef(c.oid)",
    },
    f"""FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = c.connamespace
        LEFT JOIN pg_class AS r ON r.oid = c.conrelid
   WHERE c.contype NOT IN ('n', 't') AND NOT (c.contype = 'f' AND c.conparentid <> 0)
         AND coalesce(r.relpersistence, 'p') <> 't' AND {OWN_SCHEMA}
         AND {not_of_extension("pg_class", "c.conrelid")} AND {not_of_extension("pg_type", "c.contypid")}""",
)

# Columns tell of not-null constraints in every version; what they are called, and who inherits them, is told from 18.
_NOT_NULL = Kind(
    "not-null constraint",
    f"{qualified('r.relname')} || '.' || quote_ident(c.conname)",
    {
        "column": """(SELECT a.attname FROM pg_attribute AS a
                WHERE a.attrelid = c.conrelid AND a.attnum = c.conkey[1])""",
        "validated": unless("c.convalidated", "true"),
        "no_inherit": unless("c.connoinherit", "false"),
    },
    f"""FROM pg_constraint AS c {_OF_RELATION.format(column="c.conrelid")}
   WHERE c.contype = 'n' AND {_OWN_RELATION}""",
    since=18,
)

# Row triggers of a partitioned table have clones on its partitions; those count where they are enabled otherwise.
# Triggers of foreign keys and deferrable keys belong to the constraint.
_TRIGGER = Kind(
    "trigger",
    f"{qualified('r.relname')} || '.' || quote_ident(c.tgname)",
    {"enabled": "c.tgenabled", "definition": "pg_get_triggerdef(c.oid)"},
    f"""FROM pg_trigger AS c {_OF_RELATION.format(column="c.tgrelid")}
        LEFT JOIN pg_trigger AS p ON p.oid = c.tgparentid LEFT JOIN pg_constraint AS k ON k.oid = c.tgconstraint
   WHERE coalesce(k.contype, 't') = 't' AND c.tgenabled IS DISTINCT FROM coalesce(p.tgenabled, '-')
         AND {_OWN_RELATION}""",
)

_RULE = Kind(
    "rule",
    f"{qualified('r.relname')} || '.' || quote_ident(c.rulename)",
    {"enabled": "c.ev_enabled", "definition": "pg_get_ruledef(c.oid)"},
    f"""FROM pg_rewrite AS c {_OF_RELATION.format(column="c.ev_class")}
   WHERE c.rulename <> '_RETURN' AND {_OWN_RELATION}""",
)

# Also those of extensions' tables: dumps hold them.
_POLICY = Kind(
    "policy",
    f"{qualified('r.relname')} || '.' || quote_ident(c.polname)",
    {
        "command": "c.polcmd",
        "permissive": "c.polpermissive",
        "roles": f"""(SELECT array_agg({owner("role")}) FROM unnest(c.polroles) AS role
                WHERE role <> 0)""",
        "definition": "pg_get_expr(c.polqual, c.polrelid)",
        "with_check": "pg_get_expr(c.polwithcheck, c.polrelid)",
    },
    f"FROM pg_policy AS c {_OF_RELATION.format(column='c.polrelid')} WHERE {OWN_SCHEMA}",
)

_STATISTICS = Kind(
    "statistics",
    qualified("c.stxname"),
    {
        "owner": owner("c.stxowner"),
        "target": unless("c.stxstattarget", "-1"),
        "definition": "pg_get_statisticsobjdef(c.oid)",
    },
    f"""FROM pg_statistic_ext AS c JOIN pg_namespace AS n ON n.oid = c.stxnamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_statistic_ext", "c.oid")}""",
)

ATTACHED = (_INDEX, _CONSTRAINT, _NOT_NULL, _TRIGGER, _RULE, _POLICY, _STATISTICS)

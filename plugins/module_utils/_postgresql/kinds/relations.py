# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schemas, and all that looks like a table: relations, their columns, sequences."""

from __future__ import annotations

from .kind import OWN_SCHEMA, Kind, Since, acl, not_of_extension, option, owner, qualified, tablespace, unless

__all__ = ["RELATIONS"]

_SCHEMA = Kind(
    "schema",
    "quote_ident(n.nspname)",
    {"owner": owner("n.nspowner"), "acl": acl("n.nspacl", "'n'", "n.nspowner")},
    f"FROM pg_namespace AS n WHERE {OWN_SCHEMA} AND {not_of_extension('pg_namespace', 'n.oid')}",
)

_OWN_RELATION = f"""
        c.relpersistence <> 't' AND {OWN_SCHEMA} AND {not_of_extension("pg_class", "c.oid")}"""

_RELATION = Kind(
    "relation",
    qualified("c.relname"),
    {
        "kind": "c.relkind",
        "owner": owner("c.relowner"),
        "acl": acl("c.relacl", "(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\"", "c.relowner"),
        "persistence": unless("c.relpersistence", "'p'"),
        "row_security": unless("c.relrowsecurity", "false"),
        "forced": unless("c.relforcerowsecurity", "false"),
        "replica_identity": "CASE WHEN c.relkind IN ('r', 'p', 'm') THEN NULLIF(c.relreplident, 'd') END",
        "options": "c.reloptions",
        "toast_options": "(SELECT t.reloptions FROM pg_class AS t WHERE t.oid = c.reltoastrelid)",
        "tablespace": tablespace("c.reltablespace"),
        "access_method": unless(option("pg_am", "amname", "c.relam"), "'heap'"),
        "of_type": "CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END",
        "populated": unless("c.relispopulated", "true"),
        "bound": "CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END",
        "definition": """CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) WHEN 'v' THEN pg_get_viewdef(c.oid)
               WHEN 'm' THEN pg_get_viewdef(c.oid) END""",
        "parents": """(SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits AS i
                WHERE i.inhrelid = c.oid)""",
        "server": option("pg_foreign_server", "srvname", "f.ftserver"),
        "foreign_options": "f.ftoptions",
    },
    f"""FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_foreign_table AS f ON f.ftrelid = c.oid
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND {_OWN_RELATION}""",
)

# A restore makes inherited columns in their parents' order, and puts a table's own after them. Partitions are made
# whole and attached then, which keeps every column's place.
_IN_PLACE = "(a.attinhcount = 0 OR c.relispartition)"

# Servers of 17.12 and later mark columns with a number of each database's own, which dumps leave out.
_SERVERS_OWN = r"pg\_attver=%"

_COLUMN = Kind(
    "column",
    f"{qualified('c.relname')} || '.' || quote_ident(a.attname)",
    {
        "position": f"""CASE WHEN {_IN_PLACE}
               THEN row_number() OVER (PARTITION BY a.attrelid, {_IN_PLACE} ORDER BY a.attnum) END""",
        "type": "format_type(a.atttypid, a.atttypmod)",
        "not_null": unless("a.attnotnull", "false"),
        "identity": unless("a.attidentity", "''"),
        "generated": unless("a.attgenerated", "''"),
        "storage": unless("a.attstorage", "t.typstorage"),
        "compression": Since(14, unless("a.attcompression", "''")),
        "statistics": unless("a.attstattarget", "-1"),
        "options": f"""(SELECT array_agg(o.option) FROM unnest(a.attoptions) AS o (option)
                WHERE o.option NOT LIKE '{_SERVERS_OWN}')""",
        "foreign_options": "a.attfdwoptions",
        # Whose the column is tells who granted.
        "owner": f"CASE WHEN a.attacl IS NOT NULL THEN {owner('c.relowner')} END",
        "acl": "a.attacl::text[]",
        "collation": "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END",
        "local": "CASE WHEN NOT c.relispartition THEN NULLIF(a.attislocal, true) END",
        "definition": "pg_get_expr(d.adbin, d.adrelid)",
    },
    f"""FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND {_OWN_RELATION}""",
)

_SEQUENCE = Kind(
    "sequence",
    qualified("c.relname"),
    {
        "type": "format_type(s.seqtypid, NULL)",
        "start": "s.seqstart",
        "increment": "s.seqincrement",
        "maximum": "s.seqmax",
        "minimum": "s.seqmin",
        "cache": "s.seqcache",
        "cycle": unless("s.seqcycle", "false"),
        "owned_by": """(SELECT o.refobjid::regclass::text || '.' || quote_ident(a.attname)
                FROM pg_depend AS o JOIN pg_attribute AS a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
                WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
                      AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i'))""",
    },
    f"""FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE {_OWN_RELATION}""",
)

RELATIONS = (_SCHEMA, _RELATION, _COLUMN, _SEQUENCE)

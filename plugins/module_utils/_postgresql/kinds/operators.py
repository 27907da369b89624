# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operators, their classes and families, and access methods."""

from __future__ import annotations

from .kind import BUILT_IN, OWN_SCHEMA, Kind, not_of_extension, option, owner, qualified, routine, unless

__all__ = ["OPERATORS"]

_OPERATOR = Kind(
    "operator",
    "c.oid::regoperator::text",
    {
        "owner": owner("c.oprowner"),
        "function": routine("c.oprcode"),
        "commutator": "NULLIF(c.oprcom, 0)::regoperator::text",
        "negator": "NULLIF(c.oprnegate, 0)::regoperator::text",
        "restriction": routine("c.oprrest"),
        "joining": routine("c.oprjoin"),
        "hashes": unless("c.oprcanhash", "false"),
        "merges": unless("c.oprcanmerge", "false"),
    },
    f"""FROM pg_operator AS c JOIN pg_namespace AS n ON n.oid = c.oprnamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_operator", "c.oid")}""",
)

_USING = f"' USING ' || quote_ident({option('pg_am', 'amname', 'c.{prefix}method')})"

_FAMILY = Kind(
    "operator family",
    f"{qualified('c.opfname')} || {_USING.format(prefix='opf')}",
    {
        "owner": owner("c.opfowner"),
        "members": f"""(SELECT array_agg(m.member) FROM (
                SELECT concat_ws(' ', 'operator', o.amopstrategy, o.amopopr::regoperator,
                                 'for order by ' || quote_ident({option("pg_opfamily", "opfname", "o.amopsortfamily")}))
                FROM pg_amop AS o WHERE o.amopfamily = c.oid
                UNION ALL
                SELECT format('function %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, NULL),
                              format_type(p.amprocrighttype, NULL), p.amproc::regprocedure)
                FROM pg_amproc AS p WHERE p.amprocfamily = c.oid) AS m (member))""",
    },
    f"""FROM pg_opfamily AS c JOIN pg_namespace AS n ON n.oid = c.opfnamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_opfamily", "c.oid")}""",
)

_CLASS = Kind(
    "operator class",
    f"{qualified('c.opcname')} || {_USING.format(prefix='opc')}",
    {
        "owner": owner("c.opcowner"),
        "family": """(SELECT quote_ident(s.nspname) || '.' || quote_ident(f.opfname)
                FROM pg_opfamily AS f JOIN pg_namespace AS s ON s.oid = f.opfnamespace WHERE f.oid = c.opcfamily)""",
        "type": "format_type(c.opcintype, NULL)",
        "is_default": unless("c.opcdefault", "false"),
        "stored": "CASE WHEN c.opckeytype <> 0 THEN format_type(c.opckeytype, NULL) END",
    },
    f"""FROM pg_opclass AS c JOIN pg_namespace AS n ON n.oid = c.opcnamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_opclass", "c.oid")}""",
)

_ACCESS_METHOD = Kind(
    "access method",
    "quote_ident(c.amname)",
    {"kind": "c.amtype", "handler": routine("c.amhandler")},
    f"FROM pg_am AS c WHERE c.oid >= {BUILT_IN} AND {not_of_extension('pg_am', 'c.oid')}",
)

OPERATORS = (_OPERATOR, _FAMILY, _CLASS, _ACCESS_METHOD)

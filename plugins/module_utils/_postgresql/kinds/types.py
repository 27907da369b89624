# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of every sort, collations, conversions."""

from __future__ import annotations

from .kind import OWN_SCHEMA, Kind, Since, acl, not_of_extension, owner, qualified, routine, unless

__all__ = ["TYPES"]


def _of_base(value: str) -> str:
    """A property of base types only; for others it follows from what they are made of."""
    return f"CASE WHEN c.typtype = 'b' THEN {value} END"


# The row types of tables, arrays and multiranges come and go with what they are of.
_TYPE = Kind(
    "type",
    "format_type(c.oid, NULL)",
    {
        "kind": "c.typtype",
        "owner": owner("c.typowner"),
        "acl": acl("c.typacl", "'T'", "c.typowner"),
        "base": "CASE WHEN c.typbasetype <> 0 THEN format_type(c.typbasetype, c.typtypmod) END",
        "not_null": unless("c.typnotnull", "false"),
        "collation": """CASE WHEN c.typtype = 'd' AND c.typcollation <> b.typcollation
               THEN c.typcollation::regcollation::text END""",
        "definition": "c.typdefault",
        "labels": """(SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e
                WHERE e.enumtypid = c.oid)""",
        "subtype": "CASE WHEN r.rngtypid IS NOT NULL THEN format_type(r.rngsubtype, NULL) END",
        "subtype_class": """(SELECT quote_ident(s.nspname) || '.' || quote_ident(o.opcname)
                FROM pg_opclass AS o JOIN pg_namespace AS s ON s.oid = o.opcnamespace WHERE o.oid = r.rngsubopc)""",
        "subtype_collation": "NULLIF(r.rngcollation, 0)::regcollation::text",
        "canonical": routine("r.rngcanonical"),
        "difference": routine("r.rngsubdiff"),
        "multirange": Since(14, "CASE WHEN r.rngtypid IS NOT NULL THEN format_type(r.rngmultitypid, NULL) END"),
        "defined": unless("c.typisdefined", "true"),
        "input": _of_base(routine("c.typinput")),
        "output": _of_base(routine("c.typoutput")),
        "receive": _of_base(routine("c.typreceive")),
        "send": _of_base(routine("c.typsend")),
        "modifier_in": _of_base(routine("c.typmodin")),
        "modifier_out": _of_base(routine("c.typmodout")),
        "analyze": _of_base(routine("c.typanalyze")),
        "subscript": Since(14, _of_base(routine("c.typsubscript"))),
        "bytes": _of_base("c.typlen"),
        "by_value": _of_base("c.typbyval"),
        "alignment": _of_base("c.typalign"),
        "storage": _of_base("c.typstorage"),
        "category": _of_base("c.typcategory"),
        "preferred": _of_base("NULLIF(c.typispreferred, false)"),
        "delimiter": _of_base("c.typdelim"),
        "element": _of_base("CASE WHEN c.typelem <> 0 THEN format_type(c.typelem, NULL) END"),
        "collatable": _of_base("NULLIF(c.typcollation <> 0, false)"),
    },
    f"""FROM pg_type AS c JOIN pg_namespace AS n ON n.oid = c.typnamespace
        LEFT JOIN pg_class AS t ON t.oid = c.typrelid LEFT JOIN pg_range AS r ON r.rngtypid = c.oid
        LEFT JOIN pg_type AS b ON b.oid = c.typbasetype
   WHERE c.typtype <> 'm' AND coalesce(t.relkind, 'c') = 'c'
         AND NOT EXISTS (SELECT FROM pg_type AS a WHERE a.typarray = c.oid)
         AND {OWN_SCHEMA} AND {not_of_extension("pg_type", "c.oid")}""",
)

# The version of a collation is that of the library where it was made; it is not restored on purpose.
_COLLATION = Kind(
    "collation",
    qualified("c.collname"),
    {
        "owner": owner("c.collowner"),
        "provider": "c.collprovider",
        "deterministic": unless("c.collisdeterministic", "true"),
        "encoding": "NULLIF(pg_encoding_to_char(c.collencoding), '')",
        "collate": "CASE WHEN c.collprovider = 'c' THEN c.collcollate END",
        "ctype": "CASE WHEN c.collprovider = 'c' THEN c.collctype END",
        "locale": Since(
            17,
            "c.colllocale",
            Since(15, "c.colliculocale", "CASE WHEN c.collprovider = 'i' THEN c.collcollate END"),
        ),
        "rules": Since(16, "c.collicurules"),
    },
    f"""FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_collation", "c.oid")}""",
)

_CONVERSION = Kind(
    "conversion",
    qualified("c.conname"),
    {
        "owner": owner("c.conowner"),
        "from": "pg_encoding_to_char(c.conforencoding)",
        "to": "pg_encoding_to_char(c.contoencoding)",
        "function": routine("c.conproc"),
        "is_default": unless("c.condefault", "false"),
    },
    f"""FROM pg_conversion AS c JOIN pg_namespace AS n ON n.oid = c.connamespace
   WHERE {OWN_SCHEMA} AND {not_of_extension("pg_conversion", "c.oid")}""",
)

TYPES = (_TYPE, _COLLATION, _CONVERSION)

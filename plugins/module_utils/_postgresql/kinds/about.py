# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of objects, and who may do what with them, beyond the objects' own; and large objects."""

from __future__ import annotations

from .kind import BUILT_IN, Kind, acl, of_extension, owner

__all__ = ["ABOUT"]

_LARGE_OBJECT = Kind(
    "large object",
    "c.oid::text",
    {"owner": owner("c.lomowner"), "acl": acl("c.lomacl", "'L'", "c.lomowner")},
    "FROM pg_largeobject_metadata AS c",
)

_DEFAULT_PRIVILEGES = Kind(
    "default privileges",
    f"format('%s in %s on %s', {owner('c.defaclrole')}, coalesce(n.nspname, 'every schema'), c.defaclobjtype)",
    {"acl": "c.defaclacl::text[]"},
    "FROM pg_default_acl AS c LEFT JOIN pg_namespace AS n ON n.oid = c.defaclnamespace",
)

# Minor versions differ in how they name transforms.
_IDENTITY = """i.type || ' ' || CASE i.type WHEN 'transform' THEN replace(i.identity, ' on language ', ' language ')
        ELSE i.identity END"""

# pg_dump leaves alone what is said of the system's objects, but for the schema public, which belongs to the database.
_OWN_OBJECT = f"""(c.objoid >= {BUILT_IN} OR (c.classoid = 'pg_namespace'::regclass AND c.objoid = 2200))
         AND i.identity IS NOT NULL AND i.type <> 'subscription'"""

# Invalid indexes, and foreign keys of partitions, are not restored under their names.
_COMMENT = Kind(
    "comment",
    _IDENTITY,
    {"definition": "c.description"},
    f"""FROM pg_description AS c, pg_identify_object(c.classoid, c.objoid, c.objsubid) AS i
   WHERE {_OWN_OBJECT} AND NOT {of_extension("c.classoid", "c.objoid")}
         AND NOT EXISTS (SELECT FROM pg_index AS x JOIN pg_class AS t ON t.oid = x.indrelid
                         WHERE c.classoid = 'pg_class'::regclass AND x.indexrelid = c.objoid
                               AND NOT x.indisvalid AND t.relkind <> 'p')
         AND NOT EXISTS (SELECT FROM pg_constraint AS k
                         WHERE c.classoid = 'pg_constraint'::regclass AND k.oid = c.objoid
                               AND k.contype = 'f' AND k.conparentid <> 0)""",
)

_SECURITY_LABEL = Kind(
    "security label",
    f"c.provider || ' on ' || {_IDENTITY}",
    {"label": "c.label"},
    f"""FROM pg_seclabel AS c, pg_identify_object(c.classoid, c.objoid, c.objsubid) AS i
   WHERE {_OWN_OBJECT}""",
)

# Privileges on what is the system's or an extension's: dumps hold what was changed since initdb or CREATE EXTENSION,
# but nothing of the information schema.
_PRIVILEGED = """
        SELECT 'pg_class'::regclass AS class, c.oid AS object, 0 AS part, c.relacl AS acl,
               acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner) AS usual
        FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT 'pg_class'::regclass, c.attrelid, c.attnum, c.attacl, acldefault('c', 10) FROM pg_attribute AS c
        WHERE NOT c.attisdropped
        UNION ALL
        SELECT 'pg_proc'::regclass, c.oid, 0, c.proacl, acldefault('f', c.proowner) FROM pg_proc AS c
        UNION ALL
        SELECT 'pg_type'::regclass, c.oid, 0, c.typacl, acldefault('T', c.typowner) FROM pg_type AS c
        UNION ALL
        SELECT 'pg_namespace'::regclass, c.oid, 0, c.nspacl, acldefault('n', c.nspowner) FROM pg_namespace AS c
        WHERE c.oid <> 2200
        UNION ALL
        SELECT 'pg_language'::regclass, c.oid, 0, c.lanacl, acldefault('l', c.lanowner) FROM pg_language AS c
        UNION ALL
        SELECT 'pg_foreign_data_wrapper'::regclass, c.oid, 0, c.fdwacl, acldefault('F', c.fdwowner)
        FROM pg_foreign_data_wrapper AS c
        UNION ALL
        SELECT 'pg_foreign_server'::regclass, c.oid, 0, c.srvacl, acldefault('S', c.srvowner)
        FROM pg_foreign_server AS c"""


def _held(acl_items: str) -> str:
    """What items of an ACL allow, one by one; who granted it is the owner or follows from him."""
    return f"""SELECT format('%s%s to %s', x.privilege_type, CASE WHEN x.is_grantable THEN ' with grant option' END,
                             coalesce((SELECT quote_ident(r.rolname) FROM pg_roles AS r WHERE r.oid = x.grantee),
                                      'PUBLIC'))
                FROM aclexplode({acl_items}) AS x"""


_NOW, _FIRST = "coalesce(o.acl, o.usual)", "coalesce(p.initprivs, o.usual)"

_PRIVILEGES = Kind(
    "privileges",
    _IDENTITY,
    {"granted": "c.granted", "revoked": "c.revoked", "roles": "c.roles"},
    f"""FROM (SELECT o.class, o.object, o.part,
               (SELECT array_agg(g.held) FROM ({_held(_NOW)} EXCEPT {_held(_FIRST)}) AS g (held)) AS granted,
               (SELECT array_agg(g.held) FROM ({_held(_FIRST)} EXCEPT {_held(_NOW)}) AS g (held)) AS revoked,
               (SELECT array_agg(DISTINCT r.rolname) FROM aclexplode({_NOW}) AS x
                JOIN pg_roles AS r ON r.oid = x.grantee
                WHERE x.grantee NOT IN (SELECT y.grantee FROM aclexplode({_FIRST}) AS y)) AS roles
          FROM ({_PRIVILEGED}) AS o
               LEFT JOIN pg_init_privs AS p ON p.classoid = o.class AND p.objoid = o.object AND p.objsubid = o.part
          WHERE {_NOW} <> {_FIRST} AND (o.object < {BUILT_IN} OR {of_extension("o.class", "o.object")})) AS c,
        pg_identify_object(c.class, c.object, c.part) AS i
   WHERE (c.granted IS NOT NULL OR c.revoked IS NOT NULL)
         AND 'information_schema' NOT IN (coalesce(i.schema, ''), i.identity)""",
)

ABOUT = (_LARGE_OBJECT, _DEFAULT_PRIVILEGES, _COMMENT, _SECURITY_LABEL, _PRIVILEGES)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a database consists of, read from its catalog: plain data, the same for every version from 13 on.

Objects are named as the server names them: quoted where needed, qualified with their schema.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from .differences import HEAD, Catalog, Difference, Head
from .kinds.every import EVERY
from .kinds.kind import OWN_SCHEMA
from .session import Row, Session
from .sql import compose, literal

__all__ = [
    "Catalog",
    "Difference",
    "Table",
    "database_properties",
    "read_catalog",
    "tables",
    "views_of",
    "views_of_foreign_tables",
]

_UNORDERED = frozenset(
    {"acl", "foreign_options", "granted", "members", "options", "revoked", "roles", "settings", "tags", "toast_options",
     "triggers"}
)  # fmt: skip


# Schema and relation, not quoted.
Name = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """A relation that holds rows or stands for some.

    :ivar name: quoted and qualified.
    :ivar kind: ``r`` table, ``p`` partitioned table, ``m`` materialised view, ``f`` foreign table.
    :ivar bytes: size on disk of the table and its TOAST data, without indexes.
    :ivar populated: False for a materialised view that was never filled.
    :ivar condition: SQL that says which rows a dump holds: empty for all, a WHERE clause for those that an extension
        marks of a table of its own, None for none.
    """

    oid: int
    schema: str
    relation: str
    name: str
    kind: str
    persistence: str
    bytes: int
    populated: bool
    of_extension: bool
    condition: str | None


def tables(session: Session) -> list[Table]:
    """Return the tables, materialised views and foreign tables of the database, the largest first."""
    rows = session.query(
        f"""
        SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS relation,
               quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
               c.relkind AS kind, c.relpersistence AS persistence,
               CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END AS bytes,
               c.relispopulated AS populated,
               e.objid IS NOT NULL AS of_extension, CASE WHEN e.objid IS NULL THEN '' ELSE x.condition END AS condition
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             LEFT JOIN pg_depend AS e ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
             LEFT JOIN (SELECT k.relation, coalesce(e.extcondition[k.place], '') AS condition
                        FROM pg_extension AS e, unnest(e.extconfig) WITH ORDINALITY AS k(relation, place)
                       ) AS x ON x.relation = c.oid
        WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
              AND ({OWN_SCHEMA} OR x.condition IS NOT NULL)
        ORDER BY 7 DESC, 4
        """
    )
    return [Table(**row) for row in rows]


def owned_sequences(session: Session) -> dict[int, list[Name]]:
    """Return schema and name of the sequences that belong to a table, by its object identifier."""
    rows = session.query(
        """
        SELECT d.refobjid::bigint AS owner, n.nspname AS schema, s.relname AS relation
        FROM pg_depend AS d JOIN pg_class AS s ON s.oid = d.objid JOIN pg_namespace AS n ON n.oid = s.relnamespace
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
              AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
        ORDER BY 1, 2, 3
        """
    )
    owned: dict[int, list[Name]] = {}
    for row in rows:
        owned.setdefault(row["owner"], []).append((row["schema"], row["relation"]))
    return owned


def refresh_order(session: Session) -> list[str]:
    """Return the populated materialised views, each after those that it reads, directly or through views."""
    rows = session.query(
        f"""
        WITH RECURSIVE reads AS (
            SELECT DISTINCT r.ev_class AS reader, d.refobjid AS source
            FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
        ), path AS (
            SELECT reader, source FROM reads
            UNION
            SELECT p.reader, r.source FROM path AS p JOIN reads AS r ON r.reader = p.source
        )
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
               (SELECT count(*) FROM path AS p JOIN pg_class AS s ON s.oid = p.source
                WHERE p.reader = c.oid AND s.relkind = 'm') AS depth
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND c.relispopulated AND {OWN_SCHEMA}
        ORDER BY 2, 1
        """
    )
    return [row["name"] for row in rows]


def views_of_foreign_tables(session: Session) -> list[str]:
    """Return the materialised views that read foreign tables, directly or through views, parents and each other."""
    return _views_of(session, "c.relkind = 'f'")


def views_of(session: Session, tables: Sequence[str]) -> list[str]:
    """Return the materialised views that read any of *tables*, directly or through views, parents and each other.

    :param tables: qualified names, quoted as the server quotes them.
    """
    named = compose("quote_ident(n.nspname) || '.' || quote_ident(c.relname) = ANY ({tables})", tables=list(tables))
    return _views_of(session, named) if tables else []


def _views_of(session: Session, source: str) -> list[str]:
    return session.values(
        f"""
        WITH RECURSIVE reads AS (
            SELECT DISTINCT r.ev_class AS reader, d.refobjid AS source
            FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
            UNION
            SELECT i.inhparent, i.inhrelid FROM pg_inherits AS i
        ), readers AS (
            SELECT r.reader FROM reads AS r JOIN pg_class AS c ON c.oid = r.source
                 JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE {source}
            UNION
            SELECT r.reader FROM readers AS f JOIN reads AS r ON r.source = f.reader
        )
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
        FROM readers AS f JOIN pg_class AS c ON c.oid = f.reader
             JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND {OWN_SCHEMA}
        ORDER BY 1
        """
    )


def database_properties(session: Session, database: str | None = None, sized: bool = True) -> Row:
    """Return what belongs to a database as a whole and is in no dump of its contents.

    :param database: its name; the session's own when omitted.
    :param sized: whether its size is told too, for which each of its files is looked at.
    """
    named = "current_database()" if database is None else literal(database)
    if session.version >= 170000:
        provider, locale = "datlocprovider", "datlocale"
    elif session.version >= 150000:
        provider, locale = "datlocprovider", "daticulocale"
    else:
        provider, locale = "'c'", "NULL"
    rules = "daticurules" if session.version >= 160000 else "NULL"
    properties = session.row(
        f"""
        SELECT pg_get_userbyid(d.datdba) AS owner,
               coalesce(d.datacl, acldefault('d', d.datdba))::text[] AS acl,
               shobj_description(d.oid, 'pg_database') AS comment,
               pg_encoding_to_char(d.encoding) AS encoding,
               d.datcollate AS collate, d.datctype AS ctype,
               {provider} AS locale_provider, {locale} AS locale, {rules} AS locale_rules,
               t.spcname AS tablespace, d.datconnlimit AS connection_limit, d.datistemplate AS template,
               {"pg_database_size(d.oid)" if sized else "NULL"} AS bytes,
               (SELECT jsonb_agg(jsonb_build_object('provider', l.provider, 'label', l.label) ORDER BY l.provider)
                FROM pg_shseclabel AS l
                WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid) AS security_labels
        FROM pg_database AS d JOIN pg_tablespace AS t ON t.oid = d.dattablespace
        WHERE d.datname = {named}
        """
    )
    settings = session.query(
        f"""
        SELECT pg_get_userbyid(NULLIF(s.setrole, 0)) AS role, unnest(s.setconfig) AS setting
        FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
        WHERE d.datname = {named} ORDER BY 1 NULLS FIRST, 2
        """
    )
    return {**properties, "settings": settings}


def read_catalog(session: Session) -> dict[str, dict[str, Row]]:
    """Return every object of the database by kind and name, with what must be equal after a restore.

    What is as usual is left out of an object's properties. One object more tells of the catalog itself.
    """
    major = session.version // 10000
    kinds = [kind for kind in EVERY if major >= kind.since]
    superuser = session.value("SELECT pg_get_userbyid(10) AS superuser")
    head = Head(session.version, superuser, {kind.name: list(kind.asked(major)) for kind in kinds})
    return {HEAD: head.objects(), **{kind.name: _objects(session, kind.query(major)) for kind in kinds}}


def _objects(session: Session, query: str) -> dict[str, Row]:
    return {row["name"]: _compact(row["properties"]) for row in session.query(query)}


def _compact(row: Row) -> Row:
    """Sort what has no order of its own, so that equal things look equal; of each property's name, keep one copy."""
    return {sys.intern(name): sorted(value) if name in _UNORDERED else value for name, value in row.items()}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the catalog says of the indexes of a database."""

from __future__ import annotations

from dataclasses import dataclass

from ..relations import LOCKED
from ..session import Row, Session
from ..sql import Raw, compose

__all__ = ["Index", "indexes"]

_MAY_OWN = "pg_has_role(m.relowner, 'USAGE')"
_MAY_MAINTAIN = "has_table_privilege(m.oid, 'MAINTAIN')"

# An index of a TOAST table is shown with the table (main) whose values it holds. What makes two indexes the same but
# for their names is their signature, with expressions as they are stored. The size of an index that somebody has locked
# for himself, or an expression as text, is only to be had by waiting.
_INDEXES = """
WITH RECURSIVE line AS (
    SELECT i.inhrelid AS child, i.inhparent AS ancestor FROM pg_inherits i
    UNION
    SELECT l.child, i.inhparent FROM line l JOIN pg_inherits i ON i.inhrelid = l.ancestor
), locked AS ({locked})
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS key,
       t.oid::bigint AS table_oid, mn.nspname AS table_schema,
       quote_ident(mn.nspname) || '.' || quote_ident(m.relname) AS "table",
       t.relkind = 't' AS toast,
       coalesce((SELECT jsonb_agg(quote_ident(an.nspname) || '.' || quote_ident(ac.relname))
                   FROM line l JOIN pg_class ac ON ac.oid = l.ancestor JOIN pg_namespace an ON an.oid = ac.relnamespace
                  WHERE l.child = m.oid), '[]') AS ancestors,
       a.amname AS method, i.indisvalid AS valid, i.indisunique AS "unique", i.indisexclusion AS exclusion,
       i.indexprs IS NOT NULL OR i.indpred IS NOT NULL AS computed,
       (SELECT k.contype::text FROM pg_constraint k
         WHERE k.conrelid = t.oid AND k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') LIMIT 1) AS constraint_type,
       jsonb_build_array(a.amname, i.indnkeyatts, i.indkey::text, i.indclass::text, i.indcollation::text,
                         i.indoption::text, i.indisunique, to_jsonb(i) ->> 'indnullsnotdistinct',
                         regexp_replace(i.indexprs::text, ':location -?[0-9]+', '', 'g'),
                         regexp_replace(i.indpred::text, ':location -?[0-9]+', '', 'g'))::text AS signature,
       CASE WHEN c.relkind = 'i' AND c.oid NOT IN (SELECT relation FROM locked)
            THEN pg_relation_size(c.oid) END AS bytes,
       pg_get_userbyid(m.relowner) AS owner, pg_has_role(m.relowner, 'USAGE') AS owned, ({may}) AS may,
       has_schema_privilege(n.oid, 'USAGE') AS schema_usage,
       coalesce(nullif(c.reltablespace, 0), d.dattablespace)::bigint AS tablespace
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_am a ON a.oid = c.relam
  JOIN pg_class t ON t.oid = i.indrelid
  LEFT JOIN pg_class o ON t.relkind = 't' AND o.reltoastrelid = t.oid
  JOIN pg_class m ON m.oid = coalesce(o.oid, t.oid)
  JOIN pg_namespace mn ON mn.oid = m.relnamespace
  JOIN pg_database d ON d.datname = current_database()
 WHERE mn.nspname NOT IN ('pg_catalog', 'information_schema') AND m.relkind IN ('r', 'm', 'p')
   AND m.relpersistence <> 't' {only}
 ORDER BY n.nspname, c.relname
"""


@dataclass(frozen=True)
class Index:
    """One index. *table* is the one whose values it holds; *table_oid* the one that it is on, maybe its TOAST table."""

    oid: int
    schema: str
    name: str
    key: str
    table: str
    table_oid: int
    table_schema: str
    signature: str = ""
    kind: str = "i"
    method: str = "btree"
    valid: bool = True
    unique: bool = False
    exclusion: bool = False
    computed: bool = False
    toast: bool = False
    constraint_type: str | None = None
    ancestors: tuple[str, ...] = ()
    bytes: int | None = 0
    owner: str = "postgres"
    owned: bool = True
    may: bool = True
    schema_usage: bool = True
    tablespace: int = 1663


def indexes(session: Session, table_oid: int | None = None) -> list[Index]:
    """All indexes but those of the system and of temporary tables; those on one table when *table_oid* is given."""
    only = "" if table_oid is None else compose("AND t.oid = {oid}", oid=table_oid)
    may = _MAY_MAINTAIN if session.version >= 170000 else _MAY_OWN
    return [_index(row) for row in session.query(compose(_INDEXES, locked=Raw(LOCKED), may=Raw(may), only=Raw(only)))]


def _index(row: Row) -> Index:
    return Index(**{**row, "ancestors": tuple(row["ancestors"])})

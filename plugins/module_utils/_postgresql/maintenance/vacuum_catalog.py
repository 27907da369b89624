# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the catalog and the counters say of the tables of a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..relations import LOCKED
from ..session import Row, Session
from ..sql import Raw, compose

__all__ = ["Settings", "Storage", "Table", "settings", "tables"]

_SETTINGS = """
SELECT s.name, s.setting FROM pg_settings s
 WHERE s.name LIKE 'autovacuum%' AND s.vartype IN ('integer', 'real')
"""

# Before 17 owners may, and the database's owner what is not shared between databases; from 17 on also who may MAINTAIN.
_MAY_OWN = "pg_has_role(c.relowner, 'USAGE') OR (pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared)"
_MAY_MAINTAIN = "has_table_privilege(c.oid, 'MAINTAIN') OR (pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared)"

# The size of a table that somebody has locked for himself could only be had by waiting for him.
_TABLES = """
WITH RECURSIVE line AS (
    SELECT i.inhrelid AS child, i.inhparent AS ancestor FROM pg_inherits i
    UNION
    SELECT l.child, i.inhparent FROM line l JOIN pg_inherits i ON i.inhrelid = l.ancestor
), locked AS ({locked})
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS key,
       n.nspname IN ('pg_catalog', 'information_schema') AS system,
       pg_get_userbyid(c.relowner) AS owner,
       ({may}) AS may,
       has_schema_privilege(n.oid, 'USAGE') AS schema_usage,
       CASE WHEN c.relkind <> 'p' AND c.oid NOT IN (SELECT relation FROM locked)
            THEN pg_table_size(c.oid) END AS bytes,
       EXISTS (SELECT FROM line l WHERE l.ancestor = c.oid) AS has_children,
       coalesce((SELECT jsonb_agg(l.ancestor::bigint) FROM line l WHERE l.child = c.oid), '[]') AS ancestors,
       {storage},
       pg_stat_get_mod_since_analyze(c.oid) AS changed_rows,
       extract(epoch FROM pg_stat_get_last_analyze_time(c.oid))::float8 AS manual_analyze,
       extract(epoch FROM pg_stat_get_last_autoanalyze_time(c.oid))::float8 AS auto_analyze,
       (SELECT to_jsonb(toast) FROM (SELECT {toast_storage}) AS toast WHERE t.oid IS NOT NULL) AS toast
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
 WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND (c.relkind <> 'm' OR c.relispopulated)
 ORDER BY n.nspname, c.relname
"""

_STORAGE = """
       {c}.reltuples::float8 AS rows,
       pg_stat_get_live_tuples({c}.oid) AS live_rows,
       pg_stat_get_dead_tuples({c}.oid) AS dead_rows,
       pg_stat_get_ins_since_vacuum({c}.oid) AS inserted_rows,
       extract(epoch FROM greatest(pg_stat_get_last_vacuum_time({c}.oid),
                                   pg_stat_get_last_autovacuum_time({c}.oid)))::float8 AS last_vacuum,
       CASE WHEN {c}.relfrozenxid::text <> '0' THEN age({c}.relfrozenxid) ELSE 0 END AS xid_age,
       CASE WHEN {c}.relminmxid::text <> '0' THEN mxid_age({c}.relminmxid) ELSE 0 END AS mxid_age,
       coalesce((SELECT jsonb_object_agg(o.option_name, o.option_value)
                   FROM pg_options_to_table({c}.reloptions) AS o), '{{}}') AS parameters"""


@dataclass(frozen=True)
class Settings:
    """The server's settings of autovacuum that this looks at: numbers by name."""

    numbers: Mapping[str, float]

    def of(self, name: str, parameters: Mapping[str, str]) -> float | None:
        """A table's own storage parameter, else the server's setting; None where the version has no such setting."""
        own = parameters.get(name)
        return float(own) if own is not None else self.numbers.get(name)


@dataclass(frozen=True)
class Storage:
    """What a table and its TOAST table each have: rows and their ages.

    *rows* is -1 when no vacuum or analysis has counted them yet.
    """

    rows: float = -1
    live_rows: int = 0
    dead_rows: int = 0
    inserted_rows: int = 0
    last_vacuum: float | None = None
    xid_age: int = 0
    mxid_age: int = 0
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> float:
        """The best count of its rows."""
        return self.rows if self.rows > 0 else float(self.live_rows)


@dataclass(frozen=True)
class Table:
    """One table, partitioned table or materialised view. Times are seconds since 1970."""

    oid: int
    schema: str
    name: str
    key: str
    kind: str
    storage: Storage
    system: bool = False
    owner: str = "postgres"
    may: bool = True
    schema_usage: bool = True
    bytes: int | None = 0
    has_children: bool = False
    ancestors: tuple[int, ...] = ()
    changed_rows: int = 0
    manual_analyze: float | None = None
    auto_analyze: float | None = None
    toast: Storage | None = None

    @property
    def partitioned(self) -> bool:
        """Whether it has no rows of its own."""
        return self.kind == "p"

    @property
    def last_analyze(self) -> float | None:
        """When it was last analysed, by whomever."""
        times = [time for time in (self.manual_analyze, self.auto_analyze) if time is not None]
        return max(times) if times else None


def settings(session: Session) -> Settings:
    """The server's settings."""
    return Settings({row["name"]: float(row["setting"]) for row in session.query(_SETTINGS)})


def tables(session: Session) -> list[Table]:
    """All tables that are not temporary, the system's included."""
    select = compose(
        _TABLES,
        may=Raw(_MAY_MAINTAIN if session.version >= 170000 else _MAY_OWN),
        locked=Raw(LOCKED),
        storage=Raw(compose(_STORAGE, c=Raw("c"))),
        toast_storage=Raw(compose(_STORAGE, c=Raw("t"))),
    )
    return [_table(row) for row in session.query(select)]


def _table(row: Row) -> Table:
    own = ("oid", "schema", "name", "key", "kind", "system", "owner", "may", "schema_usage", "bytes", "has_children",
           "changed_rows", "manual_analyze", "auto_analyze")  # fmt: skip
    toast = row["toast"]
    return Table(
        **{name: row[name] for name in own},
        ancestors=tuple(row["ancestors"]),
        storage=_storage(row),
        toast=_storage(toast) if toast else None,
    )


def _storage(row: Row) -> Storage:
    names = ("rows", "live_rows", "dead_rows", "inserted_rows", "last_vacuum", "xid_age", "mxid_age", "parameters")
    return Storage(**{name: row[name] for name in names})

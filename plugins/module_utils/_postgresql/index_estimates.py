# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large each B-tree index of a database would be after a rebuild, and so how much of it is bloat: one estimate.

From what ANALYZE found, without reading the index. Where that says bloated and may be wrong about widths, a few pages
of the table are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .btree import Column, Equal, Shape, expected_bytes
from .relations import LOCKED, USER_SCHEMA, column_statistics
from .session import QueryFailed, Row, Session
from .sql import Identifier, Raw, compose

__all__ = ["DOUBTED_PERCENT", "Sketch", "bloat_percent", "index_estimates", "with_sampled_widths"]

# From this bloat on an estimate is doubted and looked at more closely; less is within its error, and no reason to act.
DOUBTED_PERCENT = 20
SAMPLE_PAGES = 300
SAMPLED_PER_TARGET = 300  # ANALYZE looks at so many rows for each unit of the statistics target
SAMPLE_ROWS = 30  # fewer say nothing

# Statistics of a column are those of its table, of an expression those of the index. The role sees only those of
# columns that it may read. An index packs equal keys together when its key is one column whose equality is that of its
# bytes. An index of a TOAST table counts with the table (m, in n) whose values it holds. That an index depends on a
# function or operator is on record for those that users made only.
_SKETCHES = """
WITH statistics AS MATERIALIZED ({statistics}),
locked AS MATERIALIZED ({locked}),
described AS (
  SELECT x.attrelid AS relation,
    jsonb_agg(jsonb_build_object(
        'length', x.attlen, 'align', x.attalign, 'storage', x.attstorage,
        'column', y.attname, 'not_null', coalesce(y.attnotnull, false),
        'seen', s.relation IS NOT NULL, 'width', s.avg_width, 'null_frac', s.null_frac,
        'frequent', s.frequent, 'distinct', s.n_distinct,
        'target', coalesce(nullif(y.attstattarget, -1), current_setting('default_statistics_target')::int)
      ) ORDER BY x.attnum) AS columns
  FROM pg_index i
  JOIN pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum > 0
  LEFT JOIN pg_attribute y ON y.attrelid = i.indrelid AND y.attnum = i.indkey[x.attnum - 1] AND y.attnum > 0
  LEFT JOIN statistics s ON s.relation = CASE WHEN y.attnum IS NULL THEN i.indexrelid ELSE i.indrelid END
    AND s.attnum = coalesce(y.attnum, x.attnum)
  WHERE {only}
  GROUP BY x.attrelid
)
SELECT c.oid::bigint AS oid, quote_ident(cn.nspname) || '.' || quote_ident(c.relname) AS key,
  quote_ident(n.nspname) || '.' || quote_ident(m.relname) AS "table",
  CASE WHEN f.free THEN pg_relation_size(c.oid) END AS bytes,
  current_setting('block_size')::int AS page, c.reltuples::float8 AS rows, t.reltuples::float8 AS table_rows,
  pg_stat_get_live_tuples(t.oid) AS live_rows, pg_stat_get_mod_since_analyze(t.oid) AS changed_rows,
  t.relkind = 't' AS toast, i.indpred IS NOT NULL AS partial,
  CASE WHEN f.free THEN pg_get_expr(i.indpred, i.indrelid) END AS predicate,
  EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = i.indexrelid
      AND e.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)) AS calls_users,
  t.relpages AS table_pages, n.nspname AS table_schema, m.relname AS table_name,
  t.reltoastrelid <> 0 AND (t.reltoastrelid IN (SELECT relation FROM locked)
    OR pg_relation_size(nullif(t.reltoastrelid, 0)) > 0) AS has_toast,
  coalesce((SELECT o.option_value::int FROM pg_options_to_table(c.reloptions) o
             WHERE o.option_name = 'fillfactor'), 90) AS fillfactor,
  NOT i.indisunique AND i.indnatts = 1 AND i.indpred IS NULL
    AND coalesce((SELECT o.option_value::bool FROM pg_options_to_table(c.reloptions) o
                   WHERE o.option_name = 'deduplicate_items'), true)
    AND i.indclass[0] IN (SELECT k.oid FROM pg_opclass k JOIN pg_amproc p ON p.amprocfamily = k.opcfamily
        AND p.amprocnum = 4 AND p.amproclefttype = k.opcintype AND p.amprocrighttype = k.opcintype)
    AND i.indcollation[0] NOT IN (SELECT l.oid FROM pg_collation l WHERE NOT l.collisdeterministic) AS packs,
  d.columns
FROM pg_index i
JOIN described d ON d.relation = i.indexrelid
JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid
LEFT JOIN pg_class o ON t.relkind = 't' AND o.reltoastrelid = t.oid
JOIN pg_class m ON m.oid = coalesce(o.oid, t.oid) AND m.relkind IN ('r', 'm') AND m.relpersistence <> 't'
JOIN pg_namespace n ON n.oid = m.relnamespace
CROSS JOIN LATERAL (SELECT NOT EXISTS (
  SELECT FROM locked l WHERE l.relation IN (i.indexrelid, i.indrelid)) AS free) f
WHERE i.indisvalid AND {only} AND {user_schema}
"""

_SAMPLE = """
SELECT count(*) AS rows, {widths}
  FROM (SELECT * FROM ONLY {table} TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)) AS sampled
 {where}
"""

_WIDTH = """avg(pg_column_size({column}))::float8 AS {width},
            (avg(pg_column_size({column})::float8 ^ 2) / avg(pg_column_size({column})))::float8 AS {weighted}"""


@dataclass(frozen=True)
class Sketch:
    """An index as the statistics describe it, or why they do not.

    :ivar bytes: its size; None while somebody has it locked for himself.
    :ivar doubtful: positions and names of columns whose widths the statistics may not tell.
    :ivar calls_users: whether its predicate may call functions that users made, with the rights of this role.
    """

    shape: Shape | None
    why_not: str = ""
    key: str = ""
    table: str = ""
    bytes: int | None = None
    fillfactor: int = 90
    doubtful: tuple[tuple[int, str], ...] = ()
    predicate: str | None = None
    calls_users: bool = False
    sampled: tuple[str, str] = ("", "")
    sampled_pages: int = 0

    @property
    def expected(self) -> int | None:
        """Its size after a rebuild; None where that is not known."""
        return None if self.shape is None else expected_bytes(self.shape)


def bloat_percent(size: int | None, expected: int) -> float:
    """The share of an index of *size* bytes that a rebuild would save."""
    return 100 * max(0.0, 1 - expected / size) if size else 0.0


def index_estimates(session: Session, oids: Iterable[int] | None = None) -> dict[int, Sketch]:
    """What is estimated of the valid B-tree indexes of users' tables, by oid; of all of them when *oids* is omitted."""
    wanted = None if oids is None else [str(oid) for oid in oids]
    if wanted == []:
        return {}
    only = Raw("TRUE" if wanted is None else compose("i.indexrelid = ANY ({oids}::oid[])", oids=wanted))
    statistics, user_schema = column_statistics(session), Raw(USER_SCHEMA)
    select = compose(_SKETCHES, statistics=statistics, locked=Raw(LOCKED), user_schema=user_schema, only=only)
    return {row["oid"]: _looked_at_closer(session, _sketch(row)) for row in session.query(select)}


def _looked_at_closer(session: Session, sketch: Sketch) -> Sketch:
    expected = sketch.expected
    if expected is None or bloat_percent(sketch.bytes, expected) < DOUBTED_PERCENT:
        return sketch
    return with_sampled_widths(session, sketch)


def _sketch(row: Row) -> Sketch:
    columns: list[Row] = row["columns"]
    known = Sketch(None, _why_not(row, columns), row["key"], row["table"], row["bytes"], row["fillfactor"])
    if known.why_not:
        return known
    rows = row["rows"]
    if not row["partial"]:
        rows = max(rows, row["table_rows"], float(row["live_rows"]))
    shape = Shape(
        rows=rows,
        columns=tuple(_column(column, row["partial"]) for column in columns),
        fillfactor=row["fillfactor"],
        equal=_equal(columns[0], rows) if row["packs"] else (),
        lone_extra=_lone_extra(columns[0]) if row["packs"] else 0.0,
        page=row["page"],
    )
    return replace(
        known,
        shape=shape,
        doubtful=tuple((place, column["column"]) for place, column in enumerate(columns) if _doubtful(column, row)),
        predicate=row["predicate"],
        calls_users=row["partial"] and row["calls_users"],
        sampled=(row["table_schema"], row["table_name"]),
        sampled_pages=row["table_pages"],
    )


def _why_not(row: Row, columns: Sequence[Row]) -> str:
    if row["bytes"] is None:
        return "somebody has it or its table locked, so its size was not asked for"
    if row["rows"] < 0:
        return "its entries were never counted; vacuum or analyse its table"
    if row["toast"]:
        return ""
    if row["changed_rows"] > 50 + 0.1 * max(row["table_rows"], 0):
        return f"{row['changed_rows']} rows of its table changed since the last analysis; analyse it"
    unseen = [column for column in columns if column["length"] < 0 and not column["seen"]]
    if unseen and row["rows"] > 0:
        names = ", ".join(str(column["column"] or "an expression") for column in unseen)
        return (
            f"there are no statistics of {names} that this role sees; analyse its table, or grant SELECT on it "
            "or membership in pg_read_all_data"
        )
    return ""


def _column(column: Row, partial: bool) -> Column:
    # Which rows a partial index holds is not known, so neither is how many of them are null.
    null_frac = 0.0 if partial or column["not_null"] else column["null_frac"] or 0.0
    return Column(column["length"], column["align"], column["width"] or 0.0, null_frac)


def _equal(column: Row, rows: float) -> tuple[Equal, ...]:
    """Which rows have equal keys: nulls, the most common values, and the rest where its values are few."""
    shares: list[float] = column["frequent"] or []
    null_frac = column["null_frac"] or 0.0
    equal = [Equal(share) for share in (*shares, null_frac) if share]
    sample = min(SAMPLED_PER_TARGET * column["target"], rows)
    distinct = column["distinct"] or 0.0
    values = distinct - len(shares)
    # With ten rows of each value in the sample their number is sure; at most one row of each stands for ones not seen.
    if values > 0 and 0 < distinct <= sample / 10:
        rest = max(0.0, 1 - sum(shares) - null_frac - distinct / sample)
        equal.append(Equal(rest, values))
    return tuple(equal)


def _lone_extra(column: Row) -> float:
    """By how much the rare keys may be longer than the average: as if the common ones had next to no bytes."""
    share = sum(column["frequent"] or ()) / max(0.01, 1 - (column["null_frac"] or 0.0))
    if column["length"] > 0 or not 0 < share < 1:
        return 0.0
    width: float = column["width"] or 0.0
    return (width - share) / (1 - share) - width


def _doubtful(column: Row, row: Row) -> bool:
    """Whether its width may be another: values stored out of line count as pointers, a partial index holds a part."""
    if column["length"] > 0 or column["column"] is None:
        return False
    return bool(row["partial"] or (row["has_toast"] and column["storage"] in {"x", "e"}))


def with_sampled_widths(session: Session, sketch: Sketch) -> Sketch:
    """The sketch with the widths of doubtful columns from a sample of the table."""
    if not sketch.doubtful or sketch.shape is None:
        return sketch
    if sketch.calls_users:
        return replace(sketch, shape=None, why_not="its predicate calls functions of users, which are not run for this")
    percent = min(100.0, 100.0 * SAMPLE_PAGES / max(1, sketch.sampled_pages))
    widths = ", ".join(
        compose(_WIDTH, column=Identifier(name), width=Identifier(f"w{place}"), weighted=Identifier(f"weighted{place}"))
        for place, name in sketch.doubtful
    )
    where = f"WHERE {sketch.predicate}" if sketch.predicate else ""
    select = compose(_SAMPLE, widths=Raw(widths), table=Identifier(*sketch.sampled), percent=percent, where=Raw(where))
    try:
        found = session.row(select)
    except QueryFailed as error:
        return replace(sketch, shape=None, why_not=f"its keys could not be sampled: {error.why}")
    if found["rows"] < min(SAMPLE_ROWS, sketch.shape.rows):
        return replace(sketch, shape=None, why_not="a sample of its table held too few of its keys")
    sampled = {place: found[f"w{place}"] or 0.0 for place, _name in sketch.doubtful}
    columns = tuple(
        replace(column, width=max(column.width, sampled.get(place, 0.0)))
        for place, column in enumerate(sketch.shape.columns)
    )
    weighted = sum(found[f"weighted{place}"] or 0.0 for place, _name in sketch.doubtful)
    return replace(sketch, shape=replace(sketch.shape, columns=columns, weighted_width=weighted))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Partitions: to which tree they belong, and whether a restore surely finds their rows where they were.

The hash of an enum, of what is named by an object identifier and of all that is made of such is another one in each
database; the order of text is its locale's, which changes with the operating system. Rows of such partitions are loaded
through the root of their tree, which finds each its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from .session import Session

__all__ = ["Partition", "partitions"]


@dataclass(frozen=True)
class Partition:
    """A partition's place in its tree.

    :ivar root: object identifier of the table at the top.
    :ivar certain: whether every row belongs to this partition in any other database too.
    """

    root: int
    certain: bool


def partitions(session: Session) -> dict[int, Partition]:
    """Return all partitions of the database, partitioned ones among them, by object identifier."""
    # Columns that pg_database has had since 15; before, every locale was libc's.
    provider = "d.datlocprovider" if session.version >= 150000 else "'c'"
    rows = session.query(
        f"""
        WITH RECURSIVE key AS (
            SELECT p.partrelid AS relation, bool_and(
                -- operator classes of the system's own, for types that hold nothing of other types
                o.oid < 16384 AND (t.typtype <> 'p' OR (p.partstrat <> 'h' AND o.opcintype = 'anyenum'::regtype))
                -- not what only looks like a number: names of tables, types, roles
                AND (o.opcintype <> 'oid'::regtype OR coalesce(a.atttypid, 0) = 'oid'::regtype)
                AND coalesce(CASE WHEN l.oid IS NULL THEN true WHEN p.partstrat <> 'r' THEN l.collisdeterministic
                    WHEN l.collprovider = 'd' THEN {provider} = 'b'
                                                   OR ({provider} = 'c' AND d.datcollate IN ('C', 'POSIX'))
                    ELSE l.collprovider = 'b' OR l.collcollate IN ('C', 'POSIX') END, false)) AS certain
            FROM pg_partitioned_table AS p
                 JOIN pg_database AS d ON d.datname = current_database()
                 CROSS JOIN LATERAL unnest(p.partclass::oid[], p.partcollation::oid[], p.partattrs::int2[])
                      AS k(class, locale, attribute)
                 JOIN pg_opclass AS o ON o.oid = k.class
                 JOIN pg_type AS t ON t.oid = o.opcintype
                 LEFT JOIN pg_collation AS l ON l.oid = k.locale
                 LEFT JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = NULLIF(k.attribute, 0)
            GROUP BY p.partrelid
        ), tree AS (
            SELECT k.relation, k.relation AS root, k.certain
            FROM key AS k JOIN pg_class AS c ON c.oid = k.relation WHERE NOT c.relispartition
            UNION ALL
            SELECT i.inhrelid, t.root, t.certain AND coalesce(k.certain, true)
            FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.relation
                 LEFT JOIN key AS k ON k.relation = i.inhrelid
        )
        SELECT t.relation::bigint AS oid, t.root::bigint AS root, t.certain
        FROM tree AS t WHERE t.relation <> t.root
        """
    )
    return {row["oid"]: Partition(row["root"], row["certain"]) for row in rows}

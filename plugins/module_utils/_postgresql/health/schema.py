# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the definition of tables lacks, or has switched off."""

from __future__ import annotations

from typing import Any

from .look import Look, topped

__all__ = ["schema"]


def schema(look: Look) -> dict[str, Any]:
    """Tables without a primary key, triggers that do not fire, constraints that do not hold for all rows."""
    top = look.wanted.top
    keyless = look.query(
        """
        SELECT {name} AS "table", CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimated_rows,
          c.relkind = 'p' AS is_partitioned, c.relpersistence = 'u' AS is_unlogged,
          EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
            AND i.indpred IS NULL) AS has_unique_index,
          CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' WHEN 'n' THEN 'nothing' ELSE 'default'
          END AS replica_identity
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {user_schema}
          AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
        ORDER BY c.reltuples DESC, 1
        """
    )
    triggers = look.query(
        """
        SELECT {name} AS "table", t.tgname AS trigger, t.tgisinternal AS enforces_foreign_key
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgenabled = 'D' AND {user_schema} ORDER BY 1, 2
        """
    )
    constraints = look.query(
        """
        SELECT {name} AS "table", k.conname AS constraint,
          CASE k.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' WHEN 'n' THEN 'not null' ELSE k.contype::text
          END AS type, {enforced} AS is_enforced
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT k.convalidated AND {user_schema} ORDER BY 1, 2
        """
    )
    return {
        "tables_without_primary_key": topped(keyless, top),
        "disabled_triggers": topped(triggers, top),
        "not_valid_constraints": topped(constraints, top),
    }

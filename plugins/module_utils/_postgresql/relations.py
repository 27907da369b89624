# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What health and maintenance say of relations in SQL: which are users', which are locked, what ANALYZE found."""

from __future__ import annotations

from .session import Session
from .sql import Raw, compose

__all__ = ["LOCKED", "USER_SCHEMA", "column_statistics"]

# Schemas that people and applications made; of pg_namespace n.
USER_SCHEMA = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_'"

# Relations of this database that others hold or want exclusively. Whoever asks for their size would wait.
LOCKED = """
  SELECT l.relation FROM pg_locks l
  WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
"""

# What ANALYZE found, by relation and column: from the catalog for those who may read it, else through the view, which
# checks privileges row by row and knows names only.
_FROM_CATALOG = """
  SELECT s.starelid AS relation, s.staattnum AS attnum, s.stanullfrac AS null_frac, s.stawidth AS avg_width,
    s.stadistinct AS n_distinct,
    CASE 1 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
      WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS frequent
  FROM pg_statistic s WHERE NOT s.stainherit
"""
_FROM_VIEW = """
  SELECT a.attrelid AS relation, a.attnum, p.null_frac, p.avg_width, p.n_distinct, p.most_common_freqs AS frequent
  FROM pg_stats p
  JOIN pg_namespace n ON n.nspname = p.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = p.attname
  WHERE NOT p.inherited AND {user_schema}
"""


def column_statistics(session: Session) -> Raw:
    """A SELECT of relation, attnum, null_frac, avg_width, n_distinct and frequent, of all that the role may see."""
    readable = session.value("SELECT has_table_privilege('pg_statistic', 'SELECT') AS r")
    return Raw(_FROM_CATALOG if readable else compose(_FROM_VIEW, user_schema=Raw(USER_SCHEMA)))

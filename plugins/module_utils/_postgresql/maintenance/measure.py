# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading indexes, to know better than by estimate how large they would be after a rebuild."""

from __future__ import annotations

from ..._present import present
from ..btree import Shape, fresh_density
from ..session import Session
from ..sql import Raw, compose

__all__ = ["Measure"]

_READER = """
SELECT quote_ident(n.nspname) AS schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = 'pgstatindex' AND p.proargtypes[0] = 'regclass'::regtype
 WHERE e.extname = 'pgstattuple' AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
"""

_READ = """
SELECT leaf_pages, internal_pages, coalesce(nullif(avg_leaf_density, 'NaN'), 0)::float8 AS density
  FROM {schema}.pgstatindex({oid}::oid::regclass)
"""


class Measure:
    """Reads indexes with the extension pgstattuple where the database has it and the role may use it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        found = session.values(_READER)
        self._schema: str | None = found[0] if found else None

    @property
    def possible(self) -> bool:
        """Whether it can read."""
        return self._schema is not None

    def expected_bytes(self, oid: int, shape: Shape) -> int:
        """The size after a rebuild, by how full the leaf pages are; reads the whole index."""
        row = self._session.row(compose(_READ, schema=Raw(present(self._schema)), oid=oid))
        share = min(1.0, row["density"] / fresh_density(shape))
        return int((row["leaf_pages"] + row["internal_pages"]) * share + 2) * shape.page

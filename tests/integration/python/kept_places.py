# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that bear the mark of one that a restore kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_comment
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from .maintenance_places import Place

__all__ = ["kept"]


@contextmanager
def kept(place: Place, since: str, comment: str | None = None) -> Iterator[str]:
    """An empty database that is marked as kept since that time; gives its name."""
    name = f'{place.database[:40]} "né"_before'
    database = Identifier(name)
    with place.server.session() as admin:
        admin.execute(compose("CREATE DATABASE {d}", d=database))
        try:
            text = kept_comment(place.database, since, comment)
            admin.execute(compose("COMMENT ON DATABASE {d} IS {text}", d=database, text=text))
            yield name
        finally:
            admin.execute(compose("DROP DATABASE {d}", d=database))

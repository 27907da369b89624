# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a database differs in from a new one, and no dump of it tells.

A role that may not do one of these leaves the difference to the proof, which tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._postgresql.differences import Catalog, Head
from .._postgresql.session import QueryFailed, Session
from .._postgresql.sql import Identifier, compose

__all__ = ["emptied", "finished"]

_NOT_PERMITTED = "42501"

# From 15 on, dumps hold owner and comment of the schema public.
_PUBLIC_IS_DUMPED = 150000
_COMMENT_OF_NEW = "standard public schema"


def emptied(session: Session, catalog: Catalog) -> None:
    """Take away what every new database has and this one had not."""
    if "public" not in catalog["schema"]:
        _try(session, "DROP SCHEMA public")
    if "plpgsql" not in catalog["extension"]:
        _try(session, "DROP EXTENSION plpgsql")


def finished(session: Session, catalog: Catalog, owner: str | None) -> None:
    """Give the schema public what this one's had.

    :param owner: the role to which everything is to belong; None leaves each to its own.
    """
    for statement in _of_public(catalog, owner):
        _try(session, statement)


def _of_public(catalog: Catalog, owner: str | None) -> Iterator[str]:
    head, public = Head.of(catalog), catalog["schema"].get("public")
    if public is None:
        return
    dumped = head.version >= _PUBLIC_IS_DUMPED
    whose = owner or (None if dumped or public["owner"] == head.superuser else public["owner"])
    if whose is not None:
        yield compose("ALTER SCHEMA public OWNER TO {owner}", owner=Identifier(whose))
    comment = catalog["comment"].get("schema public", {}).get("definition")
    if not dumped and comment != _COMMENT_OF_NEW:
        yield compose("COMMENT ON SCHEMA public IS {comment}", comment=comment)


def _try(session: Session, statement: str) -> None:
    try:
        session.execute(statement)
    except QueryFailed as error:
        if error.sqlstate != _NOT_PERMITTED:
            raise

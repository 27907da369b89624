# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape in which every kind of object of a database is read: its names, and what must be equal after a restore.

What is read is meant to be true at the moment of the session's snapshot, while others go on working. Columns of
catalogs are. So are ``pg_get_expr`` (it is given the expression), ``pg_get_constraintdef``, ``pg_get_viewdef`` and
``pg_get_ruledef`` (they look with the transaction's snapshot). ``pg_get_indexdef``, ``pg_get_partkeydef``,
``pg_get_statisticsobjdef``, ``pg_get_triggerdef`` and ``pg_get_function_sqlbody`` read what is there *now*. Locks of a
backup keep most of that still: under ACCESS SHARE, indexes, keys and columns cannot change. What can: an index or
extended statistics renamed, an index dropped CONCURRENTLY, a trigger or a function with an SQL-standard body replaced
by CREATE OR REPLACE. And all names of types, functions, operators, schemas and roles inside texts are as they are now.
pg_dump reads through the same functions, so that a set that was hit differs in its own drill, and is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

__all__ = [
    "BUILT_IN",
    "OWN_SCHEMA",
    "Kind",
    "Since",
    "acl",
    "not_made_along",
    "not_of_extension",
    "of_extension",
    "option",
    "owner",
    "qualified",
    "routine",
    "tablespace",
    "unless",
]

# Objects of the system, of temporary sessions, and of extensions (which bring their own) are no part of a database's
# own contents.
OWN_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

# Objects that initdb made have smaller numbers.
BUILT_IN = 16384


@dataclass(frozen=True)
class Since:
    """An expression that servers know from a major version on.

    :ivar before: what older ones are asked instead; without it they are not asked.
    """

    major: int
    expression: str
    before: str | Since | None = None


Expression = Union[str, Since]


@dataclass(frozen=True)
class Kind:
    """A kind of object.

    :ivar named: the expression of an object's name, as the server quotes and qualifies it.
    :ivar properties: what must be equal after a restore: its expression by its name. NULL stands for what is usual.
    :ivar source: FROM and WHERE.
    :ivar since: the first major version that has such objects.
    """

    name: str
    named: str
    properties: Mapping[str, Expression]
    source: str
    since: int = 13

    def asked(self, major: int) -> dict[str, str]:
        """The expressions that a server of this version is asked, by property."""
        chosen = {name: _chosen(expression, major) for name, expression in self.properties.items()}
        return {name: expression for name, expression in chosen.items() if expression is not None}

    def query(self, major: int) -> str:
        """The query that gives ``name`` and ``properties`` of every object."""
        pairs = ",\n       ".join(f"'{name}', {expression}" for name, expression in self.asked(major).items())
        return (
            f"SELECT {self.named} AS name,\n       jsonb_strip_nulls(jsonb_build_object({pairs})) AS properties\n"
            f"{self.source}"
        )


def _chosen(expression: Expression | None, major: int) -> str | None:
    while isinstance(expression, Since):
        expression = expression.expression if major >= expression.major else expression.before
    return expression


def qualified(name: str) -> str:
    """The name of an object in the schema ``n``."""
    return f"quote_ident(n.nspname) || '.' || quote_ident({name})"


def owner(column: str) -> str:
    """The name of a role."""
    return f"pg_get_userbyid({column})"


def acl(column: str, kind: str, owned_by: str) -> str:
    """Privileges on an object; NULL for those that come with it. *kind* is a letter of acldefault()."""
    return (
        f"CASE WHEN {column} IS NOT NULL THEN NULLIF({_items(column)}, {_items(f'acldefault({kind}, {owned_by})')}) END"
    )


def _items(acl: str) -> str:
    return f"ARRAY(SELECT i::text FROM unnest({acl}) AS i ORDER BY 1)"


def unless(value: str, usual: str) -> str:
    """A value, or NULL for the usual one."""
    return f"NULLIF({value}, {usual})"


def option(catalog: str, column: str, number: str) -> str:
    """The name of what a number other than 0 stands for, in a catalog."""
    return f"(SELECT of_it.{column} FROM {catalog} AS of_it WHERE of_it.oid = {number})"


def tablespace(number: str) -> str:
    """The tablespace of a relation; NULL for the database's own."""
    return option("pg_tablespace", "spcname", number)


def routine(number: str) -> str:
    """A function with its arguments, or NULL; of one of the system's, whose arguments may change, the name only."""
    return (
        f"(SELECT CASE WHEN of_it.oid < {BUILT_IN} THEN of_it.proname ELSE of_it.oid::regprocedure::text END"
        f" FROM pg_proc AS of_it WHERE of_it.oid = {number})"
    )


def of_extension(catalog: str, oid: str) -> str:
    """Whether an object came with an extension. *catalog* is an expression: the number of the object's catalog."""
    return f"""EXISTS (SELECT FROM pg_depend AS e
                  WHERE e.classid = {catalog} AND e.objid = {oid} AND e.deptype = 'e')"""


def not_of_extension(catalog: str, oid: str) -> str:
    """Whether an object of the catalog of this name is the database's own."""
    return "NOT " + of_extension(f"'{catalog}'::regclass", oid)


def not_made_along(catalog: str, oid: str) -> str:
    """Whether an object was made by somebody, and not along with another one."""
    return f"""NOT EXISTS (SELECT FROM pg_depend AS e
                  WHERE e.classid = '{catalog}'::regclass AND e.objid = {oid} AND e.deptype = 'i')"""

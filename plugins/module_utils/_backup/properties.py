# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a database as a whole: creating one like another, and giving it the other's properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .._postgresql.grants import Grant
from .._postgresql.session import QueryFailed, Session
from .._postgresql.sql import Identifier, Raw, compose, literal, unquoted

__all__ = ["admission", "apply_settings", "create_database"]

_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
_PRIVILEGES = {"C": "CREATE", "T": "TEMPORARY", "c": "CONNECT"}
_NOT_PERMITTED = "42501"

# The settings that hold lists of names; pg_dump keeps the same list.
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)


def create_database(name: str, properties: dict[str, Any], version: int, connection_limit: int) -> str:
    """The statement that creates an empty database with another one's encoding, locale and tablespace.

    :param version: of the server that is to create it.
    """
    options = [
        compose("CONNECTION LIMIT {limit}", limit=connection_limit),
        compose("ENCODING {value}", value=properties["encoding"]),
        compose("LC_COLLATE {value}", value=properties["collate"]),
        compose("LC_CTYPE {value}", value=properties["ctype"]),
    ]
    provider = _PROVIDERS[properties["locale_provider"]]
    if version >= 150000:
        options.append(f"LOCALE_PROVIDER {provider}")
    if provider == "icu":
        options.append(compose("ICU_LOCALE {value}", value=properties["locale"]))
        if properties.get("locale_rules"):
            options.append(compose("ICU_RULES {value}", value=properties["locale_rules"]))
    if provider == "builtin":
        options.append(compose("BUILTIN_LOCALE {value}", value=properties["locale"]))
    if properties["tablespace"] != "pg_default":
        options.append(compose("TABLESPACE {value}", value=Identifier(properties["tablespace"])))
    return compose("CREATE DATABASE {name} TEMPLATE template0 ", name=Identifier(name)) + " ".join(options)


def apply_settings(session: Session, properties: dict[str, Any]) -> list[str]:
    """Give the session's database the owner and the settings of another, its own and those of roles in it.

    :return: what the session's role may not give, in words.
    """
    refused = []
    for what, statement in _settings(Identifier(session.database), properties):
        try:
            session.execute(statement)
        except QueryFailed as error:
            if error.sqlstate != _NOT_PERMITTED:
                raise
            refused.append(f"{what}: {error.why}")
    return refused


def _settings(database: Identifier, properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for setting in properties["settings"]:
        name, _equals, value = setting["setting"].partition("=")
        target = compose("DATABASE {database}", database=database)
        if setting["role"] is not None:
            role = Identifier(setting["role"])
            target = compose("ROLE {role} IN DATABASE {database}", role=role, database=database)
        yield (
            f"the setting {name} of the database",
            compose(
                "ALTER {target} SET {name} TO {values}",
                target=Raw(target),
                name=Identifier(*name.split(".")),
                values=Raw(", ".join(literal(item) for item in _items(name, value))),
            ),
        )
    # Last: who gives a database away may not set anything of it any more.
    owner = Identifier(properties["owner"])
    yield (
        f'the owner "{properties["owner"]}" of the database',
        compose("ALTER DATABASE {database} OWNER TO {owner}", database=database, owner=owner),
    )


def admission(name: str, properties: dict[str, Any]) -> list[str]:
    """The statements that let people into a database as they were let into another, and give it the other's comment.

    They belong in the transaction that gives the database its name: before that, nobody has business in it.
    """
    database, owner = Identifier(name), Identifier(properties["owner"])
    limit = int(properties["connection_limit"])
    labels = properties.get("security_labels") or []
    return [
        # The owner's own privileges come with the ownership, and may have been taken from him.
        compose("REVOKE ALL ON DATABASE {database} FROM PUBLIC, {owner}", database=database, owner=owner),
        *(statement for item in properties["acl"] for statement in _grants(item, database)),
        compose("ALTER DATABASE {database} CONNECTION LIMIT {limit}", database=database, limit=limit),
        compose("ALTER DATABASE {database} IS_TEMPLATE {yes}", database=database, yes=properties["template"]),
        compose("COMMENT ON DATABASE {database} IS {text}", database=database, text=properties["comment"]),
        *(
            compose(
                "SECURITY LABEL FOR {provider} ON DATABASE {database} IS {label}",
                provider=Identifier(label["provider"]),
                database=database,
                label=label["label"],
            )
            for label in labels
        ),
    ]


def _items(name: str, value: str) -> list[str]:
    """The values of a setting, one by one where it is a list of names that the server quotes."""
    if name.lower() not in _LISTS:
        return [value]
    return [unquoted(item.strip()) for item in re.findall(r'(?:"(?:[^"]|"")*"|[^,"])+', value)] or [""]


def _grants(item: str, database: Identifier) -> Iterator[str]:
    grant = Grant.of(item)
    for letter, option in re.findall(r"([A-Za-z])(\*?)", grant.letters):
        if letter in _PRIVILEGES:
            yield compose(
                "GRANT {privilege} ON DATABASE {database} TO {grantee} {option}",
                privilege=Raw(_PRIVILEGES[letter]),
                database=database,
                grantee=Identifier(grant.grantee) if grant.grantee else Raw("PUBLIC"),
                option=Raw("WITH GRANT OPTION" if option else ""),
            )

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases are made like others, and grants are read as the server writes them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.properties import (
    admission,
    apply_settings,
    create_database,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session

LIBC = {"encoding": "UTF8", "collate": "C.UTF-8", "ctype": "C", "locale_provider": "c", "locale": None}


@pytest.mark.parametrize(
    ("properties", "version", "expected"),
    [
        (LIBC, 140000, "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C'"),
        (LIBC, 150000, "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C' LOCALE_PROVIDER libc"),
        ({**LIBC, "locale_provider": "i", "locale": "de-DE"}, 160000, "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"),
        (
            {**LIBC, "locale_provider": "b", "locale": "C.UTF-8"},
            170000,
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
        ),
        (
            {**LIBC, "locale_provider": "i", "locale": "de-DE", "locale_rules": "&a < 'g'"},
            160000,
            "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' ICU_RULES '&a < ''g'''",
        ),
        ({**LIBC, "tablespace": 'fa"st'}, 170000, 'TABLESPACE "fa""st"'),
    ],
)
def test_a_new_database_is_like_the_other(properties: dict[str, Any], version: int, expected: str) -> None:
    statement = create_database('ne"w', {"tablespace": "pg_default", **properties}, version, 7)
    assert statement.startswith('CREATE DATABASE "ne""w" TEMPLATE template0 CONNECTION LIMIT 7 ENCODING')
    assert statement.endswith(expected)


class Heard(Session):
    """Keeps what it is told to do."""

    database = 'ne"w'

    def __init__(self) -> None:
        self.statements: list[str] = []

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        self.statements.append(" ".join(statement.split()))
        return [], []

    def close(self) -> None:
        raise AssertionError("it is not ours to close")


def test_people_are_let_in_as_they_were() -> None:
    properties = {
        "owner": "the owner",
        "connection_limit": -1,
        "template": True,
        "acl": ["=c/postgres", 'reader=CT*c/"the owner"', "odd=x/postgres"],
        "comment": "it's",
        "security_labels": [{"provider": "gu'ard", "label": "it's"}],
    }
    assert [" ".join(statement.split()) for statement in admission('ne"w', properties)] == [
        'REVOKE ALL ON DATABASE "ne""w" FROM PUBLIC, "the owner"',
        'GRANT CONNECT ON DATABASE "ne""w" TO PUBLIC',
        'GRANT CREATE ON DATABASE "ne""w" TO "reader"',
        'GRANT TEMPORARY ON DATABASE "ne""w" TO "reader" WITH GRANT OPTION',
        'GRANT CONNECT ON DATABASE "ne""w" TO "reader"',
        'ALTER DATABASE "ne""w" CONNECTION LIMIT -1',
        'ALTER DATABASE "ne""w" IS_TEMPLATE TRUE',
        """COMMENT ON DATABASE "ne""w" IS 'it''s'""",
        """SECURITY LABEL FOR "gu'ard" ON DATABASE "ne""w" IS 'it''s'""",
    ]


def test_owner_and_settings_are_given() -> None:
    session = Heard()
    properties = {
        "owner": "the owner",
        "settings": [
            {"role": None, "setting": "work_mem=64MB"},
            {"role": "it's", "setting": 'search_path="$user", public, "a,b""c"'},
            {"role": None, "setting": "search_path="},
            {"role": None, "setting": "app.note=a = b, 'c'"},
        ],
    }
    apply_settings(session, properties)
    assert session.statements == [
        """ALTER DATABASE "ne""w" SET "work_mem" TO '64MB'""",
        """ALTER ROLE "it's" IN DATABASE "ne""w" SET "search_path" TO '$user', 'public', 'a,b"c'""",
        """ALTER DATABASE "ne""w" SET "search_path" TO ''""",
        """ALTER DATABASE "ne""w" SET "app"."note" TO 'a = b, ''c'''""",
        'ALTER DATABASE "ne""w" OWNER TO "the owner"',
    ]

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no dump tells is done to a restored database, where the role may."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.undumped import emptied, finished
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import HEAD, Head
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed, Session


class Heard(Session):
    """Keeps what it is told to do, and refuses it when told so."""

    def __init__(self, refusal: str | None = None) -> None:
        self.statements: list[str] = []
        self._refusal = refusal

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        self.statements.append(statement)
        if self._refusal is not None:
            raise QueryFailed("here", self._refusal, "no")
        return [], []

    def close(self) -> None:
        raise AssertionError("it is not ours to close")


def catalog(major: int, **kinds: dict[str, Any]) -> dict[str, dict[str, Any]]:
    head = Head(major * 10000, "boss", {}).objects()
    usual = {"schema": {"public": {"owner": "boss"}}, "extension": {"plpgsql": {}}}
    comment = {"schema public": {"definition": "standard public schema"}}
    return {HEAD: head, **usual, "comment": comment, **kinds}


OURS = {"schema public": {"definition": "it's"}}
OWNED = {"public": {"owner": "the app"}}


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({}, []),
        ({"schema": {}}, ["DROP SCHEMA public"]),
        ({"extension": {}}, ["DROP EXTENSION plpgsql"]),
        ({"schema": {"a": {}}, "extension": {"b": {}}}, ["DROP SCHEMA public", "DROP EXTENSION plpgsql"]),
    ],
)
def test_what_the_dumped_one_had_not_is_taken_away(kinds: dict[str, Any], expected: list[str]) -> None:
    session = Heard()
    emptied(session, catalog(18, **kinds))
    assert session.statements == expected


@pytest.mark.parametrize(
    ("major", "kinds", "owner", "expected"),
    [
        (14, {}, None, []),
        (14, {"schema": OWNED}, None, ['ALTER SCHEMA public OWNER TO "the app"']),
        (14, {"schema": OWNED}, "another", ['ALTER SCHEMA public OWNER TO "another"']),
        (18, {"comment": OURS}, "another", ['ALTER SCHEMA public OWNER TO "another"']),
        (18, {"schema": {}}, "another", []),
        (14, {"comment": OURS}, None, ["COMMENT ON SCHEMA public IS 'it''s'"]),
        (14, {"comment": {}}, None, ["COMMENT ON SCHEMA public IS NULL"]),
        (14, {"schema": {}, "comment": {}}, None, []),
        (15, {"schema": OWNED, "comment": OURS}, None, []),
    ],
)
def test_what_older_dumps_leave_out_of_the_schema_public_is_given(
    major: int, kinds: dict[str, Any], owner: str | None, expected: list[str]
) -> None:
    session = Heard()
    finished(session, catalog(major, **kinds), owner)
    assert session.statements == expected


def test_what_the_role_may_not_do_is_left_to_the_proof() -> None:
    session = Heard("42501")
    emptied(session, catalog(13, schema={}, extension={}))
    finished(session, catalog(13, schema=OWNED, comment=OURS), None)
    assert len(session.statements) == 4


def test_what_fails_otherwise_fails() -> None:
    with pytest.raises(QueryFailed):
        emptied(Heard("2BP01"), catalog(13, schema={}))

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors are told without the rows that the server quotes in them."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.said import without_rows

FAILED_COPY = """\
pg_restore: error: COPY failed for table "t": ERROR:  new row for relation "t" violates check constraint "c"
DETAIL:  Failing row contains (1, alice@example.org, 4111
1111).
CONTEXT:  COPY t, line 1: "1\talice@example.org"
"""


DUPLICATE = """\
pg_restore: error: could not execute query: ERROR:  could not create unique index
DETAIL:  Key (email)=(alice@example.org) is duplicated.
Command was: CREATE UNIQUE INDEX i ON t (email);
HINT:  Look at it.
"""
TOLD_COPY = (
    'pg_restore: error: COPY failed for table "t": ERROR: new row for relation "t" violates check constraint "c"'
)
TOLD_DUPLICATE = "pg_restore: error: could not execute query: ERROR: could not create unique index HINT: Look at it."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FAILED_COPY, TOLD_COPY),
        (DUPLICATE, TOLD_DUPLICATE),
        ("ERROR:  boom\nLINE 1: SELECT 'alice'\n               ^\nHINT:  No.", "ERROR: boom HINT: No."),
        (
            (
                "pg_dump: error: query failed: ERROR:  out of shared memory\nHINT:  Wait.\n"
                "pg_dump: detail: Query was: LOCK TABLE public.alice,\npublic.bob"
            ),
            "pg_dump: error: query failed: ERROR: out of shared memory HINT: Wait.",
        ),
        ("plain\nwords", "plain words"),
        ("", ""),
    ],
)
def test_rows_are_left_out(text: str, expected: str) -> None:
    assert without_rows(text) == expected

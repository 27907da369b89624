# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQL text from templates: whatever a name or value holds, it stays a name or a value."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import (
    Identifier,
    Raw,
    compose,
    conninfo,
    identifier,
    literal,
    split_qualified,
    unquoted,
)

ODD = [
    "plain", "Mixed Case", 'do"uble', "qu'ote", "back\\slash", "line\nbreak", "; DROP TABLE t; --", "ünïcødé ☃",
    "x" * 63, "{b}", "%s", "a.b", '"', "'", "$$",
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (False, "FALSE"),
        (0, "0"),
        (-7, "-7"),
        (1.5, "1.5"),
        ("", "''"),
        ("it's", "'it''s'"),
        ("a\\b", r" E'a\\b'"),
        ("\\'", r" E'\\'''"),
        (["a", "b'c"], "ARRAY['a', 'b''c']::text[]"),
        ([], "ARRAY[]::text[]"),
        ((), "ARRAY[]::text[]"),
    ],
)
def test_a_value_means_itself(value: Any, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [(("a",), '"a"'), (("public", "Order Items"), '"public"."Order Items"'), (('a"b', "c.d"), '"a""b"."c.d"')],
)
def test_a_name_is_quoted(parts: tuple[str, ...], text: str) -> None:
    assert identifier(*parts) == text


@pytest.mark.parametrize("odd", ODD)
def test_what_was_quoted_is_read_back(odd: str) -> None:
    assert split_qualified(identifier(odd, odd)) == (odd, odd)
    assert unquoted(identifier(odd)) == odd


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("public.orders", ("public", "orders")),
        ('"a.b"."c""d"', ("a.b", 'c"d')),
        ('a."B c"', ("a", "B c")),
        ("a", None),
        ("a.b.c", None),
        ("", None),
        ('"a', None),
        ('"a"b.c', None),
        ("a.", None),
        ('""."a"', None),
    ],
)
def test_a_qualified_name_is_taken_apart(name: str, parts: tuple[str, str] | None) -> None:
    assert split_qualified(name) == parts


def test_a_template_is_filled_once() -> None:
    text = compose(
        "SELECT {value} FROM {table} WHERE {condition}",
        value="{table}",
        table=Identifier("s", "{value}"),
        condition=Raw("a = '{b}'"),
    )
    assert text == """SELECT '{table}' FROM "s"."{value}" WHERE a = '{b}'"""


@pytest.mark.parametrize("call", [lambda: identifier("a\0b"), lambda: literal("a\0b"), lambda: literal(["\0"])])
def test_a_nul_is_refused(call: Any) -> None:
    with pytest.raises(ValueError, match="NUL"):
        call()


def test_a_place_without_a_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        compose("SELECT {missing}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop", "dbname='shop'"),
        ("host=elsewhere dbname=x", "dbname='host=elsewhere dbname=x'"),
        ("it's", r"dbname='it\'s'"),
        ("a\\", r"dbname='a\\'"),
        ("postgresql://x", "dbname='postgresql://x'"),
    ],
)
def test_a_database_named_like_a_connection_string_is_a_name(name: str, text: str) -> None:
    assert conninfo(dbname=name) == text
    assert conninfo(host="h", dbname=name) == f"host='h' {text}"

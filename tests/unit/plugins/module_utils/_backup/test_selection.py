# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chosen tables: what names mean, and which foreign keys cannot be made."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.selection import (
    Choice,
    Selection,
    choice_of,
    choose_rows,
    words,
)
from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.client import TocEntry
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import Catalog


def relation(kind: str = "r", parent: str | None = None) -> dict[str, Any]:
    partition = {} if parent is None else {"bound": "DEFAULT", "parents": [parent]}
    return {"kind": kind, "owner": "the owner", **partition}


def key(definition: str) -> dict[str, Any]:
    return {"kind": "f", "definition": definition}


CATALOG: Catalog = {
    "relation": {
        "public.customers": relation(),
        "public.orders": relation(),
        'public."Order Lines"': relation(),
        '"Odd ""Schema"""."a.b"': relation(),
        "app.parted": relation("p"),
        "app.low": relation("p", "app.parted"),
        "parts.lowest": relation("r", "app.low"),
        "app.rest": relation("r", "app.parted"),
        "app.child": {**relation(), "parents": ["public.orders"]},
        "app.shown": relation("v"),
        "app.counted": relation("m"),
        "app.numbers": relation("S"),
    },
    "constraint": {
        "public.orders.orders_pkey": {"kind": "p", "definition": "PRIMARY KEY (id)"},
        "public.orders.orders_customer": key("FOREIGN KEY (customer) REFERENCES public.customers(id)"),
        'public."Order Lines"."Of ""Order"""': key(
            'FOREIGN KEY (a, PERIOD "b) REFERENCES c.d(") REFERENCES public.orders(x, PERIOD y) ON DELETE CASCADE'
        ),
        "app.parted.parted_customer": key("FOREIGN KEY (customer) REFERENCES public.customers(id) NOT VALID"),
        "public.customers.self": key("FOREIGN KEY (boss) REFERENCES public.customers(id)"),
        '"Odd ""Schema"""."a.b".to_parted': key("FOREIGN KEY (p) REFERENCES app.parted(id)"),
        "app.child.to_extension": key("FOREIGN KEY (p) REFERENCES postgis.spatial_ref_sys(srid)"),
    },
    "comment": {"table constraint orders_customer on public.orders": {}, "table public.orders": {}},
    "large object": {"4711": {}},
}


def chosen(*tables: str, schemas: tuple[str, ...] = ()) -> Choice:
    return choose_rows(CATALOG, Selection(tables, schemas))


@pytest.mark.parametrize(
    ("tables", "schemas", "expected"),
    [
        (("public.orders",), (), {"public.orders"}),
        (('"public"."orders"',), (), {"public.orders"}),
        (("public.Order Lines",), (), {'public."Order Lines"'}),
        (('"Odd ""Schema"""."a.b"',), (), {'"Odd ""Schema"""."a.b"'}),
        (("app.parted",), (), {"parts.lowest", "app.rest"}),
        (("app.low",), (), {"parts.lowest"}),
        ((), ("parts",), {"parts.lowest"}),
        ((), ("app",), {"parts.lowest", "app.rest", "app.child"}),
        ((), ('Odd "Schema"',), {'"Odd ""Schema"""."a.b"'}),
        (("public.orders",), ("parts",), {"public.orders", "parts.lowest"}),
    ],
)
def test_what_is_chosen(tables: tuple[str, ...], schemas: tuple[str, ...], expected: set[str]) -> None:
    choice = chosen(*tables, schemas=schemas)
    assert choice.chosen == expected
    every = {name for name, row in CATALOG["relation"].items() if row["kind"] == "r"}
    assert set(choice.left) == every - expected


@pytest.mark.parametrize(
    ("tables", "schemas", "message"),
    [
        (("orders",), (), r"no such table.*such as public\.orders.*; public\.orders may be meant"),
        (("public.ordres",), (), r"public\.orders may be meant"),
        (("",), (), "no such table"),
        (("a.b.c",), (), "no such table"),
        (('public."',), (), "no such table"),
        (("app.shown",), (), "it is a view"),
        (("app.counted",), (), "it is a materialised view"),
        (("app.numbers",), (), "it is a sequence"),
        ((), ("Parts",), 'no such schema, or no table in it.*Odd "Schema", app, parts, public'),
    ],
)
def test_what_is_no_table_is_refused(tables: tuple[str, ...], schemas: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused, match=message):
        chosen(*tables, schemas=schemas)


def test_only_rows_that_there_are_can_be_chosen() -> None:
    selection = Selection(("public.orders", "public.customers"), ())
    with pytest.raises(Refused, match="does not hold the rows of 1"):
        choose_rows(CATALOG, selection, held=["public.orders"])
    assert choose_rows(CATALOG, selection, held=["public.orders", "public.customers"]).chosen


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (("public.orders",), {"public.orders.orders_customer to public.customers"}),
        (("public.customers",), set()),
        (("public.orders", "public.customers"), set()),
        (('public."Order Lines"',), {'public."Order Lines"."Of ""Order""" to public.orders'}),
        (("app.rest",), {"app.parted.parted_customer to public.customers"}),
        # One of the partitions is not enough for those who refer to all of them.
        (('"Odd ""Schema"""."a.b"', "app.rest"), {
            "app.parted.parted_customer to public.customers", '"Odd ""Schema"""."a.b".to_parted to app.parted',
        }),
        (("app.child",), set()),
    ],
)  # fmt: skip
def test_foreign_keys_that_cannot_be_made(tables: tuple[str, ...], expected: set[str]) -> None:
    assert {str(key) for key in chosen(*tables).foreign_keys} == expected


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("1; 0 16385 TABLE DATA public orders the owner", True),
        ("1; 0 16385 TABLE DATA public customers the owner", False),
        ("1; 0 16385 TABLE DATA public Order Lines the owner", False),
        ('1; 0 16385 TABLE DATA Odd "Schema" a.b the owner', False),
        ("1; 2606 1 FK CONSTRAINT public orders orders_customer the owner", False),
        ("1; 2606 1 FK CONSTRAINT public customers self the owner", True),
        ("1; 0 0 COMMENT public CONSTRAINT orders_customer ON orders the owner", False),
        ("1; 0 0 COMMENT public TABLE orders the owner", True),
        ("1; 2613 7 BLOB METADATA - 7 me", False),
        ("1; 0 0 BLOBS - BLOBS ", False),
        ("1; 0 0 ACL - LARGE OBJECT 7 me", False),
        ("1; 0 0 ACL public TABLE orders me", True),
        ("1; 1259 1 TABLE public customers the owner", True),
    ],
)
def test_what_of_archives_is_restored(line: str, passes: bool) -> None:
    assert chosen("public.orders").passes(TocEntry(line)) is passes


def test_what_is_listed_with_line_breaks_is_found() -> None:
    catalog: Catalog = {"relation": {'public."a\nb"': relation(), "public.c": relation()}, "constraint": {}}
    assert not choice_of(catalog, ["public.c"]).passes(TocEntry("1; 0 1 TABLE DATA public a b the owner"))


def test_what_is_chosen_is_restored_though_what_is_left_out_is_listed_alike() -> None:
    catalog: Catalog = {"relation": {'a."b c"': relation(), '"a b".c': relation()}, "constraint": {}}
    assert choice_of(catalog, ['a."b c"']).passes(TocEntry("1; 0 1 TABLE DATA a b c the owner"))


@pytest.mark.parametrize(
    ("tables", "torn"),
    [
        (("app.parted",), []),
        (("app.rest", "public.orders"), ["app.parted"]),
        (("app.rest", "app.low"), []),
        (("public.orders",), []),
    ],
)
def test_partitions_that_are_proven_together_are_chosen_together(tables: tuple[str, ...], torn: list[str]) -> None:
    assert chosen(*tables).torn({"app.parted": ["app.rest", "parts.lowest"]}) == torn


def test_what_a_restore_makes_of_a_catalog() -> None:
    expected = chosen("public.orders").expected(CATALOG)
    assert "public.orders.orders_customer" not in expected["constraint"]
    assert "public.orders.orders_pkey" in expected["constraint"]
    assert list(expected["comment"]) == ["table public.orders"]
    assert expected["large object"] == {}
    assert expected["relation"] == CATALOG["relation"]


def test_a_selection_in_words_and_as_data() -> None:
    assert Selection.of([], []) is None
    selection = Selection.of(["b.c", "a.b", "a.b"], ["z"])
    assert selection is not None
    assert selection.as_dict() == {"tables": ["a.b", "b.c"], "schemas": ["z"]}
    assert str(selection) == "schema z, a.b, b.c"
    assert words(None) == ""

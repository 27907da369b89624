# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Catalogs compared: what is missing, what is too much, what is not as it was, and what only looks different."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._postgresql.differences import (
    Comparison,
    Difference,
    Head,
    compare,
)

KEYS = ["kind", "owner", "acl", "definition", "foreign_options"]
TABLE = {"kind": "r", "owner": "app", "acl": ["app=r/app"], "definition": "CHECK ((a > 0))"}


def catalog(major: int = 17, keys: list[str] | None = None, **kinds: dict[str, Any]) -> dict[str, dict[str, Any]]:
    read = {kind.replace("_", " "): keys or KEYS for kind in kinds}
    return {
        "catalog": Head(major * 10000 + 5, "boss", read).objects(),
        **{k.replace("_", " "): o for k, o in kinds.items()},
    }


def compared(expected: Any, found: Any, kind: str = "relation", was: int = 17, now: int = 17) -> Comparison:
    """Compare two objects of a kind, or their properties."""
    return compare(catalog(was, **{kind: {"public": expected}}), catalog(now, **{kind: {"public": found}}))


def told(found: Comparison) -> list[tuple[str, str, Any, Any]]:
    return [(one.kind, one.object, one.expected, one.found) for one in found.differences]


def test_what_is_equal_does_not_differ() -> None:
    assert compared(TABLE, dict(TABLE)) == Comparison()


def test_missing_and_surplus_objects_are_told_in_order() -> None:
    was, now = catalog(relation={"b": TABLE, "c": TABLE}), catalog(relation={"a": TABLE, "c": TABLE})
    assert told(compare(was, now)) == [
        ("relation", "a", "missing", "present"),
        ("relation", "b", "present", "missing"),
    ]


def test_a_surplus_object_of_a_kind_that_had_none_is_told() -> None:
    assert told(compare(catalog(index={}), catalog(index={"i": {}}))) == [("index", "i", "missing", "present")]


@pytest.mark.parametrize(
    ("key", "value"), [("kind", "p"), ("owner", "boss"), ("acl", []), ("acl", None), ("definition", "CHECK ((a > 1))")]
)
def test_each_property_counts(key: str, value: Any) -> None:
    assert told(compared(TABLE, {**TABLE, key: value})) == [(f"relation: {key}", "public", TABLE[key], value)]


def test_what_is_as_usual_is_not_written_down() -> None:
    found = {key: value for key, value in TABLE.items() if key != "owner"}
    assert told(compared(TABLE, found)) == [("relation: owner", "public", "app", None)]
    assert told(compared(found, TABLE)) == [("relation: owner", "public", None, "app")]


def test_what_the_older_server_does_not_know_is_not_compared() -> None:
    was, now = catalog(13, ["kind"], column={"a": {"kind": "x"}}), catalog(18, ["kind", "new"], column={"a": {}})
    now["column"]["a"] = {"kind": "x", "new": "y"}
    now["surplus kind"] = {"s": {}}
    assert compare(was, now) == Comparison()


def test_what_is_not_read_any_more_is_told() -> None:
    was, now = catalog(keys=["kind", "old"], column={}, gone={}), catalog(keys=["kind"], column={})
    assert compare(was, now).notes == [
        "of the kind column, not compared: old; it is not read any more",
        "objects of the kind gone are not compared: they are not read any more",
    ]


def test_a_catalog_that_does_not_say_what_was_read_is_refused() -> None:
    with pytest.raises(Refused, match="Make another backup"):
        compare({"relation": {}}, catalog())


def test_a_difference_as_data_and_in_words() -> None:
    one = Difference("relation: owner", "public.a", "app", "boss")
    assert one.as_dict() == {"kind": "relation: owner", "object": "public.a", "expected": "app", "found": "boss"}
    assert str(one) == "relation: owner public.a: 'app' was, 'boss' is"


@pytest.mark.parametrize("name", ["password", "sslpassword", "API_KEY", "auth-token", "secret"])
def test_secrets_among_options_are_not_told(name: str) -> None:
    was, now = {"foreign_options": ["host=a", f"{name}=hush"]}, {"foreign_options": ["host=b", f"{name}=louder"]}
    assert told(compared(was, now)) == [
        ("relation: foreign_options", "public", ["host=a", f"{name}=?"], ["host=b", f"{name}=?"])
    ]


def test_of_long_texts_the_piece_that_differs_is_shown() -> None:
    was = {"kind": "a" * 1000 + "X" + "b" * 1000}
    (found,) = compared(was, {"kind": "a" * 1000 + "Y"}).differences
    assert found.expected == "…" + "a" * 60 + "X" + "b" * 239 + "…"
    assert found.found == "…" + "a" * 60 + "Y"
    (short,) = compared(was, {"kind": "b"}).differences
    assert short.expected == "a" * 300 + "…"
    assert short.found == "b"


# -- definitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [17, 18])
def test_the_servers_own_rewording_is_no_difference(now: int) -> None:
    was = {"definition": "((ARRAY['a'::character varying])::text[])"}
    assert compared(was, {"definition": "(ARRAY[('a'::character varying)::text])"}, now=now) == Comparison()


def test_another_placing_of_parentheses_is_told_within_a_version_only() -> None:
    was, now = {"definition": "((a + b) * c)"}, {"definition": "(a + (b * c))"}
    same = compared(was, now)
    assert same.differences == []
    assert same.notes == [
        "relation: definition public: '((a + b) * c)' was, '(a + (b * c))' is; only casts, parentheses or labels differ"
    ]
    assert compared(was, now, now=18) == Comparison()


@pytest.mark.parametrize("now", [17, 18])
def test_another_constant_is_a_difference_in_every_version(now: int) -> None:
    found = compared({"definition": "(a > 'x y')"}, {"definition": "(a > 'xy')"}, now=now)
    assert [one.kind for one in found.differences] == ["relation: definition"]


def test_comments_are_compared_to_the_letter() -> None:
    assert told(compared({"definition": "a (b)"}, {"definition": "a b"}, "comment")) != []


# -- between versions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "alike"),
    [
        (["app=arwdDxt/app"], ["app=arwdDxtm/app"], True),
        (["=r/app", "app=arwdDxt/app"], ["=r/app", "app=arwdDxtm/app"], True),
        (['"m=a"=a*r*w*d*D*x*t*/app'], ['"m=a"=a*r*w*d*D*x*t*m*/app'], True),
        (["app=r/app"], ["app=rm/app"], False),
        (["app=arwdDxt/app"], ["app=arwdDxt/app"], True),
        (["maintainer=r/app"], ["aintainer=r/app"], False),
        (["app=r/app"], ["app=r/app", "x=m/app"], False),
        (None, ["app=m/app"], False),
    ],
)
def test_who_had_all_privileges_has_maintain_from_17_on(here: Any, there: Any, alike: bool) -> None:
    assert (compared({"acl": here}, {"acl": there}, was=16, now=17) == Comparison()) is alike
    if here != there:
        assert compared({"acl": here}, {"acl": there}, was=17, now=18).differences


def test_locales_of_icu_have_other_names_from_16_on() -> None:
    was, now = {"locale": "de@collation=phonebook"}, {"locale": "de-u-co-phonebk"}
    keys = ["locale"]
    for before, after, noted in ((15, 17, True), (13, 15, False), (16, 18, False), (17, 17, False)):
        found = compare(catalog(before, keys, collation={"c": was}), catalog(after, keys, collation={"c": now}))
        assert (len(found.notes), len(found.differences)) == ((1, 0) if noted else (0, 1))


DEFAULT_13 = {"owner": "boss", "acl": ["=UC/boss", "boss=UC/boss"]}
DEFAULT_15 = {"owner": "pg_database_owner", "acl": ["=U/pg_database_owner", "pg_database_owner=UC/pg_database_owner"]}


def test_the_schema_public_belongs_to_the_owner_of_the_database_from_15_on() -> None:
    found = compared(DEFAULT_13, DEFAULT_15, "schema", 13, 18)
    assert found.differences == []
    assert [note.rsplit("; ", 1)[1] for note in found.notes] == [
        "from PostgreSQL 15 on it is pg_database_owner's",
        "from PostgreSQL 15 on not everybody may create in it: grant CREATE to whoever needs it",
    ]
    assert len(compared(DEFAULT_13, DEFAULT_15, "schema", 15, 18).differences) == 2
    assert len(compared(DEFAULT_13, DEFAULT_15, "relation", 13, 18).differences) == 2


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({**DEFAULT_13, "owner": "app"}, DEFAULT_15),
        (DEFAULT_13, {**DEFAULT_15, "owner": "app"}),
        ({**DEFAULT_13, "acl": [*DEFAULT_13["acl"], "x=U/boss"]}, DEFAULT_15),
        ({**DEFAULT_13, "acl": ["boss=UC/boss"]}, DEFAULT_15),
        (DEFAULT_13, {**DEFAULT_15, "acl": None}),
    ],
)
def test_what_else_was_changed_of_the_schema_public_is_a_difference(was: Any, now: Any) -> None:
    assert compared(was, now, "schema", 13, 15).differences


def test_a_schema_public_that_was_closed_stays_so_without_a_word() -> None:
    was = {**DEFAULT_13, "acl": ["boss=UC/boss", "x=C*/boss"]}
    now = {**DEFAULT_15, "acl": ["pg_database_owner=UC/pg_database_owner", "x=C*/pg_database_owner"]}
    assert len(compared(was, now, "schema", 13, 15).notes) == 1


# -- what no dump holds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "was", "now"),
    [
        ("extension", "hstore", {"version": "1.7"}, {"version": "1.8"}),
        ("constraint", 'public.odd\nname."c"', {"triggers": ["D"]}, {}),
        ("privileges", "language sql", {"revoked": ["USAGE to PUBLIC"]}, None),
        ("privileges", "language internal", {"granted": ["USAGE to x"]}, {"granted": ["USAGE to y"]}),
    ],
)
def test_it_is_a_note(kind: str, name: str, was: Any, now: Any) -> None:
    keys = ["granted", "revoked", "triggers", "version"]
    here, there = ({name: row} if row is not None else {} for row in (was, now))
    found = compare(catalog(keys=keys, **{kind: here}), catalog(keys=keys, **{kind: there}))
    assert (found.differences, len(found.notes)) == ([], 1)


@pytest.mark.parametrize(
    ("kind", "name"), [("extension", "hstore"), ("constraint", "public.t.c"), ("privileges", "language plpgsql")]
)
def test_a_missing_object_is_none(kind: str, name: str) -> None:
    assert compare(catalog(**{kind: {name: {}}}), catalog(**{kind: {}})).notes == []

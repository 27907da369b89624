# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints of tables: the same for the same rows, on every version; others for every other row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import tables
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import (
    Fingerprint,
    count_rows,
    hash_of_known_text,
    measure_content,
    measure_large_objects,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import QueryFailed, Session
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, Raw, compose

from .maintenance_places import EVERY, Place

RECORD = Path(__file__).with_name("fingerprints.json")


# Of each type, values whose text depends on settings of the session, or which are easily taken for one another.
TYPES = {
    "smallint": "-32768 ; 0 ; 32767",
    "bigint": "-9223372036854775808 ; 9223372036854775807",
    "numeric": "'NaN' ; 0 ; 0.0 ; 1e-20 ; 123456789012345678901234567890.123456789",
    "numeric(9, 3)": "0.1 ; -999999.999",
    "real": "'NaN' ; '-0' ; 0 ; 0.1 ; '1e-45' ; 'Infinity' ; '-Infinity' ; 3.4028235e38",
    "float8": "'NaN' ; '-0' ; 0 ; 0.1 ; 1.0::float8 / 3 ; '5e-324' ; 'Infinity' ; 1e15 ; 1e16",
    "money": "0::money ; 1234567.89::numeric::money ; (-1)::money",
    "boolean": "true ; false",
    "text": r"'' ; ' ' ; chr(11) ; 'NULL' ; '(' ; ')' ; ',' ; E'\n\t\\\"' ; 'ünï ☃' ; E'a\'b'",
    "varchar(5)": "'' ; 'a    '",
    "char(5)": "'' ; 'a'",
    "name": "'' ; 'a b'",
    '"char"': "'' ; 'a'",
    "bytea": r"'' ; '\x00ff' ; '\x5c22'",
    "date": "'-infinity' ; '4713-01-01 BC' ; '2026-02-03' ; 'infinity'",
    "time": "'00:00' ; '24:00' ; '03:04:05.000006'",
    "timetz": "'03:04:05.6+02' ; '03:04:05.6-12:30'",
    "timestamp": "'-infinity' ; '0044-03-15 12:00 BC' ; '2026-02-03 04:05:06.000007'",
    "timestamptz": "'infinity' ; '2026-02-03 04:05:06.7+09' ; '1900-01-01 00:00+00'",
    "interval": "'1 year -2 mons +3 days -04:05:06.000007' ; '0' ; '-1 day +1 hour'",
    "uuid": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
    "inet": "'10.1.2.3/8' ; '::1' ; '10.1.2.3'",
    "cidr": "'10.0.0.0/8' ; '2001:db8::/32'",
    "macaddr": "'08:00:2b:01:02:03'",
    "bit(5)": "B'10101' ; B'00000'",
    "varbit": "B'' ; B'1'",
    "json": r"""'{"b": 1.0, "a": [null, "\u00fc"],  "b": 2}' ; '1' ; 'null'""",
    "jsonb": r"""'{"b": 1.0, "a": [null, "\u00fc"], "bb": {}}' ; '1e2' ; 'null'""",
    "point": "'(0.1,-0)' ; '(NaN,1e300)'",
    "line": "'{1,-1,0.3}'",
    "lseg": "'[(0,0),(1,0.1)]'",
    "box": "'((0,0),(1,0.1))'",
    "path": "'((0,0),(1,1))' ; '[(0,0),(1,1)]'",
    "polygon": "'((0,0),(1,1),(0,1))'",
    "circle": "'<(0.1,0.2),0.3>'",
    "tsvector": "'a:1A b:2 ''it''''s'':3' ; ''",
    "tsquery": "'a & !b | c:*' ; 'a <2> b'",
    "pg_lsn": "'16/B374D848'",
    "xid": "'4294967295'",
    "int4range": "'[1,5)' ; 'empty' ; '(,3)'",
    "numrange": "'[1.0,1.5]' ; '(,)'",
    "daterange": "'[2026-01-01,2026-02-01]'",
    "tstzrange": "'[2026-01-01 00:00+02, 2026-01-01 00:00+01)'",
    "text[]": (
        """ARRAY[chr(11), 'a' || chr(11)] ; '{}' ; '{NULL,"NULL","",a b,"a,b"}' ; '[2:3]={x,y}' ; '{{a,b},{c,d}}'"""
    ),
    "float8[]": "'{NaN,-0,0.1}'",
    "timestamptz[]": "'{2026-01-01 00:00+02}'",
    "public.colour": "'red' ; 'dark blue'",
    "public.colour[]": "'{red,\"dark blue\"}'",
    "public.positive": "1 ; 2",
    "public.place": "ROW(NULL, NULL) ; ROW('', NULL) ; ROW('a,b', ROW(1, NULL)::public.pair)",
    "public.place[]": "ARRAY[ROW('(', ROW(NULL, '\"')::public.pair)::public.place]",
    "public.floats": "public.floats(0.1, 0.2)",
    "regclass": "'public.odd' ; 'pg_catalog.pg_class'",
    "regtype": "'public.colour' ; 'timestamptz'",
    "oid": "0 ; 4294967295",
}  # fmt: skip
# Not on every server: they came later, or need a library that not every build has.
SOMEWHERE = {"int4multirange": "'{}' ; '{[1,3),[5,7)}'", "xml": "'<a b=\"c\">ü</a>' ; 'x<b/>y'"}
# They change the text of values and of names.
ODD_SETTINGS = (
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = sql_standard",
    "TimeZone = 'Asia/Kathmandu'",
    "extra_float_digits = -5",
    "bytea_output = escape",
    "lc_monetary = 'C.UTF-8'",
    "quote_all_identifiers = on",
    "search_path = public",
)
PREPARATION = (
    "CREATE TYPE public.colour AS ENUM ('red', 'green', 'dark blue')",
    "CREATE DOMAIN public.positive AS int CHECK (VALUE > 0)",
    "CREATE TYPE public.pair AS (n int, t text)",
    "CREATE TYPE public.place AS (name text, at public.pair)",
    "CREATE TYPE public.floats AS RANGE (subtype = float8)",
    "CREATE TABLE public.odd ()",
)


def fingerprint(session: Session, name: str) -> Fingerprint:
    (table,) = (table for table in tables(session) if table.relation == name)
    found = measure_content(session, table)
    assert count_rows(session, table).rows == found.rows
    return found


def of_values(place: Place, definition: str, *statements: str) -> Fingerprint:
    """The fingerprint of a table that is made for it."""
    with place.session() as session:
        session.execute(f"CREATE TABLE public.made {definition}")
        for statement in statements:
            session.execute(statement)
        found = fingerprint(session, "made")
        session.execute("DROP TABLE public.made CASCADE")
    return found


@pytest.mark.parametrize("place", EVERY, indirect=True)
def test_every_type_has_the_same_on_every_version(place: Place) -> None:
    """The sums are those on record: who changes how they are made gives the algorithm another name."""
    found: dict[str, str | None] = {}
    database = Identifier(place.database)
    place.run(*PREPARATION, *(compose("ALTER DATABASE {d} SET {s}", d=database, s=Raw(one)) for one in ODD_SETTINGS))
    with place.session() as session:
        types = {**TYPES, **{kind: values for kind, values in SOMEWHERE.items() if has(session, kind)}}
        for number, (kind, values) in enumerate(types.items()):
            rows = [f"({value})" for value in values.split(" ; ")]
            session.execute(f"CREATE TABLE public.t{number} (v {kind})")
            session.execute(f"INSERT INTO public.t{number} VALUES {', '.join(rows)}, (NULL)")
            measured = fingerprint(session, f"t{number}")
            assert measured.rows == len(rows) + 1
            found[kind] = measured.content
        found["known"] = hash_of_known_text(session)
    recorded = json.loads(RECORD.read_text())
    assert recorded.keys() == {*TYPES, *SOMEWHERE, "known"}
    assert {kind: content for kind, content in found.items() if content != recorded[kind]} == {}


def has(session: Session, kind: str) -> bool:
    """Whether the server knows the type and can make a value of it."""
    try:
        session.execute(f"SELECT '{{}}'::{kind}" if kind == "int4multirange" else "SELECT '<a/>'::xml")
    except QueryFailed:
        return False
    return True


def test_it_does_not_depend_on_the_order_of_rows_or_columns(place: Place) -> None:
    one = of_values(
        place, "(a int, b text)", "INSERT INTO public.made SELECT i, 'x' || i FROM generate_series(1, 99) i"
    )
    other = of_values(
        place,
        "(b text, gone int, a int, twice int GENERATED ALWAYS AS (a * 2) STORED)",
        "ALTER TABLE public.made DROP COLUMN gone",
        "INSERT INTO public.made (a, b) SELECT i, 'x' || i FROM generate_series(99, 1, -1) i",
    )
    assert one == other


@pytest.mark.parametrize(
    ("definition", "rows", "others"),
    [
        ("(a int, b int)", "(1, 2), (3, 4)", "(1, 4), (3, 2)"),
        ("(a int, b int)", "(1, 2), (3, 4)", "(2, 1), (4, 3)"),
        ("(a text, b text)", "('x', NULL)", "(NULL, 'x')"),
        ("(a text)", "(NULL)", "('')"),
        ("(a text, b text)", "('a', 'b,c')", "('a,b', 'c')"),
        ("(a text, b text)", "('a\"', 'b')", "('a', '\"b')"),
        ("(a int)", "(1), (1), (2), (2)", "(3), (3), (4), (4)"),
        ("(a float8)", "('-0')", "(0)"),
        ("(a numeric)", "(1.0)", "(1.00)"),
        ("(a json)", "('{\"a\":1}')", "('{\"a\": 1}')"),
        ("(a int[])", "('{1,2}')", "('[0:1]={1,2}')"),
        ("(a char(3))", "('a')", "('b')"),
        ("()", "DEFAULT", "DEFAULT, DEFAULT"),
    ],
)
def test_every_difference_shows(place: Place, definition: str, rows: str, others: str) -> None:
    def insertions(values: str) -> list[str]:
        if "DEFAULT" in values:
            return ["INSERT INTO public.made DEFAULT VALUES"] * len(values.split(","))
        return [f"INSERT INTO public.made VALUES {values}"]

    assert of_values(place, definition, *insertions(rows)) != of_values(place, definition, *insertions(others))


@pytest.mark.parametrize("place", ["embedded 18", "container 17", "container 13"], indirect=True)
def test_columns_of_several_collations_are_measured_by_their_bytes(place: Place) -> None:
    one = of_values(place, "(a text, b text)", "INSERT INTO public.made VALUES ('x', 'y')")
    collated = '(a text COLLATE "C", b text COLLATE "POSIX")'
    assert of_values(place, collated, "INSERT INTO public.made VALUES ('x', 'y')") == one


@pytest.mark.parametrize("place", ["container 17", "container 13"], indirect=True)
def test_what_a_collation_calls_equal_is_told_apart(place: Place) -> None:
    place.run("CREATE COLLATION public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    assert place.value("SELECT 'x' = 'X' COLLATE public.any_case AS same")
    definition = "(a text COLLATE public.any_case)"
    small, large = (of_values(place, definition, f"INSERT INTO public.made VALUES ('{a}')") for a in "xX")
    assert small != large
    assert small == of_values(place, "(a text)", "INSERT INTO public.made VALUES ('x')")


def test_a_table_is_measured_without_its_children(place: Place) -> None:
    with place.session() as session:
        session.execute("CREATE TABLE public.parent (i int); CREATE TABLE public.child () INHERITS (public.parent)")
        session.execute("INSERT INTO public.parent VALUES (1); INSERT INTO public.child VALUES (2)")
        parent, child = fingerprint(session, "parent"), fingerprint(session, "child")
        assert (parent.rows, child.rows) == (1, 1)
        session.execute("CREATE TABLE public.both (i int); INSERT INTO public.both VALUES (2), (1)")
        assert fingerprint(session, "both") == parent + child == child + parent


def test_names_are_quoted(place: Place) -> None:
    with place.session() as session:
        session.execute('CREATE TABLE public."odd "" {name}; --" ("a "" {b}; --" int, "A" int)')
        session.execute('INSERT INTO public."odd "" {name}; --" VALUES (1, 2)')
        assert fingerprint(session, 'odd " {name}; --').rows == 1


def test_casts_that_somebody_defined_are_not_used(place: Place) -> None:
    cast = "CREATE CAST (public.kind AS text) WITH FUNCTION public.seen(public.kind) AS ASSIGNMENT"
    with place.session() as session:
        session.execute("CREATE TYPE public.kind AS ENUM ('a', 'b'); CREATE TABLE public.kinds (k public.kind)")
        session.execute("INSERT INTO public.kinds VALUES ('a'), ('b')")
        before = fingerprint(session, "kinds")
        body = "BEGIN RAISE EXCEPTION 'run as %', current_user; END"
        session.execute(f"CREATE FUNCTION public.seen(public.kind) RETURNS text LANGUAGE plpgsql AS $${body}$$")
        session.execute(cast)
        with pytest.raises(QueryFailed, match="run as"):
            session.values("SELECT k::text FROM public.kinds")
        assert fingerprint(session, "kinds") == before


def test_more_columns_than_a_function_takes_arguments(place: Place) -> None:
    def wide(count: int, changed: int) -> Fingerprint:
        values = ", ".join(str(number + (number == changed)) for number in range(count))
        columns = ", ".join(f"c{number} int" for number in range(count))
        return of_values(place, f"({columns})", f"INSERT INTO public.made VALUES ({values})")

    for count in (89, 90, 91, 180, 181, 1000):
        assert len({wide(count, changed).sums for changed in (-1, 0, 89, count - 1)}) >= 3


def test_large_objects_are_measured_in_pieces(place: Place) -> None:
    def measured(*statements: str) -> Fingerprint:
        with place.session() as session:
            session.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
            for statement in statements:
                session.execute(statement)
            return measure_large_objects(session)

    data = "decode(repeat('00ff', 1100000), 'hex')"  # more than two pieces
    one, empty = f"SELECT lo_from_bytea(4711, {data})", "SELECT lo_create(4712)"
    whole = measured(one, empty)
    assert whole == measured(empty, one)
    # Pages that were never written read as zeros, and a restore writes them.
    zeros = measured("SELECT lo_from_bytea(4711, decode(repeat('00', 9000), 'hex'))")
    assert zeros == measured("SELECT lo_create(4711)", r"SELECT lo_put(4711, 8999, '\x00')")
    others = [
        measured(),
        measured(one),
        measured(one.replace("4711", "4713"), empty),
        measured(one, empty, r"SELECT lo_put(4711, 2199999, '\xfe')"),
    ]
    assert len({found.sums for found in (whole, zeros, *others)}) == 6

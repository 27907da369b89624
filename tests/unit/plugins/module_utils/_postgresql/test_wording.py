# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Definitions in other words: what the server does to its own text is no change, and everything else is one."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.wording import alike, reworded

# What a server wrote, and what it writes when it has read that.
SAME = [
    ("CHECK ((a > 0))", "CHECK ((a > 0))"),
    (
        "CHECK (((s)::text = ANY ((ARRAY['x'::character varying, 'y, z'::character varying(20)])::text[])))",
        "CHECK (((s)::text = ANY (ARRAY[('x'::character varying)::text, ('y, z'::character varying(20))::text])))",
    ),
    ("= ANY ((ARRAY['a'::public.dom])::public.base[])", "= ANY (ARRAY[('a'::public.dom)::public.base])"),
    (
        "((ARRAY[f(ARRAY[1, 2], 3), '2000-01-01'::date])::timestamp without time zone[])",
        "(ARRAY[(f(ARRAY[1, 2], 3))::timestamp without time zone, ('2000-01-01'::date)::timestamp without time zone])",
    ),
    ("UNION ALL\n SELECT 0,\n 'PUBLIC'::name) g(oid)", "UNION ALL\n SELECT 0,\n 'PUBLIC'::name AS name) g(oid)"),
    ("SELECT  a\n  FROM b", "SELECT a FROM b"),
]

# What no server does to its own text, whatever it looks like.
OTHER = [
    ("CHECK ((a > 0))", "CHECK ((a > 1))"),
    ("'a b'::text", "'ab'::text"),
    ("'a  b'::text", "'a b'::text"),
    ("'(x)'::text", "'x'::text"),
    ("'it''s'", "'its'"),
    (r"E'a\\b'", "'ab'"),
    ('"A" > 1', '"a" > 1'),
    ("a AND b", "a OR b"),
    ("(a + b) - c", "c - (a + b)"),
    ("numeric(10,2)", "numeric(10,3)"),
    ("a::text", "b::text"),
    ("ARRAY['x', 'y']", "ARRAY['x']"),
    ("ARRAY['x', 'y']", "ARRAY['y', 'x']"),
    ("f(a, b)", "f(b, a)"),
    ("a <> ALL (b)", "a = ALL (b)"),
]

# What may be another version's way of saying the same; within one version it is worth telling.
ALIKE = [
    ("SELECT t.a, t.b FROM t WHERE (t.a = 1)", "SELECT a, b FROM t WHERE (a = 1)"),
    ("((a + b) * c)", "(a + (b * c))"),
    ("now()::timestamp without time zone", "now()"),
    ("SELECT 1 AS one", "SELECT 1 AS two"),
    ("SELECT l.a FROM f() l(a, b)", "SELECT a FROM f() l(a, b, c)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_the_server_makes_of_its_own_text_is_the_same(one: str, other: str) -> None:
    assert reworded(one) == reworded(other)
    assert reworded(other) == reworded(reworded(other))
    assert alike(one, other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_means_something_else_is_not(one: str, other: str) -> None:
    assert reworded(one) != reworded(other)
    assert not alike(one, other)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_another_version_may_say_is_alike_and_not_the_same(one: str, other: str) -> None:
    assert reworded(one) != reworded(other)
    assert alike(one, other)


@pytest.mark.parametrize(
    "text", ["", "(", "(ARRAY[", "(ARRAY[1])::", "'never closed", "a::", "(ARRAY[1])::int[", "AS", ")x("]
)
def test_a_text_that_was_cut_is_no_trouble(text: str) -> None:
    assert alike(text, text)
    assert reworded(text) == reworded(text)

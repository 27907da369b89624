# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No part of a literal is left in a masked text; everything else is."""

from __future__ import annotations

import random

import pytest

from ansible_collections.day2.ops.plugins.module_utils._masking import masked_sql

CASES = [
    ("", ""),
    ("SELECT a, b FROM t", "SELECT a, b FROM t"),
    ("SELECT * FROM t WHERE id = 42 AND name = 'Ann'", "SELECT * FROM t WHERE id = ? AND name = ?"),
    ("SELECT 'it''s', ''", "SELECT ?, ?"),
    ("SELECT E'it\\'s' AS x, 1", "SELECT ? AS x, ?"),
    ("SELECT e'a\\\\', 'b'", "SELECT ?, ?"),
    ("SELECT B'01', x'ff', U&'d\\0061t', N'n'", "SELECT ?, ?, ?, ?"),
    ("SELECT $$secret$$, $tag$a $$ b $x$ c$tag$ FROM t", "SELECT ?, ? FROM t"),
    ("SELECT $1, $22", "SELECT $1, $22"),
    ("SELECT $näme$secret$näme$", "SELECT ?"),
    ("SELECT f$$g$$h FROM t", "SELECT f$$g$$h FROM t"),
    ('SELECT "it\'s 7", "a""b" FROM "T 1"', 'SELECT "it\'s 7", "a""b" FROM "T 1"'),
    ("SELECT t1.c2, t_3 FROM t1", "SELECT t1.c2, t_3 FROM t1"),
    ("SELECT 1.5, .5, 1e10, 1.5e-3, 0xFF, 1_000, 5.", "SELECT ?, ?, ?, ?, ?, ?, ?"),
    ("SELECT -1, a-1, a[1:2], 1::int", "SELECT -?, a-?, a[?:?], ?::int"),
    ("FOR i IN 1..10 LOOP", "FOR i IN ?..? LOOP"),
    ("SELECT 1 -- user=ann\nFROM t", "SELECT ? /* ? */\nFROM t"),
    ("/* user=ann /* nested 'x */ more */ SELECT 1", "/* ? */ SELECT ?"),
    ("SELECT ünïcødé1 FROM täble", "SELECT ünïcødé1 FROM täble"),
    ("ALTER ROLE a PASSWORD 'hunter2'", "ALTER ROLE a PASSWORD ?"),
    # Cut off by the server.
    ("SELECT 'never clos", "SELECT ?"),
    ("SELECT E'never clos\\", "SELECT ?"),
    ("SELECT $$never clos", "SELECT ?"),
    ("SELECT $tag$never $$clos$ta", "SELECT ?"),
    ("SELECT 1 /* never clos", "SELECT ? /* ? */"),
    ('SELECT "never clos', 'SELECT "never clos'),
    # A plain string that may or may not end at the quote after the backslash.
    ("SELECT 'a\\' secret', 'b'", "SELECT ?"),
    ("SELECT 'C:\\x', b", "SELECT ?, b"),
]


@pytest.mark.parametrize(("text", "masked"), CASES)
def test_literals_are_masked(text: str, masked: str) -> None:
    assert masked_sql(text) == masked


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_no_secret_survives_a_cut(cut: int) -> None:
    text = "SELECT f('sEcReT1'), E'a\\'sEcReT2', $q$sEcReT3$q$, $$sEcReT4$$ /* sEcReT5 */ FROM t -- sEcReT6"
    assert "sEc" not in masked_sql(text[:cut])


def test_long_and_random_texts_end_soon() -> None:
    noise = random.Random(1)
    text = "".join(noise.choice("ab1'\"\\$-/* \n\0eE") for _turn in range(200_000))
    assert isinstance(masked_sql(text), str)
    assert masked_sql("'" + "x" * 1_000_000) == "?"
    assert masked_sql("/*" * 100_000) == "/* ? */"

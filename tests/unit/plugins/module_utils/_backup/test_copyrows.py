# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows are counted as they are, however the stream is cut into chunks and whatever the values hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.copyrows import DumpCounter, DumpUnreadable

DUMP = Path(__file__).with_name("dump.sql").read_bytes()
TABLE = b"COPY public.t (a) FROM stdin;\n"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 100000])
def test_any_cut_gives_the_same_counts(size: int) -> None:
    counter = DumpCounter(bytes.decode)
    for start in range(0, len(DUMP), size):
        counter(DUMP[start : start + size])
    counter.finish()
    assert counter.rows == {
        ("public", "orders"): 3,
        ("public", 'Order "Items" of. (x)'): 0,
        ("public", "nothing"): 2,
        ("new\nline", "t"): 1,
    }
    assert counter.sequences == {
        ("public", "orders_id_seq"): (42, True),
        ("public", 'it\'s a "Seq"'): (1, False),
        ("public", "back\\slash"): (-7, True),
    }
    assert counter.large_objects == {16390, 16391}


@pytest.mark.parametrize("end", range(len(TABLE), len(TABLE) + 6))
def test_a_stream_that_ends_in_the_rows_is_refused(end: int) -> None:
    counter = DumpCounter(bytes.decode)
    counter((TABLE + b"1\n2\n\\.\n")[:end])
    with pytest.raises(DumpUnreadable, match="in the middle"):
        counter.finish()


def test_statements_longer_than_the_buffer_are_passed_in_constant_memory() -> None:
    counter = DumpCounter(bytes.decode)
    line = b"SELECT pg_catalog.lowrite(0, '\\x" + b"61" * 16384 + b"');\n"
    for number in range(200):
        counter(b"\nSELECT pg_catalog.lo_open('%d', 131072);\n" % number + line)
        assert len(counter._buffer) < 4 << 20
    counter(TABLE + b"1\n\\.\n")
    counter.finish()
    assert len(counter.large_objects) == 200
    assert counter.rows == {("public", "t"): 1}

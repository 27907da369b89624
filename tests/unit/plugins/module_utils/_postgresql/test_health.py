# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pure parts of the health facts: estimates, chains of waits, used-up sequences, versions."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.health import traffic
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.activity import chains
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.collect import FAMILIES
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.look import (
    Look,
    Wanted,
    ratio,
    topped,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.sequences import used_percent
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.table_estimate import Column, table_pages
from ansible_collections.day2.ops.plugins.module_utils._postgresql.health.versions import KEPT_SINCE, pieces
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session

INT4, INT8, BOOL = Column(4, "i", 4), Column(8, "d", 8), Column(1, "c", 1)


@pytest.mark.parametrize(
    ("tuples", "columns", "options", "pages"),
    [
        (0, [INT4], {}, 0),
        (-1, [INT4], {}, 0),
        (1, [], {}, 1),
        # 24 + 8 (4 aligned) + 4 = 36 bytes, 226 in 8168
        (226, [INT4], {}, 1),
        (227, [INT4], {}, 2),
        (2260, [INT4, INT4], {}, 10),
        (113, [INT4], {"fillfactor": 50}, 1),
        (114, [INT4], {"fillfactor": 50}, 2),
        # padding: bool, 7 bytes, bigint, bool, 7 bytes, bigint
        (136, [BOOL, INT8, BOOL, INT8], {}, 1),
        (137, [BOOL, INT8, BOOL, INT8], {}, 2),
        # a NULL bitmap of 2 bytes makes the header 32
        (185, [Column(4, "i", 4, nulls=0.5)] * 1, {"dropped": 8}, 1),
        # rows wider than a page
        (10, [Column(-1, "i", 20000)], {}, 10),
    ],
)
def test_pages_of_a_table(tuples: float, columns: list[Column], options: dict[str, int], pages: int) -> None:
    assert table_pages(tuples, columns, **options) == pages


def test_a_short_text_needs_no_padding_and_a_long_one_may() -> None:
    short, long = Column(-1, "i", 10), Column(-1, "i", 200)
    assert table_pages(1000, [BOOL, short]) < table_pages(1000, [BOOL, INT8, BOOL, short])
    assert table_pages(1000, [BOOL, long]) >= table_pages(1000, [BOOL, short])


@pytest.mark.parametrize(
    ("last", "called", "increment", "low", "high", "percent"),
    [
        (1, False, 1, 1, 100, 0.0),
        (1, True, 1, 1, 100, 1.0),
        (95, True, 1, 1, 100, 95.0),
        (100, True, 1, 1, 100, 100.0),
        (31129, True, 1, 1, 32767, 95.0),
        (-1, True, -1, -100, -1, 1.0),
        (-95, True, -1, -100, -1, 95.0),
        (-1, False, -1, -100, -1, 0.0),
        (0, True, 10, -100, 99, 50.5),
        (2**63 - 1, True, 1, 1, 2**63 - 1, 100.0),
        # a column narrower than where the sequence begins
        (3_000_000_000, True, 1, 3_000_000_000, 2**31 - 1, 100.0),
        # what its column can hold is over already
        (3_000_000_000, True, 1, 1, 2**31 - 1, 100.0),
    ],
)
def test_how_far_a_sequence_is_used_up(
    last: int, called: bool, increment: int, low: int, high: int, percent: float
) -> None:
    assert used_percent(last, called, increment, low, high) == percent


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, {}),
        ({2: [1]}, {2: (1, [1])}),
        ({2: [1], 3: [2]}, {2: (1, [1]), 3: (2, [1])}),
        ({3: [2, 1], 2: [1]}, {2: (1, [1]), 3: (2, [1])}),
        ({3: [1, 2]}, {3: (1, [1, 2])}),
        ({5: [0]}, {5: (1, [0])}),
        # a deadlock that the server has yet to break, and one who waits behind it
        ({1: [2], 2: [1]}, {1: (1, [1]), 2: (2, [1])}),
        ({1: [2], 2: [1], 9: [2]}, {1: (1, [1]), 2: (2, [1]), 9: (3, [1])}),
    ],
)
def test_chains_of_waits(edges: dict[int, list[int]], expected: dict[int, tuple[int, list[int]]]) -> None:
    assert chains(edges) == expected


def test_long_and_tangled_chains_end() -> None:
    queue = {pid: list(range(1, pid)) for pid in range(2, 1500)}
    assert chains(queue)[1499] == (1498, [1])
    noise = random.Random(1)
    tangle = {pid: [noise.randrange(300) for _turn in range(5)] for pid in range(200)}
    assert set(chains(tangle)) == set(range(200))


def test_every_version_has_every_piece() -> None:
    names = set(pieces(180000))
    for major in range(13, 20):
        assert set(pieces(major * 10000 + 3)) == names
    assert pieces(130000)["wait_start"].text == "NULL::timestamptz"
    assert pieces(180004)["wait_start"].text == "l.waitstart"
    assert pieces(160000)["slot_invalidation"].text.startswith("CASE")


def test_facts_that_older_servers_lack_belong_to_families() -> None:
    assert set(KEPT_SINCE) <= {*FAMILIES, "database"}


def test_a_ratio_of_nothing_is_unknown() -> None:
    assert ratio(1, 0) is None
    assert ratio(None, None) is None
    assert ratio(1, 3) == 0.3333
    assert topped([1, 2, 3], 2) == {"total": 3, "top": [1, 2]}


class Told(Session):
    """A session that answers each query with the rows it was given."""

    version = 180000
    database = "db"
    where = "nowhere"

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)

    def _lines(self, statement: str) -> tuple[list[str], list[str]]:
        return [], []

    def query(self, select: str) -> list[dict[str, Any]]:
        return self.answers.pop(0)

    def close(self) -> None:
        return


def test_without_checksums_no_failure_is_not_good_news() -> None:
    look = Look(Told([{"database": "db", "count": None, "last": None, "here": True}], [{"value": "off"}]), Wanted())
    facts = traffic.checksum_failures(look)
    assert (facts["enabled"], facts["count"], facts["server_count"]) == (False, None, None)
    assert look.unseen[0]["what"] == "checksum_failures.count"


@pytest.mark.parametrize("family", [traffic.cache_hit_ratio, traffic.index_hit_ratio])
def test_a_ratio_of_no_reads_is_unseen(family: Any) -> None:
    look = Look(Told([{"hit": 0, "every": 0}]), Wanted())
    assert family(look) is None
    assert len(look.unseen) == 1


@pytest.mark.parametrize(
    ("mask", "query", "shown"),
    [
        (True, "SELECT 'a'\n  FROM t ;\n", "SELECT ? FROM t"),
        (False, " SELECT 'a' FROM t;", "SELECT 'a' FROM t"),
        (True, None, None),
        (True, "SELECT " + "a, " * 2000 + "b", ("SELECT " + "a, " * 400)[:999] + "…"),
    ],
)
def test_query_texts_are_masked_and_cut(mask: bool, query: str | None, shown: str | None) -> None:
    assert Look(Told(), Wanted(mask=mask)).shown(query) == shown

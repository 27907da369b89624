# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of kinds: one query for each version, nothing asked that a server does not know."""

from __future__ import annotations

from collections import Counter

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.kinds.every import EVERY
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kinds.kind import Kind, Since

CHANGING = Kind(
    "k", "c.name", {"a": "c.a", "b": Since(15, "c.b"), "c": Since(17, "c.c", Since(15, "c.d", "c.e"))}, "FROM c"
)


@pytest.mark.parametrize(
    ("major", "asked"),
    [
        (13, {"a": "c.a", "c": "c.e"}),
        (15, {"a": "c.a", "b": "c.b", "c": "c.d"}),
        (16, {"a": "c.a", "b": "c.b", "c": "c.d"}),
        (17, {"a": "c.a", "b": "c.b", "c": "c.c"}),
        (18, {"a": "c.a", "b": "c.b", "c": "c.c"}),
    ],
)
def test_each_version_is_asked_what_it_knows(major: int, asked: dict[str, str]) -> None:
    assert CHANGING.asked(major) == asked
    query = CHANGING.query(major)
    assert query.startswith("SELECT c.name AS name,")
    assert query.endswith("FROM c")
    assert ("'b', c.b" in query) is (major >= 15)


def test_every_kind_has_a_name_of_its_own() -> None:
    assert {name for name, times in Counter(kind.name for kind in EVERY).items() if times > 1} == set()
    assert len(EVERY) > 35

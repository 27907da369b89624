# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What archives hold, beside what the snapshot had."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.archives import NotVerified
from ansible_collections.day2.ops.plugins.module_utils._backup.comparison import compare
from ansible_collections.day2.ops.plugins.module_utils._backup.contents import Archive, Contents
from ansible_collections.day2.ops.plugins.module_utils._backup.copyrows import DumpCounter
from ansible_collections.day2.ops.plugins.module_utils._postgresql.catalog import Table
from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import Fingerprint

LARGE = Table(1, "public", "large", "public.large", "r", "p", 1 << 30, True, False, "")
SMALL = Table(2, "public", "small", "public.small", "r", "p", 0, True, False, "")
CONTENTS = Contents(
    tables=[LARGE, SMALL],
    unchosen=[],
    partitions={},
    roots={},
    archives=[
        Archive("data-001.dump", [LARGE], [("public", "large_id_seq")], False),
        Archive("rest.dump", [SMALL], [], False),
    ],
    left_out={},
    selection=None,
)
CATALOG: dict[str, Any] = {"large object": {}, "sequence": {"public.large_id_seq": {}}}
SEQUENCES = {("public", "large_id_seq"): (7, True)}


def held(rows: dict[str, int], **more: Any) -> DumpCounter:
    counter = DumpCounter(bytes.decode)
    counter.rows = {("public", name): number for name, number in rows.items()}
    for name, value in more.items():
        setattr(counter, name, value)
    return counter


def compared(data: DumpCounter, rest: DumpCounter) -> dict[str, list[Any]]:
    rows = {1: Fingerprint(1000), 2: Fingerprint(3)}
    return compare(CONTENTS, rows, CATALOG, {"data-001.dump": data, "rest.dump": rest}, "here")


def test_the_values_of_sequences_are_those_of_the_dump() -> None:
    values = compared(held({"large": 1000}), held({"small": 3}, sequences=SEQUENCES))
    assert values == {'"public"."large_id_seq"': [7, True]}


@pytest.mark.parametrize(
    ("data", "rest", "told"),
    [
        (held({"large": 999}), held({"small": 3}, sequences=SEQUENCES), "large: 1000 rows in the database, 999 in"),
        (held({}), held({"small": 3}, sequences=SEQUENCES), "large: 1000 rows in the database, none in the dump"),
        (held({"large": 1000, "x": 1}), held({"small": 3}, sequences=SEQUENCES), "x: no table rows in the database"),
        (held({"large": 1000}), held({"small": 3}), "large_id_seq') is not in the dump"),
        (
            held({"large": 1000}, sequences=SEQUENCES),
            held({"small": 3}, sequences=SEQUENCES),
            "large_id_seq') is in the dump twice",
        ),
        (
            held({"large": 1000}),
            held({"small": 3}, sequences=SEQUENCES, large_objects={5}),
            "0 large objects in the database, 1 in the dump",
        ),
    ],
)
def test_what_differs_is_told(data: DumpCounter, rest: DumpCounter, told: str) -> None:
    with pytest.raises(NotVerified) as failure:
        compared(data, rest)
    assert told in str(failure.value)

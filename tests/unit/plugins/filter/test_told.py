# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter told: results in one sentence, as they were and as they would be."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.told import FilterModule

told = FilterModule().filters()["told"]
BACKUP = {"database": "shop", "bytes": 3 << 20, "seconds": 65, "tables": {"a": 2, "b": 3}, "verified": True}
PLAN = {"tables": 2, "parts": 3, "needed_bytes": 1 << 20, "reason": "the newest verified set is old"}
RESTORE = {
    "verified": True, "differences_total": 0, "seconds": 1.5, "tables_compared": 2, "rows_compared": 5,
    "objects_compared": 40,
}  # fmt: skip
STATE = {"database": "shop", "complete": 2, "corrupt": 0, "faults": [], "newest": {"path": "x"}, "age_seconds": 7200}
FAULT = {"path": "/sets/one", "reason": "rest.dump: it is missing"}

REPLACES = {
    "database": "shop", "bytes": 2 << 20, "kept_as": "shop_before_1", "safety_backup_bytes": 1 << 20,
    "safety_backup_free_bytes": 8 << 20,
    "sessions": [
        {"application": "shop-web", "role": "app", "backend_type": "client backend"},
        {"application": "shop-web", "role": "app", "backend_type": "client backend"},
        {"application": "", "role": "report", "backend_type": "client backend"},
        {"application": None, "role": None, "backend_type": "walsender"},
    ],
    "in_the_way": {"logical_slots": ["a", "b"]},
    "properties": {"connection_limit": {"live": 23, "backup": -1}, "comment": {"live": "a shop", "backup": None}},
}  # fmt: skip
ALONE: dict[str, Any] = {
    "sessions": [], "in_the_way": {}, "properties": {}, "safety_backup_bytes": None, "safety_backup_free_bytes": None,
}  # fmt: skip
REPLACING = {
    "target": "shop", "backup": "/sets/one", "database_bytes": 3 << 20, "expected_seconds": 1.5,
    "needed_bytes": 4 << 20, "free_bytes": 9 << 20, "backup_version": 150004, "server_version": 170005,
    "left_alone": {"user_mappings": ["x"]}, "orphans": ["day2_scratch_1"], "problems": [], "replaces": REPLACES,
}  # fmt: skip
QUIET: dict[str, Any] = {"left_alone": {}, "orphans": [], "expected_seconds": None, "free_bytes": None}
REPLACED = {
    "database": "shop", "path": "/sets/one", "previous_database": "shop_before_1", "safety_backup": "/sets/two",
    "seconds_without_database": 0.03,
}  # fmt: skip
ROLLBACK: dict[str, Any] = {
    "previous": {"name": "shop_before_1", "was": "shop", "since": "2026-11-22T02:00:00Z", "bytes": 2 << 20},
    "kept_as": "shop_before_2", "sessions": [], "in_the_way": {}, "problems": [],
}  # fmt: skip


def maintenance(**more: Any) -> dict[str, Any]:
    return {"database": "shop", "plan": [], "done": [], "skipped": [], **more}


IMAGE, RUN = {"kind": "image"}, {"kind": "container"}


def pruned(**found: Any) -> dict[str, Any]:
    """What container_engine_prune returns."""
    use = {"before": {"images": {"bytes": 3072}}, "after": {"images": {"bytes": 2048}}}
    return {"plan": [], "removed": [], "refused": [], "unused_volumes": [], **use, **found}


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        (
            "backup",
            {"changed": True, "backup": None, "plan": PLAN},
            "A backup would be made: 2 tables in 3 parts, about 1.0 MiB, because the newest verified set is old.",
        ),
        (
            "backup",
            {"database": "shop", "changed": True, "backup": None, "plan": {**PLAN, "tables": 1, "parts": 1}},
            "A backup of shop would be made: 1 table in 1 part, about 1.0 MiB, because the newest verified set is old.",
        ),
        (
            "backup",
            {"changed": False, "backup": BACKUP, "plan": {**PLAN, "reason": "it is young"}},
            "shop: nothing to do, it is young.",
        ),
        (
            "backup",
            {"changed": True, "backup": BACKUP, "plan": PLAN},
            "shop: 3.0 MiB in 1 min 5 s, read back: 5 rows in 2 tables.",
        ),
        (
            "backup",
            {"changed": True, "backup": {**BACKUP, "verified": False}, "plan": PLAN},
            "shop: 3.0 MiB in 1 min 5 s, not read back.",
        ),
        ("sets", STATE, "shop: 2 complete sets, the newest 2 h old, 0 corrupt."),
        ("sets", {**STATE, "complete": 1}, "shop: 1 complete set, the newest 2 h old, 0 corrupt."),
        (
            "sets",
            {**STATE, "complete": 0, "newest": None, "age_seconds": None, "corrupt": 1, "faults": [FAULT]},
            "shop: no complete set, 1 corrupt; /sets/one is corrupt: rest.dump: it is missing.",
        ),
        (
            "drill",
            {"restore": RESTORE, "plan": {"backup": "/sets/one"}},
            "Restored in 1.5 s; 2 tables with 5 rows and 40 objects compared, nothing differs.",
        ),
        (
            "drill",
            {"failed": True, "msg": "…", "restore": {**RESTORE, "verified": False, "differences_total": 3}},
            "Restored in 1.5 s; 2 tables with 5 rows and 40 objects compared, 3 differences.",
        ),
        (
            "drill",
            {"restore": None, "plan": {"backup": "/sets/one"}},
            "/sets/one would be restored into a database of its own, compared and dropped.",
        ),
        (
            "drill",
            {"database": "shop", "restore": None, "plan": {"backup": "/sets/shop/one"}},
            "shop: the set one would be restored into a database of its own, compared and dropped.",
        ),
        ("drill", {"database": "shop", "failed": True, "msg": "The role is missing."}, "shop: The role is missing."),
        (
            "drill",
            {"database": "shop", "restore": RESTORE, "plan": {"backup": "/sets/one"}},
            "shop: restored in 1.5 s; 2 tables with 5 rows and 40 objects compared, nothing differs.",
        ),
        ("drill", {"failed": True, "msg": "The role is missing."}, "The role is missing."),
        (
            "restore",
            {"restore": None, "plan": REPLACING},
            (
                "shop would be replaced by /sets/one, 3.0 MiB when it was dumped. It is of PostgreSQL 15, the server "
                "of 17. On the server's disk it takes about 4.0 MiB; 9.0 MiB are free. The last drill that passed took "
                "1.5 s. What is live, 2.0 MiB, would be kept as shop_before_1. Before that, a backup of it would be "
                "made, about 1.0 MiB; 8.0 MiB are free. Sessions that would be ended: shop-web (2), report (1), "
                "walsender (1). It would be left behind: logical slots a, b. Properties that would change: "
                "connection_limit (23 → -1), comment (a shop → null). Not restored: user mappings x. What killed "
                "restores left would be dropped: day2_scratch_1."
            ),
        ),
        (
            "restore",
            {"restore": None, "plan": {**REPLACING, **QUIET, "replaces": {**REPLACES, **ALONE}}},
            (
                "shop would be replaced by /sets/one, 3.0 MiB when it was dumped. It is of PostgreSQL 15, the server "
                "of 17. On the server's disk it takes about 4.0 MiB; how much is free cannot be seen. No drill has "
                "passed, so nobody knows how long it takes. What is live, 2.0 MiB, would be kept as shop_before_1. "
                "Nobody is connected now. No property would change."
            ),
        ),
        (
            "restore",
            {"restore": None, "plan": {**REPLACING, **QUIET, "target": "copy", "replaces": None}},
            (
                "copy would be made from /sets/one, 3.0 MiB when it was dumped. It is of PostgreSQL 15, the server "
                "of 17. On the server's disk it takes about 4.0 MiB; how much is free cannot be seen. No drill has "
                "passed, so nobody knows how long it takes."
            ),
        ),
        (
            "restore",
            {"restore": None, "plan": ROLLBACK},
            (
                "shop would be again what shop_before_1 is, which was live until 2026-11-22T02:00:00Z, 2.0 MiB. What "
                "is live would be kept as shop_before_2. Nobody is connected now."
            ),
        ),
        (
            "restore",
            {"restore": {**RESTORE, **REPLACED}, "plan": REPLACING},
            (
                "shop was restored from /sets/one. Restored in 1.5 s; 2 tables with 5 rows and 40 objects compared, "
                "nothing differs. What was live before is kept as shop_before_1; nobody could connect for 30 ms. A "
                "backup of it lies in /sets/two."
            ),
        ),
        (
            "restore",
            {"restore": {**RESTORE, **REPLACED, "previous_database": None, "safety_backup": None}, "plan": REPLACING},
            (
                "shop was restored from /sets/one. Restored in 1.5 s; 2 tables with 5 rows and 40 objects compared, "
                "nothing differs."
            ),
        ),
        (
            "restore",
            {"restore": {**REPLACED, "path": None, "safety_backup": None}, "plan": ROLLBACK},
            (
                "shop is again what shop_before_1 was. What was live before is kept as shop_before_1; nobody could "
                "connect for 30 ms."
            ),
        ),
        ("vacuum", maintenance(), "shop: no table needs it."),
        ("reindex", maintenance(), "shop: no index needs it."),
        (
            "vacuum",
            maintenance(plan=[{"table": f"t{number}"} for number in range(6)], skipped=[{"table": "s"}]),
            "shop: 6 tables due: t0, t1, t2, t3 and 2 more; 1 skipped.",
        ),
        (
            "reindex",
            maintenance(plan=[{"table": "t", "index": "a"}, {"table": "t", "index": "b"}]),
            "shop: 2 indexes due: a, b; 0 skipped.",
        ),
        (
            "reindex",
            maintenance(
                plan=[{"index": "a"}],
                done=[{"index": "a", "bytes_before": 3 << 20, "bytes_after": 1 << 20}],
            ),
            "shop: 1 index rebuilt or repaired, 2.0 MiB freed: a; 0 skipped.",
        ),
        (
            "vacuum",
            maintenance(
                plan=[{"table": "a"}, {"table": "b"}],
                done=[{"table": "a", "bytes_before": 5, "bytes_after": 9}, {"table": "b", "bytes_before": None}],
                skipped=None,
            ),
            "shop: 2 tables vacuumed or analysed: a, b; 0 skipped.",
        ),
        ("retention", {"kept": [1, 2, 3], "removed": [4]}, "3 sets kept, 1 removed."),
        ("retention", {}, "0 sets kept, 0 removed."),
        ("cleanup", {}, "Nothing is removed from an engine of containers here."),
        ("cleanup", pruned(), "No image and no container has to be removed."),
        ("cleanup", pruned(plan=[IMAGE, IMAGE, RUN]), "Would be removed: 2 images and 1 container."),
        (
            "cleanup",
            pruned(plan=[IMAGE, RUN], removed=[IMAGE], refused=[RUN], unused_volumes=["db", "files"]),
            (
                "Removed: 1 image, which gives back about 1.0 KiB; 1 container came into use meanwhile. "
                "Volumes that no container has, which stay: db, files."
            ),
        ),
        ("cleanup", pruned(plan=[IMAGE], removed=[IMAGE], before={}), "Removed: 1 image."),
        (
            "cleanup",
            pruned(plan=[IMAGE], refused=[IMAGE]),
            "No image and no container has to be removed; 1 image came into use meanwhile.",
        ),
    ],
)
def test_the_sentence(kind: str, result: dict[str, Any], expected: str) -> None:
    assert told(result, kind) == expected


def test_what_nothing_is_told_of() -> None:
    with pytest.raises(AnsibleFilterError, match="Nothing is told of 'coffee'; there are backup, cleanup"):
        told({}, "coffee")

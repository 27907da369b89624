# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter failure: messages and the typed error of a failed task, with and without a loop."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.filter.failure import FilterModule

failure = FilterModule().filters()["failure"]
REFUSED = {"kind": "Refused", "why": "locked"}
LOST = {"kind": "Unreachable", "why": "gone"}


@pytest.mark.parametrize(
    ("result", "message", "error"),
    [
        ({"failed": True, "msg": "No.", "error": REFUSED}, "No.", REFUSED),
        ({"failed": True, "msg": "No."}, "No.", None),
        ({"failed": True}, "the task failed without a message", None),
        ({"failed": True, "msg": ""}, "the task failed without a message", None),
        ({}, "the task failed without a message", None),
        ({"msg": "One or more items failed", "results": []}, "One or more items failed", None),
        (
            {
                "msg": "One or more items failed",
                "results": [
                    {"changed": True, "msg": "fine"},
                    {"failed": True, "msg": "First."},
                    {"unreachable": True, "msg": "Second.", "error": LOST},
                    {"failed": True, "msg": "First.", "error": REFUSED},
                ],
            },
            "First. Second.",
            LOST,
        ),
        ({"msg": "All.", "results": [{"failed": False, "msg": "fine"}]}, "All.", None),
    ],
)
def test_what_went_wrong(result: dict[str, Any], message: str, error: dict[str, str] | None) -> None:
    assert failure(result) == {"message": message, "error": error}

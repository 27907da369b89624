# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter judge, as templates call it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.judge import FilterModule

judge = FilterModule().filters()["judge"]
FACTS = {"custom": {"queue": 12}}
RULE = {
    "check": "custom.queue",
    "requires": "custom",
    "value": "queue",
    "warning": {"op": ">", "value": 10},
    "message": "The queue holds {observed}",
    "remedy": "Empty it",
}
PAST = {"run": {"finished": "2026-11-20T02:00:00Z"}, "findings": [{**RULE, "host": "", "subject": "", "observed": 11}]}


def test_it_returns_plain_dictionaries() -> None:
    (found,) = judge(FACTS, [RULE], host="q1", defaults=False)
    assert found == {
        "check": "custom.queue",
        "host": "q1",
        "subject": "",
        "severity": "warning",
        "observed": 12,
        "expected": "at most 10",
        "unit": "",
        "message": "The queue holds 12",
        "remedy": "Empty it",
        "procedures": [],
        "silenced": None,
    }


def test_the_defaults_apply_and_the_inventory_changes_them() -> None:
    facts = {"steps": [{"name": "backup", "title": "Backup", "status": "failed", "message": "no", "error": None}]}
    assert [found["severity"] for found in judge(facts)] == ["critical"]
    assert judge(facts, [{"check": "steps.result", "enabled": False}]) == []
    assert judge(facts, defaults=False) == []
    assert judge({}) == []


def test_history_and_now() -> None:
    lasting = [{**RULE, "for": "2d"}]
    assert judge(FACTS, lasting)[0]["severity"] == "info"
    assert judge(FACTS, lasting, history=[PAST], now="2026-11-22T02:00:00Z")[0]["severity"] == "warning"
    assert judge(FACTS, lasting, history=[PAST], now="2026-11-22T01:59:00Z")[0]["severity"] == "info"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"rules": [{"check": "host.dsk"}]}, "No rule is called 'host.dsk'"),
    ({"rules": "host.disk"}, "The rules must be a list"),
    ({"history": {"runs": []}}, "Give history.runs of day2.ops.run_history"),
    ({"now": "yesterday"}, "now is no time: 'yesterday'"),
    ({"facts": [1]}, "they are no dictionary"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_input_is_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        judge(**{"facts": {}, **options})

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the action report agrees with what the action takes."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.day2.ops.plugins.action.report import ARGUMENTS
from ansible_collections.day2.ops.plugins.modules import report

KEYS = ("type", "elements", "required", "choices", "default")


def told(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {key: option[key] for key in KEYS if key in option} for name, option in options.items()}


def test_the_options_are_those_of_the_action() -> None:
    documented = yaml.safe_load(report.DOCUMENTATION)["options"]
    assert told(documented) == told(ARGUMENTS)


def test_what_it_returns_is_documented() -> None:
    documented = set(yaml.safe_load(report.RETURN))
    returned = {"report", "latest", "removed", "kept_on", "bytes", "history"}
    assert documented == returned | {"verdict", "worst", "counts", "fails", "changes", "summary"}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter known_services: what service_info is asked of an inventory's services."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.known_services import FilterModule

known_services = FilterModule().filters()["known_services"]

GIVEN = [
    {"name": "worker", "databases": ["shop"]},
    {"name": "api", "runtime": "compose", "project": "shop", "databases": ["shop"]},
    {"name": "web", "runtime": "command", "stop": ["x"], "start": ["y"]},
    {"name": "proxy", "runtime": "container", "project": None},
    {"name": "mailer", "runtime": "systemd"},
    {"runtime": "compose"},  # the module says what is missing
]


def test_services_of_a_known_runtime_are_looked_at() -> None:
    assert known_services(GIVEN) == [
        {"name": "api", "runtime": "compose", "project": "shop"},
        {"name": "proxy", "runtime": "container"},
        {"runtime": "compose"},
    ]


@pytest.mark.parametrize("nothing", [None, []])
def test_there_may_be_none(nothing: list[Any] | None) -> None:
    assert known_services(nothing) == []


def test_what_is_no_service_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="An element of day2_services is no dictionary: 'api'."):
        known_services([*GIVEN, "api"])

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter path_name: any name as one component of a path."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.filter.path_name import FilterModule

path_name = FilterModule().filters()["path_name"]


@pytest.mark.parametrize(
    ("name", "component"),
    [("shop", "shop"), ("../up", "%2E.%2Fup"), (".", "%2E"), ("a b", "a%20b"), ("ü", "%C3%BC"), (7, "7")],
)
def test_a_name_is_one_component(name: Any, component: str) -> None:
    assert path_name(name) == component


@pytest.mark.parametrize(("name", "why"), [("", "it is empty"), ("x" * 256, "255 are possible")])
def test_what_is_no_name_is_told(name: str, why: str) -> None:
    with pytest.raises(AnsibleFilterError, match=why):
        path_name(name)

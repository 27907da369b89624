# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._present import present


@pytest.mark.parametrize("value", [0, "", [], False, object()])
def test_what_is_there_is_returned(value: object) -> None:
    assert present(value) is value


def test_what_is_not_there_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="mistake"):
        present(None)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action postgresql_reindex."""

from __future__ import annotations

from ansible_collections.day2.ops.plugins.action.postgresql_reindex import ActionModule
from ansible_collections.day2.ops.plugins.plugin_utils._long_work import LongWork


def test_its_work_outlives_the_run() -> None:
    assert issubclass(ActionModule, LongWork)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action postgresql_backup: attends the module of this name, whose work may take long."""

from __future__ import annotations

from ansible_collections.day2.ops.plugins.plugin_utils._long_work import LongWork


class ActionModule(LongWork):
    """Runs the module so that its work outlives this run, and tells how far it is."""

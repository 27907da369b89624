# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes that every module documents."""

from __future__ import annotations


class ModuleDocFragment:
    """Descriptions of the attributes; a module adds C(support) and details to each.

    The fragment C(info) is for modules that only read, C(long_work) is added for those whose work may take long.
    """

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells truthfully what would change, without changing anything.
  diff_mode:
    description: Will return details on what has changed or would change, when in diff mode.
  idempotent:
    description: When run twice in a row, the second run changes nothing.
  platform:
    description: Target operating systems that the module supports.
    platforms: posix
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tells truthfully what would change, without changing anything.
    support: full
    details: The module only reads.
  diff_mode:
    description: Will return details on what has changed or would change, when in diff mode.
    support: N/A
    details: The module only reads.
  idempotent:
    description: When run twice in a row, the second run changes nothing.
    support: full
    details: The module only reads.
  platform:
    description: Target operating systems that the module supports.
    platforms: posix
    support: full
"""

    LONG_WORK = r"""
options: {}
attributes:
  action:
    description: There is an action plugin of the same name, which runs on the controller.
    support: full
    details:
      - The work is told line by line while it lasts. It outlives the connection and the controller; a run that asks for
        the same work then takes it over. A run that is cancelled with Ctrl-C stops it.
      - In check mode the module runs as any other.
  async:
    description: Supports C(async) of the task.
    support: full
    details: Then the module runs as any other, and nothing else is told of it.
"""

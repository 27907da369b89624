# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long work as the controller sees it: started so that it outlives the connection, attended, told line by line."""

from __future__ import annotations

from .action import LongWork

__all__ = ["LongWork"]

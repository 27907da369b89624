# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of object that a database consists of, and what of each must be equal after a restore."""

from __future__ import annotations

from .about import ABOUT
from .attached import ATTACHED
from .operators import OPERATORS
from .outside import OUTSIDE
from .relations import RELATIONS
from .routines import ROUTINES
from .text_search import TEXT_SEARCH
from .types import TYPES

__all__ = ["EVERY"]

EVERY = (*RELATIONS, *ATTACHED, *ROUTINES, *OPERATORS, *TYPES, *TEXT_SEARCH, *OUTSIDE, *ABOUT)

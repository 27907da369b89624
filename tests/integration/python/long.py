# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which cases of a test are run each time, and which by ``make test-long`` only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def cases(values: Iterable[Any], quick: Collection[Any]) -> list[Any]:
    """Values for a test's parameter, all of which the long run takes; each run takes the *quick* ones."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.long) for value in values]

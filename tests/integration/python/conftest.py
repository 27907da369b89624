# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of modules have where they say nothing else: an empty database, and a set of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...conftest import RunModule
from .backup_places import arguments
from .maintenance_places import Place, places


@pytest.fixture(params=["embedded 18"])
def place(request: pytest.FixtureRequest, login: dict[str, Any]) -> Iterator[Place]:
    """A database of the test's own."""
    yield from places(request, login)


@pytest.fixture
def backed_up(place: Place, run_module: RunModule, tmp_path: Path) -> tuple[Place, Path]:
    """The database with a backup set; gives the folder of the sets too."""
    assert run_module("postgresql_backup", arguments(place, tmp_path))["backup"]["verified"]
    return place, tmp_path

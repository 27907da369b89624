# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that come with the collection, as data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["default_rules", "rules_by_group"]

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def rules_by_group() -> dict[str, list[dict[str, Any]]]:
    """The rules of each file, by the file's name."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.yml"))}


def default_rules() -> list[dict[str, Any]]:
    """All of them."""
    return [rule for rules in rules_by_group().values() for rule in rules]

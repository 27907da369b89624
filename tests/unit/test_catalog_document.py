# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on what is compared names every kind of object that is, with the version from which there is one."""

from __future__ import annotations

import re

from ansible_collections.day2.ops.plugins.module_utils._postgresql.kinds.every import EVERY

from ..collection import CHECKOUT


def test_every_kind_is_described() -> None:
    text = (CHECKOUT / "docs" / "catalog.md").read_text()
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    described = {name: int(since or 13) for name, since in re.findall(r"`([a-z -]+)`(?: \((\d+)\))?", table)}
    kinds = {kind.name: kind.since for kind in EVERY}
    kinds["published schema"] = 13  # told in its row with the others
    assert described == kinds

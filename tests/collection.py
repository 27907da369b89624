# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes this checkout importable, and usable by the Ansible programs, as the collection that it is."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["CHECKOUT", "COLLECTIONS"]

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTIONS = CHECKOUT / ".work" / "collections"


def link() -> None:
    """Make ``.work/collections/ansible_collections/day2/ops`` point at the checkout, and import from there."""
    place = COLLECTIONS / "ansible_collections" / "day2" / "ops"
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(CHECKOUT, target_is_directory=True)
    if str(COLLECTIONS) not in sys.path:
        sys.path.insert(0, str(COLLECTIONS))


link()

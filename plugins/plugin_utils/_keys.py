# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that somebody wrote into an inventory, against those that are known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleFilterError

__all__ = ["check_keys", "nearest"]


def check_keys(given: Iterable[Any], known: Iterable[str], what: str) -> None:
    """Refuse the first key that is not known, and name the nearest that is."""
    names = sorted(known)
    for key in given:
        if key not in names:
            advice = nearest(key, names) or f"known are {', '.join(names)}."
            raise AnsibleFilterError(f"Unknown key {key!r} in {what}: {advice}")


def nearest(name: Any, known: Iterable[str]) -> str:
    """A question after the known name that is most like *name*; empty when none is."""
    near = difflib.get_close_matches(str(name), list(known), 1)
    return f"did you mean {near[0]!r}?" if near else ""

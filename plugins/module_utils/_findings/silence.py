# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A silence: a reason and a last day, or else it does not count and is itself told."""

from __future__ import annotations

from typing import Any

from .rule import Silence
from .times import day_of

__all__ = ["read_silence"]

_KEYS = {"reason", "until"}


def read_silence(data: Any, check: str) -> tuple[Silence | None, tuple[str, str] | None]:
    """The silence that *data* describes, or what is wrong with it: (severity, message)."""
    if data is None:
        return None, None
    if not isinstance(data, dict):
        return None, ("warning", f"The silence of {check} does not count: it is no dictionary of reason and until")
    faults = [f"it has an unknown key {key}" for key in sorted(set(data) - _KEYS)]
    reason = data.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        faults.append("it gives no reason")
    until = day_of(data.get("until"))
    if until is None:
        faults.append("its until is no date such as 2026-12-31" if data.get("until") else "it has no date in until")
    if faults or until is None:
        return None, ("warning", f"The silence of {check} does not count: {' and '.join(faults)}")
    return Silence(" ".join(str(reason).split()), until), None

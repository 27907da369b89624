# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one library that this package needs, looked for once."""

from __future__ import annotations

from .._errors import NotPossible

try:
    import cryptography

    VERSION: str | None = cryptography.__version__
except ImportError:  # told by need_library() when the module runs
    VERSION = None

__all__ = ["need_library"]

OLDEST = 41


def need_library() -> None:
    """Raise ``NotPossible`` when the library is missing or too old."""
    if VERSION is not None and int(VERSION.partition(".")[0]) >= OLDEST:
        return
    found = "it is not installed" if VERSION is None else f"version {VERSION} is installed"
    raise NotPossible(
        "looking for the Python library cryptography",
        "this host",
        f"version {OLDEST} or later is needed, and {found}",
        f"Install cryptography>={OLDEST} for the Python that runs the module (ansible_python_interpreter).",
    )

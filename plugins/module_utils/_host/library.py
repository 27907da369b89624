# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library psutil, which a host may lack."""

from __future__ import annotations

from typing import Any

from .._errors import NotPossible

__all__ = ["psutil"]

_library: Any
try:
    import psutil as _library
except ImportError:
    _library = None


def psutil() -> Any:
    """The library.

    :raises NotPossible: when it is not installed.
    """
    if _library is None:
        raise NotPossible(
            "reading the usage of the host",
            "this host",
            "the Python library psutil is missing",
            "Install the package python3-psutil there, or psutil for the Python that runs Ansible's modules.",
        )
    return _library

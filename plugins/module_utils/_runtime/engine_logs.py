# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in which an engine keeps what a container says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["log_of"]

# The drivers of Docker and Podman that write files of their own.
_JSON = "json-file"
_LOCAL = "local"
_K8S = "k8s-file"


def log_of(document: Mapping[str, Any]) -> tuple[str | None, int | None, str | None]:
    """The log driver of an inspected container, the bytes of its files, and why these are not known.

    Files that were rotated count.
    """
    config = ((document.get("HostConfig") or {}).get("LogConfig") or {}) if _is_told(document) else {}
    driver = config.get("Type") or None
    if driver not in (_JSON, _LOCAL, _K8S):
        return driver, None, f"its log driver, {driver or 'which is not known'}, keeps no file"
    path = _path(document, config, driver)
    if path is None:
        return driver, 0, None  # it was never started
    try:
        return driver, _bytes(path), None
    except OSError as error:
        return driver, None, f"{error.filename or path}: {error.strerror or error}"


def _is_told(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("HostConfig"), dict)


def _path(document: Mapping[str, Any], config: Mapping[str, Any], driver: str) -> Path | None:
    if driver == _LOCAL:
        # The engine does not tell where this one's files are: beside the others that it has for the container.
        beside = document.get("HostnamePath") or document.get("ResolvConfPath")
        return Path(beside).parent / "local-logs" / "container.log" if beside else None
    path = document.get("LogPath") or config.get("Path")
    return Path(path) if path else None


def _bytes(path: Path) -> int:
    """The bytes of a file and of those that it was rotated to; a container that said nothing may have none."""
    with os.scandir(path.parent) as entries:
        mine = [entry for entry in entries if entry.name == path.name or entry.name.startswith(f"{path.name}.")]
    return sum(entry.stat(follow_symlinks=False).st_size for entry in mine)

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to this host that can be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = r"""
name: fading
short_description: This host, until it is lost
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Runs everything on this host, until a file exists; from then on it cannot be reached.
extends_documentation_fragment:
  - connection_pipelining
options:
  lost_file:
    description: While this file exists, the host cannot be reached.
    type: path
    required: true
    vars:
      - name: fading_lost_file
  lost_by:
    description: The module that makes the file when it is called.
    type: str
    default: ""
    vars:
      - name: fading_lost_by
"""


class Connection(Local):
    """A connection to this host that can be lost."""

    transport = "fading"

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command, unless the host is lost, or lost by it."""
        self._reach(in_data or b"")
        result: Any = super().exec_command(cmd, in_data, sudoable)
        return result

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file there, unless the host is lost, or lost by it: long work is no input of a command, but a file."""
        self._reach(Path(in_path).read_bytes())
        super().put_file(in_path, out_path)

    def _reach(self, sent: bytes) -> None:
        lost, by = Path(self.get_option("lost_file")), self.get_option("lost_by")
        if by and by.encode() in sent:
            lost.touch()
        if lost.exists():
            raise AnsibleConnectionFailure("No route to host")

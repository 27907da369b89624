# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is laid over the inventory of the platform, and no more than must differ on an instance of this machine."""

from __future__ import annotations

from typing import Any

import yaml

from .layout import Layout
from .tls import ca_file

__all__ = ["variables", "write"]

# What these judge is the machine that it happens to run on.
_OF_THE_MACHINE = (
    "clock", "container_memory", "cpu", "disk_inodes", "disk_space", "memory", "memory_pressure", "open_files",
    "path_space", "reboot", "swap",
)  # fmt: skip

_HOSTS = """# The host of the platform is this machine.
[sira]
sira1 ansible_connection=local ansible_host=localhost ansible_become=false
"""


def variables(layout: Layout, project: str, port: int) -> dict[str, Any]:
    """The variables that replace those of the platform."""
    return {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_pipelining": True,
        "sira_project": project,
        "sira_url": f"https://localhost:{port}",
        "sira_address": "127.0.0.1",
        "sira_port": port,
        "sira_ca_cert": str(ca_file(layout.tls)),
        "sira_stand_in": str(layout.root),
        "sira_api_token": "{{ lookup('ansible.builtin.file', sira_stand_in ~ '/secrets/api_token') }}",
        "sira_backups": str(layout.backups),
        "day2_state_dir": str(layout.root / "state"),
        "day2_cleanup": {"engine": False},  # the engine of this machine is not the stand-in's
        "sira_rules_of_the_machine": [{"check": f"host.{name}", "enabled": False} for name in _OF_THE_MACHINE],
        "day2_rules": "{{ sira_rules + sira_rules_of_the_machine }}",
    }


def write(layout: Layout, project: str, port: int) -> None:
    """Write the inventory."""
    (layout.inventory / "hosts").write_text(_HOSTS)
    text = yaml.safe_dump(variables(layout, project, port), sort_keys=False)
    (layout.inventory / "group_vars" / "sira.yml").write_text(f"---\n{text}")

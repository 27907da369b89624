# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventories on this host, the playbooks run on them, and what these leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ...collection import CHECKOUT
from ...tools.program import environment

CONNECTIONS = Path(__file__).parent / "connection"
Hosts = dict[str, dict[str, Any]]


class Site:
    """Inventories, and what runbooks on them leave, in a folder of a test's own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def inventory(self, name: str, environments: dict[str, tuple[dict[str, Any], Hosts]], group: str = "") -> Path:
        """An inventory of environments, each with its variables, in *group* or in one each, and its hosts."""
        folder = self.root / "inventories" / name
        (folder / "group_vars").mkdir(parents=True)
        children = {}
        for label, (variables, hosts) in environments.items():
            known = {
                "ansible_python_interpreter": sys.executable,
                "ansible_pipelining": True,
                "day2_environment": label,
                "day2_state_dir": str(self.root / "state"),
                **variables,
            }
            children[f"{label}_hosts"] = {"hosts": {host: self.reached(host, given) for host, given in hosts.items()}}
            (folder / "group_vars" / f"{group or f'{label}_hosts'}.yml").write_text(yaml.safe_dump(known))
        (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": children}}))
        return folder

    def lost(self, host: str) -> Path:
        return self.root / f"{host}.lost"

    def reached(self, host: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"ansible_connection": "fading", "fading_lost_file": str(self.lost(host)), **given}

    def run(self, playbook: str, *inventories: Path, more: tuple[str, ...] = ()) -> tuple[int, str]:
        """The exit status of a playbook, and all that it said."""
        sources = [argument for inventory in inventories for argument in ("-i", str(inventory))]
        return self._ran("playbook", *sources, f"playbooks/{playbook}.yml", *more)

    def _ran(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "ansible", *arguments],
            cwd=CHECKOUT,
            env=environment(ANSIBLE_CONNECTION_PLUGINS=str(CONNECTIONS), ANSIBLE_REMOTE_TEMP=str(self.root / "tmp")),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def run_task(self, inventory: Path, host: str, module: str, arguments: dict[str, Any]) -> tuple[int, str]:
        """Call a module on a host."""
        return self._ran("adhoc", "-i", str(inventory), host, "-m", module, "-a", json.dumps(arguments))

    def report(self, label: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.root / "state" / "reports" / label / "latest.json").read_text())
        assert report["run"]["environment"] == label
        return report

    def lease(self, label: str) -> Path:
        return self.root / "state" / label / "lease.json"


def steps(report: dict[str, Any], host: str) -> dict[str, tuple[str, str]]:
    """What became of each step on a host, and what it said."""
    return {step["name"]: (step["status"], step["message"]) for step in report["hosts"][host]["facts"]["steps"]}


def critical(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    found = [finding for finding in report["findings"] if finding["severity"] == "critical"]
    return {(finding["check"], finding["host"], finding["subject"]) for finding in found}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role runbook with steps of a caller's own, on hosts that take them together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from ...collection import CHECKOUT
from ...tools.program import environment

PLAY = """
- name: Work
  hosts: all
  gather_facts: false
  roles:
    - role: day2.ops.runbook
      vars:
        runbook_name: own
        runbook_environment: own
        runbook_steps: []
        runbook_state_dir: "{{ places }}/state"
        runbook_own_told: "{{ told | default({}) }}"
        runbook_own_facts:
          custom: {counted: "{{ told | default({}) | length }}"}
  post_tasks:
    - name: Keep what became of it
      ansible.builtin.copy:
        content: "{{ runbook_outcome | to_json }}"
        dest: "{{ places }}/{{ inventory_hostname }}.json"
        mode: "0600"
"""
STEP = """
- name: Say that it is done
  ansible.builtin.shell: 'echo "{{ inventory_hostname }} {{ runbook_step }}" >> "{{ places }}/log"'
- name: Fail where that is wanted
  ansible.builtin.fail:
    msg: No.
  when: runbook_step == fails
- name: Tell
  ansible.builtin.set_fact:
    told: "{{ told | default({}) | combine({runbook_step: {'changed': true, 'message': 'Told.'}}) }}"
"""


def own(folder: Path, *names: str, title: str = "", **needs: list[str]) -> list[dict[str, Any]]:
    path = str(folder / "step.yml")
    return [
        {"name": name, "title": title or name.title(), "tasks": path, "needs": needs.get(name, [])} for name in names
    ]


def play(folder: Path, **hosts: Any) -> tuple[int, str]:
    (folder / "step.yml").write_text(STEP)
    (folder / "play.yml").write_text(PLAY)
    known = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_pipelining": True,
        "places": str(folder),
        "fails": "",
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": known}}))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml")],
        cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_own_steps_are_taken_together_in_their_order(tmp_path: Path) -> None:
    names = ("first", "second", "third", "fourth")
    needs = {"second": ["first"], "fourth": ["third"]}
    status, said = play(
        tmp_path,
        a={"runbook_own_steps": own(tmp_path, *names, **needs)},
        # Other titles, and a step that fails: neither changes the order of the others.
        b={"runbook_own_steps": own(tmp_path, *names, title="Another title", **needs), "fails": "first"},
    )
    assert status == 0, said
    log = (tmp_path / "log").read_text().splitlines()
    assert [line for line in log if line.startswith("a ")] == [f"a {name}" for name in names]
    assert [line for line in log if line.startswith("b ")] == ["b first", "b third", "b fourth"]
    assert log.index("a second") > log.index("b first")
    assert log.index("a third") < log.index("b fourth")
    told = {host: json.loads((tmp_path / f"{host}.json").read_text())["facts"] for host in ("a", "b")}
    steps = {host: [(step["name"], step["status"], step["message"]) for step in told[host]["steps"]] for host in told}
    assert steps["a"][1:-1] == [(name, "changed", "Told.") for name in names]
    assert steps["b"][1:-1] == [
        ("first", "failed", "No."),
        ("second", "skipped", "needs first, which did not succeed"),
        ("third", "changed", "Told."),
        ("fourth", "changed", "Told."),
    ]
    assert [steps[host][place][0] for host in steps for place in (0, -1)] == ["lease", "release"] * 2
    assert [told[host]["custom"] for host in told] == [{"counted": 4}, {"counted": 2}]
    assert not list((tmp_path / "state").rglob("lease.json"))


def test_hosts_that_would_take_other_steps_are_refused(tmp_path: Path) -> None:
    status, said = play(
        tmp_path,
        a={"runbook_own_steps": own(tmp_path, "first", "third")},
        b={"runbook_own_steps": own(tmp_path, "first", "second", "third")},
    )
    assert status == 2
    assert "The hosts of one play take the same steps in the same order; here are" in said
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "state").exists()

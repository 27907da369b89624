#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module run_history."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_history
short_description: Remember what runs found
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Reads the newest entries of a history file, and adds one to it.
  - The history answers for how long something has been so,
    for rules with C(for) in the filter P(day2.ops.judge#filter).
  - Each entry is one line of JSON. It is on the disk when the module returns.
    What a killed writer left behind is passed over and counted.
  - A history is no change of the environment, so RV(ignore:changed) is always V(false).
options:
  path:
    description:
      - The history file. By convention C(history.jsonl) in the environment's folder of the state directory.
      - Folders that are missing are made with mode V(0700); the file has mode V(0600).
      - Refused when anybody but this user and root may write to its folder, owns it, or can swap a symbolic link on the
        way to it.
    type: path
    required: true
  entry:
    description:
      - What to add. M(day2.ops.report) adds the run of its document itself.
      - For rules with C(for) it needs C(run.finished) and C(findings).
      - Only reads when omitted.
    type: dict
  last:
    description: How many of the newest entries to return, as they were before O(entry) was added.
    type: int
    default: 30
  max_bytes:
    description:
      - Size beyond which the file is put aside as O(path) with C(.1) appended, in place of the one put aside before.
      - Entries of both are read.
    type: int
    default: 16777216
attributes:
  check_mode:
    support: full
    details: Only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A history is no change; RV(ignore:changed) is always V(false).
extends_documentation_fragment:
  - day2.ops.attributes
seealso:
  - plugin: day2.ops.judge
    plugin_type: filter
  - module: day2.ops.report
"""

EXAMPLES = r"""
- name: Read what the last 30 runs found
  day2.ops.run_history:
    path: /var/lib/day2/shop/history.jsonl
  register: past

- name: Judge, with rules that ask for how long something has been so
  ansible.builtin.set_fact:
    findings: "{{ facts | day2.ops.judge(host=inventory_hostname, history=past.history.runs) }}"

- name: Remember this run
  day2.ops.run_history:
    path: /var/lib/day2/shop/history.jsonl
    last: 0
    entry:
      run: {id: 20261122T020000Z-weekly-3f9a, finished: '2026-11-22T02:00:41Z'}
      findings: "{{ findings }}"
"""

RETURN = r"""
history:
  description: The history, as it was before anything was added.
  returned: success
  type: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /var/lib/day2/shop/history.jsonl
    runs:
      description: The newest entries, the oldest first.
      type: list
      elements: dict
      sample: [{"run": {"id": "20261115T020000Z-weekly-77aa", "finished": "2026-11-15T02:00:39Z"}, "findings": []}]
    damaged:
      description: Number of lines that could not be understood and were passed over.
      type: int
      sample: 0
    added:
      description: Whether an entry was added, or would be in check mode.
      type: bool
      sample: false
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._state.history import MAX_BYTES, append, read


def main() -> None:
    """Read the history, and add to it."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "entry": {"type": "dict"},
            "last": {"type": "int", "default": 30},
            "max_bytes": {"type": "int", "default": MAX_BYTES},
        },
        supports_check_mode=True,
    )
    given = module.params

    def work() -> dict[str, object]:
        path = Path(given["path"])
        known = read(path, given["last"])
        if given["entry"] is not None and not module.check_mode:
            append(path, given["entry"], given["max_bytes"])
        added = given["entry"] is not None
        return {"history": {"path": str(path), "runs": known.runs, "damaged": known.damaged, "added": added}}

    finish(module, work)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module long_work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: long_work
short_description: Attend long work on a host
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Waits for work that another module does on the host, tells how far it is, tells it to end, or takes its result.
  - M(day2.ops.postgresql_backup), M(day2.ops.postgresql_restore), M(day2.ops.postgresql_vacuum) and
    M(day2.ops.postgresql_reindex) are attended by this module without being asked to. By itself it serves to look after
    work that is left on a host.
options:
  path:
    description:
      - Path of the status of the work, without the ending C(.json). By default statuses lie in
        C(~/.ansible_async/day2/) of the user whom the work runs as.
    type: path
    required: true
  job:
    description: File into which Ansible writes the result of the asynchronous module, where this is known.
    type: path
  mode:
    description:
      - V(wait) waits for the end, at most for O(seconds).
      - V(stop) tells the work to end with the signal SIGTERM, and waits until it has cleared away what it had begun, at
        most for O(seconds).
      - V(collect) returns what the module of the work returned, and nothing else.
    type: str
    choices: [wait, stop, collect]
    default: wait
  seconds:
    description: How long to wait.
    type: float
    default: 5
  phase:
    description: With O(mode=wait), the phase that is known already; another one is told as soon as it lasts.
    type: str
    default: ''
attributes:
  check_mode:
    support: full
    details: With O(mode=stop), tells what is going on and tells nothing to end.
  diff_mode:
    support: none
  idempotent:
    support: full
extends_documentation_fragment:
  - day2.ops.attributes
seealso:
  - module: day2.ops.postgresql_backup
  - module: day2.ops.postgresql_restore
  - module: day2.ops.postgresql_vacuum
  - module: day2.ops.postgresql_reindex
"""

EXAMPLES = r"""
- name: See how far a backup is that was left on the host
  day2.ops.long_work:
    path: ~/.ansible_async/day2/5f0c2ab1d4e39876
    seconds: 0

- name: Tell it to end, and give it a minute to clear up
  day2.ops.long_work:
    path: ~/.ansible_async/day2/5f0c2ab1d4e39876
    mode: stop
    seconds: 60
"""

RETURN = r"""
work:
  description: How the work is.
  returned: unless RV(ignore:mode) is V(collect)
  type: dict
  contains:
    state:
      description:
        - V(starting), V(running), V(ended).
        - V(killed), its process is gone without a word.
        - V(follows), it did not begin, because the same work runs or was done; C(status.follows) names that.
        - V(lost), nothing is known of it.
      type: str
      returned: always
    status:
      description: What the work tells of itself; V(null) when it has not yet.
      type: dict
      returned: always
      contains:
        module: {description: The module that does it., type: str, returned: always}
        title: {description: What it concerns., type: str, returned: always}
        pid: {description: Its process., type: int, returned: always}
        started: {description: When it began; seconds since 1970., type: float, returned: always}
        ended: {description: When it ended; V(null) before., type: float, returned: always}
        succeeded: {description: Whether it did its work; V(null) before its end., type: bool, returned: always}
        follows: {description: Name of the work that stands for it; V(null) for none., type: str, returned: always}
        seconds: {description: How long it has taken., type: float, returned: always}
        silent_seconds: {description: Since when nothing new was told., type: float, returned: always}
        progress:
          description: How far it is.
          type: dict
          returned: always
          contains:
            phase: {description: What is being done., type: str, returned: always}
            phase_seconds: {description: For how long., type: float, returned: always}
            unit: {description: "What is counted, such as V(parts).", type: str, returned: always}
            objects_done: {description: How many are done., type: int, returned: always}
            objects_total: {description: Of how many; V(null) where unknown., type: int, returned: always}
            bytes_done: {description: Bytes moved., type: int, returned: always}
            bytes_total: {description: Of how many; V(null) where unknown., type: int, returned: always}
            bytes_per_second: {description: During the last half minute., type: int, returned: always}
            seconds_left: {description: Of the phase; V(null) where unknown., type: float, returned: always}
    signalled:
      description: Whether this module told it to end.
      type: bool
      returned: with O(mode=stop)
    interrupted:
      description: Whether a signal ended it, whoever sent it.
      type: bool
      returned: with O(mode=stop)
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import check_numbers
from ansible_collections.day2.ops.plugins.module_utils._module import finish, pass_on
from ansible_collections.day2.ops.plugins.module_utils._work.attendance import Attendance


def run(attendance: Attendance, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Wait, or tell it to end."""
    check_numbers(params, seconds=0)
    if params["mode"] == "wait":
        return {"changed": False, "work": attendance.wait(params["seconds"], params["phase"])}
    if check_mode:
        work = attendance.wait(0, "")
        return {"changed": work["state"] == "running", "work": {**work, "signalled": False, "interrupted": False}}
    work = attendance.stop(params["seconds"])
    return {"changed": work["signalled"], "work": work}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "job": {"type": "path"},
            "mode": {"type": "str", "choices": ["wait", "stop", "collect"], "default": "wait"},
            "seconds": {"type": "float", "default": 5},
            "phase": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    params = module.params
    attendance = Attendance(Path(params["path"]), Path(params["job"]) if params["job"] else None)
    if params["mode"] == "collect":
        pass_on(module, attendance.collect)
    else:
        finish(module, lambda: run(attendance, params, module.check_mode))


if __name__ == "__main__":
    main()

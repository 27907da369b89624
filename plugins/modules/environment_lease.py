#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module environment_lease."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_lease
short_description: Say who works on an environment now
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes, renews, gives back or reads the lease of an environment, so that two runs never work on it at the same time.
  - The lease is a file on the host where the module runs, the environment's state host.
    It names the run, the runbook and the person, and expires when it is not renewed.
  - An expired lease is taken over, and the result says from whom.
    A process that is killed at any moment leaves the old lease or the new one, never half of one.
  - While the host is up, expiry is measured by a clock that nobody can set;
    setting the host's time neither ends a lease nor keeps it for ever.
  - A lease is no change of the environment, so RV(ignore:changed) is always V(false).
options:
  directory:
    description:
      - State directory, an absolute path.
      - The lease is C(lease.json) in its folder named like the environment, percent-encoded.
        Folders that are missing are made with mode V(0700); the file has mode V(0600).
      - Refused when anybody but this user and root may write to it or to that folder, owns one of them, or can swap a
        symbolic link on the way to it.
    type: path
    required: true
  environment:
    description: Name of the environment. Any text that takes at most 255 bytes percent-encoded.
    type: str
    required: true
  state:
    description:
      - V(held) takes the lease when nobody holds it or it has expired, and renews it when O(run) already holds it.
      - V(renewed) extends the lease of O(run), and fails when it is no longer its own.
      - V(released) gives the lease of O(run) back. A lease of another run is left alone, which RV(lease.message) says.
      - V(read) only looks.
    type: str
    choices: [held, renewed, released, read]
    default: held
  run:
    description:
      - Id of the run, the one thing by which a lease is its own. Two runs must not have the same.
      - Required unless O(state=read).
    type: str
  runbook:
    description: Name of the runbook, for people. Used when the lease is taken.
    type: str
    default: ''
  person:
    description: Who started the run, for people. Used when the lease is taken.
    type: str
    default: ''
  controller:
    description: Host from which the run is controlled, for people. Used when the lease is taken.
    type: str
    default: ''
  lifetime:
    description:
      - Seconds after which the lease expires unless it is renewed, from V(1) to V(604800).
      - Choose more than the longest step of the run takes.
      - A lease file that cannot be understood is respected for as long after it was written.
    type: int
    default: 3600
  wait:
    description: Seconds to wait for another run to give its lease back, or for its expiry, before failing.
    type: int
    default: 0
attributes:
  check_mode:
    support: full
    details: Reads only. Tells who holds the lease and what would happen, without waiting for it or failing.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A lease is no change; RV(ignore:changed) is always V(false).
extends_documentation_fragment:
  - day2.ops.attributes
notes:
  - Needs a user that may write O(directory).
  - Put O(directory) on a local file system, or on a shared one whose locks all its users see.
"""

EXAMPLES = r"""
- name: Take the lease, and wait up to ten minutes for another run
  day2.ops.environment_lease:
    directory: /var/lib/day2
    environment: shop
    run: 20261122T020000Z-weekly-3f9a
    runbook: weekly
    person: mara
    lifetime: 1800
    wait: 600

- name: Renew it before a long step
  day2.ops.environment_lease:
    directory: /var/lib/day2
    environment: shop
    run: 20261122T020000Z-weekly-3f9a
    state: renewed
    lifetime: 7200

- name: See who works on the environment
  day2.ops.environment_lease:
    directory: /var/lib/day2
    environment: shop
    state: read
  register: result

- name: Give it back
  day2.ops.environment_lease:
    directory: /var/lib/day2
    environment: shop
    run: 20261122T020000Z-weekly-3f9a
    state: released
"""

RETURN = r"""
lease:
  description:
    - The lease as it is afterwards, and what was done with it.
    - In check mode the lease as it is now, and what would be done with it.
  returned: success
  type: dict
  contains:
    environment:
      description: Name of the environment.
      type: str
      sample: shop
    path:
      description: The file that is the lease.
      type: str
      sample: /var/lib/day2/shop/lease.json
    state:
      description: V(free), V(held), V(expired), or V(damaged) when the file cannot be understood.
      type: str
      sample: held
    mine:
      description: Whether O(run) holds it.
      type: bool
      sample: true
    run:
      description: Id of the run that holds it. V(null), as the following, when nobody does.
      type: str
      sample: 20261122T020000Z-weekly-3f9a
    runbook:
      description: Its runbook.
      type: str
      sample: weekly
    person:
      description: Who started it.
      type: str
      sample: mara
    controller:
      description: Host from which it is controlled.
      type: str
      sample: ops1.example.com
    since:
      description: When it took the lease, ISO 8601, UTC.
      type: str
      sample: '2026-11-22T02:00:00Z'
    expires:
      description: When the lease expires by the clock as it was at the last renewal, ISO 8601, UTC.
      type: str
      sample: '2026-11-22T02:30:00Z'
    seconds_left:
      description: Seconds until it expires, V(0) when it has. V(null) when nobody holds it.
      type: int
      sample: 1800
    action:
      description:
        - What was done, or would be in check mode.
        - One of V(taken), V(taken_over), V(renewed), V(released), V(none).
      type: str
      sample: taken
    taken_over:
      description: The lease that was taken over because it had expired. V(null) when none was.
      type: dict
      contains:
        run:
          description: Id of its run. V(null), as the following, when the file was damaged.
          type: str
        runbook:
          description: Its runbook.
          type: str
        person:
          description: Who started its run.
          type: str
        controller:
          description: Host from which its run was controlled.
          type: str
        since:
          description: When its run took it, ISO 8601, UTC.
          type: str
        expires:
          description: When it expired, ISO 8601, UTC.
          type: str
        damage:
          description: Why its file could not be understood. V(null) when it could.
          type: str
    waited_seconds:
      description: Seconds waited for another run.
      type: float
      sample: 0.0
    message:
      description: What was done and why, in a sentence.
      type: str
      sample: Nobody holds the lease.
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._state.lease import Request, work
from ansible_collections.day2.ops.plugins.module_utils._state.lease_file import LeaseFile
from ansible_collections.day2.ops.plugins.module_utils._state.lease_record import Holder


def main() -> None:
    """Work on the lease."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "environment": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["held", "renewed", "released", "read"], "default": "held"},
            "run": {"type": "str"},
            "runbook": {"type": "str", "default": ""},
            "person": {"type": "str", "default": ""},
            "controller": {"type": "str", "default": ""},
            "lifetime": {"type": "int", "default": 3600},
            "wait": {"type": "int", "default": 0},
        },
        required_if=[("state", "held", ("run",)), ("state", "renewed", ("run",)), ("state", "released", ("run",))],
        supports_check_mode=True,
    )
    given = module.params
    holder = Holder(*(given[name] or "" for name in ("run", "runbook", "person", "controller")))
    request = Request(given["state"], holder, given["lifetime"], given["wait"])
    finish(module, lambda: work(LeaseFile(given["directory"], given["environment"]), request, module.check_mode))


if __name__ == "__main__":
    main()

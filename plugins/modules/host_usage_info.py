#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module host_usage_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_usage_info
short_description: Tell how much of a host is used
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Returns how full the disks are, how memory and processors are used, how the clock stands, and more, as facts.
  - Has no opinion, and needs no privilege. Works inside containers.
  - What cannot be seen is V(null) and has its reason in RV(host.unseen).
  - Of a process never more than its short name is told, for its command line may hold secrets.
options:
  paths:
    description:
      - Absolute paths whose file systems are told as well, in RV(host.paths), as the folder of backups.
      - A path that is missing is told so; it is no failure.
    type: list
    elements: path
    default: []
  sample_seconds:
    description:
      - Seconds, at most V(60), to watch how busy processors and processes are.
      - V(0) does not watch, but tells the mean since the host booted, and of a process since it began.
    type: float
    default: 1
  top:
    description: How many processes to name in each list, at most V(100).
    type: int
    default: 5
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.info
attributes:
  platform:
    platforms: linux
requirements:
  - psutil (Python library), in Debian the package python3-psutil
notes:
  - Asks C(timedatectl) or C(chronyc) whether the clock is kept right, and C(needs-restarting) where there is one.
"""

EXAMPLES = r"""
- name: See how the host is used, and the file system of the backups
  day2.ops.host_usage_info:
    paths:
      - /var/backups/day2
  register: result

- name: Show the fullest disk
  ansible.builtin.debug:
    msg: "{{ result.host.disks | max(attribute='used_percent') }}"
"""

RETURN = r"""
host:
  description: The facts. Every key is always there; what cannot be seen is V(null).
  returned: success
  type: dict
  contains:
    hostname:
      description: The host's own name.
      type: str
      sample: db1
    os:
      description: Name and version of the operating system.
      type: str
      sample: Debian GNU/Linux 12 (bookworm)
    kernel:
      description: Release of the kernel.
      type: str
      sample: 6.1.0-40-amd64
    uptime_seconds:
      description: Seconds since the host booted.
      type: int
      sample: 864000
    booted:
      description: When the host booted, ISO 8601, UTC.
      type: str
      sample: '2026-11-12T02:00:00Z'
    clock:
      description: How the clock stands.
      type: dict
      contains:
        utc:
          description: The host's time, ISO 8601, UTC.
          type: str
          sample: '2026-11-22T02:00:00Z'
        ntp_synchronized:
          description: Whether the clock is kept right.
          type: bool
          sample: true
    reboot_required:
      description: Whether an update waits for a restart. V(null) where nothing on the host keeps account of it.
      type: bool
      sample: false
    reboot_packages:
      description: Packages that want the restart, as far as they are told.
      type: list
      elements: str
      sample: [linux-image-amd64]
    cpus:
      description: Processors that are on line.
      type: int
      sample: 4
    cpu_percent:
      description: Share of their time in which all processors together worked, while watched.
      type: float
      sample: 12.5
    load:
      description: Mean number of processes that wanted to run.
      type: dict
      contains:
        '1':
          description: Over one minute.
          type: float
          sample: 0.52
        '5':
          description: Over five minutes.
          type: float
          sample: 0.48
        '15':
          description: Over fifteen minutes.
          type: float
          sample: 0.4
        per_cpu:
          description: Over five minutes, divided by RV(host.cpus).
          type: float
          sample: 0.12
    memory:
      description: Memory and swap space of the host, in a container those of the host around it.
      type: dict
      contains:
        bytes:
          description: Memory.
          type: int
          sample: 8255700992
        available_bytes:
          description: What can be had without swapping, as the kernel estimates.
          type: int
          sample: 6442450944
        used_percent:
          description: Share that is not available.
          type: float
          sample: 22.0
        swap_bytes:
          description: Swap space. V(0) when there is none.
          type: int
          sample: 1073737728
        swap_used_percent:
          description: Share of it that is used. V(0.0) when there is none.
          type: float
          sample: 0.4
    cgroup:
      description: Memory limit of the container in which the module runs. V(null) when there is none.
      type: dict
      contains:
        limit_bytes:
          description: The limit.
          type: int
          sample: 2147483648
        used_bytes:
          description: What counts against it, without file pages that can be dropped at once.
          type: int
          sample: 734003200
        used_percent:
          description: Share of the limit that is used.
          type: float
          sample: 34.2
    oom_kills:
      description: Processes that the kernel has killed since boot because memory ran out.
      type: int
      sample: 0
    pressure:
      description:
        - Share of time in which work waited for V(cpu), V(memory) and V(io), one dictionary for each.
        - Each holds V(some) (some work waited) and, where the kernel has it, V(full) (all work waited),
          with C(avg10_percent), C(avg60_percent) and C(avg300_percent) over as many seconds,
          and C(total_seconds) since boot.
      type: dict
      sample:
        io:
          some: {avg10_percent: 0.0, avg60_percent: 0.2, avg300_percent: 0.1, total_seconds: 41.2}
          full: {avg10_percent: 0.0, avg60_percent: 0.1, avg300_percent: 0.1, total_seconds: 30.5}
    open_files:
      description: Open files of the whole host.
      type: dict
      contains:
        open:
          description: How many are open.
          type: int
          sample: 2242
        limit:
          description: How many may be.
          type: int
          sample: 2466177
        used_percent:
          description: Share of the limit that is used.
          type: float
          sample: 0.1
    disks:
      description:
        - The root file system, and each other real one once, however often it is mounted.
        - Without those in memory, images and overlays; name O(paths) to see one of them.
      type: list
      elements: dict
      contains:
        mount:
          description: Where it is mounted.
          type: str
          sample: /
        device:
          description: What is mounted.
          type: str
          sample: /dev/sda1
        filesystem:
          description: Its kind.
          type: str
          sample: ext4
        read_only:
          description: Whether it is mounted for reading only.
          type: bool
          sample: false
        bytes:
          description: Its size. V(null), as the following, when it does not answer within five seconds.
          type: int
          sample: 31457280000
        used_bytes:
          description: What is used.
          type: int
          sample: 9437184000
        free_bytes:
          description: What users without privilege can still have.
          type: int
          sample: 20447232000
        used_percent:
          description: Share that is used of what is used and free.
          type: float
          sample: 31.6
        inodes:
          description: How many files it can hold. V(0) when it has no fixed number.
          type: int
          sample: 1966080
        inodes_used_percent:
          description: Share of them that is used. V(0.0) when it has no fixed number.
          type: float
          sample: 4.2
    paths:
      description: The file systems that hold O(paths), in their order, with the keys of RV(host.disks) and those below.
      type: list
      elements: dict
      contains:
        path:
          description: The path as it was given.
          type: str
          sample: /var/backups/day2
        exists:
          description: Whether it exists. When not, all figures are V(null). V(null) itself when that cannot be seen.
          type: bool
          sample: true
    processes:
      description: The processes. V(null) where those of other users are hidden.
      type: dict
      contains:
        total:
          description: How many there are.
          type: int
          sample: 212
        zombies:
          description: How many have ended and not been collected by their parent.
          type: int
          sample: 0
        top_cpu:
          description: Those that used most of the processors, the greatest first.
          type: list
          elements: dict
          contains:
            name:
              description: The kernel's name of it, at most 15 bytes. V(null) when it ended meanwhile.
              type: str
              sample: postgres
            pid:
              description: Its id.
              type: int
              sample: 4711
            cpu_percent:
              description: Share of one processor that it used, so more than V(100) for several threads.
              type: float
              sample: 37.0
            memory_bytes:
              description: Memory that it holds, shared memory included.
              type: int
              sample: 139563008
        top_memory:
          description: Those that hold most memory, the greatest first, with the same keys.
          type: list
          elements: dict
    unseen:
      description: What could not be seen.
      type: list
      elements: dict
      contains:
        what:
          description: The key, or the disk or path, whose value is V(null).
          type: str
          sample: clock.ntp_synchronized
        reason:
          description: Why.
          type: str
          sample: neither timedatectl nor chronyc gives an answer
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host
from ansible_collections.day2.ops.plugins.module_utils._host.usage import usage
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner


def main() -> None:
    """Look at the host."""
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "default": []},
            "sample_seconds": {"type": "float", "default": 1},
            "top": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    given = module.params
    finish(
        module,
        lambda: {"host": usage(Host(), HostRunner(), given["paths"], given["sample_seconds"], given["top"])},
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module service_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_info
short_description: Tell the state of services and what they use
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Returns of each service its state, health, restarts, use of processors and memory, image and size of logs, as facts.
  - Has no opinion. A service that does not run, or does not exist, is a fact, not a failure; so is an engine that is
    down or does not answer, or whose client is missing.
  - Asks the engine three times, and older versions of Podman four times, whatever the number of services.
    What is removed meanwhile does not spoil the rest.
options:
  services:
    description:
      - The services. Each is named once.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the service in its compose project, or name or id of the container.
        type: str
        required: true
      runtime:
        description:
          - V(compose) is a service of a compose project, whatever version of Compose made it; Compose itself is not
            needed. What C(docker compose run) started does not count.
          - V(container) is one container.
        type: str
        choices: [compose, container]
        required: true
      project:
        description:
          - Name of the compose project, as C(docker compose ls) shows it; that of the project's folder unless another
            was given. Required with O(services[].runtime=compose), and refused otherwise.
        type: str
  timeout:
    description: Seconds that each answer of the engine may take, more than V(0) and at most V(600).
    type: float
    default: 30
extends_documentation_fragment:
  - day2.ops.attributes
  - day2.ops.attributes.info
requirements:
  - docker (20.10 or later), or podman (4.3 or later) under that name
notes:
  - Engines may write their logs so that only root can read their size.
seealso:
  - module: day2.ops.host_usage_info
  - module: day2.ops.http_probe_info
"""

EXAMPLES = r"""
- name: Look at the services of the shop
  day2.ops.service_info:
    services:
      - name: api
        runtime: compose
        project: shop
      - name: shop-proxy
        runtime: container
  register: result

- name: Show those that do not run
  ansible.builtin.debug:
    msg: "{{ result.services | rejectattr('state', 'eq', 'running') | map(attribute='name') }}"
"""

RETURN = r"""
services:
  description:
    - The facts of each service, in the order of O(services). Every key is always there.
    - What is not known is V(null); RV(services[].error) or RV(services[].unseen) say why.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the service.
      type: str
      sample: api
    runtime:
      description: What runs it.
      type: str
      sample: compose
    project:
      description: Its compose project. V(null) for a container.
      type: str
      sample: shop
    state:
      description:
        - The worst of its instances, of V(running), V(created) (never started), V(paused), V(restarting) (it ended, and
          the engine is about to start it again), V(exited), V(dead) (it could not be removed), from best to worst.
        - V(missing) when it has no instance. V(null) when it could not be seen.
      type: str
      sample: running
    health:
      description:
        - The worst of its instances that run, of V(healthy), V(none) (no health check), V(starting), V(unhealthy), from
          best to worst.
        - V(null) when none runs.
      type: str
      sample: healthy
    replicas:
      description: Instances of it.
      type: dict
      contains:
        running:
          description: How many run.
          type: int
          sample: 2
        total:
          description: How many there are.
          type: int
          sample: 2
    restarts:
      description: How often the engine has started instances again by itself, since somebody last started them.
      type: int
      sample: 0
    oom_killed:
      description:
        - Whether the engine says of an instance that the kernel killed it, or a process in it, because memory ran out.
        - Docker misses some that end at once. Then RV(services[].exit_code) of V(137) is all that tells.
      type: bool
      sample: false
    exit_code:
      description:
        - Exit code of the instance that ended last, among those that do not run now. V(null) when there is none.
        - V(137) is killed, V(139) crashed, V(143) told to end.
      type: int
      sample: null
    started:
      description: When the youngest instance that runs was started, ISO 8601, UTC. V(null) when none runs.
      type: str
      sample: '2026-11-22T02:00:00Z'
    running_seconds:
      description: Seconds since RV(services[].started), by the clock of the host where the module runs.
      type: int
      sample: 86400
    cpu_percent:
      description:
        - Use of processors in about one second, of all instances together; V(100) is one whole processor.
        - V(null) when none runs.
      type: float
      sample: 12.5
    cpu_limit:
      description: Processors that the instances may use together. V(null) when one has no limit.
      type: float
      sample: 2.0
    cpu_limit_percent:
      description: Share of its own limit that the instance uses which uses the largest. V(null) when none has a limit.
      type: float
      sample: 6.25
    memory_bytes:
      description: Memory of all instances together, without what the kernel can drop at once. V(null) when none runs.
      type: int
      sample: 210763776
    memory_limit_bytes:
      description: Memory that the instances may use together. V(null) when one has no limit.
      type: int
      sample: 1073741824
    memory_percent:
      description:
        - Share of its limit that an instance uses, or, where it has none, of the memory of the engine's host; of the
          instance with the largest.
      type: float
      sample: 19.63
    image:
      description: Name of the image as it was asked for; that of the newest instance when they differ.
      type: str
      sample: shop/api:1.4.2
    image_id:
      description: Id of that image.
      type: str
      sample: sha256:9c7a54a9a43cca047013b82af109fe963fde787f63f9e016fdc3384500c2823d
    images_differ:
      description: Whether instances have different images. V(null) when there is none.
      type: bool
      sample: false
    log_driver:
      description: The engine's driver for logs, of the newest instance.
      type: str
      sample: json-file
    log_bytes:
      description:
        - Size of the files in which the engine keeps what the instances say, rotated ones too.
        - V(null) where these cannot be read, or the driver keeps none.
      type: int
      sample: 48211
    instances:
      description: The instances, by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the container.
          type: str
          sample: shop-api-1
        id:
          description: Its id.
          type: str
          sample: 4f1c2d9e8a77b0a4d3a1bb2f0d0b8f4cb76c77d34b4f4b7b8f2a9d56a8d1c0e3
        state:
          description: As RV(services[].state).
          type: str
          sample: running
        health:
          description: As RV(services[].health).
          type: str
          sample: healthy
        restarts:
          description: As RV(services[].restarts).
          type: int
          sample: 0
        exit_code:
          description: Exit code. V(null) when it runs, or was never started.
          type: int
          sample: null
        oom_killed:
          description: As RV(services[].oom_killed).
          type: bool
          sample: false
        started:
          description: When it was last started, ISO 8601, UTC. V(null) when it never was.
          type: str
          sample: '2026-11-22T02:00:00Z'
        cpu_percent:
          description: As RV(services[].cpu_percent).
          type: float
          sample: 6.3
        cpu_limit:
          description: Processors that it may use. V(null) for no limit.
          type: float
          sample: 1.0
        memory_bytes:
          description: As RV(services[].memory_bytes).
          type: int
          sample: 105381888
        memory_limit_bytes:
          description: Memory that it may use. V(null) for no limit.
          type: int
          sample: 536870912
        memory_percent:
          description: As RV(services[].memory_percent).
          type: float
          sample: 19.63
        image:
          description: As RV(services[].image).
          type: str
          sample: shop/api:1.4.2
        image_id:
          description: As RV(services[].image_id).
          type: str
          sample: sha256:9c7a54a9a43cca047013b82af109fe963fde787f63f9e016fdc3384500c2823d
        log_bytes:
          description: As RV(services[].log_bytes).
          type: int
          sample: 24105
    unseen:
      description: What could not be seen of it.
      type: list
      elements: dict
      contains:
        what:
          description: V(state), V(use) of processors and memory, or V(log) for its size.
          type: str
          sample: log
        reason:
          description: Why.
          type: str
          sample: "shop-api-1: its log driver, none, keeps no file"
    notes:
      description:
        - Sentences that explain the facts, such as what the engine says of an instance that could not be started, or
          what is called like a service that is missing.
      type: list
      elements: str
      sample: ["The project shop has no container of apii. There is api."]
    error:
      description:
        - Why it could not be seen, as when the engine does not answer, or not in time, or its client is missing.
          V(null) otherwise.
      type: dict
      contains:
        kind:
          description: Kind of error, V(Unreachable) or V(NotPossible).
          type: str
          sample: Unreachable
        doing:
          description: What was being done.
          type: str
          sample: looking at services
        'on':
          description: On what.
          type: str
          sample: this host
        why:
          description: The cause.
          type: str
          sample: the engine did not answer within 30 seconds (docker ps)
        remedy:
          description: What to do about it.
          type: str
          sample: See what 'docker ps' says there; start the engine, or let the user reach it.
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._runtime.survey import LONGEST, RUNTIMES, services_of, survey

SERVICE = {
    "name": {"type": "str", "required": True},
    "runtime": {"type": "str", "required": True, "choices": list(RUNTIMES)},
    "project": {"type": "str"},
}


def look(given: dict[str, Any]) -> dict[str, Any]:
    """Look at the services that the options name."""
    seconds = given["timeout"]
    if not 0 < seconds <= LONGEST:
        remedy = f"Choose more than 0, and at most {LONGEST:g}."
        raise Refused("reading the options", "timeout", f"it is {seconds:g} seconds", remedy)
    return {"services": survey(services_of(given["services"]), seconds)}


def main() -> None:
    """Look at services."""
    module = AnsibleModule(
        argument_spec={
            "services": {"type": "list", "elements": "dict", "required": True, "options": SERVICE},
            "timeout": {"type": "float", "default": 30},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: look(module.params))


if __name__ == "__main__":
    main()

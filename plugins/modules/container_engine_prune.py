#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module container_engine_prune."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_engine_prune
short_description: Remove images and containers that nobody needs any more
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Removes images of which there is no container, that are old, and to which nobody may want to go back; and containers
    that ran one command beside a service of Compose (C(run)) and have ended.
  - No volume is ever removed. One that no container has mounted is the data of a service that is stopped just now;
    RV(unused_volumes) names them for a person to decide. Neither are other containers that have ended, whose logs
    somebody may want to read, nor networks, nor what builds have kept.
  - Nothing is forced. The engine refuses to remove what has come into use meanwhile; RV(refused) tells of it.
extends_documentation_fragment:
  - day2.ops.attributes
options:
  keep:
    description:
      - Patterns of names of images that are kept, with C(*) and C(?), with their tags or without, such as V(shop/*) or
        V(postgres:17*).
    type: list
    elements: str
    default: []
  keep_images:
    description:
      - How many of the newest images of each name are kept, whether they are used or not; and, from one in use on,
        how many backwards. So with V(2) there is always the one before to go back to.
      - Images built for one service of Compose belong together too, and so do those made to run what a container
        runs, for an image that was built anew takes the name of the one before.
    type: int
    default: 2
  older_than:
    description: Seconds. What is younger is kept.
    type: int
    default: 1209600
  timeout:
    description: Seconds within which the engine has to answer each question.
    type: float
    default: 120
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
notes:
  - The user who runs the module must be let to the engine (group C(docker), or become).
seealso:
  - module: day2.ops.service_info
"""

EXAMPLES = r"""
- name: Remove what is older than two weeks, and keep the last three releases
  day2.ops.container_engine_prune:
    keep_images: 3
    older_than: 1209600
    keep:
      - registry.example.org/shop/*
"""

RETURN = r"""
plan:
  description: What was to be removed.
  returned: always
  type: list
  elements: dict
  contains: &item
    kind: {description: "V(image) or V(container).", type: str, returned: always}
    id: {description: Its id., type: str, returned: always}
    name: {description: What it is called., type: str, returned: always, sample: "shop/api:1.4"}
    bytes: {description: "Its size, with layers that it shares. V(null) for a container.", type: int, returned: always}
    reason: {description: Why it goes or stays., type: str, returned: always}
removed:
  description: What was removed, elements as those of RV(plan). Empty in check mode.
  returned: always
  type: list
  elements: dict
refused:
  description: What the engine refused to remove, elements as those of RV(plan) with its C(error).
  returned: always
  type: list
  elements: dict
kept:
  description: What is not in use and stays, elements as those of RV(plan).
  returned: always
  type: list
  elements: dict
before:
  description:
    - What the engine's disk was used for, C(images), C(containers), C(volumes) and C(build_cache).
    - Empty when the engine did not tell within O(timeout), for it measures every volume for that.
  returned: always
  type: dict
  sample: {images: {count: 12, active: 4, bytes: 2128000000, reclaimable_bytes: 1619000000}}
after:
  description: The same afterwards.
  returned: always
  type: dict
unused_volumes:
  description: Names of volumes that no container has mounted. They are never removed.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import check_numbers
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._runtime.engine import Engine
from ansible_collections.day2.ops.plugins.module_utils._runtime.prune import Prune
from ansible_collections.day2.ops.plugins.module_utils._runtime.prune_plan import PruneRules


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Plan, remove, and look again."""
    check_numbers(params, keep_images=1, older_than=0, timeout=1)
    rules = PruneRules(params["keep"], params["keep_images"], params["older_than"])
    engine = Engine("removing what nobody needs", "this host", seconds=params["timeout"])
    return Prune(engine, rules).run(check_mode)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "keep": {"type": "list", "elements": "str", "default": []},
            "keep_images": {"type": "int", "default": 2},
            "older_than": {"type": "int", "default": 1209600},
            "timeout": {"type": "float", "default": 120},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module.params, module.check_mode))


if __name__ == "__main__":
    main()

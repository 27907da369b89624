# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter known_services: the services of an inventory whose state can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.module_utils._runtime.survey import RUNTIMES

DOCUMENTATION = r"""
name: known_services
short_description: The services of an inventory whose state can be told
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Of the services in C(day2_services), those of a runtime that day2.ops.service_info knows, as its option C(services).
  - Fails for an element that is no dictionary.
positional: _input
options:
  _input:
    description: The services.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Look at the services of this host
  day2.ops.service_info:
    services: "{{ day2_services | day2.ops.known_services }}"
"""

RETURN = r"""
_value:
  description: The services, each with C(name), C(runtime) and, where there is one, C(project).
  type: list
  elements: dict
"""

_KEYS = ("name", "runtime", "project")


def known_services(services: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Return those of *services* whose runtime is known, without what only concerns stopping them."""
    strange = [service for service in services or [] if not isinstance(service, Mapping)]
    if strange:
        raise AnsibleFilterError(f"An element of day2_services is no dictionary: {strange[0]!r}.")
    return [
        {key: service[key] for key in _KEYS if service.get(key) is not None}
        for service in services or []
        if service.get("runtime") in RUNTIMES
    ]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"known_services": known_services}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter path_name: a name as one component of a path."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._paths import encoded

DOCUMENTATION = r"""
name: path_name
short_description: A name as one component of a path
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Percent-encodes a name, such as that of an environment, as the folders of backup sets, reports and state are named.
options:
  _input:
    description: The name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See where the history lies
  ansible.builtin.debug:
    msg: "{{ day2_state_dir }}/{{ day2_environment | day2.ops.path_name }}/history.jsonl"
"""

RETURN = r"""
_value:
  description: The component; never empty, C(.) or C(..), never with a slash.
  type: str
"""


def path_name(name: Any) -> str:
    """Return *name* as one component of a path."""
    try:
        return encoded(str(name))
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"path_name": path_name}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter failure: what went wrong in a failed task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = r"""
name: failure
short_description: What went wrong in a failed task, also in a loop
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Takes C(ansible_failed_result) and returns C(message), the messages of all items that failed, and C(error), the
    typed
    error of the first that has one.
options:
  _input:
    description: The result of the failed task.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Try
  block:
    - name: Fail
      ansible.builtin.fail:
        msg: No.
  rescue:
    - name: Tell
      ansible.builtin.debug:
        msg: "{{ (ansible_failed_result | day2.ops.failure).message }}"
"""

RETURN = r"""
_value:
  description: C(message) and C(error).
  type: dict
"""


def failure(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message and the typed error of a failed task's result."""
    items = [item for item in result.get("results") or [] if item.get("failed") or item.get("unreachable")]
    failed: Sequence[Mapping[str, Any]] = items or [result]
    messages = [str(item.get("msg") or "the task failed without a message") for item in failed]
    errors = [item["error"] for item in failed if item.get("error")]
    return {"message": " ".join(dict.fromkeys(messages)), "error": errors[0] if errors else None}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"failure": failure}

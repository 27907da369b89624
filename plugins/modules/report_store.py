#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module report_store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report_store
short_description: Keep the reports of an environment
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Puts the rendered reports of a run into the environment's folder, and the same under names that stay,
    C(latest.html), C(latest.json) and C(latest.md).
  - Returns the document of the run before, so that a report can tell what has changed since.
  - M(day2.ops.report) renders reports and calls this module; use that.
  - A report is no change of the environment, so RV(ignore:changed) is always V(false).
options:
  directory:
    description:
      - Folder of the reports of all environments. Those of one lie in its folder named like O(environment),
        percent-encoded.
      - Folders that are missing are made.
    type: path
    required: true
  environment:
    description: Name of the environment. Any text that takes at most 255 bytes percent-encoded.
    type: str
    required: true
  runbook:
    description: Name of the runbook, the first part of the names of its reports.
    type: str
    required: true
  stamp:
    description: When the run began, UTC, the second part of the names, as V(20261122T020000Z).
    type: str
    required: true
  sources:
    description:
      - The rendered reports, files on the host where the module runs, by format V(html), V(json), V(md).
      - Only reads the document of the run before when omitted.
    type: dict
    suboptions:
      html:
        description: Path of the HTML page.
        type: path
      json:
        description: Path of the JSON document.
        type: path
      md:
        description: Path of the Markdown text.
        type: path
  mode:
    description: Permissions of the reports, octal.
    type: str
    default: '0640'
  directory_mode:
    description: Permissions of folders that are made, octal.
    type: str
    default: '0750'
  keep:
    description:
      - How many runs of the runbook to keep reports of. Older ones are removed once the new ones are in place.
      - V(0) keeps all.
    type: int
    default: 0
attributes:
  check_mode:
    support: full
    details: Tells where the reports would be, and writes and removes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A report is no change; RV(ignore:changed) is always V(false).
extends_documentation_fragment:
  - day2.ops.attributes
seealso:
  - module: day2.ops.report
"""

EXAMPLES = r"""
- name: Keep a report that was rendered elsewhere
  day2.ops.report_store:
    directory: /var/lib/day2/reports
    environment: shop
    runbook: weekly
    stamp: 20261122T020000Z
    sources:
      html: /tmp/report.html
      json: /tmp/report.json
    keep: 60

- name: Read what the run before found
  day2.ops.report_store:
    directory: /var/lib/day2/reports
    environment: shop
    runbook: weekly
    stamp: 20261122T020000Z
  register: stored
"""

RETURN = r"""
report:
  description: Paths of the reports of this run by format. Empty when O(sources) was omitted.
  returned: success
  type: dict
  sample: {"html": "/var/lib/day2/reports/shop/weekly-20261122T020000Z.html"}
latest:
  description: Paths of the same under the names that stay, by format.
  returned: success
  type: dict
  sample: {"html": "/var/lib/day2/reports/shop/latest.html"}
previous:
  description:
    - C(run), C(findings) and C(hosts) (only whether each was reached) of the newest earlier run of the runbook,
      else of the latest run of any.
    - V(null) when there is none; then RV(previous_reason) says why.
  returned: success
  type: dict
previous_reason:
  description: Why RV(previous) is V(null). Empty when it is not.
  returned: success
  type: str
  sample: there is no earlier report
removed:
  description: Paths of the reports that O(keep) had removed.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._state.reports import (
    FORMATS,
    ReportFolder,
    content_of,
    keep_reports,
)


def main() -> None:
    """Keep reports."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "environment": {"type": "str", "required": True},
            "runbook": {"type": "str", "required": True},
            "stamp": {"type": "str", "required": True},
            "sources": {"type": "dict", "options": {kind: {"type": "path"} for kind in FORMATS}},
            "mode": {"type": "str", "default": "0640"},
            "directory_mode": {"type": "str", "default": "0750"},
            "keep": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    given = module.params
    folder_of = (given["directory"], given["environment"], given["runbook"])
    finish(
        module,
        lambda: keep_reports(
            ReportFolder(*folder_of),
            given["stamp"],
            {kind: content_of(path) for kind, path in (given["sources"] or {}).items() if path},
            modes=(given["mode"], given["directory_mode"]),
            keep=given["keep"],
            check_mode=module.check_mode,
        ),
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the action report; the work is in plugins/action/report.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write the report of a run
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Renders the document of a run as one HTML page that needs nothing else, as Markdown and as JSON,
    with what has changed since the run before, and keeps it on the task's host. Delegate the task to the state host.
  - At the top of the report stands what needs a person, with what to do; hosts that were not reached count as critical.
  - The reports lie at C(<directory>/<environment>/<runbook>-<UTC stamp>.{html,json,md}), the environment's name
    percent-encoded, and the latest of them at C(latest.{html,json,md}) beside them.
    Each is written whole or not at all.
  - Rendering takes place on the controller; the host needs nothing but Python.
  - A report is no change of the environment, so RV(ignore:changed) is always V(false).
options:
  document:
    description:
      - The run, C(docs/report.md) describes it. C(run) must tell C(environment), C(runbook) and C(started);
        whatever else is missing costs its part of the report only.
    type: dict
    required: true
  directory:
    description: Folder of the reports of all environments, on the task's host. Folders that are missing are made.
    type: path
    required: true
  fallback_directory:
    description:
      - Folder on the controller in which the report is kept when the task's host cannot be reached or does not take it.
      - Without it, the task then fails.
    type: path
  formats:
    description: What to write. Without V(json), the next run cannot tell what has changed.
    type: list
    elements: str
    choices: [html, json, md]
    default: [html, json, md]
  mode:
    description: Permissions of the reports, octal.
    type: str
    default: '0640'
  directory_mode:
    description: Permissions of folders that are made, octal.
    type: str
    default: '0750'
  keep:
    description: How many runs of the runbook to keep reports of. V(0) keeps all.
    type: int
    default: 0
  history_file:
    description:
      - History file on the task's host to which the run is added, for rules with C(for).
      - When that fails, the task warns and says so in RV(history), and the report is kept all the same.
    type: path
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
  check_mode:
    support: full
    details: Renders, reads the run before, and tells where the report would be. Writes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A report is no change; RV(ignore:changed) is always V(false).
extends_documentation_fragment:
  - day2.ops.attributes
notes:
  - Charts need the Python package matplotlib on the controller. Without it the report says that they are missing.
seealso:
  - module: day2.ops.run_history
  - module: day2.ops.report_store
  - plugin: day2.ops.judge
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the report
  day2.ops.report:
    document: "{{ run_document }}"
    directory: /var/lib/day2/reports
    fallback_directory: "{{ playbook_dir }}/reports"
    history_file: /var/lib/day2/shop/history.jsonl
    keep: 60
  delegate_to: "{{ day2_state_host }}"
  run_once: true
  register: written

- name: Show it in short
  ansible.builtin.debug:
    msg: "{{ written.summary }}"

- name: Fail when something is as bad as run.fail_on says
  ansible.builtin.assert:
    that: not written.fails
    fail_msg: "{{ written.verdict }}"
"""

RETURN = r"""
report:
  description: Paths of the report by format. In check mode, where they would be.
  returned: success
  type: dict
  sample: {"html": "/var/lib/day2/reports/shop/weekly-20261122T020000Z.html"}
latest:
  description: Paths of the same under the names that stay, by format.
  returned: success
  type: dict
  sample: {"html": "/var/lib/day2/reports/shop/latest.html"}
removed:
  description: Paths of the reports that O(keep) had removed.
  returned: success
  type: list
  elements: str
  sample: []
kept_on:
  description: V(host), V(controller) when it fell back, or V(nowhere) in check mode.
  returned: success
  type: str
  sample: host
bytes:
  description: Sizes in bytes by format.
  returned: success
  type: dict
  sample: {"html": 84213}
verdict:
  description: How it stands, in a line.
  returned: success
  type: str
  sample: 'Needs a person now: 1 critical, 2 warnings; 134 checks in all.'
worst:
  description: The worst severity of the findings that are not silenced. V(unknown) when nothing was judged.
  returned: success
  type: str
  sample: critical
counts:
  description: Findings that are not silenced, by severity.
  returned: success
  type: dict
  sample: {"critical": 1, "unknown": 0, "warning": 2, "info": 4, "ok": 127}
fails:
  description: Whether RV(worst) is at or above C(run.fail_on) of the document, V(critical) when it names none.
  returned: success
  type: bool
  sample: true
changes:
  description: What has changed since the run before.
  returned: success
  type: dict
  contains:
    since:
      description: The run before, C(id), C(runbook), C(started), C(finished). V(null) when there is none.
      type: dict
    reason:
      description: Why there is none.
      type: str
    new:
      description: Findings that were not there, or less than a warning.
      type: list
      elements: dict
    worse:
      description: Findings that have become worse.
      type: list
      elements: dict
    better:
      description: Findings that have become better.
      type: list
      elements: dict
    resolved:
      description: Findings that are gone, or less than a warning now.
      type: list
      elements: dict
    moved:
      description: Numbers that moved by a tenth or more, C(before) and C(after).
      type: list
      elements: dict
summary:
  description: The report in a few lines for the terminal.
  returned: success
  type: list
  elements: str
history:
  description: C(path), whether the run was C(added), and the C(reason) when not. V(null) without O(history_file).
  returned: success
  type: dict
"""

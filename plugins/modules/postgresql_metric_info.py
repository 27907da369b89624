#!/usr/bin/python
# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module postgresql_metric_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_metric_info
short_description: Ask databases for numbers of the business
version_added: 0.1.0
author: The day2.ops developers (@day2)
description:
  - Returns numbers that only the application's own tables know, such as users, orders of a day or the age of the oldest
    task in a queue, each by a query that whoever knows the application wrote.
  - A query that fails, returns no number or takes too long is a fact too, and takes no other one down; so is a database
    that cannot be reached. The module fails only on bad options, and where no program or library is there to connect
    with.
extends_documentation_fragment:
  - day2.ops.attributes.info
  - day2.ops.postgresql
  - day2.ops.service
options:
  database:
    description: The database to ask where a metric names none. O(login_db) when omitted.
    type: str
  metrics:
    description: What to ask for.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the number is called. No two of a database have the same name.
        type: str
        required: true
      query:
        description:
          - A SELECT that returns one number, in one row.
          - Names of tables and functions are written with their schema; none is searched.
        type: str
        required: true
      database:
        description: The database to ask. O(database) when omitted.
        type: str
      unit:
        description: What is counted, such as V(users), or V(seconds), V(bytes) or V(percent).
        type: str
        default: ''
      timeout:
        description: Seconds after which the query is cancelled.
        type: float
        default: 30
notes:
  - Every query is a read-only transaction of its own. A function that it calls may still reach beyond the database; so
    whoever may write the inventory may do what the role may.
  - The role needs CONNECT on the databases and SELECT on the tables, for which C(pg_read_all_data) stands from
    PostgreSQL 14 on. Let it be one that can write nothing.
  - What the server says of a query that fails is returned as it is, and may quote a value of a row.
  - Works on standbys.
seealso:
  - module: day2.ops.postgresql_health_info
"""

EXAMPLES = r"""
- name: Ask how many users there are, and how many were here in the last seven days
  day2.ops.postgresql_metric_info:
    login_host: db.example.org
    login_user: reader
    login_password: "{{ reader_password }}"
    database: shop
    metrics:
      - name: users
        unit: users
        query: SELECT count(*) FROM public.users
      - name: active in 7 days
        unit: users
        query: >-
          SELECT count(DISTINCT user_id) FROM public.profiles WHERE updated_at > now() - interval '7 days'
  register: business
"""

RETURN = r"""
metrics:
  description: One element for each of O(metrics), in their order, always with all keys.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: What it is called., type: str, returned: always, sample: users}
    database: {description: The database that was asked., type: str, returned: always, sample: shop}
    value: {description: The number; V(null) when there is none., type: float, returned: always, sample: 1204}
    unit: {description: What is counted., type: str, returned: always, sample: users}
    seconds: {description: How long the query took; V(null) when there is no number., type: float, returned: always}
    error: {description: Why there is no number; V(null) when there is one., type: str, returned: always}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.day2.ops.plugins.module_utils._argspec import POSTGRESQL
from ansible_collections.day2.ops.plugins.module_utils._module import finish
from ansible_collections.day2.ops.plugins.module_utils._postgresql.metrics import metrics


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "database": {"type": "str"},
            "metrics": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "query": {"type": "str", "required": True},
                    "database": {"type": "str"},
                    "unit": {"type": "str", "default": ""},
                    "timeout": {"type": "float", "default": 30},
                },
            },
            **POSTGRESQL,
        },
        supports_check_mode=True,
    )
    finish(module, lambda: metrics(module.params))


if __name__ == "__main__":
    main()

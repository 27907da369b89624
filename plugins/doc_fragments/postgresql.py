# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options with which a PostgreSQL server is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents POSTGRESQL of plugins/module_utils/_argspec.py, less what the fragment service documents."""

    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Host of the server, or the folder of its Unix socket when it begins with a slash.
      - libpq's default, a local socket, when omitted.
      - The environment variable E(PGHOST) serves when the option is not given.
    type: str
  login_port:
    description: Port of the server. The environment variable E(PGPORT) serves when the option is not given.
    type: int
    default: 5432
  login_user:
    description: Role to log in as. The environment variable E(PGUSER) serves when the option is not given.
    type: str
    default: postgres
  login_password:
    description:
      - Password of the role. It reaches client programs in a file that only its user can read, never as an argument
        or in their environment.
      - The environment variable E(PGPASSWORD) serves when the option is not given.
    type: str
  login_db:
    description: Database to connect to for work that concerns the whole server.
    type: str
    default: postgres
  ssl_mode:
    description:
      - Whether and how the connection is encrypted and the server's certificate is checked, as libpq's C(sslmode).
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: prefer
  ca_cert:
    description: File with the certificates of the authorities that are trusted, as libpq's C(sslrootcert).
    type: path
  connect_timeout:
    description: Seconds after which an attempt to connect is given up.
    type: int
    default: 10
  bin_dir:
    description:
      - Folder of the client programs, where the service runs.
      - When omitted, the programs of the server's major version are looked for in E(PATH) and in the folders where
        distributions keep several versions.
    type: path
notes:
  - Supports PostgreSQL 13 and later. Connection poolers are detected and refused.
"""

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say where backup sets lie."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents STORE of plugins/module_utils/_argspec.py."""

    DOCUMENTATION = r"""
options:
  directory:
    description:
      - Folder of the backup sets on the host. Each set lies in
        C(<directory>/<environment>/<database>/<UTC stamp>-<label>/), names percent-encoded.
      - Folders are made with mode V(0700), files with V(0600).
      - Refused when anybody but this user and root may write to it or to a folder of sets in it, owns one of them, or
        can swap a symbolic link on the way to it.
    type: path
    required: true
  environment:
    description: Name of the environment whose sets are meant.
    type: str
    required: true
"""

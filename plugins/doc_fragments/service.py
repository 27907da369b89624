# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that says where a service runs."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents SERVICE of plugins/module_utils/_argspec.py."""

    DOCUMENTATION = r"""
options:
  service:
    description:
      - Where the service runs. Without it, on the host itself.
    type: dict
    suboptions:
      runtime:
        description:
          - V(host) uses the host's own client programs; V(container) uses those inside a running container, through the
            engine's command-line client, so that no port needs to be published.
          - V(compose) does the same in the container of a service of a compose project, whatever version of Compose
            made it; Compose itself is not needed. A service that does not run, or in several containers, is refused.
        type: str
        choices: [host, container, compose]
        default: host
      name:
        description:
          - Name or id of the container, or name of the service in its compose project. Required with
            O(service.runtime=container) and O(service.runtime=compose).
        type: str
      project:
        description:
          - Name of the compose project, as C(docker compose ls) shows it; that of the project's folder unless another
            was given. Required with O(service.runtime=compose).
        type: str
      user:
        description: User inside the container. The image's own when omitted.
        type: str
"""

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that several modules share. Each has its documentation in the doc fragment of the same name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback

from ._backup.store import DirectoryStore
from ._errors import Refused
from ._postgresql.server import Login, Server
from ._runtime.compose import ComposeRunner
from ._runtime.container import ContainerRunner
from ._runtime.host import HostRunner
from ._runtime.runner import Runner

__all__ = ["POSTGRESQL", "SERVICE", "STORE", "check_numbers", "runner_of", "server_of", "store_of"]

# Documented in plugins/doc_fragments/service.py.
SERVICE: dict[str, Any] = {
    "service": {
        "type": "dict",
        "options": {
            "runtime": {"type": "str", "choices": ["host", "container", "compose"], "default": "host"},
            "name": {"type": "str"},
            "project": {"type": "str"},
            "user": {"type": "str"},
        },
        "required_if": [("runtime", "container", ("name",)), ("runtime", "compose", ("name", "project"))],
    },
}

# Documented in plugins/doc_fragments/postgresql.py.
POSTGRESQL: dict[str, Any] = {
    "login_host": {"type": "str", "fallback": (env_fallback, ["PGHOST"])},
    "login_port": {"type": "int", "default": 5432, "fallback": (env_fallback, ["PGPORT"])},
    "login_user": {"type": "str", "default": "postgres", "fallback": (env_fallback, ["PGUSER"])},
    "login_password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["PGPASSWORD"])},
    "login_db": {"type": "str", "default": "postgres"},
    "ssl_mode": {
        "type": "str",
        "default": "prefer",
        "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    },
    "ca_cert": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 10},
    "bin_dir": {"type": "path"},
    **SERVICE,
}


# Documented in plugins/doc_fragments/store.py.
STORE: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "environment": {"type": "str", "required": True},
}


def store_of(params: dict[str, Any]) -> DirectoryStore:
    """The store that the options name."""
    return DirectoryStore(params["directory"], params["environment"])


def check_numbers(params: dict[str, Any], **lowest: int) -> None:
    """Refuse numbers below the lowest that make sense.

    :raises Refused: and names the option.
    """
    for name, least in lowest.items():
        if params[name] is not None and params[name] < least:
            raise Refused(
                "reading the options", name, f"{params[name]} is less than {least}", f"Give at least {least}."
            )


def runner_of(params: dict[str, Any]) -> Runner:
    """The runner that the option ``service`` names; this host's when it is omitted."""
    service = params.get("service") or {"runtime": "host"}
    if service["runtime"] == "container":
        return ContainerRunner(service["name"], service.get("user"))
    if service["runtime"] == "compose":
        return ComposeRunner(service["project"], service["name"], service.get("user"))
    given = [name for name in ("project", "name", "user") if service.get(name)]
    if given:  # otherwise a database of the host would be taken for one in a container
        why = f"{' and '.join(given)} says nothing of a service on the host itself"
        raise Refused("reading the options", "service", why, "Give its runtime, container or compose.")
    return HostRunner()


def server_of(params: dict[str, Any]) -> Server:
    """The server that the PostgreSQL options name."""
    login = Login(
        host=params["login_host"] or None,
        port=params["login_port"],
        user=params["login_user"],
        password=params["login_password"] or None,
        database=params["login_db"],
        ssl_mode=params["ssl_mode"],
        ca_cert=params["ca_cert"],
        connect_timeout=params["connect_timeout"],
    )
    return Server(runner_of(params), login, params["bin_dir"])

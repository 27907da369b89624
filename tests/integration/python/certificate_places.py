# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of certificate_info share: an authority, services with its certificates, reading one source."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import RunModule
from tests.stacks.pki import Issued, issue
from tests.stacks.services import Service, handshake, server_context

__all__ = ["HERE", "MIDDLE", "ROOT", "TLS_1_2", "Read", "at", "reader", "server", "tls"]

Read = Callable[..., dict[str, Any]]
TLS_1_2 = ssl.TLSVersion.TLSv1_2

ROOT = issue("Root", authority=True, days=(-100, 1000))
MIDDLE = issue("Middle", by=ROOT, authority=True, days=(-50, 500))
HERE = ["localhost", "127.0.0.1", "::1"]


def server(*names: str, by: Issued = ROOT, **options: Any) -> Issued:
    """A server's certificate, for this host's names when none are given."""
    return issue("server.test", names or HERE, by, **options)


def reader(run_module: RunModule, ca: str) -> Read:
    """What reads one source with the module, trusting *ca*."""

    def one(**source: Any) -> dict[str, Any]:
        result = run_module("certificate_info", {"sources": [{"ca_cert": ca, **source}], "timeout": 5})
        assert result["changed"] is False
        (found,) = result["certificates"]
        return dict(found)

    return one


def at(service: Service, **more: Any) -> dict[str, Any]:
    """The options of a source that is *service*."""
    return {"host": service.host, "port": service.port, **more}


def tls(folder: Path, issued: Issued, *chain: Issued, **options: Any) -> Any:
    """A conversation in TLS with this certificate."""
    return handshake(server_context(*issued.save(folder, "server", chain), **options))

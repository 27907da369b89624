# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A source: where a certificate is to be read, what it is to be held against; and a reading: what was found there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import Day2Error, Refused
from .names import address

__all__ = ["Reading", "Source", "sources_of"]

_PORTS = {"none": 443, "postgresql": 5432, "smtp": 25, "imap": 143}
_LONGEST_TIMEOUT = 3600


@dataclass(frozen=True)
class Source:
    """One source, checked. *expected* is the name to ask for and to hold the certificate against, if any."""

    name: str
    type: str
    host: str
    port: int
    expected: str | None
    starttls: str
    path: str
    ca_cert: str | None
    compare_with: str | None
    timeout: float

    @property
    def place(self) -> str:
        """Where the certificate lies: ``host:port``, or the path."""
        if self.type == "file":
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def words(self) -> str:
        """What is read, in words."""
        if self.type == "file":
            return f"file {self.path}"
        how = "TLS" if self.starttls == "none" else f"TLS after STARTTLS ({self.starttls})"
        asked = f", server name {self.expected}" if self.expected != self.host else ""
        return f"{how} at {self.place}{asked}"


@dataclass(frozen=True)
class Reading:
    """What was read at a source: the chain (DER, the source's own certificate first), and how an endpoint served it.

    *error* is set when something broke after the chain had been read.
    """

    chain: tuple[bytes, ...]
    tls_version: str | None = None
    client_certificate_requested: bool | None = None
    error: Day2Error | None = None


def sources_of(params: Mapping[str, Any]) -> list[Source]:
    """The sources that the module's options name.

    :raises Refused: an option makes no sense.
    """
    if params["concurrency"] < 1:
        raise _refused("concurrency", f"{params['concurrency']} is less than 1", "Give a number of at least 1.")
    return [_source(given, params["timeout"], number) for number, given in enumerate(params["sources"], 1)]


def _source(given: Mapping[str, Any], timeout: float, number: int) -> Source:
    is_file = given["type"] == "file"
    what = f"the source {given['name'] or given['path'] or given['host'] or f'number {number}'}"
    place = given["path"] if is_file else given["host"]
    if not place:
        option = "path" if is_file else "host"
        raise _refused(what, f"{option} is empty", f"Give the source a {option}.")
    if is_file and given["starttls"] != "none":
        raise _refused(what, "a file has no starttls", "Leave starttls out, or set type to endpoint.")
    host = _without_brackets(given["host"] or "")
    found = Source(
        name=given["name"] or "",
        type=given["type"],
        host=host,
        port=_PORTS[given["starttls"]] if given["port"] is None else given["port"],
        expected=given["server_name"] or host or None,
        starttls=given["starttls"],
        path=given["path"] or "",
        ca_cert=given["ca_cert"] or None,
        compare_with=given["compare_with"] or None,
        timeout=timeout if given["timeout"] is None else given["timeout"],
    )
    if not 1 <= found.port <= 65535:
        raise _refused(what, f"{found.port} is no port", "Give a port between 1 and 65535.")
    if not (math.isfinite(found.timeout) and 0 < found.timeout <= _LONGEST_TIMEOUT):
        raise _refused(
            what,
            f"a timeout of {found.timeout} seconds is not possible",
            f"Give a timeout of more than 0 and at most {_LONGEST_TIMEOUT} seconds.",
        )
    return found if found.name else Source(**{**vars(found), "name": found.place})


def _without_brackets(host: str) -> str:
    return host[1:-1] if host.startswith("[") and address(host) else host


def _refused(on: str, why: str, remedy: str) -> Refused:
    return Refused("reading the options", on, why, remedy)

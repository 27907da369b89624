# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is probed: URLs taken apart, and probes checked before any is sent. Pure."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from .._errors import Refused
from .masking import is_secret_header, secrets_in_url

__all__ = ["Probe", "Target", "absolute", "basic_authorization", "probes_of", "secrets_of", "target_of"]

_PORTS = {"http": 80, "https": 443}
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SAFE = "%/:=&?~+!$,;'@()*[]"
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Target:
    """Where a request goes and what it asks for. ``path`` holds the query, ready to be sent."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@dataclass(frozen=True)
class Probe:
    """One thing to look at. ``headers`` go wherever it leads, ``secret_headers`` to the first origin only."""

    name: str
    url: str
    target: Target
    method: str
    headers: Mapping[str, str]
    secret_headers: Mapping[str, str] = field(repr=False)
    ca_cert: str | None
    validate_certs: bool
    timeout: float
    follow_redirects: bool
    max_bytes: int
    body_bytes_kept: int


def absolute(location: str, base: str) -> str:
    """The URL to which the answer of *base* leads."""
    return urljoin(base, quote(location, safe=_SAFE + "#"))


def target_of(url: str) -> Target:
    """Take a URL apart.

    :raises ValueError: when nothing can be asked of it, in words for a person. Never holds the URL.
    """
    if _NOT_IN_URLS.search(url):
        raise ValueError("the URL holds a space or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL's address or port cannot be understood") from None
    if parts.scheme not in _PORTS:
        raise ValueError("the URL begins neither with http:// nor with https://")
    if not parts.hostname or port == 0:
        raise ValueError("the URL names no host or no port")
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE)
    userinfo = parts.netloc.rpartition("@")[0] or None
    return Target(parts.scheme, _ascii(parts.hostname), port or _PORTS[parts.scheme], path, userinfo)


def probes_of(given: Sequence[Mapping[str, Any]], timeout: float, max_bytes: int) -> list[Probe]:
    """The probes that the options name, all of them checked.

    :raises Refused: when one cannot be sent as it is.
    """
    names = [each["name"] for each in given]
    for name in names:
        if not name.strip() or names.count(name) > 1:
            raise _refused(name, "its name is empty or not its own", "Give each probe a name of its own.")
    return [_probe(each, timeout, max_bytes) for each in given]


def secrets_of(given: Mapping[str, Any]) -> set[str]:
    """What of a probe's options must not come back in any answer that echoes it.

    Texts that are too short to be secrets are left out: hiding each of their occurrences would hide everything.
    """
    found = secrets_in_url(given["url"])
    with contextlib.suppress(ValueError):
        userinfo = target_of(given["url"]).userinfo
        found |= _secrets_in_header(basic_authorization(userinfo)) if userinfo else set()
    headers = {**(given.get("headers") or {}), **(given.get("secret_headers") or {})}
    for name, value in headers.items():
        if name in (given.get("secret_headers") or {}) or is_secret_header(name):
            found |= _secrets_in_header(str(value))
    return {secret for secret in found if len(secret) >= _SHORTEST_SECRET}


def basic_authorization(userinfo: str) -> str:
    """The header that says the ``user:password`` of a URL."""
    user, _colon, password = (unquote(part) for part in userinfo.partition(":"))
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _probe(given: Mapping[str, Any], timeout: float, max_bytes: int) -> Probe:
    name = given["name"]
    try:
        target = target_of(given["url"])
    except ValueError as error:
        raise _refused(name, str(error), "Correct its URL.") from error
    seconds = timeout if given["timeout"] is None else given["timeout"]
    if not 0 < seconds <= 600:
        raise _refused(name, f"a time-out of {seconds:g} seconds", "Choose more than 0 and at most 600.")
    if not 0 <= given["body_bytes_kept"] <= 65536:
        raise _refused(name, f"{given['body_bytes_kept']} bytes to keep", "Choose from 0 to 65536.")
    headers, secret_headers = _headers(name, given["headers"]), _headers(name, given["secret_headers"])
    for header in headers:
        if is_secret_header(header):
            raise _refused(name, f"its header {header} is a secret", "Give it in secret_headers.")
    return Probe(
        name=name,
        url=given["url"],
        target=target,
        method=given["method"],
        headers=headers,
        secret_headers=secret_headers,
        ca_cert=given["ca_cert"],
        validate_certs=given["validate_certs"],
        timeout=seconds,
        follow_redirects=given["follow_redirects"],
        max_bytes=max_bytes,
        body_bytes_kept=given["body_bytes_kept"],
    )


def _headers(probe: str, given: Mapping[str, Any] | None) -> dict[str, str]:
    headers = {}
    for name, value in (given or {}).items():
        if not _HEADER_NAME.fullmatch(str(name)):
            raise _refused(probe, f"{name!r} is no name of a header", "Correct its headers.")
        if isinstance(value, (dict, list)) or value is None or not _HEADER_VALUE.fullmatch(str(value)):
            raise _refused(probe, f"the value of its header {name} is not one line of Latin-1", "Correct its headers.")
        headers[str(name)] = str(value)
    return headers


def _secrets_in_header(value: str) -> set[str]:
    credentials = value.partition(" ")[2] or value
    found = {value, credentials}
    if value.lower().startswith("basic "):
        try:
            found.add(base64.b64decode(credentials, validate=True).decode().partition(":")[2])
        except ValueError:
            return found
    return found


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise ValueError("the URL's host is no name that can be looked up") from None


def _refused(name: str, why: str, remedy: str) -> Refused:
    return Refused("reading the options of the probe", repr(name), why, remedy)

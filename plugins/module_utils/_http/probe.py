# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes: one request each, its redirects, and the answer as facts. Nothing is judged; no answer is a fact too."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

from .body import Body
from .connection import TimedSocket, connected
from .failure import Deadline, ProbeFailed, failure_of
from .masking import masked_header, masked_url, readable
from .target import Probe, Target, absolute, basic_authorization, target_of

__all__ = ["probed", "probed_all"]

MOST_REDIRECTS = 10
MOST_INTERIM_ANSWERS = 20
HEADER_CHARACTERS = 4096
_REDIRECTS = (301, 302, 303, 307, 308)
_OURS = {"User-Agent": "day2.ops", "Accept": "application/json, */*;q=0.8", "Connection": "close"}


def probed_all(probes: Sequence[Probe], concurrency: int) -> list[dict[str, Any]]:
    """Send the probes, *concurrency* at a time; return what came of each, in their order."""
    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        return list(pool.map(probed, probes))


def probed(probe: Probe) -> dict[str, Any]:
    """Send one probe and tell what came of it, whatever that is."""
    facts: dict[str, Any] = {
        "name": probe.name,
        "url": masked_url(probe.url),
        "method": probe.method,
        "reached": False,
        "status": None,
        "seconds": 0.0,
        "connect_seconds": None,
        "first_byte_seconds": None,
        "json": None,
        "json_error": None,
        "headers": {},
        "body_sample": None,
        "bytes": 0,
        "redirects": [],
        "tls_version": None,
        "error": None,
    }
    visit = _Visit(probe, facts)
    try:
        visit.follow()
    except ProbeFailed as failure:
        facts["error"] = failure.as_dict()
    except (OSError, ValueError, http.client.HTTPException) as error:
        facts["error"] = failure_of(error).as_dict()
    facts["seconds"] = visit.seconds()
    return facts


class _Visit:
    """One probe on its way; fills in the facts as they come."""

    def __init__(self, probe: Probe, facts: dict[str, Any]) -> None:
        self._probe = probe
        self._facts = facts
        self._started = time.monotonic()
        self._deadline = Deadline(probe.timeout)
        self._tls: ssl.SSLContext | None = None

    def seconds(self) -> float:
        """Seconds since it set out."""
        return round(time.monotonic() - self._started, 4)

    def follow(self) -> None:
        """Ask, and ask again where the answer leads, up to the answer that stays."""
        target, url, seen = self._probe.target, self._probe.url, {self._probe.target}
        while True:
            with self._asked(target) as response:
                self._note(response)
                location = response.getheader("Location")
                if not (self._probe.follow_redirects and response.status in _REDIRECTS and location):
                    self._take_body(response)
                    return
            target, url = self._next(location, url, len(seen))
            self._facts["redirects"].append({"status": self._facts["status"], "url": masked_url(readable(url))})
            if target in seen:
                raise ProbeFailed("redirects", "the redirects lead in a circle")
            seen.add(target)

    @contextmanager
    def _asked(self, target: Target) -> Iterator[http.client.HTTPResponse]:
        """Send the request; give the answer once its headers are there."""
        sock = connected(target.host, target.port, self._context(target), self._deadline)
        try:
            if self._facts["connect_seconds"] is None:
                self._facts["connect_seconds"] = self.seconds()
            self._facts["tls_version"] = sock.tls_version
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.default_port = 443 if target.scheme == "https" else 80
            connection.sock = cast(Any, sock)
            connection.request(self._probe.method, target.path, headers=self._headers(target))
            yield self._answer(sock)
        finally:
            sock.close()

    def _answer(self, sock: TimedSocket) -> http.client.HTTPResponse:
        for _each in range(MOST_INTERIM_ANSWERS):
            response = http.client.HTTPResponse(cast(Any, sock), method=self._probe.method)
            response.begin()
            if response.status >= 200 or response.status == http.client.SWITCHING_PROTOCOLS:
                return response
        raise ProbeFailed("protocol", f"the answer did not follow after {MOST_INTERIM_ANSWERS} interim ones")

    def _context(self, target: Target) -> ssl.SSLContext | None:
        if target.scheme != "https":
            return None
        if self._tls is None:
            try:
                self._tls = _tls_context(self._probe)
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                raise ProbeFailed("tls", f"the CA file {self._probe.ca_cert} cannot be used: {why}") from error
        return self._tls

    def _headers(self, target: Target) -> dict[str, str]:
        """The headers for this origin; secrets and another host's name only go where they were meant for."""
        given = {**_OURS, **self._probe.headers}
        if target.origin == self._probe.target.origin:
            if self._probe.target.userinfo:
                given["Authorization"] = basic_authorization(self._probe.target.userinfo)
            given.update(self._probe.secret_headers)
        else:
            given = {name: value for name, value in given.items() if name.lower() != "host"}
        # Names differ only once case is left aside: the last one given counts.
        latest = {name.lower(): (name, value) for name, value in given.items()}
        return dict(latest.values())

    def _note(self, response: http.client.HTTPResponse) -> None:
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            key = readable(name).lower()
            shown = masked_header(key, readable(value))[:HEADER_CHARACTERS]
            headers[key] = f"{headers[key]}, {shown}" if key in headers else shown
        self._facts.update(reached=True, status=response.status, headers=headers, first_byte_seconds=self.seconds())

    def _next(self, location: str, url: str, hops: int) -> tuple[Target, str]:
        if hops > MOST_REDIRECTS:
            raise ProbeFailed("redirects", f"there are more than {MOST_REDIRECTS} redirects")
        try:
            url = absolute(location, url)
            return target_of(url), url
        except ValueError as error:
            raise ProbeFailed("redirects", f"a redirect leads nowhere: {error}") from error

    def _take_body(self, response: http.client.HTTPResponse) -> None:
        body = Body(
            response.getheader("Content-Type", ""), response.getheader("Content-Encoding", ""), self._probe.max_bytes
        )
        try:
            body.receive(response)
            self._facts["json"], self._facts["json_error"] = body.document()
        finally:
            self._facts["bytes"] = len(body.raw)
            self._facts["body_sample"] = body.sample(self._probe.body_bytes_kept)


def _tls_context(probe: Probe) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=probe.ca_cert)
    # On by default from Python 3.13 only: the same certificate must not be good on one host and bad on another.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    if not probe.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

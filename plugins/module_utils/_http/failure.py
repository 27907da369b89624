# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a probe got no whole answer: a fact with a kind, a cause and a remedy."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import time

from .masking import masked_text

__all__ = ["Deadline", "ProbeFailed", "failure_of"]

REMEDIES = {
    "refused": "Start the service, or correct the address and port.",
    "timeout": "Look at what the service is waiting for, or allow more time.",
    "dns": "Correct the name, or look at this host's name servers.",
    "tls": "Look at the certificate and the TLS settings of the service, or name the right CA.",
    "unreachable": "Look at the network between this host and the service: addresses, routes, firewalls.",
    "closed": "Look at the service's log, and at what is in front of it, for why the connection was closed.",
    "protocol": "Make sure that an HTTP server answers there, and that the URL has the right scheme and port.",
    "redirects": "Correct the redirect in the service, or probe the address where it should lead.",
    "too_large": "Probe a smaller document, or allow more bytes.",
}

_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM, errno.ENETDOWN)


class ProbeFailed(Exception):
    """A probe that got no whole answer."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why.strip().rstrip(".")

    def as_dict(self) -> dict[str, str]:
        """The failure as the ``error`` of a probe."""
        return {"kind": self.kind, "why": self.why, "remedy": REMEDIES[self.kind]}


class Deadline:
    """The end of all waiting of one probe."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, waiting_for: str) -> float:
        """Seconds left to wait.

        :raises ProbeFailed: when there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed(waiting_for)
        return left

    def passed(self, waiting_for: str) -> ProbeFailed:
        """The failure of not getting *waiting_for* in time."""
        return ProbeFailed("timeout", f"{waiting_for} did not come within {self._seconds:g} seconds")


def failure_of(error: Exception) -> ProbeFailed:
    """The failure that an error of the network, of TLS or of HTTP means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed("tls", f"the certificate was not accepted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        reason = (getattr(error, "reason", None) or str(error)).replace("_", " ").lower()
        return ProbeFailed("tls", f"TLS could not be agreed: {reason}")
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return ProbeFailed("closed", "the other side closed the connection before it had answered")
    if isinstance(error, ConnectionRefusedError):
        return ProbeFailed("refused", "nothing listens there, the connection was refused")
    if isinstance(error, socket.gaierror):
        return ProbeFailed("dns", f"the name has no address: {error.strerror}")
    if isinstance(error, http.client.IncompleteRead):
        return ProbeFailed("closed", "the body broke off, or its chunks became nonsense, before its end")
    if isinstance(error, (http.client.HTTPException, ValueError)):
        return ProbeFailed("protocol", f"what answered does not speak HTTP: {_told(error)}")
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return ProbeFailed("unreachable", error.strerror or str(error))
    return ProbeFailed("closed", str(error) or type(error).__name__)


def _told(error: Exception) -> str:
    text = masked_text(" ".join(str(error)[:1000].split()))
    return text[:200] or type(error).__name__

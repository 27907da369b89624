# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections on which every wait ends at one deadline: name look-up, connecting, TLS, each byte sent and received.

Why not :mod:`ansible.module_utils.urls`: its time-out counts for each receive, so that a server that sends a byte now
and then keeps it waiting for ever; and it does not tell when a connection stood or which TLS version it has.
"""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
from typing import Any

from .failure import Deadline, ProbeFailed, failure_of

__all__ = ["TimedSocket", "connected"]

Addresses = list[tuple[Any, ...]]


class TimedSocket:
    """What :mod:`http.client` asks of a socket, with a deadline.

    :ivar tls_version: as OpenSSL names it; ``None`` without TLS.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._reader = _Shared(_Received(sock, deadline))
        self.tls_version = sock.version() if isinstance(sock, ssl.SSLSocket) else None

    def makefile(self, mode: str) -> Any:
        """The one reader of this socket: what an interim answer leaves in it belongs to the next."""
        return self._reader

    def sendall(self, data: bytes) -> None:
        """Send *data*, all of it before the deadline."""
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._deadline.left("the end of sending the request"))
            try:
                rest = rest[self._sock.send(rest) :]
            except socket.timeout as error:
                raise self._deadline.passed("the end of sending the request") from error

    def close(self) -> None:
        """Close the connection without waiting for the other side."""
        self._sock.close()


class _Shared(io.BufferedReader):
    """A reader that stays open when one of the answers that are read from it is done with."""

    def close(self) -> None:
        """Do nothing: the socket is closed by its owner."""


class _Received(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left("the whole answer"))
        try:
            return self._sock.recv_into(buffer)
        except socket.timeout as error:
            raise self._deadline.passed("the whole answer") from error


def connected(host: str, port: int, tls: ssl.SSLContext | None, deadline: Deadline) -> TimedSocket:
    """Connect to *host*, with TLS when there is a context for it.

    :raises ProbeFailed: when that does not succeed before the deadline.
    """
    with contextlib.ExitStack() as on_failure:
        sock = on_failure.enter_context(_connected_to_any(_addresses(host, port, deadline), deadline))
        if tls is not None:
            sock = on_failure.enter_context(_shaken_hands(sock, host, tls, deadline))
        on_failure.pop_all()
        return TimedSocket(sock, deadline)


def _shaken_hands(sock: socket.socket, host: str, tls: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    sock.settimeout(deadline.left("the end of the TLS handshake"))
    try:
        return tls.wrap_socket(sock, server_hostname=host)
    except socket.timeout as error:
        raise deadline.passed("the end of the TLS handshake") from error
    except (OSError, ValueError) as error:
        raise ProbeFailed("tls", failure_of(error).why) from error


def _addresses(host: str, port: int, deadline: Deadline) -> Addresses:
    """Look the name up, in a thread of its own: the system's resolver knows no deadline."""
    found: Addresses = []
    failures: list[Exception] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failures.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.left("the address of the name"))
    if failures:
        failure = failure_of(failures[0])
        raise ProbeFailed("dns", failure.why) from failures[0]
    if thread.is_alive():
        raise ProbeFailed("dns", str(deadline.passed("the address of the name")))
    return found


def _connected_to_any(addresses: Addresses, deadline: Deadline) -> socket.socket:
    """Try the addresses in their order, each for its share of the time that is left."""
    failure = ProbeFailed("dns", "the name has no address")
    for index, (family, kind, protocol, _name, address) in enumerate(addresses):
        share = deadline.left("a connection") / (len(addresses) - index)
        try:
            return _connected_to(family, kind, protocol, address, share)
        except socket.timeout:
            failure = deadline.passed("a connection")
        except OSError as error:
            failure = failure_of(error)
    raise failure


def _connected_to(family: int, kind: int, protocol: int, address: Any, seconds: float) -> socket.socket:
    with contextlib.ExitStack() as on_failure:
        sock = on_failure.enter_context(socket.socket(family, kind, protocol))
        sock.settimeout(seconds)
        sock.connect(address)
        on_failure.pop_all()
        return sock

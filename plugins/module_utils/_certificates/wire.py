# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TCP connection on which every wait ends: one deadline for name resolution, connecting and all that follows."""

from __future__ import annotations

import queue
import socket
import threading
import time
from types import TracebackType
from typing import Any

from .._errors import Day2Error, Unreachable
from .errors import ConnectionRefused, Disconnected, NotResolved, TimedOut, WrongProtocol
from .names import a_label, address

__all__ = ["Wire", "shown"]

_CHUNK = 1 << 16
_LONGEST_LINE = 8192


def shown(received: bytes) -> str:
    """The beginning of what another program sent, fit for a message."""
    return repr(received[:60].decode("latin-1"))


class Wire:
    """A connection to *host* and *port* that is given up *seconds* after this object was made.

    ``doing`` says what is being waited for; whoever uses the wire keeps it true.
    """

    def __init__(self, host: str, port: int, seconds: float, on: str) -> None:
        self.on = on
        self.doing = "looking up the host name"
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._pending = b""
        addresses = self._resolve(host, port)
        self.doing = "connecting"
        self._socket = self._connect(addresses)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def local_address(self) -> str:
        """This side's address."""
        return str(self._socket.getsockname()[0])

    def left(self) -> float:
        """Seconds until the deadline.

        :raises TimedOut: it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.timed_out()
        return left

    def timed_out(self) -> TimedOut:
        """The error of a deadline that has passed."""
        return TimedOut(
            self.doing,
            self.on,
            f"there was no answer within {self._seconds:g} seconds",
            "Check that the service runs and that no firewall drops its packets; raise the timeout if it is slow.",
        )

    def send(self, data: bytes) -> None:
        """Send all of *data*."""
        try:
            self._socket.settimeout(self.left())
            self._socket.sendall(data)
        except OSError as error:
            raise self._broken(error) from None

    def receive(self) -> bytes:
        """What comes next, at least one byte."""
        if self._pending:
            taken, self._pending = self._pending, b""
            return taken
        try:
            self._socket.settimeout(self.left())
            received = self._socket.recv(_CHUNK)
        except OSError as error:
            raise self._broken(error) from None
        if not received:
            raise self.disconnected("the other side closed the connection")
        return received

    def byte(self) -> bytes:
        """The next byte."""
        received = self.receive()
        self._pending = received[1:]
        return received[:1]

    def line(self) -> str:
        """The next line, without its end."""
        held = b""
        while b"\n" not in held:
            if len(held) > _LONGEST_LINE:
                raise WrongProtocol(
                    self.doing,
                    self.on,
                    f"a line of more than {_LONGEST_LINE} bytes came, beginning with {shown(held)}",
                    "Check host, port and starttls.",
                )
            held += self.receive()
        found, _end, self._pending = held.partition(b"\n")
        return found.decode("utf-8", "replace").rstrip("\r")

    def nothing_pending(self) -> bool:
        """Whether everything that was received has been taken."""
        return not self._pending

    def disconnected(self, why: str) -> Disconnected:
        """The error of a connection that ended too early."""
        return Disconnected(
            self.doing,
            self.on,
            why,
            "Look into the service's log; check host and port, and starttls, which a plain-text beginning needs.",
        )

    def _broken(self, error: OSError) -> Day2Error:
        if isinstance(error, socket.timeout):
            return self.timed_out()
        return self.disconnected(error.strerror or str(error))

    def _resolve(self, host: str, port: int) -> list[Any]:
        """The addresses of *host*. The system's resolver takes no time limit, so it works in a thread beside."""
        try:
            name = host if address(host) else a_label(host)
        except ValueError as error:
            raise self._not_resolved(str(error)) from None
        answers: queue.Queue[Any] = queue.Queue()

        def look_up() -> None:
            try:
                answers.put(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
            except OSError as error:
                answers.put(error)

        threading.Thread(target=look_up, daemon=True).start()
        try:
            answer = answers.get(timeout=self.left())
        except queue.Empty:
            raise self.timed_out() from None
        if isinstance(answer, OSError):
            raise self._not_resolved(answer.strerror or str(answer))
        return list(answer)

    def _not_resolved(self, why: str) -> NotResolved:
        return NotResolved(
            self.doing, self.on, why, "Check the spelling of the host, and the name service that this host uses."
        )

    def _connect(self, addresses: list[Any]) -> socket.socket:
        """A socket to the first address that answers; each gets an equal share of the time that is left."""
        failures: list[tuple[str, OSError]] = []
        for index, (family, kind, protocol, _name, where) in enumerate(addresses):
            share = self.left() / (len(addresses) - index)
            try:
                return _connected(socket.socket(family, kind, protocol), where, share)
            except OSError as error:
                failures.append((where[0], error))
        raise self._not_connected(failures)

    def _not_connected(self, failures: list[tuple[str, OSError]]) -> Day2Error:
        first = failures[0][1]
        why = "; ".join(f"{where}: {error.strerror or error}" for where, error in failures)
        kind: type[Day2Error] = Unreachable
        if isinstance(first, socket.timeout):
            kind = TimedOut
        elif isinstance(first, ConnectionRefusedError):
            kind = ConnectionRefused
        return kind(self.doing, self.on, why, "Check that the service runs, and on which address and port it listens.")


def _connected(attempt: socket.socket, where: Any, seconds: float) -> socket.socket:
    try:
        attempt.settimeout(seconds)
        attempt.connect(where)
    except OSError:
        attempt.close()
        raise
    return attempt

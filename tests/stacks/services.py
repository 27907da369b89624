# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small services for tests, each of which does one thing with every connection, right or wrong."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Service", "handshake", "imap", "postgresql", "server_context", "smtp"]

Conversation = Callable[[socket.socket], None]


class Service:
    """Listens on the loopback interface and holds *conversation* with each who comes, in a thread of its own.

    A conversation that only waits does so on ``ended``, which is set at the end of the ``with`` block.
    """

    def __init__(self, conversation: Callable[[Service, socket.socket], None], address: str = "127.0.0.1") -> None:
        self._conversation = conversation
        self.host = address
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Service:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # ends accept()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.ended.is_set():
                connection, _address = self._listener.accept()
                self._start(self._converse, connection)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError), connection:  # the other side goes away when it pleases
            self._conversation(self, connection)


def server_context(
    certificate: Path, key: Path, *, client_ca: Path | None = None, newest: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """The TLS settings of a service; with *client_ca* it insists on a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    if newest is not None:
        context.maximum_version = newest
    return context


def handshake(context: ssl.SSLContext, prelude: Conversation | None = None) -> Callable[[Service, socket.socket], None]:
    """A conversation: *prelude* in plain text, then TLS until the other side goes away."""

    def converse(_service: Service, connection: socket.socket) -> None:
        if prelude is not None:
            prelude(connection)
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    return converse


def _lines(connection: socket.socket, script: Sequence[tuple[str, str]], greeting: str) -> None:
    """Say *greeting*; then for each (begins, answer) read a line that begins so, and answer."""
    connection.sendall(greeting.encode())
    for begins, answer in script:
        heard = b""
        while not heard.endswith(b"\r\n"):
            received = connection.recv(1)
            if not received:
                return
            heard += received
        assert heard.decode().startswith(begins), heard
        connection.sendall(answer.encode())


def smtp(
    greeting: str = "220-mail.example.org\r\n220 ready\r\n",
    hello: str = "250-mail.example.org\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
    starttls: str = "220 go ahead\r\n",
) -> Conversation:
    """The plain-text beginning of a mail server."""
    return lambda connection: _lines(connection, [("EHLO [", hello), ("STARTTLS", starttls)], greeting)


def imap(
    greeting: str = "* OK ready\r\n",
    capability: str = "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n",
    starttls: str = "a2 OK begin\r\n",
) -> Conversation:
    """The plain-text beginning of a mailbox server."""
    return lambda connection: _lines(connection, [("a1 CAPABILITY", capability), ("a2 STARTTLS", starttls)], greeting)


def postgresql(answer: bytes = b"S") -> Conversation:
    """The beginning of a PostgreSQL server's conversation."""

    def converse(connection: socket.socket) -> None:
        asked = connection.recv(8, socket.MSG_WAITALL)
        assert asked == bytes.fromhex("0000000804d2162f"), asked
        connection.sendall(answer)

    return converse

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS handshake for reading: the chain exactly as it is served, whatever may be wrong with it.

The handshake runs in memory on top of a wire, so that every wait has its end, and its messages are observed, which
gives the chain with every Python from 3.9 and even when the server breaks off because it wants to see a client
certificate.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

from .._errors import Day2Error
from .errors import Disconnected, HandshakeFailed, NotTls, TlsRefused
from .names import a_label, address
from .source import Reading
from .wire import Wire, shown

__all__ = ["certificates_in", "served"]

_HANDSHAKE, _ALERT = 22, 21
_CERTIFICATE, _CERTIFICATE_REQUEST = 11, 13
_NO_COMPRESSED_CERTIFICATES = 1 << 33  # SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
_LEGACY_SERVERS = 1 << 2  # SSL_OP_LEGACY_SERVER_CONNECT
_VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


class _Heard:
    """What came by in the handshake."""

    def __init__(self) -> None:
        self.chain: tuple[bytes, ...] = ()
        self.tls_version: str | None = None
        self.client_certificate_requested = False
        self.alert: int | None = None

    def message(self, _tls: Any, direction: str, version: int, content: int, kind: int, data: bytes) -> None:
        """Called by OpenSSL for each message of either side."""
        if direction != "read":
            return
        if content == _ALERT and len(data) == 2:
            self.alert = data[1]
        elif content == _HANDSHAKE and kind == _CERTIFICATE_REQUEST:
            self.client_certificate_requested = True
        elif content == _HANDSHAKE and kind == _CERTIFICATE:
            self.tls_version = _VERSIONS.get(int(version))
            self.chain = certificates_in(data, with_extensions=self.tls_version == "TLSv1.3")


def served(wire: Wire, expected: str | None) -> Reading:
    """Shake hands, asking for the name *expected*, and tell what the server showed."""
    wire.doing = "shaking hands (TLS)"
    heard = _Heard()
    error: Day2Error | None = None
    try:
        _shake(wire, _context(heard), _server_name(expected), heard)
    except Day2Error as broken:
        if not heard.chain:
            raise
        wanted_a_client_certificate = heard.client_certificate_requested and isinstance(
            broken, (TlsRefused, Disconnected)
        )
        error = None if wanted_a_client_certificate else broken
    return Reading(heard.chain, heard.tls_version, heard.client_certificate_requested, error)


def certificates_in(message: bytes, with_extensions: bool) -> tuple[bytes, ...]:
    """The certificates in a Certificate message: that of TLS 1.3 has a context and *with_extensions* of each."""
    position = 4
    if with_extensions:
        position += 1 + int.from_bytes(message[position : position + 1], "big")
    position += 3
    found = []
    while position < len(message):
        length = int.from_bytes(message[position : position + 3], "big")
        position += 3
        found.append(message[position : position + length])
        position += length
        if with_extensions:
            position += 2 + int.from_bytes(message[position : position + 2], "big")
    return tuple(found)


def _context(heard: _Heard) -> Any:
    """Takes whatever a server still offers: old protocols and weak keys are to be seen, not to be stopped by."""
    context: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:!aNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVERS
    if ssl.OPENSSL_VERSION_INFO >= (3, 2):
        context.options |= _NO_COMPRESSED_CERTIFICATES
    context._msg_callback = heard.message
    return context


def _server_name(expected: str | None) -> str | None:
    return None if expected is None or address(expected) else a_label(expected)


def _shake(wire: Wire, context: Any, server_name: str | None, heard: _Heard) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    first = True
    while not _done(wire, tls, heard):
        wire.send(outgoing.read())
        received = wire.receive()
        if first and received[0] not in {_HANDSHAKE, _ALERT}:
            raise NotTls(
                wire.doing,
                wire.on,
                f"the answer begins with {shown(received)}, which is no TLS",
                "Check the port; a service that begins in plain text needs starttls.",
            )
        first = False
        incoming.write(received)
    _say_goodbye(wire, tls, outgoing)


def _done(wire: Wire, tls: ssl.SSLObject, heard: _Heard) -> bool:
    """Go on with the handshake as far as what was received allows."""
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError as error:
        raise _failed(wire, error, heard.alert) from None
    return True


def _failed(wire: Wire, error: ssl.SSLError, alert: int | None) -> Day2Error:
    if alert is None:
        why = (error.reason or str(error)).replace("_", " ").lower()
        return HandshakeFailed(
            wire.doing,
            wire.on,
            why,
            "Compare the server's TLS versions and ciphers with those of this host's OpenSSL.",
        )
    try:
        named = ssl.AlertDescription(alert).name[len("ALERT_DESCRIPTION_") :].replace("_", " ").lower()
    except ValueError:
        named = f"number {alert}"
    return TlsRefused(
        wire.doing,
        wire.on,
        f"the server ended the handshake with the alert {named}",
        "Look into the server's log; check that it knows the server name that was asked for, and has a certificate.",
    )


def _say_goodbye(wire: Wire, tls: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> None:
    """End the session in order, so that the server's log stays quiet; whether it listens does not matter."""
    with contextlib.suppress(ssl.SSLError):  # unwrap() wants to read the other side's goodbye, and is not let
        tls.unwrap()
    with contextlib.suppress(Day2Error):
        wire.send(outgoing.read())

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenSSL's verdict on a chain, without a connection and without the private key.

OpenSSL judges chains for most clients, but Python lets it speak only within a handshake. So a handshake is played in
memory: a client that trusts the given authorities is sent a TLS 1.2 ServerHello and the chain in a Certificate
message, on which it gives its verdict before anything would need a key. Files and endpoints are judged alike, each
host judges with its own OpenSSL, and nothing is fetched.
"""

from __future__ import annotations

import os
import ssl
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Verdict", "is_loadable", "verdict"]

_ECDHE_RSA, _ECDHE_ECDSA = b"\xc0\x2f", b"\xc0\x2b"
_SECURE_RENEGOTIATION = b"\xff\x01\x00\x01\x00"
_PARTIAL_CHAIN = 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
_LARGEST_RECORD = 1 << 14
_SERVER_HELLO, _CERTIFICATE, _SERVER_HELLO_DONE = 2, 11, 14


@dataclass(frozen=True)
class Verdict:
    """Whether the chain is valid (None: no verdict was given), and OpenSSL's code and words when it is not."""

    valid: bool | None
    code: int = 0
    words: str = ""


def is_loadable(der: bytes) -> bool:
    """Whether OpenSSL takes this for a certificate; it is less strict than other libraries."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except ssl.SSLError:
        return False
    return True


def verdict(chain: Sequence[bytes], authorities: Iterable[bytes], key_type: str, partial: bool) -> Verdict:
    """Judge *chain* (DER, the server's own certificate first), leaving names aside.

    :param authorities: the certificates that are trusted (DER).
    :param key_type: the kind of the server's key; decides on the cipher that the played server chooses.
    :param partial: trust also those authorities that are not signed by themselves.
    """
    try:
        context = _context(authorities, partial)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)
        _go_on(client)
        incoming.write(_records(_flight(chain, _ECDHE_RSA if key_type == "rsa" else _ECDHE_ECDSA)))
        _go_on(client)
    except ssl.SSLCertVerificationError as error:
        return Verdict(False, error.verify_code, error.verify_message)
    except ssl.SSLError as error:
        # The message after the Certificate is wrong on purpose: that it is complained of shows that the chain was
        # looked at and let pass. Silence would not.
        if error.reason == "UNEXPECTED_MESSAGE":
            return Verdict(True)
        return Verdict(None, words=(error.reason or str(error)).replace("_", " ").lower())
    return Verdict(None, words="the library gave no verdict")


def _context(authorities: Iterable[bytes], partial: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:@SECLEVEL=2")
    context.load_verify_locations(cadata=b"".join(authorities))
    if partial:
        context.verify_flags |= _PARTIAL_CHAIN
    return context


def _go_on(client: ssl.SSLObject) -> None:
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return


def _flight(chain: Sequence[bytes], cipher: bytes) -> bytes:
    extensions = struct.pack(">H", len(_SECURE_RENEGOTIATION)) + _SECURE_RENEGOTIATION
    hello = b"\x03\x03" + os.urandom(32) + b"\x00" + cipher + b"\x00" + extensions
    certificates = b"".join(_counted(der) for der in chain)
    return (
        _message(_SERVER_HELLO, hello)
        + _message(_CERTIFICATE, _counted(certificates))
        + _message(_SERVER_HELLO_DONE, b"")
    )


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _counted(body)


def _counted(body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + body


def _records(messages: bytes) -> bytes:
    parts = [messages[start : start + _LARGEST_RECORD] for start in range(0, len(messages), _LARGEST_RECORD)]
    return b"".join(b"\x16\x03\x03" + struct.pack(">H", len(part)) + part for part in parts)

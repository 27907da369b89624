# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plain-text beginnings of protocols that turn to TLS on request. Each leaves the wire ready for a handshake."""

from __future__ import annotations

import struct
from typing import Callable

from .errors import TlsNotOffered, WrongProtocol
from .names import address
from .wire import Wire, shown

__all__ = ["PRELUDES"]

_MOST_LINES = 200
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def _none(_wire: Wire) -> None:
    """TLS from the first byte."""


def _postgresql(wire: Wire) -> None:
    wire.doing = "asking the PostgreSQL server for encryption (SSLRequest)"
    wire.send(_SSL_REQUEST)
    answer = wire.byte()
    if answer == b"N":
        raise _not_offered(wire, "the server has ssl = off: it answered N", "Set ssl = on and restart or reload it.")
    if answer != b"S":
        raise _wrong(wire, f"the answer begins with {shown(answer)}, which no PostgreSQL server says")
    _nothing_more(wire)


def _smtp(wire: Wire) -> None:
    wire.doing = "waiting for the SMTP greeting"
    _smtp_expect(wire, _smtp_reply(wire), "220")
    wire.doing = "asking the SMTP server for its extensions (EHLO)"
    here = address(wire.local_address)
    literal = f"IPv6:{here}" if here is not None and here.version == 6 else str(here)
    wire.send(f"EHLO [{literal}]\r\n".encode("ascii"))
    offered = _smtp_reply(wire)
    if offered[0][:1] == "4":
        _smtp_expect(wire, offered, "250")
    if not any(line[4:].strip().upper() == "STARTTLS" for line in offered if line.startswith("250")):
        raise _not_offered(
            wire, "the server does not offer STARTTLS", "Give the mail server a certificate, or use its TLS port."
        )
    wire.doing = "asking the SMTP server for encryption (STARTTLS)"
    wire.send(b"STARTTLS\r\n")
    answer = _smtp_reply(wire)
    if not answer[0].startswith("220"):
        raise _not_offered(wire, f"the server answered {answer[0]!r}", "Look into the mail server's log.")
    _nothing_more(wire)


def _smtp_reply(wire: Wire) -> list[str]:
    lines: list[str] = []
    for _index in range(_MOST_LINES):
        line = wire.line()
        lines.append(line)
        if not line[:3].isdigit() or line[3:4] not in {"", " ", "-"}:
            raise _wrong(wire, f"the answer {line[:60]!r} is no SMTP reply")
        if line[3:4] != "-":
            return lines
    raise _wrong(wire, f"the answer has more than {_MOST_LINES} lines")


def _smtp_expect(wire: Wire, reply: list[str], code: str) -> None:
    if not reply[0].startswith(code):
        raise _not_offered(wire, f"the server answered {reply[0]!r}", "Look into the mail server's log.")


def _imap(wire: Wire) -> None:
    wire.doing = "waiting for the IMAP greeting"
    greeting = wire.line()
    if not greeting.upper().startswith("* "):
        raise _wrong(wire, f"the greeting {greeting[:60]!r} is not that of an IMAP server")
    if not greeting.upper().startswith("* OK"):
        raise _not_offered(wire, f"the server greeted with {greeting[:60]!r}", "Look into the mail server's log.")
    wire.doing = "asking the IMAP server for its capabilities"
    _status, untagged = _imap_command(wire, "a1", "CAPABILITY")
    if "STARTTLS" not in " ".join(untagged).upper().split():
        raise _not_offered(
            wire, "the server does not offer STARTTLS", "Give the mail server a certificate, or use its TLS port."
        )
    wire.doing = "asking the IMAP server for encryption (STARTTLS)"
    status, _untagged = _imap_command(wire, "a2", "STARTTLS")
    if not status.upper().startswith("OK"):
        raise _not_offered(wire, f"the server answered {status[:60]!r}", "Look into the mail server's log.")
    _nothing_more(wire)


def _imap_command(wire: Wire, tag: str, command: str) -> tuple[str, list[str]]:
    """The status of the command, and the lines that came before it."""
    wire.send(f"{tag} {command}\r\n".encode("ascii"))
    untagged: list[str] = []
    for _index in range(_MOST_LINES):
        line = wire.line()
        if line.startswith(f"{tag} "):
            return line[len(tag) + 1 :], untagged
        if not line.startswith("* "):
            raise _wrong(wire, f"the answer {line[:60]!r} is not that of an IMAP server")
        untagged.append(line)
    raise _wrong(wire, f"the answer has more than {_MOST_LINES} lines")


def _nothing_more(wire: Wire) -> None:
    """Bytes that came in the clear together with the consent would otherwise be taken for encrypted ones."""
    if not wire.nothing_pending():
        raise _wrong(wire, "the server sent more in plain text after it had agreed to encrypt")


def _not_offered(wire: Wire, why: str, remedy: str) -> TlsNotOffered:
    return TlsNotOffered(wire.doing, wire.on, why, remedy)


def _wrong(wire: Wire, why: str) -> WrongProtocol:
    return WrongProtocol(wire.doing, wire.on, why, "Check host, port and starttls.")


PRELUDES: dict[str, Callable[[Wire], None]] = {
    "none": _none,
    "postgresql": _postgresql,
    "smtp": _smtp,
    "imap": _imap,
}

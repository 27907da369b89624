# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can keep a certificate from being read. The names are the ``kind`` of the ``error`` in the result."""

from __future__ import annotations

from .._errors import Day2Error, Unreachable

__all__ = [
    "ConnectionRefused",
    "Disconnected",
    "HandshakeFailed",
    "NotACertificate",
    "NotAName",
    "NotReadable",
    "NotResolved",
    "NotTls",
    "NotUnderstood",
    "TimedOut",
    "TlsNotOffered",
    "TlsRefused",
    "WrongProtocol",
]


class NotResolved(Unreachable):
    """The host name has no address."""


class ConnectionRefused(Unreachable):
    """Nothing listens on the port."""


class TimedOut(Unreachable):
    """The other side did not answer in time."""


class Disconnected(Unreachable):
    """The other side closed the connection before a certificate was read."""


class WrongProtocol(Unreachable):
    """The other side does not speak the protocol in which encryption was to be asked for."""


class TlsNotOffered(Unreachable):
    """The other side speaks the protocol, but refuses to encrypt."""


class NotTls(Unreachable):
    """The other side answers in something that is no TLS."""


class TlsRefused(Unreachable):
    """The other side ended the handshake with a TLS alert."""


class HandshakeFailed(Unreachable):
    """This side could not follow the handshake."""


class NotReadable(Day2Error):
    """The file is missing, is no file, or may not be read."""


class NotACertificate(Day2Error):
    """What was read holds no certificate."""


class NotUnderstood(Day2Error):
    """A certificate was read, and some of its fields could not be understood."""


class NotAName(Day2Error):
    """What should be the server's name cannot be one."""

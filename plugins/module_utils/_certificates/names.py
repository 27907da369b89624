# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of servers: how they are written in a certificate, and whether one covers a host. Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from encodings import idna
from typing import Union

__all__ = ["Address", "a_label", "address", "covers"]

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")

# Letters that today's IDNA 2008 keeps and the older IDNA 2003, which Python's codec implements, replaces.
_KEPT_SINCE_2008 = frozenset("\u00df\u03c2")


def address(host: str) -> Address | None:
    """The IP address that *host* is (brackets and zone left off), or None for a name."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None


def a_label(name: str) -> str:
    """*name* as it is written in DNS and in certificates: ASCII, lower case, without a final dot.

    :raises ValueError: *name* is no host name.
    """
    labels = [_ascii(label) for label in _DOTS.split(name[:-1] if name.endswith(".") else name)]
    whole = ".".join(labels)
    if len(whole) > 253:
        raise ValueError("it is longer than 253 characters")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise ValueError(f"{label!r} is no label of a host name" if label else "it has an empty label")
    return whole


def _ascii(label: str) -> str:
    if label.isascii():
        return label.lower()
    lowered = unicodedata.normalize("NFC", label.lower())
    if _KEPT_SINCE_2008.intersection(lowered):
        return "xn--" + lowered.encode("punycode").decode("ascii")
    try:
        return idna.ToASCII(label).decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{label!r} cannot be a label of a host name ({error})") from None


def covers(host: str, dns_names: Iterable[str], addresses: Iterable[Address]) -> bool:
    """Whether a certificate with these alternative names is one for *host*, by the rules of RFC 9525.

    An address is covered by the same address only, a name by the same name, or by a wildcard that stands for its
    whole first label and is followed by at least two more. The subject's common name does not count.

    :raises ValueError: *host* is no host name.
    """
    literal = address(host)
    if literal is not None:
        return literal in set(addresses)
    wanted = a_label(host)
    return any(_covers(pattern.lower(), wanted) for pattern in dns_names)


def _covers(pattern: str, wanted: str) -> bool:
    first, _dot, rest = pattern.partition(".")
    if first != "*":
        return pattern == wanted
    return "." in rest and wanted.partition(".")[2] == rest

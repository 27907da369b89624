# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate covers which host, and how host names are written."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from ansible_collections.day2.ops.plugins.module_utils._certificates.names import a_label, address, covers

COVERED = [
    ("www.example.org", ["www.example.org"]),
    ("WWW.Example.ORG", ["www.example.org"]),
    ("www.example.org", ["WWW.EXAMPLE.ORG"]),
    ("www.example.org.", ["www.example.org"]),
    ("www.example.org", ["other.example.org", "www.example.org"]),
    ("www.example.org", ["*.example.org"]),
    ("my_service", ["my_service"]),
    ("bücher.example.org", ["xn--bcher-kva.example.org"]),
    ("BÜCHER.example.org", ["xn--bcher-kva.example.org"]),
    ("xn--bcher-kva.example.org", ["xn--bcher-kva.example.org"]),
    ("bücher.example.org", ["*.example.org"]),
    ("straße.example.org", ["xn--strae-oqa.example.org"]),
    ("例え。テスト", ["xn--r8jz45g.xn--zckzah"]),
    ("192.0.2.1", ["192.0.2.1"]),
    ("2001:db8::1", ["2001:DB8:0::1"]),
    ("[2001:db8::1]", ["2001:db8::1"]),
    ("fe80::1%eth0", ["fe80::1"]),
]

NOT_COVERED = [
    ("www.example.org", []),
    ("www.example.org", ["example.org"]),
    ("example.org", ["*.example.org"]),
    ("a.b.example.org", ["*.example.org"]),
    ("www.example.org", ["w*.example.org"]),
    ("www.example.org", ["*w.example.org"]),
    ("www.example.org", ["www.*.org"]),
    ("www.example.org", ["*.*.org"]),
    ("www.example.org", ["*"]),
    ("example.org", ["*.org"]),
    ("www.example.org", ["*www.example.org"]),
    ("www.example.org", ["www.example.org.evil.test"]),
    ("www.example.org", ["www.example.orgx"]),
    ("www-example.org", ["www.example.org"]),
    ("strasse.example.org", ["xn--strae-oqa.example.org"]),
    ("192.0.2.1", ["192.0.2.2"]),
    ("192.0.2.1", ["*.0.2.1"]),
    ("2001:db8::1", ["2001:db8::2"]),
]

NO_NAMES = [
    "",
    ".",
    "a..b",
    "a b",
    "a\nb",
    "a\x00b",
    "; DROP TABLE t",
    "a/b",
    "x" * 64,
    "ü" * 64,
    ".".join(["x" * 60] * 5),
    "\ud800",
    "*.example.org",
]


def split(names: list[str]) -> tuple[list[str], list[ipaddress.IPv4Address | ipaddress.IPv6Address]]:
    literals = [literal for literal in map(address, names) if literal is not None]
    return [name for name in names if address(name) is None], literals


@pytest.mark.parametrize(("host", "names"), COVERED)
def test_a_certificate_covers_its_names(host: str, names: list[str]) -> None:
    assert covers(host, *split(names))


@pytest.mark.parametrize(("host", "names"), NOT_COVERED)
def test_a_certificate_covers_nothing_else(host: str, names: list[str]) -> None:
    assert not covers(host, *split(names))


def test_an_address_is_no_name_and_a_name_no_address() -> None:
    assert not covers("192.0.2.1", ["192.0.2.1"], [])
    assert not covers("www.example.org", [], [ipaddress.ip_address("192.0.2.1")])


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"label|longer"):
        a_label(name)


@pytest.mark.parametrize("name", ["bücher.example.org", "例え.テスト", "www.example.org"])
def test_names_are_written_as_the_resolver_writes_them(name: str) -> None:
    assert a_label(name) == name.encode("idna").decode()


def test_addresses_are_recognised() -> None:
    assert address("[::1]") == address("::1") == ipaddress.ip_address("::1")
    assert address("127.0.0.1") == ipaddress.ip_address(socket.inet_ntoa(b"\x7f\x00\x00\x01"))
    assert address("127.1") is None
    assert address("localhost") is None

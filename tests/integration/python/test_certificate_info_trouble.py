# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certificate_info where no certificate is to be had: told, with the reason, in time."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunModule
from tests.stacks.embedded import free_port
from tests.stacks.services import Service, handshake, imap, postgresql, server_context, smtp

from .certificate_places import ROOT, TLS_1_2, Read, at, reader, server, tls


@pytest.fixture
def ca(tmp_path: Path) -> str:
    """The bundle with the root."""
    return str(ROOT.save(tmp_path, "ca")[0])


@pytest.fixture
def read(run_module: RunModule, ca: str) -> Read:
    """Read one source; the root is trusted."""
    return reader(run_module, ca)


SAID = [
    ("smtp", smtp(hello="250-mail\r\n250 SIZE\r\n"), "TlsNotOffered", "does not offer STARTTLS"),
    ("smtp", smtp(hello="502 no such command\r\n"), "TlsNotOffered", "does not offer STARTTLS"),
    ("smtp", smtp(hello="421 going down\r\n"), "TlsNotOffered", "answered '421 going down'"),
    ("smtp", smtp(greeting="554 go away\r\n"), "TlsNotOffered", "answered '554 go away'"),
    ("smtp", smtp(starttls="454 no certificate\r\n"), "TlsNotOffered", "answered '454 no certificate'"),
    ("smtp", smtp(starttls="220 go\r\n220 more\r\n"), "WrongProtocol", "sent more in plain text"),
    ("smtp", smtp(greeting="SSH-2.0-OpenSSH\r\n"), "WrongProtocol", "'SSH-2.0-OpenSSH' is no SMTP reply"),
    ("smtp", smtp(greeting="220-x\r\n" * 300), "WrongProtocol", "more than 200 lines"),
    ("smtp", smtp(greeting="2" * 100000), "WrongProtocol", "a line of more than 8192 bytes"),
    ("smtp", lambda connection: connection.sendall(b"22"), "Disconnected", "closed the connection"),
    ("imap", imap(capability="* CAPABILITY IMAP4rev1\r\na1 OK\r\n"), "TlsNotOffered", "does not offer STARTTLS"),
    ("imap", imap(starttls="a2 NO not now\r\n"), "TlsNotOffered", "answered 'NO not now'"),
    ("imap", imap(greeting="* BYE full\r\n"), "TlsNotOffered", "greeted with '* BYE full'"),
    ("imap", imap(greeting="220 ready\r\n"), "WrongProtocol", "'220 ready' is not that of an IMAP server"),
    ("imap", imap(capability="what?\r\n"), "WrongProtocol", "'what?' is not that of an IMAP server"),
    ("imap", imap(capability="* x\r\n" * 300), "WrongProtocol", "more than 200 lines"),
    ("imap", imap(starttls="a2 OK\r\n* more\r\n"), "WrongProtocol", "sent more in plain text"),
    ("postgresql", postgresql(b"N"), "TlsNotOffered", "ssl = off"),
    ("postgresql", postgresql(b"E no such\0"), "WrongProtocol", "begins with 'E'"),
    ("postgresql", postgresql(b"Sx"), "WrongProtocol", "sent more in plain text"),
    ("postgresql", postgresql(b""), "Disconnected", "closed the connection"),
    ("none", lambda connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n"), "NotTls", "begins with 'HTTP/1.1 400 Bad"),
    ("none", lambda connection: connection.sendall(b"220 mail\r\n"), "NotTls", "begins with '220 mail"),
    (
        "none",
        lambda connection: connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28"),
        "TlsRefused",
        "alert handshake failure",
    ),
    (
        "none",
        lambda connection: connection.sendall(b"\x16\x03\x03\x00\x04\x0b\x00\x00\x00"),
        "HandshakeFailed",
        "unexpected message",
    ),
    ("none", lambda connection: connection.recv(1 << 16), "Disconnected", "closed the connection"),
    ("none", lambda connection: None, "Disconnected", ""),
]


@pytest.mark.parametrize(("protocol", "say", "kind", "why"), SAID)
def test_services_that_do_not_get_to_tls_say_why(read: Read, protocol: str, say: Any, kind: str, why: str) -> None:
    with Service(lambda _service, connection: say(connection)) as service:
        found = read(**at(service, starttls=protocol))
    assert (found["reached"], found["error"]["kind"]) == (False, kind), found["error"]
    assert why in found["error"]["why"]
    assert found["error"]["on"] == f"127.0.0.1:{service.port}"
    assert found["subject"] is found["chain_valid"] is found["name_matches"] is None


def test_an_alert_is_told_by_its_name(read: Read, tmp_path: Path) -> None:
    context = server_context(*server().save(tmp_path, "server"))
    context.sni_callback = lambda *_given: ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with Service(handshake(context)) as service:
        found = read(**at(service, server_name="unknown.test"))
    assert found["error"]["kind"] == "TlsRefused"
    assert found["error"]["why"] == "the server ended the handshake with the alert unrecognized name"


def stays_silent(service: Service, _connection: socket.socket) -> None:
    service.ended.wait()


def drips_lines(service: Service, connection: socket.socket) -> None:
    while not service.ended.wait(0.02):
        connection.sendall(b"2")


@pytest.mark.parametrize(
    ("converse", "protocol", "doing"),
    [
        (stays_silent, "none", "shaking hands (TLS)"),
        (stays_silent, "smtp", "waiting for the SMTP greeting"),
        (stays_silent, "imap", "waiting for the IMAP greeting"),
        (stays_silent, "postgresql", "asking the PostgreSQL server for encryption (SSLRequest)"),
        (drips_lines, "smtp", "waiting for the SMTP greeting"),
    ],
)
def test_every_wait_ends(read: Read, converse: Any, protocol: str, doing: str) -> None:
    with Service(converse) as service:
        began = time.monotonic()
        found = read(**at(service, starttls=protocol, timeout=0.4))
        took = time.monotonic() - began
    assert (found["error"]["kind"], found["error"]["doing"]) == ("TimedOut", doing)
    assert found["error"]["why"] == "there was no answer within 0.4 seconds"
    assert took < 5


def test_a_handshake_that_trickles_ends(read: Read) -> None:
    def trickle(service: Service, connection: socket.socket) -> None:
        record = iter(b"\x16\x03\x03\x40\x00" + bytes(1 << 14))
        while not service.ended.wait(0.02):
            connection.sendall(bytes([next(record)]))

    with Service(trickle) as service:
        began = time.monotonic()
        found = read(**at(service, timeout=0.4))
        assert time.monotonic() - began < 5
    assert found["error"]["kind"] == "TimedOut"


def test_a_handshake_that_breaks_after_the_certificate_still_shows_it(read: Read, tmp_path: Path) -> None:
    """The service's side of a real handshake goes through, except for what comes after the certificate."""
    context = server_context(*server().save(tmp_path, "server"), newest=TLS_1_2)

    def break_off(service: Service, connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        inner = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(1 << 16))
        with pytest.raises(ssl.SSLWantReadError):
            inner.do_handshake()
        flight = outgoing.read()
        hello = 5 + int.from_bytes(flight[3:5], "big")
        certificate = hello + 5 + int.from_bytes(flight[hello + 3 : hello + 5], "big")
        connection.sendall(flight[:certificate])
        service.ended.wait()

    with Service(break_off) as service:
        found = read(**at(service, timeout=0.5))
    assert found["reached"] is True
    assert found["error"]["kind"] == "TimedOut"
    assert (found["chain_valid"], found["name_matches"], found["tls_version"]) == (True, True, "TLSv1.2")


def test_a_certificate_that_is_none_is_told(read: Read) -> None:
    """A Certificate message with nonsense in it."""

    def nonsense(service: Service, connection: socket.socket) -> None:
        connection.recv(1 << 16)
        hello = b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00"
        body = b"\x00\x00\x07\x00\x00\x04junk"
        for kind, part in ((2, hello), (11, body)):
            message = bytes([kind]) + len(part).to_bytes(3, "big") + part
            connection.sendall(b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message)
        service.ended.wait()

    with Service(nonsense) as service:
        found = read(**at(service))
    assert (found["reached"], found["error"]["kind"]) == (False, "NotACertificate")


def test_a_refused_connection_and_an_unknown_host_are_told(read: Read) -> None:
    port = free_port()
    refused = read(host="127.0.0.1", port=port)
    assert refused["error"]["kind"] == "ConnectionRefused"
    assert refused["error"]["why"] == "127.0.0.1: Connection refused"
    assert refused["source"] == f"TLS at 127.0.0.1:{port}"
    assert read(host="nobody.invalid")["error"]["kind"] == "NotResolved"


def test_every_address_of_a_host_is_tried(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(tls(tmp_path, server())) as service:
        closed = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", service.port, 0, 0))
        strange = (-1, socket.SOCK_STREAM, 6, "", ("strange", 1))
        open_one = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", service.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: [closed, strange, open_one])
        assert read(**at(service, host="localhost"))["reached"] is True
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: [closed, strange])
        found = read(**at(service, host="localhost"))
    assert found["error"]["kind"] == "ConnectionRefused"
    assert re.fullmatch(r"::1: .*; strange: .*", found["error"]["why"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: [strange])
    assert read(host="localhost")["error"]["kind"] == "Unreachable"


def test_a_host_that_answers_no_packet_ends(read: Read) -> None:
    """A listener whose queue is full drops what comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _index in range(3):
            attempt = socket.socket()
            attempt.setblocking(False)
            attempt.connect_ex(listener.getsockname())
            waiting.append(attempt)
        found = read(host="127.0.0.1", port=listener.getsockname()[1], timeout=0.4)
        for attempt in waiting:
            attempt.close()
    assert (found["error"]["kind"], found["error"]["doing"]) == ("TimedOut", "connecting")


def test_a_resolver_that_hangs_ends(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: done.wait(20))
    found = read(host="slow.test", timeout=0.3)
    done.set()
    assert (found["error"]["kind"], found["error"]["doing"]) == ("TimedOut", "looking up the host name")


@pytest.mark.parametrize(
    "odd", ["a b", "a\nb", "; DROP TABLE t", "x" * 64, "a..b", "q'uote", 'do"uble', "ü" * 64, "a\x00b", "-rf /"]
)
def test_odd_hosts_and_server_names_are_told(read: Read, tmp_path: Path, odd: str) -> None:
    host = read(host=odd)
    assert (host["reached"], host["error"]["kind"]) == (False, "NotAName")
    with Service(tls(tmp_path, server())) as service:
        name = read(**at(service, server_name=odd))
        other = read(host=odd, server_name="localhost")
    assert (name["error"]["kind"], other["error"]["kind"]) == ("NotAName", "NotResolved")
    file = read(type="file", path=str(tmp_path / "server.crt"), server_name=odd)
    assert file["error"]["kind"] == "NotAName"


def test_many_sources_are_read_at_the_same_time(run_module: RunModule, tmp_path: Path, ca: str) -> None:
    good = tls(tmp_path, server())
    file = {"type": "file", "path": str(tmp_path / "server.crt"), "ca_cert": ca}
    with Service(stays_silent) as silent, Service(good) as service:
        slow = [at(silent, name=f"slow {index}") for index in range(4)]
        quick = [at(service, name=f"quick {index}", ca_cert=ca) for index in range(4)]
        sources = [source for pair in zip(slow, quick) for source in pair] + [file]
        began = time.monotonic()
        result = run_module("certificate_info", {"sources": sources, "timeout": 1, "concurrency": 9})
        together = time.monotonic() - began
        began = time.monotonic()
        run_module("certificate_info", {"sources": slow[:2], "timeout": 0.5, "concurrency": 1})
        one_by_one = time.monotonic() - began
    found = result["certificates"]
    assert [one["name"] for one in found] == [source.get("name", source.get("path")) for source in sources]
    assert [one["reached"] for one in found] == [False, True] * 4 + [True]
    assert together < 3.9
    assert one_by_one >= 1

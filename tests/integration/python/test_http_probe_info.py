# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of real servers, right and wrong, with and without TLS; every wait has an end."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._http import connection as connection_module

from ...conftest import RunModule
from ...stacks.pki import issue
from ...stacks.services import Service, server_context

Answer = Callable[["Request"], bytes]


class Request:
    """What a client asked for, and the connection on which it waits."""

    def __init__(self, service: Service, connection: socket.socket) -> None:
        self.ended = service.ended
        self.connection = connection
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(65536)
            if not received:
                raise OSError("the client went away")
            head += received
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _version = first.split(" ")
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}


def answer(status: str = "200 OK", body: bytes = b"", length: int | None = None, **headers: str) -> bytes:
    """An answer; underscores in the names of *headers* stand for dashes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def as_json(document: Any, status: str = "200 OK", **headers: str) -> bytes:
    return answer(status, json.dumps(document).encode(), Content_Type="application/json", **headers)


class Site(Service):
    """Answers each path by what it is given; remembers what it was asked."""

    def __init__(self, paths: Mapping[str, bytes | Answer], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._serve)
        self._paths = paths
        self._tls = tls
        self.requests: list[Request] = []

    def _serve(self, _service: Service, connection: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            request = Request(self, connection)
            self.requests.append(request)
            given = self._paths[request.path.partition("?")[0]]
            connection.sendall(given if isinstance(given, bytes) else given(request))

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'http' if self._tls is None else 'https'}://{host}:{self.port}{path}"


Probe = Callable[..., dict[str, Any]]


@pytest.fixture
def probe(run_module: RunModule) -> Probe:
    """Probe one URL, with the options given."""

    def one(url: str, max_bytes: int = 262144, **options: Any) -> dict[str, Any]:
        given = {"name": "it", "url": url, "timeout": 5, **options}
        result = run_module("http_probe_info", {"probes": [given], "max_bytes": max_bytes}, check_mode=True)
        assert "failed" not in result, result
        assert result["changed"] is False
        facts: dict[str, Any] = result["probes"][0]
        assert set(facts) == KEYS
        return facts

    return one


KEYS = {
    *("name", "url", "method", "reached", "status", "seconds", "connect_seconds", "first_byte_seconds", "json"),
    *("json_error", "headers", "body_sample", "bytes", "redirects", "tls_version", "error"),
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is set must not be asked."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority and servers of it: good, expired; and one of nobody."""
    folder = tmp_path_factory.mktemp("pki")
    authority = issue("Test CA", authority=True)
    authority.save(folder, "ca")
    issue("localhost", ["localhost", "127.0.0.1"], by=authority).save(folder, "good")
    issue("localhost", ["localhost"], by=authority, days=(-20, -1)).save(folder, "expired")
    issue("localhost", ["localhost"]).save(folder, "nobody")
    return folder


def tls(pki: Path, name: str = "good", **options: Any) -> ssl.SSLContext:
    return server_context(pki / f"{name}.crt", pki / f"{name}.key", **options)


def test_a_healthy_service(probe: Probe) -> None:
    document = {"status": "ok", "database": {"latency_ms": 1.8}}
    with Site({"/health": as_json(document, Server="shop", Set_Cookie="sid=abcdef; Path=/")}) as site:
        facts = probe(site.url("/health"))
    raw = json.dumps(document)
    assert 0 <= facts.pop("connect_seconds") <= facts.pop("first_byte_seconds") <= facts.pop("seconds") < 5
    assert facts == {
        "name": "it",
        "url": site.url("/health"),
        "method": "GET",
        "reached": True,
        "status": 200,
        "json": document,
        "json_error": None,
        "headers": {
            "content-length": str(len(raw)),
            "content-type": "application/json",
            "server": "shop",
            "set-cookie": "sid=***; Path=/",
        },
        "body_sample": raw,
        "bytes": len(raw),
        "redirects": [],
        "tls_version": None,
        "error": None,
    }
    (request,) = site.requests
    assert request.headers["host"] == f"127.0.0.1:{site.port}"
    assert request.headers["connection"] == "close"


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (as_json({"error": "db"}, "500 Internal Server Error"), {"status": 500, "json": {"error": "db"}}),
        (as_json({"a": 1}, "503 Down", Retry_After="5"), {"status": 503, "json": {"a": 1}}),
        (answer("204 No Content"), {"status": 204, "json": None, "bytes": 0, "body_sample": ""}),
        (answer(body=b"hello"), {"status": 200, "json": None, "json_error": None, "body_sample": "hello"}),
        (
            answer(body=b"<html>", Content_Type="application/json"),
            {"json": None, "json_error": "Expecting value: line 1 column 1 (char 0)"},
        ),
        (
            answer(body='{"ö": 1}'.encode("latin-1"), Content_Type="application/json; charset=latin-1"),
            {"json": {"ö": 1}},
        ),
        (
            answer(body=gzip.compress(b'{"a": 1}'), Content_Type="application/json", Content_Encoding="gzip"),
            {"json": {"a": 1}, "body_sample": '{"a": 1}'},
        ),
        (answer(body=b'{"half": "\\ud800"}'), {"json": {"half": "?"}, "body_sample": '{"half": "\\ud800"}'}),
        (chunked(b'{"a":', b" 1}"), {"json": {"a": 1}, "bytes": 8}),
        (b"HTTP/1.0 200 OK\r\n\r\n[1]", {"json": [1], "bytes": 3, "headers": {}}),
        (b"HTTP/1.1 200\r\nContent-Length: -5\r\n\r\nabc", {"status": 200, "body_sample": "abc"}),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + as_json([2]),
            {"status": 200, "json": [2], "reached": True},
        ),
        (
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-E: \xff\r\nContent-Length: 0\r\n\r\n",
            {"headers": {"x-a": "1, 2", "x-e": "ÿ", "content-length": "0"}},
        ),
    ],
)
def test_answers_are_facts(probe: Probe, given: bytes, expected: dict[str, Any]) -> None:
    with Site({"/": given}) as site:
        facts = probe(site.url())
    assert {key: facts[key] for key in expected} == expected
    assert facts["error"] is None


@pytest.mark.parametrize(
    ("given", "kind", "why", "reached"),
    [
        (b"", "closed", "before it had answered", False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol", "does not speak HTTP", False),
        (b"HTTP/1.1 abc OK\r\n\r\n", "protocol", "does not speak HTTP", False),
        (b"x" * 70_000, "protocol", "does not speak HTTP", False),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "protocol", "headers", False),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30, "protocol", "interim", False),
        (answer(body=b'{"a": 1}', length=20), "closed", "ended after 8 bytes, 12 before its end", True),
        (chunked(b'{"a":', end=b""), "closed", "broke off", True),
        (chunked(b'{"a":', end=b"nonsense\r\n"), "closed", "became nonsense", True),
        (answer(body=b"x" * 5000), "too_large", "longer than 4096 bytes", True),
        (answer(body=gzip.compress(b"[" * 9000), Content_Encoding="gzip"), "too_large", "unpacked", True),
        (answer("302 Found", Location="ftp://h/"), "redirects", "neither with http", True),
        (answer("302 Found", Location="http://[/"), "redirects", "leads nowhere", True),
        (answer("302 Found", Location="/"), "redirects", "in a circle", True),
    ],
)
def test_no_whole_answer_is_a_fact_too(probe: Probe, given: bytes, kind: str, why: str, reached: bool) -> None:
    with Site({"/": given}) as site:
        facts = probe(site.url(), max_bytes=4096)
    assert (facts["error"]["kind"], facts["reached"]) == (kind, reached)
    assert why in facts["error"]["why"]
    assert facts["error"]["remedy"]
    assert facts["json"] is None


def test_what_came_of_a_broken_body_is_kept(probe: Probe) -> None:
    with Site({"/": answer("502 Bad Gateway", b"upstream is dead", length=50)}) as site:
        facts = probe(site.url(), body_bytes_kept=8)
    assert (facts["status"], facts["bytes"], facts["body_sample"]) == (502, 16, "upstream")


def _drip(request: Request, head: bytes, drop: bytes) -> bytes:
    request.connection.sendall(head)
    while not request.ended.wait(0.02):
        request.connection.sendall(drop)
    return b""


@pytest.mark.parametrize(
    ("head", "drop", "reached"),
    [
        (b"", b"H", False),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x", True),
        (b"", b"", False),
    ],
)
def test_a_server_that_drips_for_ever(probe: Probe, pki: Path, head: bytes, drop: bytes, reached: bool) -> None:
    def drip(request: Request) -> bytes:
        return _drip(request, head, drop)

    for context in (None, tls(pki)):
        with Site({"/": drip}, context) as site:
            facts = probe(site.url(), timeout=0.4, ca_cert=str(pki / "ca.crt"))
        assert facts["error"]["kind"] == "timeout"
        assert "within 0.4 seconds" in facts["error"]["why"]
        assert facts["reached"] == reached
        assert 0.4 <= facts["seconds"] < 3


def test_redirects_are_bounded_in_number_and_in_time(probe: Probe) -> None:
    def onwards(request: Request) -> bytes:
        return answer("302 Found", Location=f"/?{int(request.path.partition('?')[2] or 0) + 1}")

    with Site({"/": onwards}) as site:
        facts = probe(site.url())
        assert (facts["error"]["kind"], len(facts["redirects"])) == ("redirects", 10)
        assert "more than 10" in facts["error"]["why"]


def test_redirects_are_followed_and_told(probe: Probe, pki: Path) -> None:
    with Site({"/final": as_json([1])}, tls(pki)) as safe:
        paths = {
            "/": answer("301 Moved Permanently", Location="/next?token=abcdef"),
            "/next": answer("307 Temporary Redirect", Location=safe.url("/final", "localhost")),
            "/none": answer("302 Found"),
        }
        with Site(paths) as site:
            facts = probe(site.url(), ca_cert=str(pki / "ca.crt"))
            assert (facts["status"], facts["json"], facts["tls_version"]) == (200, [1], "TLSv1.3")
            assert facts["redirects"] == [
                {"status": 301, "url": site.url("/next?token=***")},
                {"status": 307, "url": safe.url("/final", "localhost")},
            ]
            stays = probe(site.url(), follow_redirects=False)
            assert (stays["status"], stays["redirects"]) == (301, [])
            assert stays["headers"]["location"] == "/next?token=***"
            assert probe(site.url("/none"))["status"] == 302


def test_secrets_only_go_where_they_belong_and_never_come_back(run_module: RunModule) -> None:
    def echo(request: Request) -> bytes:
        return as_json({"you sent": request.headers, "asked": request.path}, X_Echo=request.headers["authorization"])

    with Site({"/": lambda request: as_json({"other": request.headers})}) as other:
        paths = {
            "/echo": echo,
            "/away": answer("302 Found", Location=other.url()),
            "/here": answer("302 Found", Location="/echo"),
        }
        with Site(paths) as site:
            secret = {"Authorization": "Bearer t0psecret", "X-Any": "an0ther"}
            probes = [
                {"name": "echo", "url": site.url("/echo?key=qu3ry"), "secret_headers": secret},
                {"name": "here", "url": site.url("/here"), "secret_headers": secret, "headers": {"X-Plain": "plain"}},
                {"name": "away", "url": site.url("/away"), "secret_headers": secret, "headers": {"Host": "shop"}},
                {"name": "user", "url": site.url("/echo").replace("//", "//jon:p4ssword@")},
            ]
            result = run_module("http_probe_info", {"probes": probes})
    echo_facts, here, away, user = result["probes"]
    assert [facts["status"] for facts in result["probes"]] == [200, 200, 200, 200]
    assert "authorization" in echo_facts["json"]["you sent"]
    assert here["json"]["you sent"]["x-plain"] == "plain"
    assert "shop" not in away["json"]["other"]["host"]
    assert "authorization" not in away["json"]["other"]
    assert "x-any" not in away["json"]["other"]
    assert user["url"] == site.url("/echo").replace("//", "//***@")
    # The servers did get them.
    sent = [request.headers.get("authorization") for request in site.requests]
    assert "Bearer t0psecret" in sent
    assert "Basic am9uOnA0c3N3b3Jk" in sent
    assert all("authorization" not in request.headers for request in other.requests)
    shown = json.dumps(result)
    for secret_text in ("t0psecret", "an0ther", "qu3ry", "p4ssword", "am9uOnA0c3N3b3Jk"):
        assert secret_text not in shown


@pytest.mark.parametrize(
    ("server", "options", "why"),
    [
        ("good", {}, None),
        ("nobody", {}, "self-signed certificate"),
        ("nobody", {"validate_certs": False}, None),
        ("expired", {}, "certificate has expired"),
        ("expired", {"validate_certs": False}, None),
        ("good", {"ca_cert": None}, "unable to get local issuer certificate"),
        ("good", {"ca_cert": "/nowhere/ca.pem"}, "the CA file /nowhere/ca.pem cannot be used: No such file"),
        ("good", {"ca_cert": "/dev/null"}, "the CA file /dev/null cannot be used"),
    ],
)
def test_certificates(probe: Probe, pki: Path, server: str, options: dict[str, Any], why: str | None) -> None:
    with Site({"/": as_json([1])}, tls(pki, server)) as site:
        facts = probe(site.url("/", "localhost"), **{"ca_cert": str(pki / "ca.crt"), **options})
    if why is None:
        assert (facts["json"], facts["error"]) == ([1], None)
        return
    assert facts["error"]["kind"] == "tls"
    assert why in facts["error"]["why"].replace("self signed", "self-signed")
    assert (facts["reached"], facts["tls_version"]) == (False, None)


def test_a_name_that_the_certificate_does_not_have(probe: Probe, pki: Path) -> None:
    with Site({"/": as_json([1])}, tls(pki, "expired")) as site:
        facts = probe(site.url(), ca_cert=str(pki / "ca.crt"))
    assert facts["error"]["kind"] == "tls"


def test_tls_where_none_is_and_none_where_tls_is(probe: Probe, pki: Path) -> None:
    with Site({"/": answer()}) as plain:
        facts = probe(plain.url().replace("http:", "https:"), timeout=0.3)
        assert facts["error"]["kind"] in ("tls", "timeout")
    with Site({"/": answer()}, tls(pki)) as safe:
        assert probe(safe.url().replace("https:", "http:"))["error"]["kind"] in ("closed", "protocol")
    with Site({"/": answer()}, tls(pki, client_ca=pki / "ca.crt")) as strict:
        facts = probe(strict.url(), ca_cert=str(pki / "ca.crt"))
        assert facts["error"]["kind"] in ("tls", "closed")
    with Service(lambda service, connection: service.ended.wait(10) and None) as mute:
        facts = probe(f"https://127.0.0.1:{mute.port}/", timeout=0.3)
    assert facts["error"]["kind"] == "timeout"
    assert "TLS handshake" in facts["error"]["why"]


def test_an_older_tls_version_is_told(probe: Probe, pki: Path) -> None:
    with Site({"/": answer()}, tls(pki, newest=ssl.TLSVersion.TLSv1_2)) as site:
        assert probe(site.url(), ca_cert=str(pki / "ca.crt"))["tls_version"] == "TLSv1.2"


def test_nobody_there(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site({}) as site:
        gone = site.url()
    facts = probe(gone)
    assert (facts["error"]["kind"], facts["reached"], facts["connect_seconds"]) == ("refused", False, None)
    assert (facts["status"], facts["headers"], facts["bytes"]) == (None, {}, 0)

    # A full queue: the listener accepts nobody, as a host behind a firewall that drops.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as waiting:
        address = listener.getsockname()
        for _each in range(8):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        facts = probe(f"http://127.0.0.1:{address[1]}/", timeout=0.3)
    assert facts["error"]["kind"] == "timeout"
    assert facts["seconds"] < 3


def test_names_without_an_address(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = probe("http://no-such-host.invalid/")
    assert facts["error"]["kind"] == "dns"
    ended = threading.Event()
    monkeypatch.setattr(connection_module.socket, "getaddrinfo", lambda *given, **named: ended.wait(10) and [])
    facts = probe("http://h/", timeout=0.2)
    ended.set()
    assert facts["error"]["kind"] == "dns"
    assert "the address of the name did not come within 0.2 seconds" in facts["error"]["why"]
    monkeypatch.setattr(connection_module.socket, "getaddrinfo", lambda *given, **named: [])
    assert probe("http://h/")["error"]["why"] == "the name has no address"


def test_the_next_address_is_tried(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site({}) as gone, Site({"/": as_json([1])}) as site:
        closed = gone.port
    with Site({"/": as_json([1])}) as site:
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        both = [(*stream, ("127.0.0.1", closed)), (*stream, ("127.0.0.1", site.port))]
        monkeypatch.setattr(connection_module.socket, "getaddrinfo", lambda *given, **named: both)
        assert probe("http://shop.example/")["json"] == [1]


def test_a_request_that_nobody_reads(probe: Probe) -> None:
    with Service(lambda service, connection: service.ended.wait(10) and None) as mute:
        headers = {f"X-{number}": "x" * 60_000 for number in range(200)}
        facts = probe(f"http://127.0.0.1:{mute.port}/", timeout=0.5, headers=headers)
    assert facts["error"]["kind"] == "timeout"
    assert "sending the request" in facts["error"]["why"]


def test_head_and_the_headers_given(probe: Probe) -> None:
    with Site({"/": answer(length=5000)}) as site:
        facts = probe(site.url(), method="HEAD", headers={"accept": "text/plain", "Host": "shop.example", "X-N": 5})
    assert (facts["status"], facts["bytes"], facts["error"]) == (200, 0, None)
    (request,) = site.requests
    assert (request.method, request.headers["accept"], request.headers["host"]) == (
        "HEAD",
        "text/plain",
        "shop.example",
    )
    assert request.headers["x-n"] == "5"


def test_many_at_the_same_time_in_their_order(run_module: RunModule) -> None:
    meeting = threading.Barrier(4)

    def together(request: Request) -> bytes:
        meeting.wait(10)
        return as_json(request.path)

    with Site({f"/{number}": together for number in range(8)}) as site:
        probes = [{"name": f"'; DROP\n{number} ü", "url": site.url(f"/{number}")} for number in range(8)]
        result = run_module("http_probe_info", {"probes": probes, "concurrency": 4})
    assert [facts["name"] for facts in result["probes"]] == [each["name"] for each in probes]
    assert [facts["json"] for facts in result["probes"]] == [f"/{number}" for number in range(8)]
    assert run_module("http_probe_info", {"probes": []})["probes"] == []


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"probes": [{"name": "a", "url": "http://u:hunter2/x@h/"}]}, "'a' failed: the URL's address or port"),
        ({"probes": [{"name": "a", "url": "file:///etc/passwd"}]}, "neither with http:// nor with https://"),
        ({"probes": [{"name": "a", "url": ""}]}, "neither with http:// nor with https://"),
        (
            {"probes": [{"name": "a", "url": "http://h/", "headers": {"Authorization": "Bearer hunter2"}}]},
            "Give it in secret_headers",
        ),
        ({"probes": [{"name": "a", "url": "http://h/", "method": "POST"}]}, "value of method must be one of"),
        ({"probes": [{"url": "http://h/"}]}, "missing required arguments: name"),
        ({"probes": "http://h/"}, "dictionary requested"),
        ({"probes": [], "concurrency": 0}, "it is 0. Choose from 1 to 64."),
        ({"probes": [], "max_bytes": 1 << 40}, "Choose from 1 to 16777216."),
        ({"probes": [{"name": "a", "url": "http://h/"}], "timeout": 0}, "a time-out of 0 seconds"),
    ],
)
def test_options_that_make_no_sense_fail_before_anything_is_sent(
    run_module: RunModule, params: dict[str, Any], told: str
) -> None:
    started = time.monotonic()
    result = run_module("http_probe_info", params)
    assert result["failed"]
    assert told in result["msg"]
    assert "hunter2" not in json.dumps(result)
    assert time.monotonic() - started < 2

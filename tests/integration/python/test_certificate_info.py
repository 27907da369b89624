# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certificate_info against real TLS: services in this process, and the openssl program."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from tests.conftest import RunModule
from tests.stacks.pki import Issued, issue, new_key
from tests.stacks.services import Service, handshake, imap, postgresql, server_context, smtp

from .certificate_places import HERE, MIDDLE, ROOT, TLS_1_2, Read, at, reader, server, tls


@pytest.fixture
def ca(tmp_path: Path) -> str:
    """The bundle with the root."""
    return str(ROOT.save(tmp_path, "ca")[0])


@pytest.fixture
def read(run_module: RunModule, ca: str) -> Read:
    """Read one source; the root is trusted."""
    return reader(run_module, ca)


SERVED = [
    ("valid", server(), [], {"chain_valid": True, "name_matches": True, "self_signed": False, "key_type": "ec"}),
    ("with an intermediate", server(by=MIDDLE), [MIDDLE], {"chain_valid": True, "name_matches": True}),
    ("without it", server(by=MIDDLE), [], {"chain_valid": False, "chain_error_kind": "unknown_issuer"}),
    (
        "expired",
        server(days=(-40, -10)),
        [],
        {"chain_valid": False, "chain_error_kind": "expired", "name_matches": True},
    ),
    (
        "early",
        server(days=(10, 40)),
        [],
        {"chain_valid": False, "chain_error_kind": "not_yet_valid", "name_matches": True},
    ),
    ("wrong name", server("other.test"), [], {"chain_valid": True, "chain_error": None, "name_matches": False}),
    ("common name only", issue("localhost", by=ROOT), [], {"chain_valid": True, "name_matches": False, "names": []}),
    (
        "self-signed",
        issue("self", HERE),
        [],
        {"chain_valid": False, "chain_error_kind": "self_signed", "self_signed": True},
    ),
    ("weak", server(key=new_key("weak")), [], {"chain_valid": False, "chain_error_kind": "weak", "key_bits": 1024}),
    ("Ed25519", server(key=new_key("ed25519")), [], {"chain_valid": True, "key_type": "ed25519"}),
    ("expired, wrong name", server("x", days=(-4, -1)), [], {"chain_error_kind": "expired", "name_matches": False}),
]


@pytest.mark.parametrize("newest", [TLS_1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize(("issued", "chain", "expected"), [row[1:] for row in SERVED], ids=[row[0] for row in SERVED])
def test_certificates_are_read_whatever_is_wrong_with_them(
    read: Read, tmp_path: Path, issued: Issued, chain: list[Issued], expected: dict[str, Any], newest: ssl.TLSVersion
) -> None:
    with Service(tls(tmp_path, issued, *chain, newest=newest)) as service:
        found = read(**at(service, server_name="localhost"))
    assert found["reached"] is True
    assert found["error"] is None
    assert {key: found[key] for key in expected} == expected, found["chain_error"]
    assert (found["chain_error"] is None) is found["chain_valid"]
    assert found["fingerprint_sha256"] == issued.certificate.fingerprint(hashes.SHA256()).hex()
    subjects = [one.certificate.subject.rfc4514_string() for one in (issued, *chain)]
    assert [link["subject"] for link in found["chain"]] == subjects
    assert found["tls_version"] == newest.name.replace("_", ".")
    assert found["client_certificate_requested"] is False


@pytest.mark.parametrize(("issued", "chain", "expected"), [row[1:] for row in SERVED], ids=[row[0] for row in SERVED])
def test_a_client_that_verifies_comes_to_the_same_end(
    tmp_path: Path, ca: str, issued: Issued, chain: list[Issued], expected: dict[str, Any]
) -> None:
    client = ssl.create_default_context(cafile=ca)
    client.verify_flags &= ~ssl.VERIFY_X509_STRICT
    client.hostname_checks_common_name = False
    client.set_ciphers("DEFAULT:@SECLEVEL=2")
    good = expected.get("chain_valid") is True and expected.get("name_matches", True)
    outcome = contextlib.nullcontext() if good else pytest.raises(ssl.SSLCertVerificationError)
    with outcome, Service(tls(tmp_path, issued, *chain)) as service:
        raw = socket.create_connection((service.host, service.port))
        with client.wrap_socket(raw, server_hostname="localhost") as verified:
            assert verified.version()


@pytest.mark.parametrize(
    ("names", "asked", "matches"),
    [
        (["*.example.test"], "www.example.test", True),
        (["*.example.test"], "example.test", False),
        (["*.example.test"], "a.b.example.test", False),
        (["xn--bcher-kva.test"], "bücher.test", True),
        (["xn--bcher-kva.test"], "xn--bcher-kva.test", True),
        (["127.0.0.1"], "127.0.0.1", True),
        (["127.0.0.1"], None, True),
        (["localhost"], None, False),
        (["127.0.0.1"], "localhost", False),
    ],
)
def test_names_are_matched(read: Read, tmp_path: Path, names: list[str], asked: str | None, matches: bool) -> None:
    with Service(tls(tmp_path, server(*names))) as service:
        found = read(**at(service, server_name=asked))
    assert (found["name_matches"], found["chain_valid"], found["names"]) == (matches, True, names)
    assert found["server_name"] == (asked or "127.0.0.1")


@pytest.mark.parametrize(
    ("asked", "sent"), [("bücher.test", "xn--bcher-kva.test"), ("a.test.", "a.test"), ("127.0.0.1", None), (None, None)]
)
def test_the_server_name_is_asked_for(read: Read, tmp_path: Path, asked: str | None, sent: str | None) -> None:
    context = server_context(*server().save(tmp_path, "server"))
    heard: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: heard.append(name)
    with Service(handshake(context)) as service:
        assert read(**at(service, server_name=asked))["reached"] is True
    assert heard == [sent]


def test_a_server_with_several_names_serves_the_one_that_was_asked_for(read: Read, tmp_path: Path) -> None:
    context = server_context(*server("first.test").save(tmp_path, "first"))
    second = server_context(*server("second.test").save(tmp_path, "second"))

    def choose(connection: Any, name: str | None, _context: ssl.SSLContext) -> None:
        if name == "second.test":
            connection.context = second

    context.sni_callback = choose
    with Service(handshake(context)) as service:
        assert read(**at(service, server_name="first.test"))["names"] == ["first.test"]
        assert read(**at(service, server_name="second.test"))["names"] == ["second.test"]


def test_ipv6_hosts(read: Read, tmp_path: Path) -> None:
    with Service(tls(tmp_path, server()), "::1") as service:
        plain = read(host="::1", port=service.port)
        bracketed = read(host="[::1]", port=service.port)
    assert plain["name_matches"] is bracketed["name_matches"] is True
    assert plain["source"] == bracketed["source"] == f"TLS at [::1]:{service.port}"


@pytest.mark.parametrize("newest", [TLS_1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_service_that_wants_a_client_certificate_is_read(
    read: Read, tmp_path: Path, ca: str, newest: ssl.TLSVersion
) -> None:
    with Service(tls(tmp_path, server(), client_ca=Path(ca), newest=newest)) as service:
        found = read(**at(service))
    assert (found["reached"], found["error"], found["client_certificate_requested"]) == (True, None, True)
    assert (found["chain_valid"], found["name_matches"]) == (True, True)


def test_what_is_served_is_compared_with_the_file(read: Read, tmp_path: Path) -> None:
    old, new = server(days=(-80, 10)), server(days=(-1, 89))
    new_file = str(new.save(tmp_path / "new", "server", [MIDDLE])[0])
    with Service(tls(tmp_path, old)) as service:
        stale = read(**at(service, compare_with=new_file))
        fresh = read(**at(service, compare_with=str(tmp_path / "server.crt")))
    assert (stale["matches_file"], fresh["matches_file"]) == (False, True)
    assert stale["compared_with"]["days_left"] > 80 > stale["days_left"]


PRELUDES = {"smtp": smtp(), "imap": imap(), "postgresql": postgresql()}


@pytest.mark.parametrize("protocol", PRELUDES)
def test_starttls(read: Read, tmp_path: Path, protocol: str) -> None:
    context = server_context(*server().save(tmp_path, "server"))
    with Service(handshake(context, PRELUDES[protocol])) as service:
        found = read(**at(service, starttls=protocol))
    assert (found["error"], found["chain_valid"], found["name_matches"]) == (None, True, True)
    assert found["source"] == f"TLS after STARTTLS ({protocol}) at 127.0.0.1:{service.port}"


def test_starttls_over_ipv6_names_an_ipv6_address(read: Read, tmp_path: Path) -> None:
    context = server_context(*server().save(tmp_path, "server"))
    with Service(handshake(context, smtp()), "::1") as service:
        assert read(**at(service, starttls="smtp"))["chain_valid"] is True


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-tls1_2"], {"tls_version": "TLSv1.2", "chain_valid": True}),
        (["-tls1_3"], {"tls_version": "TLSv1.3", "chain_valid": True}),
        (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], {"tls_version": "TLSv1", "chain_valid": True}),
        (["-Verify", "1"], {"client_certificate_requested": True, "chain_valid": True}),
        (["-legacy_renegotiation"], {"reached": True}),
    ],
)
def test_the_openssl_program_is_read(read: Read, tmp_path: Path, options: list[str], expected: dict[str, Any]) -> None:
    program = shutil.which("openssl")
    assert program, "The program openssl is needed. Install the package openssl."
    certificate, key = server(by=MIDDLE, key=new_key("rsa")).save(tmp_path, "server", [MIDDLE])
    argv = [program, "s_server", "-accept", "127.0.0.1:0", "-cert", str(certificate), "-cert_chain", str(certificate)]
    argv += ["-key", str(key), *options]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline()]
            while said[-1] and not said[-1].startswith(b"ACCEPT"):
                said.append(process.stdout.readline())
            port = int(said[-1].rpartition(b":")[2])
            found = read(host="127.0.0.1", port=port)
        finally:
            process.terminate()
    assert {key: found[key] for key in expected} == expected, found
    assert found["chain"][-1]["subject"] == "CN=Middle"

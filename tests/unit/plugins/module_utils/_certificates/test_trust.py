# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which chains are valid, and why others are not, told by the OpenSSL of this Python."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed448

from ansible_collections.day2.ops.plugins.module_utils._certificates import handshake, trust
from ansible_collections.day2.ops.plugins.module_utils._certificates.trust import authorities, chain_facts
from tests.stacks.pki import Issued, issue, new_key

NOW = datetime.now(timezone.utc)
ROOT = issue("Root", authority=True, days=(-100, 1000))
OTHER_ROOT = issue("Other root", authority=True)
SAME_NAME = issue("Root", authority=True)
OLD_ROOT = issue("Old root", authority=True, days=(-100, -1))
MIDDLE = issue("Middle", by=ROOT, authority=True)
OLD_MIDDLE = issue("Old middle", by=ROOT, authority=True, days=(-100, -1))
NO_AUTHORITY = issue("No authority", by=ROOT)
SERVER = issue("www.example.org", ["www.example.org"], MIDDLE)
OLD_SERVER = issue("old.example.org", by=MIDDLE, days=(-100, -1))
CONSTRAINED = issue(
    "Constrained",
    by=ROOT,
    authority=True,
    extensions=[(x509.NameConstraints([x509.DNSName("example.net")], None), True)],
)
SELF_SIGNED = issue("self.example.org", ["self.example.org"])

JUDGED = [
    ("direct", [issue("a", by=ROOT)], [ROOT], True, None, None),
    ("intermediate", [SERVER, MIDDLE], [ROOT], True, None, None),
    ("root sent along", [SERVER, MIDDLE, ROOT], [ROOT], True, None, None),
    ("wrong order", [SERVER, ROOT, MIDDLE], [ROOT], True, None, None),
    ("something else sent along", [SERVER, OTHER_ROOT, MIDDLE], [ROOT], True, None, None),
    ("RSA", [issue("a", by=ROOT, key=new_key("rsa"))], [ROOT], True, None, None),
    ("Ed25519", [issue("a", by=ROOT, key=new_key("ed25519"))], [ROOT], True, None, None),
    ("self-signed and trusted", [SELF_SIGNED], [SELF_SIGNED], True, None, None),
    ("intermediate trusted alone", [SERVER], [MIDDLE], True, None, None),
    ("certificate itself trusted", [SERVER], [SERVER], True, None, None),
    ("expired", [OLD_SERVER, MIDDLE], [ROOT], False, "expired", "the certificate of CN=old.example.org expired at 20"),
    (
        "intermediate expired",
        [issue("a", by=OLD_MIDDLE), OLD_MIDDLE],
        [ROOT],
        False,
        "expired",
        "of CN=Old middle expired at",
    ),
    ("root expired", [issue("a", by=OLD_ROOT)], [OLD_ROOT], False, "expired", "an authority in "),
    (
        "early",
        [issue("a", by=ROOT, days=(5, 10))],
        [ROOT],
        False,
        "not_yet_valid",
        "the certificate of CN=a is valid only from 20",
    ),
    (
        "self-signed",
        [SELF_SIGNED],
        [ROOT],
        False,
        "self_signed",
        "signed by itself and is not among the authorities of ",
    ),
    (
        "unknown root",
        [SERVER, MIDDLE],
        [OTHER_ROOT],
        False,
        "unknown_issuer",
        "CN=Root, the issuer of the certificate of CN=Middle",
    ),
    (
        "unknown root sent along",
        [SERVER, MIDDLE, ROOT],
        [OTHER_ROOT],
        False,
        "unknown_issuer",
        "chain ends at the authority CN=Root",
    ),
    (
        "intermediate missing",
        [SERVER],
        [ROOT],
        False,
        "unknown_issuer",
        "CN=Middle, the issuer of the certificate of CN=www.example.org",
    ),
    (
        "intermediate missing, known",
        [SERVER],
        [ROOT, MIDDLE],
        False,
        "incomplete",
        "lacks the intermediate certificate of CN=Middle",
    ),
    (
        "expired and unknown",
        [OLD_SERVER],
        [ROOT],
        False,
        "unknown_issuer",
        "; the certificate of CN=old.example.org expired at",
    ),
    ("other root of the same name", [issue("a", by=ROOT)], [SAME_NAME], False, "bad_signature", "signature"),
    ("issued by no authority", [issue("a", by=NO_AUTHORITY), NO_AUTHORITY], [ROOT], False, "wrong_use", ""),
    ("client's certificate", [issue("a", by=ROOT, use="client")], [ROOT], False, "wrong_use", "purpose"),
    ("weak key", [issue("a", by=ROOT, key=new_key("weak"))], [ROOT], False, "weak", "too weak"),
    (
        "name not permitted",
        [issue("a", ["a.example.org"], CONSTRAINED), CONSTRAINED],
        [ROOT],
        False,
        "name_constraints",
        "permitted",
    ),
]


def bundle(folder: Path, trusted: list[Issued]) -> str:
    path = folder / "ca.pem"
    path.write_bytes(b"".join(issued.pem for issued in trusted))
    return str(path)


@pytest.mark.parametrize(
    ("chain", "trusted", "valid", "kind", "why"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED]
)
def test_chains_are_judged(
    tmp_path: Path, chain: list[Issued], trusted: list[Issued], valid: bool, kind: str | None, why: str | None
) -> None:
    found = chain_facts([issued.der for issued in chain], authorities(bundle(tmp_path, trusted)), NOW)
    assert (found.valid, found.kind) == (valid, kind), found.why
    if why is None:
        assert found.why is None
    else:
        assert why in (found.why or "")


@pytest.mark.parametrize(("chain", "trusted", "valid"), [row[1:4] for row in JUDGED], ids=[row[0] for row in JUDGED])
def test_the_openssl_program_judges_alike(
    tmp_path: Path, chain: list[Issued], trusted: list[Issued], valid: bool
) -> None:
    program = shutil.which("openssl")
    assert program, "The program openssl is needed. Install the package openssl."
    allowed = authorities(bundle(tmp_path, trusted))
    names = {}
    for name, ders in {"leaf": [chain[0].der], "rest": [one.der for one in chain[1:]], "ca": allowed.trusted}.items():
        names[name] = tmp_path / name
        names[name].write_text("".join(ssl.DER_cert_to_PEM_cert(der) for der in ders))
    argv = [program, "verify", "-purpose", "sslserver", "-auth_level", "2", "-CAfile", str(names["ca"]), "-no-CApath"]
    argv += ["-partial_chain"] if allowed.partial else []
    argv += ["-untrusted", str(names["rest"])] if chain[1:] else []
    done = subprocess.run([*argv, str(names["leaf"])], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is valid, done.stderr


def test_the_bundle_tells_what_it_left_out_and_could_not_read(tmp_path: Path) -> None:
    path = Path(bundle(tmp_path, [ROOT, MIDDLE, ROOT]))
    path.write_bytes(path.read_bytes() + ssl.DER_cert_to_PEM_cert(b"\x30\x03\x02\x01\x00").encode())
    found = authorities(str(path))
    assert (found.trusted, found.left_out, found.partial, found.unread) == ((ROOT.der,), ("CN=Middle",), False, 1)
    assert "(1 of them could not be read)" in str(chain_facts([SELF_SIGNED.der], found, NOW).why)


def test_an_authority_that_only_openssl_can_read_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = trust.loaded
    monkeypatch.setattr(trust, "loaded", lambda der: None if der == ROOT.der else real(der))
    found = authorities(bundle(tmp_path, [ROOT]))
    assert (found.trusted, found.unread) == ((ROOT.der,), 0)
    assert chain_facts([SERVER.der, MIDDLE.der], found, NOW).valid is True


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "the file is empty"),
        (ssl.DER_cert_to_PEM_cert(b"\x30\x03\x02\x01\x00").encode(), "there is no certificate that can be read"),
    ],
)
def test_without_authorities_nothing_is_judged(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    found = chain_facts([SERVER.der, MIDDLE.der], authorities(str(path)), NOW)
    assert (found.valid, found.kind) == (None, "no_authorities")
    assert why in (found.why or "")
    assert str(path) in (found.why or "")


def system(monkeypatch: pytest.MonkeyPatch, cafile: Path | None, capath: Path | None) -> None:
    class Paths(NamedTuple):
        cafile: str | None
        capath: str | None

    paths = Paths(str(cafile) if cafile else None, str(capath) if capath else None)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)


def test_the_systems_authorities_are_its_file_and_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "0a1b2c3d.0").write_bytes(ROOT.pem)
    (folder / "0a1b2c3d.1").symlink_to(tmp_path / "gone")
    (folder / "0a1b2c3d.r0").write_bytes(b"a revocation list")
    (folder / "not-hashed.pem").write_bytes(SELF_SIGNED.pem)
    file = tmp_path / "cert.pem"
    file.write_bytes(OTHER_ROOT.pem + ROOT.pem)
    system(monkeypatch, file, folder)
    assert authorities(None).trusted == (OTHER_ROOT.der, ROOT.der)
    assert "the system's authorities" in str(chain_facts([SELF_SIGNED.der], authorities(None), NOW).why)
    system(monkeypatch, None, folder)
    assert authorities(None).trusted == (ROOT.der,)


def test_the_usual_bundle_serves_a_python_that_looks_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(monkeypatch, None, None)
    monkeypatch.setattr(trust, "_USUAL_BUNDLES", (str(tmp_path / "missing"), bundle(tmp_path, [ROOT])))
    assert authorities(None).trusted == (ROOT.der,)
    monkeypatch.setattr(trust, "_USUAL_BUNDLES", ())
    assert authorities(None).problem == "the system's authorities: there is no certificate that can be read"


def test_a_folder_of_authorities_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(monkeypatch, None, tmp_path / "gone")
    assert "cannot be read: No such file or directory" in str(authorities(None).problem)


def test_where_there_is_no_verdict_there_is_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trusted = authorities(bundle(tmp_path, [ROOT]))
    crowd = [SERVER.der] + [MIDDLE.der] * 500
    found = chain_facts(crowd, trusted, NOW)
    assert (found.valid, found.kind) == (None, "no_verdict")
    assert "excessive message size" in str(found.why)
    assert handshake.verdict([b"\x30\x00"], [ROOT.der], "ec", False).valid is None
    monkeypatch.setattr(handshake, "_flight", lambda _chain, _cipher: b"")
    assert handshake.verdict([SERVER.der], [ROOT.der], "ec", False).words == "the library gave no verdict"


def test_a_key_that_cannot_be_read_has_no_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(_certificate: Any) -> str:
        raise UnsupportedAlgorithm("OID 1.2.3")

    monkeypatch.setattr(trust, "key_type", unknown)
    found = chain_facts([SERVER.der], authorities(bundle(tmp_path, [ROOT])), NOW)
    assert (found.valid, found.why) == (None, "the key of the certificate cannot be read: OID 1.2.3")


def test_names_that_cannot_be_told_leave_the_librarys_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreadable(_certificate: Any) -> str:
        raise ValueError("no name")

    monkeypatch.setattr(trust, "subject", unreadable)
    trusted = authorities(bundle(tmp_path, [ROOT, MIDDLE]))
    assert trusted.left_out == ("",)
    found = chain_facts([SERVER.der], trusted, NOW)
    assert (found.valid, found.kind, found.why) == (False, "unknown_issuer", "unable to get local issuer certificate")


def test_a_long_chain_is_sent_in_several_records(tmp_path: Path) -> None:
    rsa = issue("a", by=MIDDLE, key=ed448.Ed448PrivateKey.generate())
    padding = [issue(os.urandom(30).hex(), authority=True).der for _turn in range(60)]
    found = chain_facts([rsa.der, *padding, MIDDLE.der], authorities(bundle(tmp_path, [ROOT])), NOW)
    assert found.valid is True, found.why

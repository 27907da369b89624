# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a certificate."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ed448

from ansible_collections.day2.ops.plugins.module_utils._certificates import facts
from tests.stacks.pki import issue, new_key

NOW = datetime.now(timezone.utc)
CA = issue("Test CA", authority=True)


def told(**options: Any) -> dict[str, Any]:
    return facts.stated(issue("www.example.org", **options).certificate, NOW)[0]


def test_everything_is_told() -> None:
    server = issue(
        "www.example.org", ["www.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"], CA, days=(-10, 30)
    )
    found, problems = facts.stated(server.certificate, NOW)
    assert problems == []
    assert found["subject"] == "CN=www.example.org"
    assert found["issuer"] == "CN=Test CA"
    assert found["names"] == ["www.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"]
    assert int(found["serial"], 16) == server.certificate.serial_number
    assert len(found["serial"]) % 2 == 0
    assert found["not_after"] == f"{facts.not_after(server.certificate):%Y-%m-%dT%H:%M:%SZ}"
    assert found["not_before"] == f"{facts.not_before(server.certificate):%Y-%m-%dT%H:%M:%SZ}"
    assert found["lifetime_days"] == 40.0
    assert found["days_left"] == pytest.approx(30, abs=0.01)
    assert found["lifetime_left_percent"] == pytest.approx(75, abs=0.05)
    assert found["self_signed"] is False
    assert found["signature_hash"] == "sha256"


@pytest.mark.parametrize(
    ("days", "left", "percent"), [((-40, -10), -10, -33.33), ((10, 40), 40, 133.33), ((-0.5, 0.5), 0.5, 50)]
)
def test_time_left_may_be_negative_and_more_than_all(days: tuple[float, float], left: float, percent: float) -> None:
    found = told(days=days)
    assert found["days_left"] == pytest.approx(left, abs=0.01)
    assert found["lifetime_left_percent"] == pytest.approx(percent, abs=0.1)


def test_a_life_without_length_has_no_share() -> None:
    assert told(days=(1, 1))["lifetime_left_percent"] is None


@pytest.mark.parametrize(
    ("kind", "word", "bits", "digest"),
    [
        ("ec", "ec", 256, "sha256"),
        ("rsa", "rsa", 2048, "sha256"),
        ("weak", "rsa", 1024, "sha256"),
        ("ed25519", "ed25519", 256, None),
    ],
)
def test_keys_are_told(kind: str, word: str, bits: int, digest: str | None) -> None:
    found = told(key=new_key(kind))
    assert (found["key_type"], found["key_bits"], found["signature_hash"]) == (word, bits, digest)


@pytest.mark.parametrize(
    ("key", "word", "bits"),
    [(dsa.generate_private_key(1024), "dsa", 1024), (ed448.Ed448PrivateKey.generate(), "ed448", 456)],
)
def test_rare_keys_are_told(key: Any, word: str, bits: int) -> None:
    class Certificate:
        def public_key(self) -> Any:
            return key.public_key()

    certificate: Any = Certificate()
    assert facts.key_type(certificate) == word
    assert facts.STATED["key_bits"](certificate, NOW) == bits


def test_a_key_of_a_new_kind_is_called_as_the_library_calls_it() -> None:
    class MLDSA65PublicKey:
        pass

    class Certificate:
        def public_key(self) -> Any:
            return MLDSA65PublicKey()

    certificate: Any = Certificate()
    assert facts.key_type(certificate) == "mldsa65"
    assert facts.STATED["key_bits"](certificate, NOW) is None


def test_self_signed_means_signed_with_its_own_key() -> None:
    assert told()["self_signed"] is True
    same_name = issue("Test CA", authority=True)
    assert facts.stated(issue("Test CA", by=same_name).certificate, NOW)[0]["self_signed"] is False
    assert facts.is_issued_by(issue("x", by=CA).certificate, CA.certificate)
    assert not facts.is_issued_by(issue("x", by=CA).certificate, same_name.certificate)


def test_a_certificate_without_alternative_names_has_no_names() -> None:
    assert told()["names"] == []


def test_other_kinds_of_alternative_names_are_left_out() -> None:
    extension = x509.SubjectAlternativeName(
        [x509.RFC822Name("who@example.org"), x509.DNSName("a.example.org"), x509.UniformResourceIdentifier("urn:x")]
    )
    assert told(extensions=[(extension, False)])["names"] == ["a.example.org"]


def test_what_cannot_be_understood_is_null_with_a_reason() -> None:
    server = issue(
        "x", extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x01"), False)]
    )
    found, problems = facts.stated(server.certificate, NOW)
    assert found["names"] is None
    assert found["subject"] == "CN=x"
    assert len(problems) == 1
    assert problems[0].startswith("names: ")


def test_an_unknown_algorithm_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_certificate: Any, _now: datetime) -> str:
        raise UnsupportedAlgorithm("OID 1.2.3")

    monkeypatch.setitem(facts.STATED, "signature_hash", unknown)
    found, problems = facts.stated(CA.certificate, NOW)
    assert found["signature_hash"] is None
    assert problems == ["signature_hash: OID 1.2.3"]


def test_an_older_library_tells_the_dates_without_a_zone() -> None:
    class Certificate:
        not_valid_before = datetime(2026, 1, 2, 3, 4, 5)
        not_valid_after = datetime(2026, 2, 2, 3, 4, 5)

    certificate: Any = Certificate()
    assert facts.moment(facts.not_before(certificate)) == "2026-01-02T03:04:05Z"
    assert facts.moment(facts.not_after(certificate)) == "2026-02-02T03:04:05Z"


def test_bytes_that_are_no_certificate_are_told_apart() -> None:
    assert facts.loaded(b"\x30\x03\x02\x01\x00") is None
    assert facts.loaded(CA.der) is not None
    assert facts.link(b"no certificate", NOW) == {"subject": None, "issuer": None, "not_after": None, "days_left": None}
    assert facts.link(CA.der, NOW)["issuer"] == "CN=Test CA"

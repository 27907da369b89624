# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates in files, good and bad."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.day2.ops.plugins.module_utils._certificates.errors import NotACertificate, NotReadable
from ansible_collections.day2.ops.plugins.module_utils._certificates.files import certificates_in_file
from tests.stacks.pki import Issued, issue

CA = issue("Test CA", authority=True)
SERVER = issue("www.example.org", by=CA)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SERVER.pem, [SERVER]),
        (SERVER.pem + CA.pem, [SERVER, CA]),
        (SERVER.key_pem + SERVER.pem + CA.pem, [SERVER, CA]),
        (b"Subject: someone\n" + SERVER.pem + b"\nand more \xff\x00\n" + CA.pem, [SERVER, CA]),
        (SERVER.pem.replace(b"\n", b"\r\n"), [SERVER]),
        (SERVER.pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE"), [SERVER]),
        (SERVER.der, [SERVER]),
    ],
)
def test_certificates_are_found_in_their_order(tmp_path: Path, content: bytes, expected: list[Issued]) -> None:
    file = tmp_path / "odd näme; DROP 'x'.pem"
    file.write_bytes(content)
    assert list(certificates_in_file(str(file))) == [issued.der for issued in expected]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (SERVER.key_pem, "no PEM block CERTIFICATE"),
        (SERVER.pem[:200], "no PEM block CERTIFICATE"),
        (SERVER.pem + CA.pem.replace(b"MII", b"!!!", 1), "certificate 2 in the file is not valid Base64"),
    ],
)
def test_a_file_without_a_certificate_says_so(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "x.pem"
    file.write_bytes(content)
    with pytest.raises(NotACertificate) as caught:
        certificates_in_file(str(file))
    assert why in caught.value.why
    assert caught.value.on == str(file)
    assert "BEGIN" not in str(caught.value)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 17 << 20)
    for path, why in [
        (tmp_path / "missing", "No such file or directory"),
        (tmp_path, "no regular file"),
        (tmp_path / "fifo", "no regular file"),
        (tmp_path / "huge", "17825792 bytes"),
        (tmp_path / "nul\x00", "null"),
        (tmp_path / ("x" * 300), "too long"),
    ]:
        with pytest.raises(NotReadable) as caught:
            certificates_in_file(str(path), "reading the CA bundle")
        assert why in caught.value.why
        assert caught.value.doing == "reading the CA bundle"

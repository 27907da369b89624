# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate messages are taken apart, whatever a hostile server puts into them."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._certificates import tls
from ansible_collections.day2.ops.plugins.module_utils._certificates.tls import certificates_in


def counted(body: bytes, size: int = 3) -> bytes:
    return len(body).to_bytes(size, "big") + body


def message(*certificates: bytes) -> bytes:
    return b"\x0b" + counted(counted(b"".join(counted(one) for one in certificates)))


def message_13(*certificates: tuple[bytes, bytes], context: bytes = b"") -> bytes:
    entries = b"".join(counted(one) + counted(extensions, 2) for one, extensions in certificates)
    return b"\x0b" + counted(counted(context, 1) + counted(entries))


@pytest.mark.parametrize(
    ("whole", "with_extensions", "expected"),
    [
        (message(), False, ()),
        (message(b"a"), False, (b"a",)),
        (message(b"a", b"b" * 70000), False, (b"a", b"b" * 70000)),
        (message_13(), True, ()),
        (message_13((b"a", b"")), True, (b"a",)),
        (message_13((b"a", b"extension"), (b"b", b""), context=b"context"), True, (b"a", b"b")),
    ],
)
def test_certificates_are_found(whole: bytes, with_extensions: bool, expected: tuple[bytes, ...]) -> None:
    assert certificates_in(whole, with_extensions) == expected


@pytest.mark.parametrize("with_extensions", [False, True])
@pytest.mark.parametrize("whole", [message(b"abc", b"def"), message_13((b"abc", b"x"), context=b"c"), b"\xff" * 40])
def test_a_message_cut_short_anywhere_is_no_error(whole: bytes, with_extensions: bool) -> None:
    for length in range(len(whole)):
        certificates_in(whole[:length], with_extensions)


def test_alerts_are_called_by_their_names() -> None:
    class Wire:
        doing, on = "shaking hands", "a:1"

    wire: Any = Wire()
    assert "the alert unrecognized name" in str(tls._failed(wire, ssl.SSLError("x"), 112))
    assert "the alert number 250" in str(tls._failed(wire, ssl.SSLError("x"), 250))


def test_compressed_certificates_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "OPENSSL_VERSION_INFO", (3, 2, 0, 0, 0))
    assert tls._context(tls._Heard()).options & 1 << 33

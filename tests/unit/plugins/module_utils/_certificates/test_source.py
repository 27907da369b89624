# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options become sources, or are refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._certificates import library
from ansible_collections.day2.ops.plugins.module_utils._certificates.source import Source, sources_of
from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible, Refused

OPTIONS = ("name", "host", "port", "server_name", "path", "ca_cert", "compare_with", "timeout")


def source(**given: Any) -> Source:
    whole = {**dict.fromkeys(OPTIONS), "type": "endpoint", "starttls": "none", **given}
    return sources_of({"sources": [whole], "timeout": 10.0, "concurrency": 8})[0]


@pytest.mark.parametrize(
    ("given", "name", "words", "expected"),
    [
        ({"host": "a.b"}, "a.b:443", "TLS at a.b:443", "a.b"),
        ({"host": "a.b", "name": "Site"}, "Site", "TLS at a.b:443", "a.b"),
        ({"host": "a.b", "server_name": ""}, "a.b:443", "TLS at a.b:443", "a.b"),
        ({"host": "::1", "port": 8443}, "[::1]:8443", "TLS at [::1]:8443", "::1"),
        ({"host": "[::1]"}, "[::1]:443", "TLS at [::1]:443", "::1"),
        ({"host": "a.b", "server_name": "c.d"}, "a.b:443", "TLS at a.b:443, server name c.d", "c.d"),
        ({"host": "a.b", "starttls": "postgresql"}, "a.b:5432", "TLS after STARTTLS (postgresql) at a.b:5432", "a.b"),
        ({"host": "a.b", "starttls": "smtp"}, "a.b:25", "TLS after STARTTLS (smtp) at a.b:25", "a.b"),
        ({"host": "a.b", "starttls": "imap"}, "a.b:143", "TLS after STARTTLS (imap) at a.b:143", "a.b"),
        ({"type": "file", "path": "/x"}, "/x", "file /x", None),
        ({"type": "file", "path": "/x", "server_name": "c.d"}, "/x", "file /x", "c.d"),
    ],
)
def test_sources_are_named_and_told_in_words(
    given: dict[str, Any], name: str, words: str, expected: str | None
) -> None:
    found = source(**given)
    assert (found.name, found.words, found.expected) == (name, words, expected)


def test_a_source_has_its_own_timeout_or_the_modules() -> None:
    assert source(host="a").timeout == 10
    assert source(host="a", timeout=0.5).timeout == 0.5


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"host": ""}, "host is empty"),
        ({"type": "file", "path": ""}, "path is empty"),
        ({"type": "file", "path": "/x", "starttls": "smtp"}, "a file has no starttls"),
        ({"host": "a", "port": 0}, "0 is no port"),
        ({"host": "a", "port": 65536}, "65536 is no port"),
        ({"host": "a", "timeout": 0.0}, "timeout of 0.0 seconds"),
        ({"host": "a", "timeout": -1.0}, "timeout of -1.0 seconds"),
        ({"host": "a", "timeout": 1e9}, "timeout of 1000000000.0 seconds"),
        ({"host": "a", "timeout": float("nan")}, "timeout of nan seconds"),
        ({"host": "a", "timeout": float("inf")}, "timeout of inf seconds"),
    ],
)
def test_options_without_sense_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused) as caught:
        source(**given)
    assert why in caught.value.why


def test_somebody_has_to_do_the_work() -> None:
    with pytest.raises(Refused) as caught:
        sources_of({"sources": [], "timeout": 10.0, "concurrency": 0})
    assert "0 is less than 1" in caught.value.why


@pytest.mark.parametrize(("version", "why"), [(None, "it is not installed"), ("3.3.2", "version 3.3.2 is installed")])
def test_a_missing_or_old_library_is_named(monkeypatch: pytest.MonkeyPatch, version: str | None, why: str) -> None:
    monkeypatch.setattr(library, "VERSION", version)
    with pytest.raises(NotPossible) as caught:
        library.need_library()
    assert why in caught.value.why
    assert "cryptography>=41" in caught.value.remedy


@pytest.mark.parametrize("version", ["41.0.0", "41", "50.0.2"])
def test_a_new_enough_library_will_do(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(library, "VERSION", version)
    library.need_library()

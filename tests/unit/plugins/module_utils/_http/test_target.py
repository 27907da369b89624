# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._http.target import (
    Target,
    absolute,
    basic_authorization,
    probes_of,
    secrets_of,
    target_of,
)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h", Target("http", "h", 80, "/")),
        ("HTTPS://H.example/p?q=1#part", Target("https", "h.example", 443, "/p?q=1")),
        ("https://h:8443/a b".replace(" ", "%20"), Target("https", "h", 8443, "/a%20b")),
        ("http://[::1]:8080/", Target("http", "::1", 8080, "/")),
        ("http://bücher.example/ö?ü=€", Target("http", "xn--bcher-kva.example", 80, "/%C3%B6?%C3%BC=%E2%82%AC")),
        ("http://u:p@h/", Target("http", "h", 80, "/", "u:p")),
        ("http://u:p@ss@h/", Target("http", "h", 80, "/", "u:p@ss")),
    ],
)
def test_urls_taken_apart(url: str, target: Target) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "neither with http"),
        ("h/p", "neither with http"),
        ("file:///etc/passwd", "neither with http"),
        ("gopher://h/", "neither with http"),
        ("http://", "no host"),
        ("http:///p", "no host"),
        ("http://h:0/", "no port"),
        ("http://h:port/", "cannot be understood"),
        ("http://h:99999/", "cannot be understood"),
        ("http://[::1/", "cannot be understood"),
        ("http://h/a b", "a space"),
        ("http://h/\r\nX: y", "a control character"),
        ("http://" + "ü" * 70 + "/", "no name that can be looked up"),
    ],
)
def test_urls_that_cannot_be_asked(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        target_of(url)
    assert not url or url not in str(raised.value)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/next", "http://h:81/next"),
        ("next?x=1", "http://h:81/a/next?x=1"),
        ("//other/x", "http://other/x"),
        ("https://other/y#z", "https://other/y#z"),
        ("/sp ace/ö", "http://h:81/sp%20ace/%C3%B6"),
    ],
)
def test_where_redirects_lead(location: str, url: str) -> None:
    assert absolute(location, "http://h:81/a/b") == url


@pytest.mark.parametrize(
    ("userinfo", "credentials"), [("u:p", "u:p"), ("u", "u:"), ("u:p%40:%20s", "u:p@: s"), ("ü:ö", "ü:ö")]
)
def test_basic_authorization(userinfo: str, credentials: str) -> None:
    assert base64.b64decode(basic_authorization(userinfo).removeprefix("Basic ")).decode() == credentials


GIVEN: dict[str, Any] = {
    "name": "n",
    "url": "http://h/",
    "method": "GET",
    "headers": {},
    "secret_headers": {},
    "ca_cert": None,
    "validate_certs": True,
    "timeout": None,
    "follow_redirects": True,
    "body_bytes_kept": 256,
}


def test_a_probe_from_its_options() -> None:
    given = {**GIVEN, "headers": {"X-Number": 5}, "secret_headers": {"Authorization": "Bearer abcdef"}}
    (probe,) = probes_of([given], 7.5, 1000)
    assert (probe.timeout, probe.max_bytes, probe.headers) == (7.5, 1000, {"X-Number": "5"})
    assert "abcdef" not in repr(probe)
    assert probes_of([{**given, "timeout": 2.0}], 7.5, 1000)[0].timeout == 2.0
    assert probes_of([], 7.5, 1000) == []
    assert probes_of([{**given, "headers": None}], 1, 1)[0].headers == {}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"name": " "}, "its name is empty"),
        ({"url": "http://u:secret/x@h/"}, "cannot be understood"),
        ({"timeout": 0.0}, "a time-out of 0 seconds"),
        ({"timeout": float("nan")}, "a time-out of nan seconds"),
        ({"timeout": 601.0}, "a time-out of 601 seconds"),
        ({"body_bytes_kept": -1}, "-1 bytes to keep"),
        ({"headers": {"Authorization": "Bearer abcdef"}}, "its header Authorization is a secret"),
        ({"headers": {"a b": "c"}}, "'a b' is no name of a header"),
        ({"headers": {"a": "b\r\nc: d"}}, "the value of its header a"),
        ({"headers": {"a": None}}, "the value of its header a"),
        ({"secret_headers": {"a": ["b"]}}, "the value of its header a"),
        ({"secret_headers": {"a": "€"}}, "the value of its header a"),
    ],
)
def test_probes_that_cannot_be_sent(options: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why) as raised:
        probes_of([{**GIVEN, **options}], 10, 1000)
    assert "secret/x" not in str(raised.value)
    assert "abcdef" not in str(raised.value)


def test_two_probes_of_one_name() -> None:
    with pytest.raises(Refused, match="not its own"):
        probes_of([GIVEN, GIVEN], 10, 1000)


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({}, set()),
        (
            {"url": "http://u:hunter2@h/?token=abcdef&x=yyyy"},
            {"hunter2", "abcdef", "Basic dTpodW50ZXIy", "dTpodW50ZXIy"},
        ),
        ({"headers": {"Cookie": "sid=12345", "Accept": "text/html"}}, {"sid=12345"}),
        ({"secret_headers": {"Authorization": "Bearer abcdef"}}, {"Bearer abcdef", "abcdef"}),
        (
            {"secret_headers": {"Authorization": "Basic " + base64.b64encode(b"u:hunter2").decode()}},
            {"Basic dTpodW50ZXIy", "dTpodW50ZXIy", "hunter2"},
        ),
        ({"secret_headers": {"Authorization": "Basic no base64"}}, {"Basic no base64", "no base64"}),
        # Hiding every "1" of the result would hide the result.
        ({"secret_headers": {"X-Any": 1}}, set()),
    ],
)
def test_what_must_not_come_back(options: dict[str, Any], secrets: set[str]) -> None:
    assert secrets_of({**GIVEN, **options}) == secrets

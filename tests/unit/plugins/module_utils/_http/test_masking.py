# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._http.masking import (
    is_secret_header,
    masked_header,
    masked_json,
    masked_options,
    masked_text,
    masked_url,
    secrets_in_url,
)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://h/p", "https://h/p"),
        ("https://u:p%40ss@h/p", "https://***@h/p"),
        ("https://u:p@ss@h:8443/p", "https://***@h:8443/p"),
        ("https://h/p@q", "https://h/p@q"),
        ("https://h/?a=1&token=s3cr3t&b=2", "https://h/?a=1&token=***&b=2"),
        ("https://h/?API-Key=x", "https://h/?API-Key=***"),
        ("https://h/?key=x&code=y&monkey=z", "https://h/?key=***&code=***&monkey=z"),
        ("https://h/?X-Amz-Signature=abc&X-Amz-Date=d", "https://h/?X-Amz-Signature=***&X-Amz-Date=d"),
        ("https://h/?pass%77ord=x", "https://h/?pass%77ord=***"),
        ("https://h/#access_token=x", "https://h/#access_token=***"),
        ("https://h/?password=&user=u", "https://h/?password=&user=u"),
        ("/relative?session=abc;x=1", "/relative?session=***;x=1"),
        ("", ""),
    ],
)
def test_urls(url: str, masked: str) -> None:
    assert masked_url(url) == masked


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://u:p%40ss@h/?token=a%2Bb&x=1", {"p%40ss", "p@ss", "a%2Bb", "a+b"}),
        ("https://u@h/", set()),
        ("https://[h/?token=t", {"t"}),
    ],
)
def test_secrets_in_urls(url: str, secrets: set[str]) -> None:
    assert secrets_in_url(url) == secrets


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True),
        ("proxy-authorization", True),
        ("Cookie", True),
        ("X-API-Key", True),
        ("X-Auth-Token", True),
        ("x-auth-user", True),
        ("X-CSRF-Token", True),
        ("X-Amz-Security-Token", True),
        ("X-Functions-Key", True),
        ("Accept", False),
        ("WWW-Authenticate", False),
        ("X-Request-Id", False),
        ("Content-Type", False),
    ],
)
def test_secret_headers(name: str, secret: bool) -> None:
    assert is_secret_header(name) == secret


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("set-cookie", "sid=abc; Path=/; HttpOnly", "sid=***; Path=/; HttpOnly"),
        ("set-cookie", "odd", "odd"),
        ("x-auth-token", "abc", "***"),
        ("location", "https://u:p@h/?token=t", "https://***@h/?token=***"),
        ("server", "nginx", "nginx"),
    ],
)
def test_headers(name: str, value: str, masked: str) -> None:
    assert masked_header(name, value) == masked


def test_documents() -> None:
    document = {
        "status": "ok",
        "db_password": "hunter2",
        "accessToken": "abc",
        "api-key": "k",
        "token_count": 5,
        "password": None,
        "secrets": ["kept, for its key is the list's", {"secret": "x", "empty_secret": ""}],
        "dsn": "postgresql://u:p@h/db",
        "half\ud800": "\udfff",
        "n": [1, 2.5, True, None],
    }
    assert masked_json(document) == {
        "status": "ok",
        "db_password": "***",
        "accessToken": "***",
        "api-key": "***",
        "token_count": 5,
        "password": None,
        "secrets": ["kept, for its key is the list's", {"secret": "***", "empty_secret": ""}],
        "dsn": "postgresql://***@h/db",
        "half?": "?",
        "n": [1, 2.5, True, None],
    }


def test_documents_nested_too_deep() -> None:
    document: Any = []
    for _level in range(64):
        document = [document]
    assert masked_json(document) == document
    with pytest.raises(ValueError, match="too deep"):
        masked_json([document])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("all is well", "all is well"),
        ('{"password": "a b", "x": 1}', '{"password": "***", "x": 1}'),
        ('{"token":"cut sho', '{"token":"***"'),
        ("db_password=hunter2, x=1", "db_password=***, x=1"),
        ("secret: 'a'; y", "secret: '***'; y"),
        ("see http://u:p@h/?sig=1", "see http://***@h/?sig=***"),
        ("password is wrong", "password is wrong"),
        ("\ud800", "?"),
    ],
)
def test_texts(text: str, masked: str) -> None:
    assert masked_text(text) == masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"url": "https://u:p@h/"}, {"url": "https://***@h/"}),
        # A password with a slash in it makes a URL that cannot be taken apart: then nothing of it is shown.
        ({"url": "https://u:p/w@h/"}, {"url": "***"}),
        ({"url": "https://h:0/"}, {"url": "***"}),
        ({"headers": {"Accept": "a", "Cookie": "c"}}, {"headers": {"Accept": "a", "Cookie": "***"}}),
        ({"secret_headers": {"X-Any": "v"}}, {"secret_headers": {"X-Any": "***"}}),
        ({"headers": None, "secret_headers": None}, {"headers": {}, "secret_headers": {}}),
    ],
)
def test_options(given: dict[str, Any], shown: dict[str, Any]) -> None:
    base: dict[str, Any] = {"name": "n", "url": "http://h/", "headers": {}, "secret_headers": {}}
    assert masked_options({**base, **given}) == {**base, **shown}

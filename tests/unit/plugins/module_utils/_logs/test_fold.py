# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody's data in a report, and like errors and paths together."""

from __future__ import annotations

import random

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.fold import fold_paths, half_folded, mask, printable

PATHS = [
    ("GET /", "GET /"),
    ("/api/v1/orders/123", "/api/v1/orders/{id}"),
    ("/api/v1/orders/123/items/4?page=2#x", "/api/v1/orders/{id}/items/{id}"),
    ("/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/users/{id}"),
    ("/blob/9f86d081884c7d65", "/blob/{id}"),
    ("/users/mara@example.org/mail", "/users/{id}/mail"),
    ("/users/mara%40example.org", "/users/{id}"),
    ("/product/order-17", "/product/{id}"),
    ("/reset/eyJhbGciOiJIUzI1NiJ9xyz", "/reset/{id}"),
    ("/files/report2026", "/files/{id}"),
    ("/2026-11-22/log", "/{id}/log"),
    ("GET https://shop.example.org/cart/7;jsessionid=1", "GET /cart/{id}"),
    ("/static/app.css", "/static/app.css"),
    ("/search/<script>alert(1)</script>", "/search/<script>alert(1)</script>"),
    ("/wp-login.php", "/wp-login.php"),
    ("/deadbeef", "/deadbeef"),
]
MESSAGES = [
    ("order 17 of 2026 failed after 12.5 s", "order ? of ? failed after ? s"),
    ('relation "orders" does not exist at character 15', 'relation "?" does not exist at character ?'),
    ("can't open the file", "can't open the file"),
    ("name='Mara O''Neil' rejected", "name='?' rejected"),
    ("unclosed 'secret text", "unclosed '?'"),
    ('unclosed "secret text', 'unclosed "?"'),
    ("mail to mara.lind@example.org bounced", "mail to ? bounced"),
    ("cannot reach 10.1.2.3:5432", "cannot reach ?"),
    ("cannot reach [fe80::1a2b:3c4d]", "cannot reach [?]"),
    ("GET https://mara:hunter2@example.org/x", "GET https://?@example.org/x"),
    ("postgresql://app:p%40ss@db/shop is down", "postgresql://?@db/shop is down"),
    ("Authorization: Bearer abc.def.ghi", "Authorization: ?"),
    ("sent bearer AbCdEfGh to it", "sent bearer ? to it"),
    ("password=hunter2 rejected", "password=? rejected"),
    ("login with api_key: xyzzy failed", "login with api_key: ? failed"),
    ("DB_PASSWORD=hunter2", "DB_PASSWORD=?"),
    ("token eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJzdWIi.SflKx", "token ?"),
    ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 gone", "id ? gone"),
    ("commit 9f86d08 at 0xdeadbeef", "commit ? at ?"),
    ("S3 upload to v1 failed, utf8", "S3 upload to v1 failed, utf8"),
    ("user42 and order-17", "? and ?"),
    ("IN (1, 2, 3)", "IN (?)"),
    ("$$it is secret$$ said", "'?' said"),
    ("  spaces\t and\nlines ", "spaces and lines"),
    ("at 2026-11-22 02:00:00,123", "at ? ?"),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_paths_are_folded(path: str, expected: str) -> None:
    assert fold_paths([path.encode()]) == [expected.encode()]
    assert fold_paths(half_folded([path.encode()])) == [expected.encode()]


def test_paths_are_folded_many_at_once() -> None:
    assert fold_paths([path.encode() for path, _other in PATHS]) == [expected.encode() for _other, expected in PATHS]


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_messages_are_masked(message: str, expected: str) -> None:
    assert mask(message.encode()).decode() == expected


@pytest.mark.parametrize("template", [message for message, _other in MESSAGES])
def test_digits_make_no_difference_to_what_is_masked(template: str) -> None:
    dice = random.Random(template)
    other = "".join(dice.choice("0123456789") if character.isdigit() else character for character in template)
    kept = [character for character in mask(template.encode()).decode() if not character.isdigit()]
    assert [character for character in mask(other.encode()).decode() if not character.isdigit()] == kept


@pytest.mark.parametrize("secret", ["hunter2", "mara@example.org", "10.20.30.40", "x" * 2000])
@pytest.mark.parametrize("around", ["password={}", "a '{}' b", 'a "{}', "https://u:{}@h/", "Bearer {}"])
def test_no_secret_comes_through(secret: str, around: str) -> None:
    assert secret[:900] not in mask(around.format(secret).encode()).decode()


def test_long_and_odd_text_is_cut_and_printable() -> None:
    assert len(mask(b"word " * 10000)) <= 1000
    assert len(fold_paths([b"/" + b"x" * 5000])[0]) == 200
    assert printable(b"a\x00b\x1b[31m\xff\xc3\xa4") == "a\ufffdb\ufffd[31m\ufffdä"
    assert printable("\u2028x\ud800".encode("utf-8", "surrogatepass")).isprintable()
    assert printable(b"x" * 50, 10) == "x" * 10

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._http.body import Body
from ansible_collections.day2.ops.plugins.module_utils._http.failure import ProbeFailed

JSON = "application/json"


def body(raw: bytes, content_type: str = JSON, packing: str = "", max_bytes: int = 10_000) -> Body:
    return Body(content_type, packing, max_bytes, bytearray(raw))


@pytest.mark.parametrize(
    ("given", "document"),
    [
        (body(b'{"a": 1}'), {"a": 1}),
        (body(b"5"), 5),
        (body(b" [1]", "text/plain"), [1]),
        (body(b'{"a": 1}', ""), {"a": 1}),
        (body(b"5", "text/plain"), None),
        (body(b"", JSON), None),
        (body(b"\n", JSON), None),
        (body(b"{% template %}", "text/html"), None),
        (body(b'{"status": "ok"}', "application/health+json; charset=utf-8"), {"status": "ok"}),
        (body('{"ö": "€"}'.encode("utf-16")), {"ö": "€"}),
        (body('{"ö": 1}'.encode("utf-8-sig")), {"ö": 1}),
        (body('{"ö": 1}'.encode("latin-1"), "application/json; charset=ISO-8859-1"), {"ö": 1}),
        (body('{"ö": 1}'.encode("latin-1"), 'application/json; charset="latin-1"'), {"ö": 1}),
        (body(gzip.compress(b'{"a": 1}'), packing="GZIP"), {"a": 1}),
        (body(zlib.compress(b'{"a": 1}'), packing="deflate"), {"a": 1}),
        (body(b'{"a": 1}', packing="identity"), {"a": 1}),
        (body(b'{"a": 1e3}'), {"a": 1000.0}),
        (body(b'{"password": "x"}'), {"password": "***"}),
    ],
)
def test_documents(given: Body, document: Any) -> None:
    assert given.document() == (document, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (body(b"<html>"), "Expecting value"),
        (body(b'{"a": 1'), "Expecting"),
        (body('{"ö": 1}'.encode("latin-1")), "no character set"),
        (body('{"ö": 1}'.encode("latin-1"), "application/json; charset=klingon"), "no character set"),
        (body('{"ö": 1}'.encode("latin-1"), "application/json; charset=hex"), "no character set"),
        (body(b'{"a": NaN}'), "NaN is not JSON"),
        (body(b'{"a": 1e999}'), "the number 1e999 is too large"),
        (body(b"[" * 9000), "nested too deep"),
        (body(b"[" * 100 + b"]" * 100), "nested too deep"),
        (body(b"not packed", packing="gzip"), "cannot be unpacked"),
        (body(b"x", packing="br"), "packed as br, which cannot be unpacked here"),
        (body(gzip.compress(b'{"a": "' + b"b" * 500 + b'"}')[:-20], packing="gzip"), "cut short"),
    ],
)
def test_documents_that_should_be_and_are_not(given: Body, why: str) -> None:
    document, trouble = given.document()
    assert document is None
    assert trouble is not None
    assert why in trouble


def test_a_small_body_that_unpacks_to_a_huge_one() -> None:
    bomb = body(gzip.compress(b"0" * 10_000_000), packing="gzip", max_bytes=20_000)
    with pytest.raises(ProbeFailed, match="unpacked body is longer than 20000 bytes"):
        bomb.document()
    assert bomb.sample(4) == "0000"


@pytest.mark.parametrize(
    ("given", "size", "sample"),
    [
        (body(b"hello"), 3, "hel"),
        (body(b"hello"), 0, None),
        (body(b""), 5, ""),
        (body("öö".encode()), 3, "ö"),
        (body("öö".encode("latin-1"), "text/plain; charset=latin-1"), 10, "öö"),
        (body(b"a\xff\xfeb", "text/plain"), 10, "a��b"),
        (body(json.dumps({"token": "x" * 50}).encode()), 16, '{"token": "***"}'),
        (body(b"x", packing="br"), 5, None),
        (body(gzip.compress(b"hello"), packing="gzip"), 5, "hello"),
    ],
)
def test_samples(given: Body, size: int, sample: str | None) -> None:
    assert given.sample(size) == sample

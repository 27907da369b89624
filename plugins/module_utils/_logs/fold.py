# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folding: what differs between occurrences is replaced, so that like meets like and nobody's data shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST_MESSAGE", "fold_paths", "half_folded", "mask", "printable"]

LONGEST_MESSAGE = 1000
LONGEST_PATH = 200

_UUID = rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

# Paths, many at once, one a line.
_ORIGIN = re.compile(rb"(?m)^([A-Z]* ?)[a-zA-Z][a-zA-Z0-9+.-]*://[^/\n]*")
_QUERY = re.compile(rb"[?#;][^\n]*")
_SEGMENT = re.compile(
    rb"/(?=[^/\n\d@%]*[\d@%])(?:\d[\d.,_-]*"
    rb"|" + _UUID + rb"|(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}"
    rb"|[A-Za-z]{1,20}[-_:.]?\d{2,}"
    rb"|[A-Za-z]{1,20}[-_:]\d+"
    rb"|(?=[A-Za-z_~=-]*\d)[A-Za-z0-9_~=-]{16,}"
    rb"|[^/\n]{0,200}[@%][^/\n]*"
    rb")(?=[/\n]|\Z)"
)

_NUMBER = re.compile(rb"/\d+(?![^/\n])")

# Messages and statements, in the order in which they are applied: (what must be there, pattern, replacement).
_SECRET_WORDS = rb"passw(?:or)?d|pwd|secret|token|api[_-]?key|authorization|cookie|session|credential"
_MASKS: Sequence[tuple[bytes, re.Pattern[bytes], bytes]] = (
    (b"://", re.compile(rb"([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@]*@"), rb"\1?@"),
    (b"", re.compile(rb"(?i)\b(bearer|basic|digest|negotiate)\s+[\w.~+/=-]{4,}"), rb"\1 ?"),
    (
        b"",
        re.compile(
            rb"(?i)((?:" + _SECRET_WORDS + rb")[\w-]{0,40}[\"']?\s*[=:]\s*)"
            rb"(?:(?:bearer|basic) \?|\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s,;&)}\]]+)"
        ),
        rb"\1?",
    ),
    (b"$", re.compile(rb"(?s)\$(\w*)\$.*?\$\1\$"), b"'?'"),
    (b'"', re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)'), b'"?"'),
    (b"'", re.compile(rb"(?<!\w)[eExXbB]?'(?:[^'\\]|\\.|'')*(?:'(?!\w)|\Z)"), b"'?'"),
    (b"`", re.compile(rb"`[^`]*(?:`|\Z)"), b"`?`"),
    (b"@", re.compile(rb"[^\s@<>(),;:=\[\]/\"'?]+@[^\s@<>(),;:=\[\]/\"']+"), b"?"),
    (b"", re.compile(rb"\b" + _UUID + rb"\b"), b"?"),
    (b":", re.compile(rb"(?<![\w:])(?=[0-9a-fA-F]*:)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])"), b"?"),
    # Long words with a digit in them, hexadecimal numbers, words that end in a number.
    (b"", re.compile(rb"(?<![\w?])(?=[A-Za-z_~+/=.-]*\d)[\w~+/=-]{24,}(?:\.[\w~+/=-]+)*"), b"?"),
    (b"", re.compile(rb"\b(?:\d[xX][0-9a-fA-F]+|(?=[a-fA-F]*\d)[0-9a-fA-F]{6,})\b"), b"?"),
    (b"", re.compile(rb"\b[A-Za-z]{1,20}[-_#]?\d{2,}\b"), b"?"),
    (b"", re.compile(rb"(?<![A-Za-z])[-+]?\d+(?:[.,:/_-]\d+)*"), b"?"),
    (b"?", re.compile(rb"\?(?:\s*,\s*\?)+"), b"?"),
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fold_paths(paths: Sequence[bytes]) -> list[bytes]:
    """Return each path without query, with V({id}) for what names one thing; a method may stand before it.

    That is numbers, UUIDs, hashes, addresses, words that end in a number and long words with digits.

    All are done in one go, which is several times as fast as one by one.
    """
    text = b"\n".join(paths)
    if b"://" in text:
        text = _ORIGIN.sub(rb"\1", text)
    return [path[:LONGEST_PATH] for path in _SEGMENT.sub(b"/{id}", _without_query(text)).split(b"\n")]


def half_folded(paths: Sequence[bytes]) -> list[bytes]:
    """Return each path without query and with V({id}) for numbers: what is left differs little, and is quickly done."""
    return _NUMBER.sub(b"/{id}", _without_query(b"\n".join(paths))).split(b"\n")


def _without_query(text: bytes) -> bytes:
    if b"?" in text or b"#" in text or b";" in text:
        return _QUERY.sub(b"", text)
    return text


def mask(message: bytes) -> bytes:
    """Return the message with V(?) for secrets, quoted text, addresses, identifiers and numbers; at most 1000 bytes."""
    # Cut first: then a quotation that was cut is still masked to its end. A word that was cut may have been a secret.
    text = message
    if len(text) > LONGEST_MESSAGE:
        text = text[:LONGEST_MESSAGE].rpartition(b" ")[0] or b"?"
    text = b" ".join(text.split())
    for needed, pattern, replacement in _MASKS:
        if needed in text:
            text = pattern.sub(replacement, text)
    return text


def printable(text: bytes, longest: int = LONGEST_MESSAGE) -> str:
    """Return text for a report: UTF-8 where it is, no control characters, at most *longest* characters."""
    return _CONTROL.sub("\ufffd", text.decode("utf-8", "replace"))[:longest]

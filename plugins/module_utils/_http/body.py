# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies: received up to a bound, unpacked up to the same bound, read as JSON where they are."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from .failure import ProbeFailed
from .masking import masked_json, masked_text

__all__ = ["Body"]

_CHUNK = 1 << 16
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
# What zlib has to expect: a gzip header, or a zlib header.
_PACKINGS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass
class Body:
    """The body of an answer, as much of it as has come.

    :ivar content_type: its ``Content-Type`` header.
    :ivar packing: its ``Content-Encoding`` header.
    """

    content_type: str
    packing: str
    max_bytes: int
    raw: bytearray = field(default_factory=bytearray)

    def receive(self, response: http.client.HTTPResponse) -> None:
        """Read the body to its end; what came stays when that fails.

        :raises ProbeFailed: when it is longer than it may be, or cut short.
        """
        while chunk := response.read1(min(_CHUNK, self.max_bytes + 1 - len(self.raw))):
            self.raw += chunk
            if len(self.raw) > self.max_bytes:
                raise ProbeFailed("too_large", f"the body is longer than {self.max_bytes} bytes")
        if response.length:
            raise ProbeFailed("closed", f"the body ended after {len(self.raw)} bytes, {response.length} before its end")

    def document(self) -> tuple[Any, str | None]:
        """The JSON document that the body is, without its secrets, and why there is none though there should be.

        :raises ProbeFailed: when the unpacked body is longer than it may be.
        """
        content, trouble = self._unpacked()
        if len(content) > self.max_bytes:
            raise ProbeFailed("too_large", f"the unpacked body is longer than {self.max_bytes} bytes")
        declared = "json" in self.content_type.partition(";")[0].lower()
        if not content.strip() or not (declared or content.lstrip()[:1] in (b"{", b"[")):
            return None, trouble
        try:
            parsed = json.loads(self._text(content), parse_constant=_no_number, parse_float=_finite)
            return masked_json(parsed), None
        except RecursionError:
            trouble = trouble or "it is nested too deep"
        except ValueError as error:
            trouble = trouble or " ".join(str(error).split())[:200]
        return None, trouble if declared else None

    def sample(self, size: int) -> str | None:
        """The first *size* bytes as text, without what looks like a credential."""
        content, trouble = self._unpacked()
        if not size or (trouble and not content):
            return None
        try:
            text = self._text(content)
        except ValueError:
            text = content.decode("utf-8", "replace")
        # Masked before it is cut: half a credential does not look like one.
        return masked_text(text[: size + 4096]).encode()[:size].decode("utf-8", "ignore")

    def _unpacked(self) -> tuple[bytes, str | None]:
        """The content, at most one byte more than it may have, and what is wrong with its packing."""
        packing = self.packing.strip().lower()
        if packing in ("", "identity"):
            return bytes(self.raw), None
        if packing not in _PACKINGS:
            return b"", f"the body is packed as {packing[:50]}, which cannot be unpacked here"
        unpacker = zlib.decompressobj(_PACKINGS[packing])
        try:
            content = unpacker.decompress(bytes(self.raw), self.max_bytes + 1)
        except zlib.error as error:
            return b"", f"the body cannot be unpacked: {error}"
        return content, None if unpacker.eof else "the packed body is cut short"

    def _text(self, content: bytes) -> str:
        """Decode as JSON is encoded, else by the declared character set.

        :raises ValueError: when it is in neither.
        """
        declared = _CHARSET.search(self.content_type)
        for charset in (json.detect_encoding(content), declared[1] if declared else "utf-8"):
            with contextlib.suppress(LookupError, ValueError):
                return content.decode(charset)
        raise ValueError("it is in no character set that is declared and known")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"the number {number[:30]} is too large")
    return value

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not be shown: credentials in URLs, headers, JSON documents and text. Pure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

__all__ = [
    "MASK",
    "is_secret_header",
    "masked_header",
    "masked_json",
    "masked_options",
    "masked_text",
    "masked_url",
    "readable",
    "secrets_in_url",
]

MASK = "***"

_SECRET = re.compile(
    r"passw(or)?d|passphrase|pwd$|secret|token|api_?key|accesskey|privatekey|credential|authorization|cookie"
    r"|signature|^sig$|jwt"
)
_SECRET_PARAMETERS = frozenset(("key", "code", "auth", "session", "sid", "pw", "pass"))
_SECRET_HEADERS = re.compile(r"^(x-)?auth\b|^x-auth-|^x-session|-key$")

_USERINFO = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")
_PARAMETER = re.compile(r"([?&;#])([^=&;#\s?\"'<>]+)=([^&;#\s\"'<>]+)")
_ASSIGNMENT = re.compile(
    r"""(?<![A-Za-z_.-])(["']?)([A-Za-z_.-]{0,63}[A-Za-z])\1(\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s,;&<>"'}]+)"""
)
_COOKIE = re.compile(r"^([^=;]*)=([^;]*)")


def masked_url(url: str) -> str:
    """*url* without its user, password, and the values of parameters that by their names are secret."""
    return _PARAMETER.sub(_masked_parameter, _USERINFO.sub(f"{MASK}@", url))


def secrets_in_url(url: str) -> set[str]:
    """What :func:`masked_url` hides, as it is written and as it is meant."""
    found = {found[3] for found in _PARAMETER.finditer(url) if _is_secret_parameter(found[2])}
    with contextlib.suppress(ValueError):
        found |= {urlsplit(url).password or ""} - {""}
    return found | {unquote(secret) for secret in found} | {unquote_plus(secret) for secret in found}


def is_secret_header(name: str) -> bool:
    """Whether a header of this name carries something that must not be shown."""
    return _is_secret(name) or bool(_SECRET_HEADERS.search(name.lower()))


def masked_header(name: str, value: str) -> str:
    """A header's value without what must not be shown; of a cookie, its name and attributes stay."""
    if name.lower() == "set-cookie":
        return _COOKIE.sub(lambda found: f"{found[1]}={MASK}", value)
    return MASK if is_secret_header(name) else masked_url(value)


def masked_json(document: Any, depth: int = 64) -> Any:
    """A copy of a JSON document without the texts whose keys say that they are secret.

    :param depth: how deep it may be nested.
    :raises ValueError: when it is nested deeper.
    """
    if depth < 0:
        raise ValueError("it is nested too deep")
    if isinstance(document, dict):
        return {
            readable(key): MASK
            if isinstance(value, str) and value and _is_secret(key)
            else masked_json(value, depth - 1)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [masked_json(value, depth - 1) for value in document]
    return masked_url(readable(document)) if isinstance(document, str) else document


def masked_text(text: str) -> str:
    """Text of any kind without what looks like a credential in it."""
    return _ASSIGNMENT.sub(_masked_assignment, masked_url(readable(text)))


def masked_options(probe: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a probe without what must not be shown."""
    try:
        url = masked_url(probe["url"]) if urlsplit(probe["url"]).port != 0 else MASK
    except ValueError:
        # What cannot be taken apart may hide a password anywhere.
        url = MASK
    headers = {name: MASK if is_secret_header(str(name)) else value for name, value in (probe["headers"] or {}).items()}
    secret_headers = dict.fromkeys(probe["secret_headers"] or {}, MASK)
    return {**probe, "url": url, "headers": headers, "secret_headers": secret_headers}


def readable(text: Any) -> str:
    """Text that can be written as UTF-8: halves of characters, which JSON can hold, become question marks."""
    return str(text).encode("utf-8", "replace").decode()


def _masked_member(key: str, value: Any, depth: int) -> Any:
    return MASK if value and isinstance(value, str) and _is_secret(key) else masked_json(value, depth)


def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(re.sub(r"[^a-z0-9]", "", name.lower())))


def _is_secret_parameter(name: str) -> bool:
    meant = unquote_plus(name).lower()
    return _is_secret(meant) or meant in _SECRET_PARAMETERS


def _masked_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}={MASK}" if _is_secret_parameter(found[2]) else found[0]


def _masked_assignment(found: re.Match[str]) -> str:
    if not _is_secret(found[2]):
        return found[0]
    quote = found[4][0] if found[4][0] in "\"'" else ""
    return f"{found[1]}{found[2]}{found[1]}{found[3]}{quote}{MASK}{quote}"

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQL text from templates: names and values are quoted here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

__all__ = [
    "Identifier",
    "Raw",
    "Value",
    "compose",
    "conninfo",
    "identifier",
    "literal",
    "split_name",
    "split_qualified",
    "unquoted",
]

_PART = r'(?:"(?:[^"]|"")+"|[^".]+)'
_QUALIFIED = re.compile(rf"({_PART})\.({_PART})")


@dataclass(frozen=True)
class Identifier:
    """A name, qualified from the left: ``Identifier("public", "orders")``."""

    parts: tuple[str, ...]

    def __init__(self, *parts: str) -> None:
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class Raw:
    """SQL that this collection wrote itself, taken as it is."""

    text: str


Value = Union[None, bool, int, float, str, Sequence[str]]


def compose(template: str, **parts: Identifier | Raw | Value) -> str:
    """Fill the ``{name}`` places of *template*: names quoted as identifiers, values as literals."""
    return template.format(**{name: _rendered(part) for name, part in parts.items()})


def identifier(*parts: str) -> str:
    """Quote a qualified name. Every part is quoted, needed or not."""
    return ".".join('"' + _without_nul(part).replace('"', '""') + '"' for part in parts)


def literal(value: Value) -> str:
    """Quote a value so that it means itself under every setting of ``standard_conforming_strings``."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        doubled = _without_nul(value).replace("'", "''")
        return " E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in doubled else "'" + doubled + "'"
    return "ARRAY[" + ", ".join(literal(item) for item in value) + "]::text[]"


def conninfo(**parameters: str) -> str:
    """Return a libpq connection string; the form in which a database's name cannot be taken for anything else."""
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in parameters.items()}
    return " ".join(f"{name}='{value}'" for name, value in escaped.items())


def split_qualified(name: str) -> tuple[str, str] | None:
    """Return schema and name that a qualified identifier stands for; None when it is none."""
    parts = _QUALIFIED.fullmatch(name)
    return None if parts is None else (unquoted(parts.group(1)), unquoted(parts.group(2)))


def split_name(name: str) -> tuple[str, ...]:
    """Return the parts of a qualified identifier, quoted as they are; the whole, where it is none."""
    return tuple(re.findall(_PART, name)) if re.fullmatch(rf"{_PART}(\.{_PART})*", name) else (name,)


def unquoted(name: str) -> str:
    """Return the name that an identifier, quoted or not, stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _rendered(part: Identifier | Raw | Value) -> str:
    if isinstance(part, Identifier):
        return identifier(*part.parts)
    if isinstance(part, Raw):
        return part.text
    return literal(part)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("PostgreSQL has no names or texts with a NUL character in them")
    return text

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a chain is fetched, one function per type of source. A new type (a kubernetes secret) is one more of them."""

from __future__ import annotations

from typing import Callable

from .files import certificates_in_file
from .source import Reading, Source
from .starttls import PRELUDES
from .tls import served
from .wire import Wire

__all__ = ["READERS"]


def _endpoint(source: Source) -> Reading:
    with Wire(source.host, source.port, source.timeout, source.place) as wire:
        PRELUDES[source.starttls](wire)
        return served(wire, source.expected)


def _file(source: Source) -> Reading:
    return Reading(certificates_in_file(source.path))


READERS: dict[str, Callable[[Source], Reading]] = {"endpoint": _endpoint, "file": _file}

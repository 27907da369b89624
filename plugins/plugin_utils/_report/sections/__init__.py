# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sections of the report: from the facts of a group to tables and charts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..blocks import Block, Section, attempted
from ..run import Run, of_hosts
from .backups import backups
from .certificates import certificates
from .drills import drills
from .host import host
from .logs import logs
from .maintenance import maintenance
from .metrics import metrics
from .other import other
from .postgresql import postgresql
from .probes import probes
from .restores import restores
from .services import services

__all__ = ["sections"]

_Maker = Callable[[Run, Any], list[Block]]

# (group of facts, title, what makes its blocks), in the order in which people read them.
_KNOWN: tuple[tuple[str, str, _Maker], ...] = (
    ("restores", "Restore", restores),
    ("backups", "Backups and drills", backups),
    ("drills", "Drills of this run", drills),
    ("maintenance", "Maintenance", maintenance),
    ("postgresql", "Databases", postgresql),
    ("services", "Services", services),
    ("metrics", "Business", metrics),
    ("host", "Hosts", host),
    ("certificates", "Certificates", certificates),
    ("probes", "Endpoints", probes),
    ("logs", "Logs", logs),
)
# Shown elsewhere in the report.
_ELSEWHERE = ("steps", "lease")


def sections(run: Run) -> list[Section]:
    """The sections for which *run* has facts; groups that nobody knows as they are."""
    found = []
    for group, title, make in _KNOWN:
        parts = [
            (name, attempted(f"{title} of {name}", partial(make, run, facts)))
            for name, facts in of_hosts(run.hosts, group)
        ]
        found.append(Section(group, title, [(name, blocks) for name, blocks in parts if blocks]))
    known = {entry[0] for entry in _KNOWN} | set(_ELSEWHERE)
    strange = sorted({group for host_ in run.hosts for group in host_.facts if group not in known})
    for place, group in enumerate(strange, 1):
        parts = [
            (name, attempted(f"{group} of {name}", partial(other, group, facts)))
            for name, facts in of_hosts(run.hosts, group)
        ]
        found.append(Section(f"other-{place}", group, parts))
    return [section for section in found if section.parts]

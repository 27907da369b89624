# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run's document, read so that whatever is missing in it costs a part of the report and never the report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.day2.ops.plugins.module_utils._errors import Refused
from ansible_collections.day2.ops.plugins.module_utils._findings.finding import SEVERITIES, unreachable
from ansible_collections.day2.ops.plugins.module_utils._findings.plain import plain
from ansible_collections.day2.ops.plugins.module_utils._present import present

from .words import moment

__all__ = ["Host", "Run", "dig", "finding_of", "items", "mapping", "number", "of_hosts", "read_run", "text"]


_ABOUT = ("id", "started", "finished", "seconds", "check_mode", "user", "controller", "fail_on", "revision", "ansible")


def mapping(value: Any) -> dict[str, Any]:
    """*value* when it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The dictionaries in *value* when it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def dig(value: Any, *keys: str) -> Any:
    """What lies at the end of *keys*, else None."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def number(value: Any) -> float | None:
    """*value* when it is a number that can be reckoned with, else None."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) else None


@dataclass(frozen=True)
class Host:
    """A host of the run."""

    name: str
    reached: bool
    message: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A run's document. ``document`` is it, plain and complete, as it is kept."""

    document: dict[str, Any]
    about: dict[str, Any]
    hosts: list[Host]
    findings: list[dict[str, Any]]

    @property
    def environment(self) -> str:
        return str(self.about["environment"])

    @property
    def runbook(self) -> str:
        return str(self.about["runbook"])

    @property
    def check_mode(self) -> bool:
        return self.about.get("check_mode") is True

    @property
    def now(self) -> datetime | None:
        """The moment that ages are told from."""
        return moment(self.about.get("finished")) or moment(self.about.get("started"))

    @property
    def stamp(self) -> str:
        """When the run began, as it stands in the names of files."""
        return present(moment(self.about.get("started")) or self.now).strftime("%Y%m%dT%H%M%SZ")

    @property
    def counting(self) -> list[dict[str, Any]]:
        """The findings that are not silenced."""
        return [finding for finding in self.findings if not finding["silenced"]]


def read_run(document: Any) -> Run:
    """Read the *document* of a run.

    :raises Refused: when it does not even say which environment and runbook it is of, and when it was.
    """
    whole = plain(document)
    about = mapping(dig(whole, "run"))
    missing = [key for key in ("environment", "runbook") if not isinstance(about.get(key), str) or not about[key]]
    if moment(about.get("started")) is None and moment(about.get("finished")) is None:
        missing.append("started")
    if missing:
        raise Refused(
            "reading the document of a run",
            "the option document",
            f"its run does not tell {', '.join(missing)}",
            "Give a whole document; docs/report.md describes it.",
        )
    about = {**dict.fromkeys(_ABOUT), **about}
    hosts = [_host(name, told) for name, told in mapping(whole.get("hosts")).items()]
    findings = [finding_of(told) for told in items(whole.get("findings"))]
    known = {(finding["check"], finding["host"]) for finding in findings}
    lost = [unreachable(host.name, host.message) for host in hosts if not host.reached]
    findings += [finding.as_dict() for finding in lost if (finding.check, finding.host) not in known]
    findings.sort(key=_order)
    whole["findings"] = findings
    return Run(whole, about, hosts, findings)


def _host(name: str, told: Any) -> Host:
    # A host that does not say that it was reached was not.
    host = mapping(told)
    return Host(name, host.get("reached") is True, str(host.get("message") or ""), mapping(host.get("facts")))


def finding_of(told: dict[str, Any]) -> dict[str, Any]:
    """A finding with every key, of the right kind. What names no severity is unknown."""
    severity = told.get("severity")
    procedures, silenced = told.get("procedures"), mapping(told.get("silenced"))
    return {
        **{key: text(told.get(key)) for key in ("check", "host", "subject")},
        "severity": severity if severity in SEVERITIES else "unknown",
        "observed": told.get("observed"),
        **{key: text(told.get(key)) for key in ("expected", "unit", "message", "remedy")},
        "procedures": [text(item) for item in procedures] if isinstance(procedures, list) else [],
        "silenced": {key: text(silenced.get(key)) for key in ("reason", "until")} if silenced else None,
    }


def text(value: Any) -> str:
    """*value* as text; nothing for None."""
    return "" if value is None else str(value)


def _order(finding: dict[str, Any]) -> tuple[Any, ...]:
    rank = -SEVERITIES.index(finding["severity"])
    return (rank, finding["silenced"] is not None, finding["check"], finding["host"], finding["subject"])


def of_hosts(hosts: Iterable[Host], group: str) -> list[tuple[str, Any]]:
    """The facts of *group* by host, for the hosts that have any."""
    return [(host.name, host.facts[group]) for host in hosts if host.facts.get(group) not in (None, [], {})]

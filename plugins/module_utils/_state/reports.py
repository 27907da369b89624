# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of an environment, as files: those of each run, and the latest under a name that stays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import Refused
from .._paths import atomic_write, encoded, not_possible
from .._trust import open_ordinary

__all__ = ["FORMATS", "Kept", "ReportFolder", "content_of", "digest_of", "keep_reports", "mode_of", "stamp_of"]

FORMATS = ("html", "json", "md")
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)


@dataclass(frozen=True)
class Kept:
    """Where the reports of a run are, and which older ones went."""

    report: dict[str, str]
    latest: dict[str, str]
    removed: list[str]


def stamp_of(text: str) -> str:
    """*text*, when it is a stamp as in ``20261122T020000Z``."""
    if not _STAMP.fullmatch(text):
        raise Refused("naming a report", repr(text), "it is no UTC stamp such as 20261122T020000Z", "Give one.")
    return text


def mode_of(text: str) -> int:
    """The permissions that an octal *text* names."""
    if not _MODE.fullmatch(text):
        raise Refused("setting permissions", repr(text), "it is no octal mode such as 0640", "Give one, in quotes.")
    return int(text, 8)


def digest_of(document: dict[str, Any]) -> dict[str, Any]:
    """Of a run's document, what a later run is compared with."""
    findings, hosts = document.get("findings"), document.get("hosts")
    return {
        "run": document["run"],
        "findings": findings if isinstance(findings, list) else [],
        "hosts": {
            name: {"reached": host.get("reached")}
            for name, host in (hosts if isinstance(hosts, dict) else {}).items()
            if isinstance(host, dict)
        },
    }


def keep_reports(
    folder: ReportFolder, stamp: str, contents: dict[str, bytes], modes: tuple[str, str], keep: int, check_mode: bool
) -> dict[str, Any]:
    """The work of the module report_store: read the run before, and put the reports in place."""
    mode, folder_mode = (mode_of(text) for text in modes)
    kept = folder.paths(stamp, list(contents))
    document, reason = folder.previous(stamp)
    if contents and not check_mode:
        kept = folder.write(stamp, contents, mode, folder_mode, keep)
    return {
        "report": kept.report,
        "latest": kept.latest,
        "removed": kept.removed,
        "previous": digest_of(document) if document else None,
        "previous_reason": reason,
    }


def content_of(path: str) -> bytes:
    """What a rendered report holds."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise not_possible("reading a rendered report", path, error) from error


class ReportFolder:
    """The folder of an environment's reports of one runbook."""

    def __init__(self, directory: str, environment: str, runbook: str) -> None:
        self.path = Path(directory) / encoded(environment)
        self._prefix = encoded(runbook)

    def paths(self, stamp: str, formats: list[str]) -> Kept:
        """Where the reports of the run of *stamp* are to be."""
        name = f"{self._prefix}-{stamp_of(stamp)}"
        return Kept(
            report={kind: str(self.path / f"{name}.{kind}") for kind in formats},
            latest={kind: str(self.path / f"latest.{kind}") for kind in formats},
            removed=[],
        )

    def previous(self, stamp: str) -> tuple[dict[str, Any] | None, str]:
        """The document of the runbook's run before *stamp*, else of the latest run of any, or why there is none."""
        for path in (*self._older(stamp), self.path / "latest.json"):
            try:
                with open_ordinary(path) as stream:
                    document = json.load(stream)
            except FileNotFoundError:
                continue
            except OSError as error:
                return None, f"{path} cannot be read: {error.strerror}"
            except (ValueError, RecursionError):
                return None, f"{path} is no JSON"
            if isinstance(document, dict) and isinstance(document.get("run"), dict):
                return document, ""
            return None, f"{path} is no report"
        return None, "there is no earlier report"

    def write(self, stamp: str, contents: dict[str, bytes], mode: int, folder_mode: int, keep: int) -> Kept:
        """Put the reports in place, each whole or not at all, and remove those beyond the newest *keep* runs."""
        kept = self.paths(stamp, list(contents))
        self._make_folder(folder_mode)
        for targets in (kept.report, kept.latest):
            for kind, content in contents.items():
                atomic_write(targets[kind], content, mode)
        return Kept(kept.report, kept.latest, self._thin_out(keep))

    def _make_folder(self, mode: int) -> None:
        try:
            for folder in (*reversed(self.path.parents), self.path):
                if not folder.is_dir():
                    folder.mkdir(exist_ok=True)
                    folder.chmod(mode)
        except OSError as error:
            raise not_possible("making the folder of the reports", str(self.path), error) from error

    def _stamps(self) -> list[str]:
        """The stamps of the runbook's reports, the newest first."""
        name = re.compile(rf"{re.escape(self._prefix)}-({_STAMP.pattern})\.(?:{'|'.join(FORMATS)})", re.ASCII)
        try:
            names = [entry.name for entry in self.path.iterdir()]
        except OSError:
            return []
        return sorted({match[1] for match in map(name.fullmatch, names) if match}, reverse=True)

    def _older(self, stamp: str) -> list[Path]:
        before = (older for older in self._stamps() if older < stamp)
        return [self.path / f"{self._prefix}-{older}.json" for older in before]

    def _thin_out(self, keep: int) -> list[str]:
        removed = []
        for stamp in self._stamps()[keep:] if keep > 0 else []:
            for kind in FORMATS:
                path = self.path / f"{self._prefix}-{stamp}.{kind}"
                try:
                    path.unlink()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise not_possible("removing an old report", str(path), error) from error
                removed.append(str(path))
        return removed

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action report: renders on the controller, keeps what it rendered on the task's host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.day2.ops.plugins.module_utils._errors import Day2Error, NotPossible
from ansible_collections.day2.ops.plugins.module_utils._state.reports import FORMATS, ReportFolder, keep_reports
from ansible_collections.day2.ops.plugins.plugin_utils._report import Report

# Documented in plugins/modules/report.py.
ARGUMENTS: dict[str, Any] = {
    "document": {"type": "dict", "required": True},
    "directory": {"type": "path", "required": True},
    "fallback_directory": {"type": "path"},
    "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": list(FORMATS)},
    "mode": {"type": "str", "default": "0640"},
    "directory_mode": {"type": "str", "default": "0750"},
    "keep": {"type": "int", "default": 0},
    "history_file": {"type": "path"},
}
_STORE = "day2.ops.report_store"
_HISTORY = "day2.ops.run_history"


class NotKept(Exception):
    """The host did not take it; says why."""


class ActionModule(ActionBase):
    """Renders the report of a run and keeps it."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Render, keep, and tell."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _other, given = self.validate_argument_spec(ARGUMENTS)
        try:
            result.update(self._report(given, task_vars or {}))
        except Day2Error as error:
            result.update({"failed": True, "changed": False, "msg": str(error), "error": error.as_dict()})
        return result

    def _report(self, given: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        report = Report(given["document"])
        place = {
            **{key: given[key] for key in ("directory", "mode", "directory_mode", "keep")},
            "environment": report.run.environment,
            "runbook": report.run.runbook,
            "stamp": report.run.stamp,
        }
        previous, reason = self._previous(place, task_vars)
        report.compare(previous, reason)
        texts = report.texts(given["formats"])
        if self._task.check_mode:
            kept = self._would_keep(place, texts)
        else:
            kept = self._keep(place, texts, given["fallback_directory"], task_vars)
        history = self._remember(given["history_file"], report, task_vars)
        return {"changed": False, **kept, "history": history, **report.told(self._where(kept))}

    @staticmethod
    def _where(kept: dict[str, Any]) -> str:
        """In a line, where the report is, or would be: then under the name that the run's time has no part in."""
        written = kept["kept_on"] != "nowhere"
        paths = kept["report"] if written else kept["latest"]
        path = paths.get("html") or next(iter(paths.values()), "")
        if not path:
            return ""
        if not written:
            return f"No report is written in check mode; a run would write {path}"
        return f"Report: {path}{' (on the controller)' if kept['kept_on'] == 'controller' else ''}"

    def _previous(self, place: dict[str, Any], task_vars: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        try:
            told = self._asked(_STORE, place, task_vars)
        except NotKept as error:
            return None, f"the reports could not be read: {error}"
        return told["previous"], told["previous_reason"]

    def _would_keep(self, place: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
        folder = ReportFolder(place["directory"], place["environment"], place["runbook"])
        paths = folder.paths(place["stamp"], list(texts))
        return {
            "report": paths.report,
            "latest": paths.latest,
            "removed": [],
            "kept_on": "nowhere",
            "bytes": {kind: len(text.encode()) for kind, text in texts.items()},
        }

    def _keep(
        self, place: dict[str, Any], texts: dict[str, str], fallback: str | None, task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            told = self._asked(_STORE, {**place, "sources": self._sent(texts)}, task_vars)
            kept_on = "host"
        except NotKept as error:
            if not fallback:
                raise NotPossible(
                    "keeping the report",
                    place["directory"],
                    str(error),
                    "Mend that, or name a fallback_directory on the controller.",
                ) from error
            Display().warning(f"The report is kept on the controller, below {fallback}: {error}")
            told = self._kept_here(place, texts, fallback)
            kept_on = "controller"
        keys = ("report", "latest", "removed")
        sizes = {kind: len(text.encode()) for kind, text in texts.items()}
        return {**{key: told[key] for key in keys}, "kept_on": kept_on, "bytes": sizes}

    def _sent(self, texts: dict[str, str]) -> dict[str, str]:
        """Bring the texts to the host, into the task's own folder there; return their paths."""
        try:
            shell = self._connection._shell
            if shell.tmpdir is None:
                self._make_tmp_path()
            paths = {kind: shell.join_path(shell.tmpdir, f"report.{kind}") for kind in texts}
            for kind, text in texts.items():
                self._transfer_data(paths[kind], text)
            self._fixup_perms2((shell.tmpdir, *paths.values()))
        except (AnsibleConnectionFailure, AnsibleActionFail) as error:
            raise NotKept(str(error)) from error
        return paths

    def _kept_here(self, place: dict[str, Any], texts: dict[str, str], fallback: str) -> dict[str, Any]:
        folder = ReportFolder(str(Path(fallback).expanduser().absolute()), place["environment"], place["runbook"])
        contents = {kind: text.encode() for kind, text in texts.items()}
        return keep_reports(
            folder, place["stamp"], contents, (place["mode"], place["directory_mode"]), place["keep"], check_mode=False
        )

    def _remember(self, path: str | None, report: Report, task_vars: dict[str, Any]) -> dict[str, Any] | None:
        """Add the run to the history. When that fails, the report must not be lost with it."""
        if not path:
            return None
        arguments = {"path": path, "entry": report.history_entry(), "last": 0}
        try:
            self._asked(_HISTORY, arguments, task_vars)
        except NotKept as error:
            Display().warning(f"The run could not be added to the history {path}: {error}")
            return {"path": path, "added": False, "reason": str(error)}
        return {"path": path, "added": True, "reason": ""}

    def _asked(self, module: str, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of a module on the task's host."""
        try:
            told: dict[str, Any] = self._execute_module(
                module_name=module, module_args=arguments, task_vars=task_vars, wrap_async=False
            )
        except (AnsibleConnectionFailure, AnsibleActionFail) as error:
            raise NotKept(str(error)) from error
        if told.get("failed"):
            raise NotKept(str(told.get("msg") or "the module gave no reason").rstrip("."))
        return told

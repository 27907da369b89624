# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong on a sick instance. Each is real: nothing is only said to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ...tools.program import output
from ..sets import date_back
from .tls import UNRENEWED, issue_site
from .traffic import TROUBLED

if TYPE_CHECKING:
    from .platform import Platform

__all__ = ["TROUBLES", "Trouble"]

_AGE = timedelta(hours=31)


@dataclass(frozen=True)
class Trouble:
    """One trouble: in words, and how it is planted."""

    what: str
    plant: Callable[[Platform], None]


def _errors_and_slow_requests(platform: Platform) -> None:
    platform.send(TROUBLED)


def _old_backup(platform: Platform) -> None:
    for folder in sorted((platform.layout.backups).glob("*/*/[0-9]*")):
        date_back(folder, _AGE)


def _certificate(platform: Platform) -> None:
    issue_site(platform.layout.tls, UNRENEWED)
    output(["docker", "exec", platform.container("nginx"), "nginx", "-c", "/etc/sira/nginx.conf", "-s", "reload"])


def _metric(platform: Platform) -> None:
    platform.sql("ALTER TABLE public.sessions RENAME TO visits")


def _frontend(platform: Platform) -> None:
    output(["docker", "stop", "--time", "0", platform.container("frontend")])


def _backend(platform: Platform) -> None:
    platform.sql(
        "ALTER ROLE sira_user NOLOGIN;\n"
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'sira_user'"
    )
    platform.wait_for("the backend is unhealthy", lambda: platform.health("backend") == "unhealthy")


# In this order: who asks needs a backend that is well.
TROUBLES = (
    Trouble("25 errors of one kind, and 15 requests that took more than two seconds", _errors_and_slow_requests),
    Trouble("the newest backup is older than a day", _old_backup),
    Trouble("the certificate should have been renewed ten days ago", _certificate),
    Trouble("a release has renamed a table that a number of the business is read from", _metric),
    Trouble("the frontend has ended", _frontend),
    Trouble("the backend is unhealthy: the database lets it in no more", _backend),
)

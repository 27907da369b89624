# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where everything of an instance lies, and what it is called."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..shared import write_private

__all__ = ["DATABASE", "DOMAIN", "SERVICES", "Layout", "description"]

DATABASE = "sira_db"
DOMAIN = "sira.itsma3il.com"
SERVICES = ("postgres", "backend", "frontend", "nginx")

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Layout:
    """The files of one instance, all below one folder."""

    root: Path

    @property
    def compose(self) -> Path:
        """The description for Compose."""
        return self.root / "compose.yml"

    @property
    def tls(self) -> Path:
        """Its authority, and the certificates that nginx serves."""
        return self.root / "tls"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def inventory(self) -> Path:
        """What is laid over the inventory of the platform."""
        return self.root / "inventory"

    @property
    def sick(self) -> Path:
        """There when troubles are planted."""
        return self.root / "sick"

    @property
    def whole(self) -> Path:
        """There when all of it was made."""
        return self.root / "whole"

    def secret_file(self, name: str) -> Path:
        return self.root / "secrets" / name

    def secret(self, name: str) -> str:
        """A secret, made when it is first asked for."""
        path = self.secret_file(name)
        if not path.exists():
            write_private(path, secrets.token_urlsafe(18))
        return path.read_text()

    def write(self, labels: dict[str, str]) -> None:
        """Write all that the services are made from; what is secret only once."""
        for folder in ("backups", "inventory/group_vars", "nginx", "secrets", "state"):
            (self.root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(_HERE / "programs", self.root / "programs", dirs_exist_ok=True)
        for name in ("nginx.conf", "paths.conf"):
            shutil.copy(_HERE / name, self.root / "nginx")
        write_private(self.root / "secrets" / "postgres.env", f"POSTGRES_PASSWORD={self.secret('postgres')}\n")
        settings = {
            "PGHOST": "postgres",
            "PGDATABASE": DATABASE,
            "PGUSER": "sira_user",
            "PGPASSWORD": self.secret("sira_user"),
            "SIRA_API_TOKEN": self.secret("api_token"),
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        write_private(self.root / "secrets" / "backend.env", lines)
        self.compose.write_text(json.dumps(description(labels), indent=1) + "\n")  # which is YAML, too

    def statements(self) -> str:
        """The SQL that makes its database."""
        return (
            (_HERE / "schema.sql").read_text()
            + f"ALTER ROLE sira_user PASSWORD '{self.secret('sira_user')}';\n"  # letters, digits, - and _
        )


def description(labels: dict[str, str]) -> dict[str, Any]:
    """What Compose is told: the file beside this one, with labels for all that Compose makes."""
    told: dict[str, Any] = yaml.safe_load((_HERE / "compose.yml").read_text())
    for kind in ("services", "networks", "volumes"):
        for one in told[kind].values():
            one["labels"] = labels
    return told

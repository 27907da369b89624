# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database with at least one of every kind of object, every property of which is somewhere other than usual."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...tools.containers import container
from ...tools.program import output
from ...tools.servers import DATA
from .maintenance_places import Place, until

RICH = Path(__file__).with_name("rich.sql")
_SABOTAGE = Path(__file__).with_name("sabotage.sql")


def statements(major: int) -> list[str]:
    """What makes the database on a server of this version, one by one."""
    first, *later = re.split(r"^-- since (\d+)$", RICH.read_text(), flags=re.MULTILINE)
    wanted = [first, *(text for since, text in zip(later[::2], later[1::2], strict=True) if major >= int(since))]
    return [statement for text in wanted for statement in text.strip().removesuffix(";").split(";\n")]


def sabotage() -> list[tuple[str, str]]:
    """The kinds of differences that must be told, and the statement that makes them."""
    _title, *those = re.split(r"^--- (.*)$", _SABOTAGE.read_text(), flags=re.MULTILINE)
    return list(zip(those[::2], those[1::2], strict=True))


def enrich(place: Place) -> None:
    """Fill the place's database."""
    place.run(*statements(place.server.major))


def give_space(place: Place) -> None:
    """A tablespace, with a table and an index in it."""
    with place.session() as session:
        session.execute("SET allow_in_place_tablespaces = on")
        session.execute("CREATE TABLESPACE space LOCATION ''")
        session.execute("CREATE TABLE public.spaced (i int) TABLESPACE space")
        session.execute("CREATE INDEX spaced_i ON public.spaced (i) TABLESPACE space")


@contextmanager
def server_of_its_own(major: int) -> Iterator[dict[str, Any]]:
    """A server in a container that nobody shares: its catalogs may be ruined. Gives the options that reach it."""
    data = f"{DATA}:rw,uid=999,gid=999,mode=0700"
    given = ["--env", f"POSTGRES_PASSWORD={secrets.token_hex()}", "--tmpfs", data]
    with container("catalog", f"day2-test/postgresql:{major}", options=given) as name:
        ask = ["docker", "exec", "--user", "postgres", name, "psql", "-XAtc", "SELECT 1", "-h", "/run/postgresql"]
        assert until(lambda: output(ask, check=False) == "1", 60)
        yield {"service": {"runtime": "container", "name": name, "user": "postgres"}}

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore on a small sandbox: a damaged shop is put right, and what does not recover is undone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._argspec import server_of
from ansible_collections.day2.ops.plugins.module_utils._postgresql.kept import kept_databases
from ansible_collections.day2.ops.plugins.module_utils._postgresql.sql import Identifier, compose

from ...collection import CHECKOUT
from ...conftest import RunModule
from ...stacks.sandbox.build import SHOP
from ...stacks.sandbox.platform import Sandbox
from ...tools.program import environment
from .backup_places import content_of, texts_below

CONNECTIONS = Path(__file__).parent / "connection"
SCALE = 0.01
DAMAGE = ("UPDATE shop.orders SET total = 0", "DELETE FROM shop.wishlists WHERE customer_id % 2 = 0")


class Platform:
    """The sandbox, and the playbook on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sandbox = Sandbox(root / "it's a sandbox", SCALE)
        self.sandbox.start()

    @property
    def options(self) -> dict[str, Any]:
        server = self.sandbox.server
        return {
            "login_host": server.host,
            "login_port": server.port,
            "login_user": server.user,
            "login_password": server.password,
            "bin_dir": str(server.bin_dir),
        }

    def session(self, database: str = SHOP) -> Any:
        defaults = {"login_db": "postgres", "ssl_mode": "prefer", "ca_cert": None, "connect_timeout": 5}
        return server_of({**defaults, **self.options}).session(database)

    def run_sql(self, *statements: str) -> None:
        with self.session() as session:
            for statement in statements:
                session.execute(statement)

    def content(self, database: str = SHOP) -> dict[str, str]:
        with self.session(database) as session:
            return content_of(session)

    def kept(self) -> list[str]:
        """The kept databases, the newest first."""
        with self.session("postgres") as session:
            return [one.name for one in kept_databases(session, SHOP)]

    def clear(self) -> None:
        """Drop what restores kept."""
        with self.session("postgres") as session:
            for name in self.kept():
                session.execute(compose("DROP DATABASE {d} WITH (FORCE)", d=Identifier(name)))

    def backed_up(self, run_module: RunModule, label: str) -> str:
        """Make a backup of the shop; give the name of its folder."""
        place = {"directory": str(self.sandbox.layout.backups), "environment": "sandbox"}
        made = run_module("postgresql_backup", {**self.options, **place, "database": SHOP, "label": label})
        assert made["backup"]["verified"], made
        return Path(made["backup"]["path"]).name

    @property
    def app(self) -> int | None:
        """The process of the web application."""
        file = self.sandbox.layout.app / "pid"
        return int(file.read_text()) if file.exists() and self.sandbox.app.running else None

    @property
    def leases(self) -> list[Path]:
        return list((self.sandbox.layout.root / "state").rglob("lease.json"))

    @property
    def reports(self) -> Path:
        return self.sandbox.layout.root / "reports" / "sandbox"

    def play(self, *more: str, check: bool = False, **given: Any) -> tuple[int, str]:
        """Run the playbook; give its exit status and what it said."""
        known = {"sandbox_folder": str(self.sandbox.layout.root), "day2_database": SHOP, **given}
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", "inventories/sandbox", "day2.ops.restore", "-vvv",
             "-e", json.dumps(known), *(["--check"] if check else []), *more],
            cwd=CHECKOUT, env=environment(ANSIBLE_CONNECTION_PLUGINS=str(CONNECTIONS)),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        kept = said + "".join(texts_below(self.sandbox.layout.root / name) for name in ("reports", "state"))
        for secret in (*self.sandbox.layout.passwords.iterdir(), self.sandbox.layout.postgresql / "password"):
            assert secret.read_text() not in kept, secret.name
        return done.returncode, said

    def outcome(self, report: Path | None = None) -> tuple[dict[str, Any], dict[str, str]]:
        """What the report says of the restore, and of each step."""
        told = json.loads((report or self.reports / "latest.json").read_text())
        (host,) = told["hosts"].values()
        (restore,) = host["facts"]["restores"]
        return restore, {step["name"]: step["status"] for step in host["facts"]["steps"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    one = Platform(tmp_path_factory.mktemp("shop"))
    yield one
    one.sandbox.remove()


@pytest.fixture
def platform(made: Platform) -> Iterator[Platform]:
    yield made
    assert made.leases == []
    made.clear()


RIGHT = ["lease", "plan", "stop", "restore", "migrate", "start", "health", "undo", "restart", "recheck", "release"]


@pytest.mark.long
def test_damage_is_undone_and_the_restore_too(platform: Platform, run_module: RunModule) -> None:
    good = platform.content()
    made = platform.backed_up(run_module, "nightly")
    platform.run_sql(*DAMAGE)
    damaged, app = platform.content(), platform.app
    assert damaged != good

    # The plan: everything that matters, and nothing is done.
    status, said = platform.play(check=True)
    assert status == 0, said
    assert f"shop would be replaced by {platform.sandbox.layout.backups}/sandbox/shop/{made}" in said
    for word in ("shop-web (", "would be kept as shop_before_", "a backup of it would be made", "web application"):
        assert word in said, word
    assert "To do so, confirm it with the name of the database." in said
    assert platform.content() == damaged
    assert (platform.app, platform.kept()) == (app, [])
    assert not platform.reports.exists()

    # Without the confirmation the same, and it is no success.
    status, said = platform.play(day2_confirm="Shop")
    assert status == 2, said
    assert "Nothing was done. It is not confirmed" in said
    assert "changed=0" in said
    assert platform.content() == damaged
    assert (platform.app, platform.kept()) == (app, [])
    restore, steps = platform.outcome()
    assert (restore["succeeded"], restore["live"]) == (False, "before")
    assert steps["plan"] == "failed"
    assert {steps[name] for name in ("stop", "restore", "migrate", "start", "health")} == {"skipped"}
    assert {steps[name] for name in ("undo", "restart", "recheck")} == {"ok"}

    # With it, the shop is what it was when it was backed up; the damaged one is kept.
    status, said = platform.play(day2_confirm="shop")
    assert status == 0, said
    assert platform.content() == good
    (kept,) = platform.kept()
    assert platform.content(kept) == damaged
    assert platform.app not in (None, app)
    restore, steps = platform.outcome()
    assert list(steps) == RIGHT
    assert {name for name, state in steps.items() if state == "changed"} == {"stop", "restore", "start"}
    assert (restore["succeeded"], restore["live"], restore["previous"]) == (True, "restored", kept)
    assert restore["restore"]["verified"]
    assert 0 < restore["restore"]["seconds_without_database"] < 1
    assert Path(restore["restore"]["path"]).name == made
    assert Path(restore["restore"]["safety_backup"]).is_dir()
    page = (platform.reports / "latest.html").read_text()
    assert kept in page

    # And back again.
    status, said = platform.play(day2_confirm="shop", day2_mode="rollback")
    assert status == 0, said
    assert platform.content() == damaged
    assert len(platform.kept()) == 1
    assert platform.content(platform.kept()[0]) == good
    assert platform.outcome()[0]["message"].startswith(f"shop is again what {kept} was.")
    platform.run_sql("TRUNCATE shop.wishlists")


@pytest.mark.long
def test_a_platform_that_is_not_well_afterwards_gets_its_database_back(
    platform: Platform, run_module: RunModule
) -> None:
    platform.run_sql("ALTER TABLE shop.products RENAME TO gone")
    broken = platform.backed_up(run_module, "broken")
    platform.run_sql(
        "ALTER TABLE shop.gone RENAME TO products", "UPDATE shop.categories SET name = name || ' and more'"
    )
    before, app = platform.content(), platform.app

    status, said = platform.play(day2_confirm="shop", day2_set=broken, day2_restore={"health_retries": 2})
    assert status == 2, said
    assert platform.content() == before
    (kept,) = platform.kept()
    assert "shop.gone" in platform.content(kept)
    assert platform.app not in (None, app)
    restore, steps = platform.outcome()
    assert (restore["succeeded"], restore["live"], restore["previous"]) == (False, "before", kept)
    assert {steps["health"]} == {"failed"}
    assert (steps["undo"], steps["restart"], steps["recheck"]) == ("changed", "changed", "ok")
    for word in (
        "Probe the endpoints failed: shop, products answers 500",
        f"It was swapped back: shop is what it was before; what had taken its place is kept as {kept}.",
        "Started again: web application. Well are again: shop, health; shop, ready; shop, products.",
    ):
        assert word in restore["message"], word
    assert [one["status"] for one in probes_of(platform)] == [200, 200, 200]
    assert platform.sandbox.app.get("/api/products")[0] == 200


def probes_of(platform: Platform) -> list[dict[str, Any]]:
    (host,) = json.loads((platform.reports / "latest.json").read_text())["hosts"].values()
    found: list[dict[str, Any]] = host["facts"]["probes"]
    return found


@pytest.mark.long
def test_a_host_that_is_lost_meanwhile_is_told_and_nothing_is_guessed(
    platform: Platform, run_module: RunModule, tmp_path: Path
) -> None:
    platform.backed_up(run_module, "before-it")
    before = platform.content()
    lost = tmp_path / "lost"
    status, said = platform.play(
        day2_confirm="shop",
        ansible_connection="fading",
        fading_lost_file=str(lost),
        fading_lost_by="swap_timeout",
        report_fallback_directory=str(tmp_path / "reports"),
    )
    assert status == 2, said
    restore, steps = platform.outcome(next((tmp_path / "reports").rglob("latest.json")))
    assert (restore["succeeded"], restore["live"]) == (False, "unknown")
    assert "Whether shop was replaced is not known" in restore["message"]
    assert "The services stay as they are: web application." in restore["message"]
    assert steps["restore"] == "failed"
    assert platform.content() == before
    assert platform.app is None
    assert len(platform.leases) == 1  # whoever looks what became of it has the time of the lease
    platform.leases[0].unlink()
    platform.sandbox.start_app()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"day2_database": "shp"}, "There is no database 'shp'; did you mean 'shop'?"),
        ({"day2_database": ""}, "Name the database (day2_database). In the environment 'sandbox' there are: 'shop'"),
        ({"day2_services": [{"name": "x", "databases": ["shop"], "stopp": ["x"]}]}, "did you mean 'stop'?"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_done(platform: Platform, given: dict[str, Any], why: str) -> None:
    app = platform.app
    status, said = platform.play(day2_confirm="shop", **given)
    assert status == 2
    assert why in said.replace("\n", " ")
    assert (platform.app, platform.kept()) == (app, [])

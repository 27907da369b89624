# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks that need nothing but the checkout: style, types, lint, unit tests; and coverage."""

from __future__ import annotations

import shutil

from .program import CHECKOUT, COLLECTIONS, LOGS, WORK, environment, run

__all__ = ["ansible_lint", "coverage", "forget_coverage", "long", "modules", "style", "types", "unit"]

PACKAGE = "ansible_collections.day2.ops"
TYPED = (
    "plugins.module_utils",
    "plugins.plugin_utils",
    "plugins.filter",
    "plugins.action",
    "plugins.lookup",
    "tests.benchmarks",
    "tests.stacks",
    "tests.tools",
)
COVERAGE = WORK / "coverage"
ENOUGH_PERCENT = 90


def style() -> None:
    """ruff: rules, then format."""
    run(["ruff", "check", "--output-format", "concise", "."])
    run(["ruff", "format", "--check", "."])


def types() -> None:
    """mypy, strict."""
    there = [package for package in TYPED if any((CHECKOUT / package.replace(".", "/")).glob("**/*.py"))]
    packages = [word for package in there for word in ("-p", f"{PACKAGE}.{package}")]
    run(["mypy", "--config-file", str(CHECKOUT / "pyproject.toml"), *packages], cwd=COLLECTIONS)


def ansible_lint() -> None:
    """ansible-lint with its strictest profile, yamllint inside; every rule counts."""
    run(["ansible-lint", "--profile", "production", "--offline", "--strict"])


def unit() -> None:
    """Unit tests."""
    _pytest("unit", "tests/unit")


def modules() -> None:
    """Modules run in this process against real servers."""
    _pytest("modules", "tests/integration/python")


def long() -> None:
    """The tests that take minutes each."""
    argv = ["pytest", "-v", "-n", "2", "-p", "no:cacheprovider", "-m", "long", "--durations=0"]
    run(argv, log=LOGS / "long.log", live=True)


def forget_coverage() -> None:
    """Remove what earlier runs measured."""
    shutil.rmtree(COVERAGE, ignore_errors=True)


def coverage() -> None:
    """What unit tests and modules covered together, as a table; at least so much of it."""
    measured = [str(path) for path in sorted(COVERAGE.glob(".coverage.*"))]
    run(["coverage", "combine", "--quiet", "--keep", *measured], env=_covered("all"))
    run(
        ["coverage", "html", "--quiet", "--directory", str(WORK / "coverage-html")],
        env=_covered("all"),
        log=LOGS / "html.log",
    )
    run(["coverage", "report", f"--fail-under={ENOUGH_PERCENT}"], env=_covered("all"))


def _pytest(name: str, *paths: str) -> None:
    COVERAGE.mkdir(parents=True, exist_ok=True)
    argv = ["pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--cov", "--cov-report=", *paths]
    run(argv, env=_covered(name), log=LOGS / f"{name}.log", live=True)


def _covered(name: str) -> dict[str, str]:
    place = WORK / "coverage.all" if name == "all" else COVERAGE / f".coverage.{name}"
    return environment(COVERAGE_FILE=str(place))

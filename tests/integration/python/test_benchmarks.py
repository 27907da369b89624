# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All benchmarks, on next to nothing: what they find then says nothing, but that they find it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.collection import CHECKOUT


@pytest.mark.long
def test_every_benchmark_comes_to_its_end() -> None:
    sizes = ["--rounds", "2", "--gigabytes", "0.03", "--log-megabytes", "3"]
    argv = [sys.executable, "-m", "tests.benchmarks", *sizes]
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    limits = re.findall(r" at (?:least|most) .* (holds|MISSED)$", done.stdout, re.MULTILINE)
    assert f"{limits.count('holds')} of {len(limits)} limits hold" in done.stdout, done.stderr
    assert len(limits) > 25
    assert done.returncode == (1 if "MISSED" in limits else 0)
    assert done.stderr.startswith("Missed: ") or not done.returncode


def test_it_says_what_it_knows() -> None:
    argv = [sys.executable, "-m", "tests.benchmarks", "restores"]
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "say backup or logs" in done.stderr

# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the get-pip.py that ansible-test would download: Python's own ensurepip, then pip from the registry.

ansible-test runs it in each new virtual environment with pip's options and the packages it wants.
"""

from __future__ import annotations

import subprocess
import sys

OPTIONS_OF_GET_PIP = ("--no-setuptools", "--no-wheel")


def main() -> None:
    subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
    wanted = [argument for argument in sys.argv[1:] if argument not in OPTIONS_OF_GET_PIP]
    subprocess.check_call([sys.executable, "-m", "pip", "install", *wanted])


if __name__ == "__main__":
    main()

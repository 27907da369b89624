# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set up a virtual environment inside the checkout: python3 tests/venv.py FOLDER REQUIREMENTS [REQUIREMENTS ...]

Nothing is done when the environment is whole, was made at this place by this Python, and holds what the files of
requirements ask for. Together they name every package with its exact version. The collection is put among the
packages as a link to the checkout: Ansible looks there too, so that plain ansible-playbook finds it wherever the
environment is activated.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# This file also runs on old Pythons, far enough to say that they are too old: no newer syntax here.
OLDEST, TOO_NEW = (3, 11), (3, 14)
OTHERS = ("python3.13", "python3.12", "python3.11")
CHECKOUT = Path(__file__).resolve().parent.parent
UNFIT = ':$"`\\'  # ends a folder in a list of them, or is expanded by initdb's shell
INSTALL = "install --no-cache-dir --no-deps --no-compile --only-binary :all: --progress-bar off"


def main(folder: Path, requirements: list) -> None:
    if not suits(sys.version_info[:2]):
        run_with_another_python()
    if set(UNFIT) & set(str(CHECKOUT)):
        sys.exit(
            "Ansible and PostgreSQL do not work at a path that holds one of {}. Move the checkout: {}".format(
                " ".join(UNFIT), CHECKOUT
            )
        )
    stamp = folder / "complete"
    wanted = "\n".join([str(folder), sys.version, *(Path(name).read_text() for name in requirements)])
    if stamp.exists() and stamp.read_text() == wanted and succeeds(python_of(folder), "-c", "import ansible"):
        return
    make(folder, requirements)
    link_collection(folder)
    stamp.write_text(wanted)


def suits(version: tuple) -> bool:
    return OLDEST <= version < TOO_NEW


def run_with_another_python() -> None:
    for name in OTHERS:
        program = shutil.which(name)
        if program and succeeds(program, "-c", "import ensurepip, venv"):
            os.execv(program, [program, *sys.argv])
    sys.exit(
        "Python 3.11, 3.12 or 3.13 is needed; {} is {}.{}, and none of {} works here. Install one, or name it: "
        "make PYTHON=/path/to/python3.11".format(sys.executable, *sys.version_info[:2], ", ".join(OTHERS))
    )


def make(folder: Path, requirements: list) -> None:
    print("Setting up {} with Python {}.{}.{}".format(folder, *sys.version_info[:3]), flush=True)
    if not succeeds(sys.executable, "-c", "import ensurepip, venv"):
        sys.exit(sys.executable + " cannot make virtual environments. On Debian: apt install python3-venv")
    run("make the environment", sys.executable, "-m", "venv", "--clear", str(folder))
    pip = [python_of(folder), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    files = [word for name in requirements for word in ("-r", name)]
    run("install the packages (from PyPI, or the mirror that pip is set to)", *pip, *INSTALL.split(), *files)
    run("find that the packages fit together", *pip, "check")


def link_collection(folder: Path) -> None:
    """Among the packages, and where the Makefile's ANSIBLE_COLLECTIONS_PATH points."""
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.check_output([python_of(folder), "-c", query], universal_newlines=True).strip()
    for place in (Path(packages), CHECKOUT / ".work" / "collections"):
        link = place / "ansible_collections" / "day2" / "ops"
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.resolve() != CHECKOUT:
            if link.is_symlink():
                link.unlink()
            link.symlink_to(CHECKOUT, target_is_directory=True)


def python_of(folder: Path) -> str:
    return str(folder / "bin" / "python")


def succeeds(*argv: str) -> bool:
    try:
        return subprocess.call(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def run(what: str, *argv: str) -> None:
    status = subprocess.call(argv)
    if status:
        sys.exit("Could not {}: status {} from {}".format(what, status, " ".join(argv)))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(Path.cwd() / sys.argv[1], sys.argv[2:])

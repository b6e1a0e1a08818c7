# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL behind the demo's database: a process of its own that lives until it is ended.

Run as a program, it starts the server, writes where it is to a file and waits. `started` and `stopped` are the demo's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


class NoDatabase(Exception):
    """It could not be started; the message says why."""


def serve(folder: Path) -> None:
    """Start the server, say where it is, and wait for the end."""
    sys.path.append(str(ROOT / "tests" / "servers"))
    from real_servers import postgres

    with (folder / "lock").open("w", encoding="utf-8") as lock:
        # Held as long as this process lives, so that nobody ends another one that has got its number.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(KeyboardInterrupt), postgres.running() as server:
            ca_file = folder / "ca.pem"
            ca_file.write_bytes(Path(server.ca_file).read_bytes())
            told = {
                "pid": os.getpid(),
                "host": server.host,
                "port": server.port,
                "admin": {
                    "user": server.superuser,
                    "password": server.superuser_password,
                    "ca_file": str(ca_file),
                },
            }
            made = folder / "server.json.new"
            made.touch(mode=0o600)
            made.write_text(json.dumps(told), encoding="utf-8")
            made.rename(folder / "server.json")
            signal.pause()


def started(folder: Path) -> dict[str, Any]:
    """Start it, and return where it is and how it is administered."""
    stopped(folder)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "start.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while not (folder / "server.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise NoDatabase(lines[-1] if lines else "it did not answer")
        time.sleep(0.05)
    return json.loads((folder / "server.json").read_text(encoding="utf-8"))


def stopped(folder: Path) -> None:
    """End it, if it runs."""
    told = folder / "server.json"
    if not told.exists():
        return
    pid = json.loads(told.read_text(encoding="utf-8"))["pid"]
    with (folder / "lock").open("a", encoding="utf-8") as lock:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                time.sleep(0.1)
    told.unlink()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve(Path(sys.argv[1]))

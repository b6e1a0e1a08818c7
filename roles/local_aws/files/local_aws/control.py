# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the server in the background, ask how it is, and stop it. Needs nothing but the standard library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PID_FILE = "local-aws.pid"
SERVER_LOG = "server.log"
#: What the server itself prints, above all when it cannot start.
OUTPUT_FILE = "output.log"
#: Exit codes of the server.
MISSING_PACKAGE = 3
PORT_TAKEN = 4


class ControlError(Exception):
    """The server cannot be started or stopped; the message says why."""


def health(port: int, timeout: float = 5) -> dict[str, Any] | None:
    """What the local AWS on this port says of itself; None when none answers there."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/local-aws/health", timeout=timeout) as answer:
            found = json.load(answer)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "pid" in found else None


def start(arguments: list[str], port: int, state_dir: Path, timeout: float = 60) -> dict[str, Any]:
    """Run the server in a session of its own and wait until it answers."""
    state_dir.mkdir(parents=True, exist_ok=True)
    output = state_dir / OUTPUT_FILE
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", __package__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = health(port)
        if found is not None and found["pid"] == process.pid:
            return found
        if process.poll() is not None:
            raise ControlError(output.read_text(encoding="utf-8", errors="replace").strip() or "It ended at once.")
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    raise ControlError(f"It did not answer on port {port} within {timeout:g} s; see {state_dir / SERVER_LOG}.")


def _runs(pid: int) -> bool:
    """Whether the process is there; one that has ended and that nobody has waited for yet is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        # No /proc on this system, or the process has gone meanwhile: the next look tells.
        return True


def stop(port: int, state_dir: Path, timeout: float = 15) -> bool:
    """Stop the server that answers on this port and has this state directory. False when there is none."""
    found = health(port)
    if found is None:
        (state_dir / PID_FILE).unlink(missing_ok=True)
        return False
    if Path(found["state_dir"]) != state_dir:
        raise ControlError(
            f"The local AWS on port {port} has its state in {found['state_dir']}, not in {state_dir}: left alone."
        )
    pid = int(found["pid"])
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not _runs(pid):
                return True
            time.sleep(0.02)
    raise ControlError(f"Process {pid} on port {port} does not stop.")

# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command and say what it took: wall time, CPU of all its processes, memory of all its processes.

CPU is what the kernel charged to the command and everything it started: this process adopts what the command leaves
behind (PR_SET_CHILD_SUBREAPER), so that nothing escapes the account. It hardly depends on what else the machine does.

Memory is the largest sum, over all processes that live at the same moment, of their proportional set sizes: a page that
several forks share counts once. The kernel keeps no such maximum, so it is read ten times a second.

Wall time depends on what else the machine does. How busy it was with other things is therefore measured with each
command: what the kernel counts as busy time of all processors, less the CPU of the command and of the server.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What a command took. Times are seconds, memory is megabytes (10^6 bytes)."""

    status: int
    load_before: float
    wall: float
    user: float
    system: float
    #: The share of the command's own process in user + system; the rest is its children's.
    first_process: float
    memory: float
    #: The share of the machine that was busy with neither this nor the server, from 0 to 1; see others().
    others: float = 0

    @property
    def cpu(self) -> float:
        return self.user + self.system


def adopt_orphans() -> None:
    """From now on, what a command leaves behind becomes a child of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def run(command: list[str], *, environment: dict[str, str], directory: Path, output: IO[bytes]) -> Cost:
    """Run a command to its end, in a session of its own."""
    adopt_orphans()
    load = os.getloadavg()[0]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    sampler = _MemorySampler(process.pid)
    sampler.start()
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    finally:
        sampler.stopped.set()
    wall = time.monotonic() - started
    # The process has ended and was not waited for yet: its account can still be read.
    first_process = sum(_stat(process.pid)[11:13]) / TICKS
    status = process.wait()
    _reap_orphans(process.pid)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    sampler.join()
    return Cost(
        status=status,
        load_before=load,
        wall=wall,
        user=after.ru_utime - before.ru_utime,
        system=after.ru_stime - before.ru_stime,
        first_process=first_process,
        memory=sampler.peak / 1e6,
    )


def machine_busy() -> float:
    """The CPU seconds that all processors together have been busy since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, *_rest = fields
    return (user + nice + system + irq + softirq) / TICKS


def cpu_of(pid: int) -> float:
    """The CPU seconds that a running process, with all its threads and the children it waited for, has used so far."""
    return sum(_stat(pid)[11:15]) / TICKS


def _stat(pid: int) -> list[int]:
    """The numbers of /proc/<pid>/stat from the third field on; a letter (the state) is 0."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return [int(field) if field.lstrip("-").isdigit() else 0 for field in fields]


def _members(session: int) -> list[int]:
    """The processes of a session that live now."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == session:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def _reap_orphans(session: int, patience: float = 10) -> None:
    """Wait for what the command left behind, and end what stays: its CPU belongs to the command."""
    deadline = time.monotonic() + patience
    while left := _members(session):
        for pid in left:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        if time.monotonic() > deadline:
            os.killpg(session, signal.SIGKILL)
        time.sleep(0.02)


class _MemorySampler(threading.Thread):
    """Reads the memory of a session's processes until it is stopped."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.stopped = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self.stopped.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(_proportional_set_size(pid) for pid in _members(self.session)))


def _proportional_set_size(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # It has just ended.
    return 0

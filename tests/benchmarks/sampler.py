# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(python sampler.py FOLDER PROGRAM ARGUMENTS...): run a Python program, and write down where its CPU time goes.

The kernel sends SIGPROF for each 4 ms of CPU time that a process uses (ITIMER_PROF), in the program and in every fork
of it: time in which a process waits is not counted. Only the first thread can be looked at; CPU time that its samples
do not account for was used by other threads. Each process writes its stacks to a file of its own when it ends, and a
worker of ansible-core ends by os._exit, so that is where it writes. What it starts anew (exec) is not seen. The first
line of a file says whether the process is a worker; each other line has the task that a sample belongs to.
"""

from __future__ import annotations

import atexit
import os
import runpy
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

INTERVAL = 0.004

folder = Path(sys.argv[1])
program = os.getpid()
stacks: Counter[tuple[str, tuple[str, ...]]] = Counter()
leave = os._exit
task = ""


def sample(number: int, frame: FrameType | None) -> None:
    global task  # noqa: PLW0603
    found: list[str] = []
    # The program itself runs some tasks, one after the other; a worker runs one, from its start to its end.
    if os.getpid() == program:
        task = ""
    while frame is not None:
        code = frame.f_code
        if not task and code.co_qualname == "TaskExecutor.run":
            task = str(frame.f_locals["self"]._task.get_name())
        found.append(f"{code.co_filename}:{code.co_qualname}")
        frame = frame.f_back
    stacks[task, tuple(found)] += 1


def start() -> None:
    """A fork inherits the handler, but not the timer."""
    global task  # noqa: PLW0603
    task = ""
    stacks.clear()
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)


def write() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    unseen = round(time.process_time() / INTERVAL) - stacks.total()
    if unseen > 0:
        stacks[task, ("(other threads)",)] = unseen
    kind = "program" if os.getpid() == program else "worker"
    # The first samples of a worker are older than its task.
    unnamed = "" if kind == "program" else task
    lines = (f"{count}\t{name or unnamed}\t{';'.join(stack)}\n" for (name, stack), count in stacks.items())
    (folder / f"{os.getpid()}.stacks").write_text("".join([f"{kind}\n", *lines]), encoding="utf-8", errors="replace")
    stacks.clear()


def exit_at_once(status: int) -> NoReturn:
    write()
    leave(status)


def main() -> Any:
    sys.argv[:] = sys.argv[2:]
    signal.signal(signal.SIGPROF, sample)
    os._exit = exit_at_once
    os.register_at_fork(after_in_child=start)
    atexit.register(write)
    start()
    return runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live progress of modules that wait: the lines that a module appends to its C(progress_file), shown as they come."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.utils.display import Display
from ansible_collections.slipway.aws.plugins.plugin_utils import direct_action

display = Display()

SWITCH = "slipway_aws_progress"
# What reads the output of these wants nothing else in it.
QUIET_CALLBACKS = ("json", "jsonl", "null")
LOOK_EVERY = 0.2


def is_quiet(task_vars: dict[str, Any], no_log: bool, callback: str) -> bool:
    """Whether progress would be in somebody's way."""
    wanted = str(task_vars.get(SWITCH, os.environ.get(SWITCH.upper(), "true"))).lower()
    return no_log or wanted in ("0", "false", "no", "off") or callback.rpartition(".")[2] in QUIET_CALLBACKS


class Tail:
    """Hands each new whole line of a file to C(show) until it is stopped."""

    def __init__(self, path: Path, show: Callable[[str], None], every: float = LOOK_EVERY) -> None:
        self._path = path
        self._show = show
        self._every = every
        self._offset = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self.look()

    def look(self) -> None:
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _rest = file.read().rpartition(b"\n")
            self._offset += len(whole) + len(newline)
            for line in whole.decode("utf-8", errors="replace").splitlines():
                self._show(line)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self.look()


class ActionModule(direct_action.ActionModule):
    """Direct execution, with the module's progress on the terminal."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        callback = str(C.DEFAULT_STDOUT_CALLBACK)
        given = self._task.args.get("progress_file")
        if given or is_quiet(task_vars or {}, bool(self._task.no_log), callback):
            return super().run(tmp, task_vars)
        host = (task_vars or {}).get("inventory_hostname", "")
        with self._progress_file() as path:
            tail = Tail(path, lambda line: display.display(f"  [{host}] {line}"))
            tail.start()
            try:
                return super().run(tmp, task_vars)
            finally:
                tail.stop()

    @contextlib.contextmanager
    def _progress_file(self) -> Iterator[Path]:
        arguments = self._task.args
        handle, name = tempfile.mkstemp(prefix="slipway-progress-")
        os.close(handle)
        self._task.args = {**arguments, "progress_file": name}
        try:
            yield Path(name)
        finally:
            self._task.args = arguments
            Path(name).unlink(missing_ok=True)

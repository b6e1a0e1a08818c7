# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks of this collection's roles without a worker of their own, where a worker would gain nothing.

A fork costs more than what C(set_fact), C(assert) or a task that is skipped does in it: both processes then copy every
page that they touch. The same holds for an AWS module when its host is the only one: nothing runs beside it, and its
clients and their connections serve the next task. Such a task runs where it would have been forked, by ansible-core's
own executor, on a copy of the task; its result goes the way of all results.

What depends on the version of ansible-core is here, and only here; on an unknown version nothing engages.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from ansible.utils.display import Display
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, direct

display = Display()

COLLECTION = "slipway.aws"
# These touch nothing but variables.
PURE = frozenset(
    f"ansible.builtin.{name}"
    for name in ("assert", "include_role", "include_tasks", "set_fact", "validate_argument_spec")
)


def stays(task: Any, task_vars: dict[str, Any]) -> bool:
    """Whether a task needs no worker."""
    if getattr(task._role, "_role_collection", None) != COLLECTION or not direct.is_true(
        task_vars.get(direct.SWITCH, True)
    ):
        return False
    if task.loop is not None or task.loop_with or task.delegate_to or task.async_val or task.timeout or task.until:
        return False
    action = task.resolved_action or task.action
    if action in PURE or (alone(task, task_vars) and quick(action)):
        return True
    return bool(task.when) and not task._resolve_conditional(task.when, task_vars)


def alone(task: Any, task_vars: dict[str, Any]) -> bool:
    """Whether no other host of the play could run at the same time, nor a thread that a module has left behind."""
    hosts = 1 if task.run_once is True else len(task_vars.get("ansible_play_batch", ()))
    return hosts == 1 and direct.threads_left_behind() == 0


@functools.cache
def quick(action: str) -> bool:
    """Whether an action is a module that runs directly, and not one that waits and shows its progress."""
    if not action.startswith(direct.IN_WORKER):
        return False
    if not action.startswith(f"{COLLECTION}."):
        return True
    from ansible_collections.slipway.aws.plugins.plugin_utils import direct_action

    try:
        own = importlib.import_module(f"ansible_collections.slipway.aws.plugins.action.{action.rpartition('.')[2]}")
    except ImportError:
        return False
    return own.ActionModule is direct_action.ActionModule


def _runner() -> Callable[[Any], None] | None:
    """What runs a worker's task here and sends its result, as ansible-core's worker does. None where it is unknown."""
    if compiled.CORE not in compiled.KNOWN_CORES:
        return None
    try:
        from ansible._internal import _task
        from ansible.executor.task_executor import TaskExecutor
    except ImportError:
        return None

    def copied(task: Any) -> Any:
        # In a worker of its own the task would be a copy, too: the executor writes into it what it has templated.
        copy = task.copy(exclude_parent=True, exclude_tasks=True)
        copy._parent = task._parent
        return copy

    def unified(worker: Any) -> None:
        task = copied(worker._task)
        with _task.TaskContext.create(task=task, task_vars=worker._task_vars.copy(), host_name=worker._host.name):
            task.squash()
            result = TaskExecutor(
                worker._host,
                worker._play_context,
                worker._loader,
                worker._shared_loader_obj,
                worker._final_q,
                worker._variable_manager,
            ).run()
            result.finalize_registered_values()
            task.ignore_errors, task.ignore_unreachable = result.ignore_errors, result.ignore_unreachable
            worker._final_q.send_task_result(worker._host, task, result)

    def raw(worker: Any) -> None:
        task = copied(worker._task)
        with _task.TaskContext(task):
            returned = TaskExecutor(
                worker._host,
                task,
                worker._task_vars.copy(),
                worker._play_context,
                worker._loader,
                worker._shared_loader_obj,
                worker._final_q,
                worker._variable_manager,
            ).run()
        worker._final_q.send_task_result(
            _RawTaskResult(host=worker._host, task=worker._task, return_data=returned, task_fields=task.dump_attrs())
        )

    if hasattr(_task, "UnifiedTaskResult"):
        return unified
    from ansible.executor.task_result import _RawTaskResult

    return raw


@functools.cache
def engage() -> bool:
    """Have the strategies run such tasks in the parent from now on. Says whether they do."""
    run = _runner()
    if run is None:
        return False
    from ansible.executor.process.worker import WorkerProcess

    fork = WorkerProcess.start
    kept = compiled.engaged()

    def ran(worker: Any) -> bool:
        try:
            if not stays(worker._task, worker._task_vars):
                return False
            run(worker)
        except Exception:  # noqa: BLE001 - whatever it is, it is told as ever by the worker that meets it again
            return False
        return True

    def start(self: Any) -> None:
        if ran(self):
            display.vvv(f"Without a worker of its own: {self._task.get_name()}", host=self._host.name)
            return
        if kept is not None:
            kept.prepare(self._task, self._task_vars)
        fork(self)

    WorkerProcess.start = start
    return True

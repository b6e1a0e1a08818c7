# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks of this collection's roles without a worker of their own, where a worker would gain nothing.

A fork costs more than what C(set_fact), C(assert) or a task that is skipped does in it: both processes then copy every
page that they touch. The same holds for an AWS module when its host is the only one: nothing runs beside it, and its
clients and their connections serve the next task. Such a task runs where it would have been forked, by ansible-core's
own executor, on a copy of the task; its result goes the way of all results.

Only tasks of this collection's roles stay, and of modules only those of this collection and of C(amazon.aws), which are
known to behave, run by direct execution. A module that must take the ordinary way takes it in a worker. What a module
does to its process is contained as in a worker, but a crash of Python itself (a fault in a C extension, no memory left)
would end the run, not the task.

What depends on the version of ansible-core is here, and only here; on an unknown version nothing engages.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ansible.plugins.loader import action_loader
from ansible.utils.display import Display
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, direct

display = Display()

COLLECTION = "slipway.aws"
# These touch nothing but variables.
PURE = frozenset(
    f"ansible.builtin.{name}"
    for name in ("assert", "include_role", "include_tasks", "set_fact", "validate_argument_spec")
)
# These ask AWS nothing and change nothing there; all others may.
LOCAL = PURE | frozenset(
    f"ansible.builtin.{name}"
    for name in (
        *("add_host", "copy", "debug", "fail", "file", "find", "gather_facts", "group_by", "import_role"),
        *("import_tasks", "include_vars", "ping", "set_stats", "setup", "slurp", "stat", "tempfile", "template"),
    )
)
# In these a task runs on all hosts before the next begins; in those hosts do not wait for each other.
LOCKSTEP, APART = frozenset({"linear", "debug"}), frozenset({"free", "host_pinned"})
# What ansible-playbook ends with when it was interrupted.
INTERRUPTED = 99


def stays(task: Any, task_vars: dict[str, Any]) -> bool:
    """Whether a task needs no worker."""
    if getattr(task._role, "_role_collection", None) != COLLECTION or not direct.is_true(
        task_vars.get(direct.SWITCH, True)
    ):
        return False
    strategy = strategy_of(task)
    if strategy not in LOCKSTEP | APART:
        return False
    if task.loop is not None or task.loop_with or task.delegate_to or task.async_val or task.timeout or task.until:
        return False
    action = direct.action_of(task)
    if action in PURE or (alone(task, task_vars, strategy) and quick(action)):
        return True
    return bool(task.when) and not task._resolve_conditional(task.when, task_vars)


def strategy_of(task: Any) -> str:
    return str(task.get_play().strategy).removeprefix("ansible.builtin.")


def alone(task: Any, task_vars: dict[str, Any], strategy: str) -> bool:
    """Whether no other host of the play could run at the same time, nor a thread that a module has left behind."""
    hosts = 1 if task.run_once is True and strategy in LOCKSTEP else len(task_vars.get("ansible_play_batch", ()))
    return hosts == 1 and direct.threads_left_behind() == 0


@functools.cache
def quick(action: str) -> bool:
    """Whether an action is a module that runs directly, and not one that waits and shows its progress."""
    from ansible_collections.slipway.aws.plugins.plugin_utils import direct_action

    return action.startswith(direct.IN_WORKER) and class_of(action) is direct_action.ActionModule


@functools.cache
def watched(action: str) -> bool:
    """Whether what an action asks of AWS, and changes there, is seen in this process and its forks."""
    from ansible_collections.slipway.aws.plugins.plugin_utils import direct_action

    if not action.startswith(direct.IN_WORKER + direct.IN_FORK):
        return action in LOCAL
    found = class_of(action)
    return found is not None and issubclass(found, direct_action.ActionModule)


def class_of(action: str) -> Any:
    """What runs an AWS module: an action of its name, or else what the operator has put for C(normal)."""
    if action.startswith(f"{COLLECTION}."):
        try:
            own = importlib.import_module(f"ansible_collections.slipway.aws.plugins.action.{action.rpartition('.')[2]}")
        except ImportError:
            return None
        return own.ActionModule
    name = action if action_loader.has_plugin(action) else "ansible.legacy.normal"
    return action_loader.get(name, class_only=True)


def _runner() -> tuple[Callable[[Any], None], Callable[[Any, Exception], None]] | None:
    """What runs a worker's task here and sends its result, and what sends a failure instead of a result that can't be
    sent, as ansible-core's worker does. None where it is unknown.
    """
    if compiled.CORE not in compiled.KNOWN_CORES:
        return None
    try:
        from ansible._internal import _task
        from ansible._internal._errors import _error_utils
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

    def unified_failure(worker: Any, error: Exception) -> None:
        result = _task.UnifiedTaskResult.create_from_action_exception(error)
        result.finalize_registered_values()
        worker._final_q.send_task_result(worker._host, worker._task, result)

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

    def raw_failure(worker: Any, error: Exception) -> None:
        told = _error_utils.result_dict_from_exception(error)
        worker._final_q.send_task_result(
            _RawTaskResult(host=worker._host, task=worker._task, return_data=told, task_fields={})
        )

    if hasattr(_task, "UnifiedTaskResult"):
        return unified, unified_failure
    try:
        from ansible.executor.task_result import _RawTaskResult
    except ImportError:
        return None
    return raw, raw_failure


def _end_without_threads() -> None:
    """A thread that still waits for AWS would have ended with a worker: it must not keep the run from ending."""
    end_first = getattr(threading, "_register_atexit", None)

    def end() -> None:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    if end_first is not None and direct.threads_left_behind():
        end_first(end)


@functools.cache
def engage() -> bool:
    """Have the strategies run such tasks in the parent from now on. Says whether they do."""
    runner = _runner()
    if runner is None:
        return False
    run, fail = runner
    from ansible.errors import AnsibleError
    from ansible.executor.process.worker import WorkerProcess

    fork = WorkerProcess.start
    kept = compiled.engaged()

    def ran(worker: Any) -> bool:
        modules = direct.sessions.uses
        try:
            if not stays(worker._task, worker._task_vars):
                return False
            direct.sessions.in_parent = True
            run(worker)
        except direct.NeedsWorker:
            return False
        except KeyboardInterrupt:
            _end_without_threads()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told as ever by the worker that meets it again
            if direct.sessions.uses == modules:
                return False
            # A module must not run twice.
            lost = AnsibleError("Task result omitted due to queue send failure.")
            lost.__cause__ = error
            fail(worker, lost)
        finally:
            direct.sessions.in_parent = False
        return True

    def start(self: Any) -> None:
        if ran(self):
            display.vvv(f"Without a worker of its own: {self._task.get_name()}", host=self._host.name)
            return
        if kept is not None:
            kept.prepare(self._task, self._task_vars)
        ahead = direct.sessions.ahead
        if ahead is None:
            fork(self)
            return
        # What happens in another program is not seen here.
        if not watched(direct.action_of(self._task)):
            ahead.forget()
        with ahead.paused():
            fork(self)

    WorkerProcess.start = start
    return True

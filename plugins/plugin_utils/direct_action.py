# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution: run an AWS module in the worker that ansible-core has already forked, not in a Python of its own.

The action of every module of this collection. It is C(normal) with the last
step replaced: where a task is eligible, no archive is built and no interpreter started. Everything before that step
(arguments, defaults, environment) and after it (parsing the result) stays ansible-core's own code, and so do the
results.
"""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display
from ansible_collections.slipway.aws.plugins.plugin_utils import direct

display = Display()

# The strategy imports an action before it forks the worker that runs it: what is imported here is imported once a play.
direct.warm_up()
direct.show_at_once()


class ActionModule(direct.original_action("normal")):  # type: ignore[misc]
    """C(normal), with modules run in this process where that makes no difference but speed."""

    _direct_module: direct.Module | None = None
    _direct_arguments: dict[str, Any]
    _direct_environment: dict[str, str]

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        reason = direct.refusal(self._task, self._connection, self._templar, task_vars)
        if reason is None:
            self._direct_module = direct.find(self._shared_loader_obj.module_loader, self._task)
        if self._direct_module is None and direct.sessions.in_parent:
            raise direct.NeedsWorker
        if reason is not None:
            display.vvv(f"The ordinary way for {self._task.action}: {reason}")
        if (ahead := direct.sessions.ahead) is not None:
            if self._direct_module is not None:
                ahead.begin(self._task._uuid)
            elif direct.action_of(self._task).startswith(direct.IN_WORKER + direct.IN_FORK):
                ahead.forget()
        return super().run(tmp, task_vars)

    # The three steps of ActionBase._execute_module that build, send and start a module.

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        # With nothing to send there is no need for a directory to send it to.
        return self._direct_module is not None or super()._is_pipelining_enabled(module_style, wrap_async)

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> Any:
        if self._direct_module is None:
            return super()._configure_module(module_name, module_args, task_vars)
        self._direct_arguments = module_args
        self._direct_environment = {}
        self._compute_environment_string(self._direct_environment)
        return direct.built_module(self._direct_module)

    def _low_level_execute_command(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if self._direct_module is None:
            return super()._low_level_execute_command(*args, **kwargs)
        display.vvv(f"In this process: {self._direct_module.path}")
        completed = direct.execute(
            self._direct_module, self._direct_arguments, self._direct_environment, timeout=self._task.timeout
        )
        return {
            "rc": completed.rc,
            "stdout": completed.stdout,
            "stdout_lines": completed.stdout.splitlines(),
            "stderr": completed.stderr,
            "stderr_lines": completed.stderr.splitlines(),
        }

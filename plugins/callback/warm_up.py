# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do once, in the parent of all workers, what each of them would do again."""

from __future__ import annotations

DOCUMENTATION = r"""
name: warm_up
type: aggregate
short_description: Prepare once what every worker would prepare again
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - ansible-core forks a worker for each task and host. What the process that it forks from has imported, read and
    compiled, the worker finds there; what it has not, each worker imports, reads and compiles for itself.
  - This plugin imports boto3, modules and filters, reads the models of the services that most tasks
    ask, and compiles the templates of variables and tasks before the first worker that needs them is forked.
  - Tasks of this collection's roles that only compute something, or that are skipped, run without a worker of their
    own, unless C(slipway_aws_direct) is V(false).
  - Nothing but the speed differs. On a version of ansible-core that it does not know it does nothing.
requirements:
  - enable it in configuration, C(callbacks_enabled = slipway.aws.warm_up)
"""

from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, direct, in_parent


class CallbackModule(CallbackBase):
    """Shows nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "slipway.aws.warm_up"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._compiled = compiled.engaged()
        in_parent.engage()
        self._variables: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._task: Any = None

    def v2_playbook_on_start(self, playbook: Any) -> None:
        direct.warm_up()
        direct.prepare_filters()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        direct.prepare(task.resolved_action or task.action)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """The worker is about to be forked. What a host's variables say now, it will template."""
        # The other hosts of a task use the same templates, nearly all.
        if self._compiled is None or task is self._task:
            return
        self._task = task
        key = (host.name, task._role.get_name() if task._role else None)
        if key not in self._variables:
            self._variables[key] = task.get_variable_manager().get_vars(
                play=task.play, host=host, task=task, include_hostvars=False
            )
        variables = {**self._variables[key], **task.get_vars()}
        wanted = task.args.get("argument_spec") or {}
        values = [variables[name] for name in wanted if name in variables]
        conditions = [*task.when, *_conditions(task.args.get("that"))]
        self._compiled.remember(
            compiled.texts([task.args, values, task.get_vars()]), filter(compiled.is_text, conditions), variables
        )


def _conditions(that: Any) -> list[Any]:
    """What C(assert) asserts."""
    return that if isinstance(that, list) else [that]

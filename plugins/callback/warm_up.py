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
  - Tasks of this collection's roles that only compute something, that are skipped, or that run an AWS module on the
    only host of the play, run without a worker of their own, unless C(slipway_aws_direct) is V(false), and with the
    strategies of ansible-core only.
  - Files of collections are loaded from C(__pycache__) where they have not changed since.
  - What those modules will read of AWS is asked for ahead, side by side, as the run before asked it. An answer serves
    the first task that asks for it, once, for a minute at most. None serves any more as soon as a module has changed
    something in any process of the run, a task has failed or may have changed something unseen (C(command), C(uri),
    C(pause), a module that does not run directly), or a task that asks again was told something else.
  - With C(-e slipway_aws_direct=false) nothing is asked ahead. Where the inventory says so, the first run still asks
    what the run before it has noted, uses no answer, and leaves no note.
  - Nothing but the speed differs. On a version of ansible-core that it does not know it does nothing.
requirements:
  - enable it in configuration, C(callbacks_enabled = slipway.aws.warm_up)
options:
  read_ahead:
    description:
      - Whether to ask ahead for what the run before has read.
    type: bool
    default: true
    env:
      - name: SLIPWAY_AWS_READ_AHEAD
    ini:
      - section: slipway_aws
        key: read_ahead
  read_ahead_folder:
    description:
      - Where each run notes what it has read, a file for each playbook, inventory, limit and choice of tags; operations
        and their parameters, no answers, no credentials. A file that another user owns or may write is ignored.
        Where it is not set, C(slipway_aws/reads) in C(ANSIBLE_HOME).
    type: path
    env:
      - name: SLIPWAY_AWS_READ_AHEAD_FOLDER
    ini:
      - section: slipway_aws
        key: read_ahead_folder
"""

from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible.utils.vars import load_extra_vars
from ansible_collections.slipway.aws.plugins.plugin_utils import bytecode, direct, in_parent, lazy_variables, read_ahead

FOLDER = Path("slipway_aws", "reads")


class CallbackModule(CallbackBase):
    """Shows nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "slipway.aws.warm_up"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        bytecode.engage()
        lazy_variables.engage()
        self._runs_modules = in_parent.engage()
        direct.show_at_once()

    def v2_playbook_on_start(self, playbook: Any) -> None:
        direct.warm_up(models=not self._runs_modules)
        # Where a host's variables switch direct execution off, nothing is read through it, and nothing noted.
        switched = load_extra_vars(playbook.get_loader()).get(direct.SWITCH, True)
        if self._runs_modules and self.get_option("read_ahead") and direct.is_true(switched):
            folder = self.get_option("read_ahead_folder") or Path(C.config.get_config_value("ANSIBLE_HOME")) / FOLDER
            parts = [context.CLIARGS.get(name) for name in ("inventory", "subset", "tags", "skip_tags")]
            file = read_ahead.file_for(Path(folder), playbook._file_name, *parts)
            direct.sessions.ahead = read_ahead.ReadAhead(file)
            # What has been noted is asked for while plays and roles are read.
            with direct.sessions.in_use():
                pass
        direct.prepare_filters()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        direct.prepare(direct.action_of(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        if direct.sessions.ahead is not None and result.is_changed():
            direct.sessions.ahead.forget()

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if direct.sessions.ahead is not None:
            direct.sessions.ahead.forget()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if direct.sessions.ahead is not None:
            direct.sessions.ahead.note()
            self._display.vv(f"Answers that had been asked for ahead: {direct.sessions.ahead.used}")

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_run
version_added: 0.1.0
short_description: Run one ECS task to its end and let its exit code decide
description:
  - Starts one task, waits until it has stopped, returns its exit codes and the end of its log, and fails when an exit
    code says so.
  - Given a service, the task runs the service's task definition where the service's tasks run. With another image it is
    the gate before a rollout, such as a migration. The revision that this registers is the one that a rollout of the
    same change takes.
  - "IAM actions: C(ecs:DescribeServices), C(ecs:DescribeTaskDefinition), C(ecs:RegisterTaskDefinition), C(ecs:RunTask),
    C(ecs:ListTasks), C(ecs:DescribeTasks), C(ecs:TagResource), C(iam:PassRole), C(logs:GetLogEvents)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: A service whose task definition, network and launch type the task takes over.
    type: str
  task_definition_arn:
    description:
      - The task definition to run, as ARN, C(family:revision), or C(family) for its latest revision.
      - Needed without O(service), and wins over the service's own.
    type: str
  containers:
    description:
      - Changes to containers of the task definition. A difference registers a revision of its family.
      - What shall be different for this task only belongs into O(overrides), which registers nothing.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the container. Can be left out when the task definition has only one.
        type: str
      image:
        description: Image to run.
        type: str
      environment:
        description: Environment variables to set. A variable whose value is null is removed.
        type: dict
      secrets:
        description: Secrets to set, each the ARN to read it from. A secret whose value is null is removed.
        type: dict
      command:
        description: Command to run.
        type: list
        elements: str
      cpu:
        description: CPU units of the container.
        type: int
      memory:
        description: Hard memory limit of the container in MiB.
        type: int
      memory_reservation:
        description: Soft memory limit of the container in MiB.
        type: int
  container:
    description: The container whose exit code decides. By default every essential one's does.
    type: str
  success_exit_codes:
    description: Exit codes that are a success.
    type: list
    elements: int
    default: [0]
  run_id:
    description:
      - A name for this run, of up to 128 letters, digits, hyphens, underscores and slashes. A task that was started
        under it is waited for instead of starting another one, for about an hour after it has stopped. One that has
        failed does not count, the next run starts another one.
      - Without it each run of the module starts a task.
    type: str
  tags:
    description: Tags of the task.
    type: dict
  wait:
    description: Whether to wait until the task has stopped.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. The task goes on when they are over.
    type: int
    default: 900
  log_lines:
    description: How many of the last log lines to return.
    type: int
    default: 50
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module waits.
    type: path
extends_documentation_fragment:
  - slipway.aws.ecs.run_task
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Starts nothing and says what it would start.
    support: full
  diff_mode:
    description: A task is run, nothing is changed that had a state before.
    support: none
  idempotent:
    description: With O(run_id) a second run starts no second task.
    support: partial
    details:
      - Without O(run_id) each run starts a task.
"""

EXAMPLES = r"""
- name: Migrate the database with the new image
  slipway.aws.ecs_task_run:
    cluster: uex-prod
    service: uex-backend
    run_id: migrate-1.4.3
    containers:
      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/uex-backend:1.4.3
    overrides:
      container_overrides:
        - name: uex-backend
          command: [npm, run, migrate]

- name: Run a job of a task definition
  slipway.aws.ecs_task_run:
    cluster: uex-prod
    task_definition_arn: uex-prod-report
    launch_type: FARGATE
    network_configuration:
      awsvpc_configuration:
        subnets: "{{ vpc_output.subnet_ids.app }}"
        security_groups: ["{{ vpc_output.security_group_ids.app }}"]
    success_exit_codes: [0, 2]
"""

RETURN = r"""
task:
  description: The task with the names of ECS's API in snake case. In check mode only its placeholder.
  returned: success, and on failure when a task was started
  type: dict
task_definition:
  description: ARN of the task definition that the task ran.
  returned: success
  type: str
exit_codes:
  description: The exit code of each container, null for one that did not run.
  returned: success, and on failure when a task was started
  type: dict
  sample: {uex-backend: 0}
stopped_reason:
  description: ECS's reason why the task stopped.
  returned: success
  type: str
  sample: Essential container in task exited
log_tail:
  description: The last log lines of the task.
  returned: success, and on failure when a task was started
  type: list
  elements: str
seconds:
  description: How long the module has waited.
  returned: success
  type: float
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
likely_cause:
  description: A sentence that says what most probably went wrong.
  returned: when the task failed
  type: str
"""

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.ecs import RUN_TASK, run_task


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str"},
            "task_definition_arn": {"type": "str"},
            "containers": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str"},
                    "image": {"type": "str"},
                    "environment": {"type": "dict"},
                    "secrets": {"type": "dict", "no_log": False},
                    "command": {"type": "list", "elements": "str"},
                    "cpu": {"type": "int"},
                    "memory": {"type": "int"},
                    "memory_reservation": {"type": "int"},
                },
            },
            "container": {"type": "str"},
            "success_exit_codes": {"type": "list", "elements": "int", "default": [0]},
            "run_id": {"type": "str"},
            **RUN_TASK,
            "tags": {"type": "dict"},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 900},
            "log_lines": {"type": "int", "default": 50},
            "progress_file": {"type": "path"},
        },
        required_one_of=[["service", "task_definition_arn"]],
        mutually_exclusive=[["launch_type", "capacity_provider_strategy"]],
        supports_check_mode=True,
    )
    run(module, run_task)


if __name__ == "__main__":
    main()

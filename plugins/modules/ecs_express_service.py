# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_express_service
version_added: 0.1.0
short_description: Roll out an ECS service in Express Mode, and know whether it runs
description:
  - Makes an Express Mode service of ECS be as stated and follows its deployment to the end. ECS itself makes and keeps
    the load balancer, target groups, certificate, security groups, scaling and task definition of such a service.
  - What is not given stays as it is, also inside O(primary_container), O(network_configuration) and
    O(scaling_target). Lists are replaced as a whole.
  - The verdict comes from the service deployment and the service revision that it brings out, as with
    M(slipway.aws.ecs_service_rollout). A deployment that ECS has rolled back or stopped is a failure, with the same
    report of its cause.
  - A run that was cut off is simply repeated. It joins the deployment that is under way and starts no second one.
  - "IAM actions: C(ecs:DescribeServices), C(ecs:DescribeExpressGatewayService), C(ecs:CreateExpressGatewayService),
    C(ecs:UpdateExpressGatewayService), C(ecs:DeleteExpressGatewayService), C(ecs:ListServiceDeployments),
    C(ecs:DescribeServiceDeployments), C(ecs:TagResource), C(ecs:UntagResource), C(ecs:ListTasks),
    C(ecs:DescribeTasks), C(iam:PassRole) for the three roles, and for the report of a failure
    C(ecs:DescribeTaskDefinition), C(elasticloadbalancing:DescribeTargetHealth) and C(logs:GetLogEvents)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the service.
    type: str
    required: true
    aliases: [service_name]
  cluster:
    description: Name or ARN of the cluster.
    type: str
    default: default
  state:
    description: Whether the service shall exist. V(absent) takes everything along that ECS manages for it.
    type: str
    choices: [present, absent]
    default: present
  infrastructure_role_arn:
    description:
      - The role with which ECS manages the load balancer and whatever else belongs to the service.
      - Needed to create the service. ECS cannot change it afterwards.
    type: str
  execution_role_arn:
    description: The role with which ECS pulls the image, reads the secrets and writes the logs. Needed to create the
      service, unless O(task_definition_arn) is given.
    type: str
  task_role_arn:
    description: The role of the application.
    type: str
  task_definition_arn:
    description:
      - A task definition of your own, such as one with sidecars. Its main container is called C(Main) and has one
        named port.
      - Excludes O(primary_container), O(execution_role_arn), O(task_role_arn), O(cpu), O(memory) and
        O(cpu_architecture), which the task definition says itself.
    type: str
  primary_container:
    description: The container that gets the traffic.
    type: dict
    suboptions:
      image:
        description: Image to run. Needed to create the service.
        type: str
      container_port:
        description: The port on which the container listens. ECS takes V(80) when a new service does not say it.
        type: int
      aws_logs_configuration:
        description: Where the container's logs go. Without it ECS makes a log group.
        type: dict
        suboptions:
          log_group:
            description: Name of the log group.
            type: str
          log_stream_prefix:
            description: Prefix of the log streams.
            type: str
      repository_credentials:
        description: How to sign in to a private registry.
        type: dict
        suboptions:
          credentials_parameter:
            description: ARN of the secret with the credentials.
            type: str
      command:
        description: Command to run.
        type: list
        elements: str
      environment:
        description: Environment variables. Replaces the list.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the variable.
            type: str
            required: true
          value:
            description: Its value.
            type: str
      secrets:
        description: Environment variables from secrets. Replaces the list.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the variable.
            type: str
            required: true
          value_from:
            description: ARN of the secret of Secrets Manager, or of the parameter of SSM.
            type: str
            required: true
  network_configuration:
    description: Where the tasks run. ECS takes the default VPC when a new service does not say it.
    type: dict
    suboptions:
      subnets:
        description: Ids of the subnets.
        type: list
        elements: str
      security_groups:
        description: Ids of the security groups of the tasks.
        type: list
        elements: str
  cpu:
    description: CPU units of a task, such as V(512) or V(.5 vCPU).
    type: str
  memory:
    description: MiB of memory of a task, such as V(1024) or V(1 GB).
    type: str
  cpu_architecture:
    description: CPU architecture of the image.
    type: str
    choices: [X86_64, ARM64]
  health_check_path:
    description: Path that the load balancer asks for to see whether a task is healthy. Begins with a slash.
    type: str
  scaling_target:
    description: Between which numbers of tasks, and by what, the service scales.
    type: dict
    suboptions:
      min_task_count:
        description: The least tasks.
        type: int
      max_task_count:
        description: The most tasks.
        type: int
      auto_scaling_metric:
        description: What is measured.
        type: str
        choices: [AVERAGE_CPU, AVERAGE_MEMORY, REQUEST_COUNT_PER_TARGET]
      auto_scaling_target_value:
        description: The value of the metric to keep to, in percent or in requests.
        type: int
  tags:
    description:
      - Tags of the service. They start no deployment.
      - Other tags are removed, unless O(purge_tags=false).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags) leaves out.
    type: bool
    default: true
  on_running_deployment:
    description:
      - What to do when a deployment is under way.
      - V(resume) joins it when it brings out what the task asks for, and else waits for its end before anything
        changes. V(wait) always waits for its end first.
      - V(fail) fails before anything changes. V(supersede) joins it when it brings out what the task asks for, and
        else replaces it at once.
    type: str
    choices: [resume, wait, fail, supersede]
    default: resume
  wait:
    description: Whether to wait for the end of the deployment, or until the service is gone.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. The deployment goes on when they are over. ECS lets one bake for six minutes.
    type: int
    default: 1800
  log_lines:
    description: How many of the last log lines of a failed task the report holds.
    type: int
    default: 20
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module waits.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
seealso:
  - module: slipway.aws.ecs_service_rollout
  - module: slipway.aws.ecs_services_wait
"""

EXAMPLES = r"""
- name: A web application from nothing but its image and two roles
  slipway.aws.ecs_express_service:
    name: storefront
    infrastructure_role_arn: arn:aws:iam::123456789012:role/ecsInfrastructureRoleForExpressServices
    execution_role_arn: arn:aws:iam::123456789012:role/ecsTaskExecutionRole
    primary_container:
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront:1.4.2
      container_port: 8080
    health_check_path: /health
  register: storefront

- name: Say where it is
  ansible.builtin.debug:
    msg: "{{ storefront.endpoints[0].endpoint }}"

- name: Bring a new image out, and leave everything else as it is
  slipway.aws.ecs_express_service:
    name: storefront
    primary_container:
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront:1.4.3

- name: Scale between two and ten tasks by requests
  slipway.aws.ecs_express_service:
    name: storefront
    scaling_target:
      min_task_count: 2
      max_task_count: 10
      auto_scaling_metric: REQUEST_COUNT_PER_TARGET
      auto_scaling_target_value: 500

- name: Take it down, with its load balancer and whatever else ECS keeps for it
  slipway.aws.ecs_express_service:
    name: storefront
    state: absent
"""

RETURN = r"""
service:
  description: The service as it is now. In check mode as it would be. Empty when it does not exist.
  returned: success
  type: dict
  contains:
    service_arn:
      description: ARN of the service. In check mode a placeholder when it does not exist yet.
      type: str
    service_name:
      description: Name of the service.
      type: str
    cluster:
      description: The cluster, as ECS gives it.
      type: str
    infrastructure_role_arn:
      description: The role with which ECS manages what belongs to the service.
      type: str
    status:
      description: V(ACTIVE), V(DRAINING) or V(INACTIVE); V(PLANNED) in check mode for a service that does not exist.
      type: str
    status_reason:
      description: ECS's reason for the status.
      type: str
    configuration:
      description: The configuration of the service revision that the service has, with the names of the options, and
        C(service_revision_arn), C(task_definition_arn), C(ingress_paths) and C(created_at).
      type: dict
    tags:
      description: Tags of the service.
      type: dict
endpoints:
  description: Where the service is reached. Empty in check mode for a service that does not exist.
  returned: success
  type: list
  elements: dict
  contains:
    access_type:
      description: V(PUBLIC) or V(PRIVATE).
      type: str
    endpoint:
      description: The address.
      type: str
  sample:
    - access_type: PUBLIC
      endpoint: https://storefront-1a2b3c4d.ecs.us-east-1.on.aws
changes:
  description: The fields that change.
  returned: success
  type: list
  elements: dict
  contains:
    field:
      description: The field, such as C(primary_container.image).
      type: str
    before:
      description: Its value before.
      type: raw
    after:
      description: Its value afterwards.
      type: raw
    starts_deployment:
      description: Whether a change of this field starts a deployment.
      type: bool
will_start_deployment:
  description: Whether the run has started a deployment, or in check mode would start one.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
rollout:
  description: The deployment and its verdict, as RV(slipway.aws.ecs_service_rollout#module:rollout). Empty when there
    was none to judge.
  returned: success, and when a deployment failed
  type: dict
failure:
  description: As RV(slipway.aws.ecs_service_rollout#module:failure).
  returned: when a deployment failed
  type: dict
"""

from ..module_utils.core import SlipwayModule, run
from ..module_utils.ecs import express_service

CONTAINER = {
    "image": {"type": "str"},
    "container_port": {"type": "int"},
    "aws_logs_configuration": {
        "type": "dict",
        "options": {"log_group": {"type": "str"}, "log_stream_prefix": {"type": "str"}},
    },
    "repository_credentials": {"type": "dict", "options": {"credentials_parameter": {"type": "str", "no_log": False}}},
    "command": {"type": "list", "elements": "str"},
    "environment": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str", "required": True}, "value": {"type": "str"}},
    },
    "secrets": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {"name": {"type": "str", "required": True}, "value_from": {"type": "str", "required": True}},
    },
}
#: The options that are the service's settings.
SETTINGS = {
    "execution_role_arn": {"type": "str"},
    "task_role_arn": {"type": "str"},
    "task_definition_arn": {"type": "str"},
    "primary_container": {"type": "dict", "options": CONTAINER},
    "network_configuration": {
        "type": "dict",
        "options": {
            "subnets": {"type": "list", "elements": "str"},
            "security_groups": {"type": "list", "elements": "str"},
        },
    },
    "cpu": {"type": "str"},
    "memory": {"type": "str"},
    "cpu_architecture": {"type": "str", "choices": ["X86_64", "ARM64"]},
    "health_check_path": {"type": "str"},
    "scaling_target": {
        "type": "dict",
        "options": {
            "min_task_count": {"type": "int"},
            "max_task_count": {"type": "int"},
            "auto_scaling_metric": {
                "type": "str",
                "choices": ["AVERAGE_CPU", "AVERAGE_MEMORY", "REQUEST_COUNT_PER_TARGET"],
            },
            "auto_scaling_target_value": {"type": "int"},
        },
    },
    "tags": {"type": "dict"},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["service_name"]},
            "cluster": {"type": "str", "default": "default"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "infrastructure_role_arn": {"type": "str"},
            **SETTINGS,
            "purge_tags": {"type": "bool", "default": True},
            "on_running_deployment": {
                "type": "str",
                "choices": ["resume", "wait", "fail", "supersede"],
                "default": "resume",
            },
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1800},
            "log_lines": {"type": "int", "default": 20},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, express_service)


if __name__ == "__main__":
    main()

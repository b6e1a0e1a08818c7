# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_services_wait
version_added: 0.1.0
short_description: Wait for the deployments of several ECS services at once
description:
  - Follows the deployments of several services of a cluster to their ends, and judges each as
    M(slipway.aws.ecs_service_rollout) does, by its service deployment and the service revision that it brings out.
  - A service that CodeDeploy deploys is judged by the deployment of CodeDeploy whose id is given, or else by
    the one whose task set stands beside another.
  - One look at all of them is one call for each twenty deployments, however many services there are. Looks get rarer
    with time and under throttling.
  - Start the deployments with M(slipway.aws.ecs_service_rollout), which need not wait for them, and wait for all of
    them in one task. Without ids it waits for what is under way.
  - Fails when a deployment failed or has not ended in time, and says of each why. In check mode it looks once, does not
    wait and does not fail.
  - "IAM actions: C(ecs:DescribeServices), C(ecs:ListServiceDeployments), C(ecs:DescribeServiceDeployments), and for the
    report of a failure C(ecs:ListTasks), C(ecs:DescribeTasks), C(ecs:DescribeTaskDefinition),
    C(elasticloadbalancing:DescribeTargetHealth) and C(logs:GetLogEvents). Services that CodeDeploy deploys need
    C(codedeploy:BatchGetDeployments), and where their deployment is not named C(codedeploy:ListDeployments) and
    C(codedeploy:BatchGetDeploymentGroups)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  services:
    description: The services, and of each the deployment to wait for.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the service.
        type: str
        required: true
      deployment_id:
        description:
          - RV(slipway.aws.ecs_service_rollout#module:rollout.deployment_id) of the task that started the deployment.
          - Without it and O(services[].service_deployment_arn) the deployment that is under way is meant, if any.
        type: str
      service_deployment_arn:
        description: The service deployment, where it is known.
        type: str
      target_service_revision_arn:
        description: The service revision that the deployment has to bring out, where it is known.
        type: str
  wait_timeout:
    description: Seconds to wait at most, for all of them together. The deployments go on when they are over.
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
  - slipway.aws.attributes.info
"""

EXAMPLES = r"""
- name: Wait for whatever is under way in two services
  slipway.aws.ecs_services_wait:
    cluster: uex-prod
    services:
      - name: uex-backend
      - name: presentation

- name: Start a deployment and go on
  slipway.aws.ecs_service_rollout:
    cluster: uex-prod
    name: uex-backend
    containers:
      - image: registry.example.com/uex-backend:1.4.2
    wait: false
  register: started

- name: Wait for exactly this deployment, and for whatever is under way in another service
  slipway.aws.ecs_services_wait:
    cluster: uex-prod
    services:
      - name: uex-backend
        deployment_id: "{{ started.rollout.deployment_id }}"
      - name: presentation
"""

RETURN = r"""
services:
  description: Each service by its name.
  returned: always
  type: dict
  contains:
    verdict:
      description: V(successful), V(failed), V(not_ended), or V(idle) when no deployment was under way.
      type: str
    sentence:
      description: The verdict in words, with the likely cause of a failure.
      type: str
    judged_by:
      description: V(service_deployment), or V(rollout_state) where the endpoint has no service deployments, or
        V(code_deploy).
      type: str
    status:
      description: Status of the service deployment as ECS gives it.
      type: str
    service_deployment_arn:
      description: The service deployment.
      type: str
    target_service_revision_arn:
      description: The service revision that it has to bring out.
      type: str
    deployment_id:
      description: Id of the deployment in the service's own list.
      type: str
    running_count:
      description: Tasks that run.
      type: int
    desired_count:
      description: Tasks that shall run.
      type: int
    seconds:
      description: How long it was waited for, in seconds.
      type: float
    failure:
      description: As RV(slipway.aws.ecs_service_rollout#module:failure).
      returned: when it failed
      type: dict
  sample:
    uex-backend:
      verdict: successful
      sentence: The deployment was successful.
      running_count: 2
      desired_count: 2
"""

from ..module_utils.core import SlipwayModule, run
from ..module_utils.ecs import wait_for_services


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "services": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "deployment_id": {"type": "str"},
                    "service_deployment_arn": {"type": "str"},
                    "target_service_revision_arn": {"type": "str"},
                },
            },
            "wait_timeout": {"type": "int", "default": 1800},
            "log_lines": {"type": "int", "default": 20},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run(module, wait_for_services)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_services_info
version_added: 0.1.0
short_description: Tell how the services of an ECS cluster do
description:
  - Gathers services with their deployments, tasks, images by digest, health of their targets, reasons of stopped tasks,
    and last events.
  - One process, three waves of parallel calls. Ten services, a hundred tasks and twenty running deployments take one
    call each; the health of targets takes one call for each target group, because AWS has no other.
  - C(community.aws.ecs_service_info) asks for each service by itself and knows neither tasks nor targets.
  - "IAM actions: C(ecs:ListServices), C(ecs:DescribeServices), C(ecs:ListTasks), C(ecs:DescribeTasks),
    C(ecs:DescribeServiceDeployments), C(elasticloadbalancing:DescribeTargetHealth)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  services:
    description:
      - Names of the services to tell of. All of the cluster when the list is empty.
    type: list
    elements: str
    default: []
  events:
    description: How many of the last events of each service to tell, at most 100.
    type: int
    default: 5
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes.info
"""

EXAMPLES = r"""
- name: See how all services do
  slipway.aws.ecs_services_info:
    cluster: uex-prod
  register: status

- name: Show it
  ansible.builtin.debug:
    msg: "{{ status | slipway.aws.services_status }}"

- name: See which images two services run
  slipway.aws.ecs_services_info:
    cluster: uex-prod
    services: [uex-backend, presentation]
    events: 0
  register: status
"""

RETURN = r"""
cluster:
  description: The cluster as the task named it.
  returned: success
  type: str
services:
  description: The services by name. A service that was deleted is not among them.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the service.
      type: str
    condition:
      description:
        - V(steady), V(deploying), V(degraded) (fewer tasks than desired, or targets that are not healthy), V(failed)
          (a deployment failed and was not rolled back) or V(draining).
      type: str
    status:
      description: V(ACTIVE) or V(DRAINING).
      type: str
    task_definition:
      description: What the service runs, as C(family:revision).
      type: str
      sample: uex-prod-uex-backend:14
    desired_count:
      description: How many tasks shall run.
      type: int
    running_count:
      description: How many tasks run.
      type: int
    pending_count:
      description: How many tasks are starting.
      type: int
    rollout_state:
      description: C(rolloutState) of the primary deployment.
      type: str
      sample: COMPLETED
    images:
      description: The images that run, each with C(container), C(image), C(digest), and in how many C(tasks).
      type: list
      elements: dict
    deployments:
      description: The deployments that still have tasks, the primary one first; the task sets of a service that
        CodeDeploy deploys.
      type: list
      elements: dict
    running_deployment:
      description: The service deployment that is under way, with its stage. Empty when there is none.
      type: dict
    tasks:
      description: The tasks, the oldest first.
      type: list
      elements: dict
    stopped_tasks:
      description: The reasons for which tasks stopped within the last hour, counted, without those that were scaled in.
      type: list
      elements: dict
    targets:
      description: The targets in the load balancer's target groups, with C(state) and C(reason).
      type: list
      elements: dict
    events:
      description: The last events, the newest first, each with C(at) (ISO 8601) and C(message).
      type: list
      elements: dict
    checkpoint:
      description: The checkpoint that a deployment has set and not released, see M(slipway.aws.ecs_service_rollout).
      type: str
    not_reversible:
      description: The revision that is marked as not reversible.
      type: str
missing:
  description: The names in O(services) that no service has.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.ecs import services_info


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "str", "default": []},
            "events": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    run(module, services_info)


if __name__ == "__main__":
    main()

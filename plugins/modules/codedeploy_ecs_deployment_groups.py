# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_ecs_deployment_groups
version_added: 0.1.0
short_description: Manage CodeDeploy deployment groups for ECS services
description:
  - Makes a list of deployment groups for ECS services be as stated, with their applications. One call describes all
    groups of an application, and only the calls that differ follow, in parallel.
  - No other module manages deployment groups. M(slipway.aws.ecs_service_rollout) makes deployments with them.
  - The ECS service must exist when its group is made, with the deployment controller C(CODE_DEPLOY). With O(defer) one
    task before and one after the service is made are right whatever there is.
  - "IAM actions: C(codedeploy:BatchGetDeploymentGroups), C(codedeploy:ListDeploymentGroups),
    C(codedeploy:CreateApplication), C(codedeploy:CreateDeploymentGroup), C(codedeploy:UpdateDeploymentGroup),
    C(codedeploy:DeleteDeploymentGroup), C(codedeploy:DeleteApplication), C(codedeploy:ListTagsForResource),
    C(codedeploy:TagResource), C(codedeploy:UntagResource), C(iam:PassRole), and with O(defer) C(ecs:DescribeServices)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  deployment_groups:
    description: The deployment groups. What is not given of an existing one stays as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      application_name:
        description: Name of the application, which is made when it does not exist.
        type: str
        required: true
      deployment_group_name:
        description: Name of the deployment group.
        type: str
        required: true
      service_role_arn:
        description: ARN of the role that CodeDeploy takes on. Needed for a new group.
        type: str
      deployment_config_name:
        description:
          - Name of the configuration that says how traffic is shifted. A new group without it shifts all at once
            (V(CodeDeployDefault.ECSAllAtOnce)).
        type: str
      ecs_services:
        description: The service, exactly one. Needed for a new group.
        type: list
        elements: dict
        suboptions:
          service_name:
            description: Name of the service.
            type: str
            required: true
          cluster_name:
            description: Name of its cluster.
            type: str
            required: true
      load_balancer_info:
        description: The target groups that take turns, and the listeners that lead to them. Needed for a new group.
        type: dict
        suboptions:
          target_group_pair_info_list:
            description: The pair of target groups, exactly one.
            type: list
            elements: dict
            required: true
            suboptions:
              target_groups:
                description: The two target groups.
                type: list
                elements: dict
                required: true
                suboptions:
                  name:
                    description: Name of the target group.
                    type: str
                    required: true
              prod_traffic_route:
                description: The listener of the production traffic.
                type: dict
                required: true
                suboptions:
                  listener_arns:
                    description: ARN of the listener, exactly one.
                    type: list
                    elements: str
                    required: true
              test_traffic_route:
                description: The listener of the test traffic, where there is one.
                type: dict
                suboptions:
                  listener_arns:
                    description: ARN of the listener, exactly one.
                    type: list
                    elements: str
                    required: true
      blue_green_deployment_configuration:
        description:
          - What happens around the shift of traffic. A new group without it waits for nobody, and ends the original
            task set at once.
        type: dict
        suboptions:
          terminate_blue_instances_on_deployment_success:
            description: What becomes of the original task set.
            type: dict
            suboptions:
              action:
                description: Whether it ends.
                type: str
                choices: [TERMINATE, KEEP_ALIVE]
              termination_wait_time_in_minutes:
                description: Minutes before it ends, up to 2880. So long a rollback takes no time.
                type: int
          deployment_ready_option:
            description: Whether somebody must let the traffic be rerouted.
            type: dict
            suboptions:
              action_on_timeout:
                description: V(STOP_DEPLOYMENT) waits for somebody, and stops the deployment when nobody comes.
                type: str
                choices: [CONTINUE_DEPLOYMENT, STOP_DEPLOYMENT]
              wait_time_in_minutes:
                description: Minutes to wait for somebody.
                type: int
      auto_rollback_configuration:
        description: When CodeDeploy takes a deployment back.
        type: dict
        suboptions:
          enabled:
            description: Whether it does so at all.
            type: bool
            required: true
          events:
            description: What makes it do so.
            type: list
            elements: str
            choices: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM, DEPLOYMENT_STOP_ON_REQUEST]
      alarm_configuration:
        description: The alarms that stop a deployment.
        type: dict
        suboptions:
          enabled:
            description: Whether alarms stop it.
            type: bool
            required: true
          ignore_poll_alarm_failure:
            description: Whether a deployment goes on when the state of the alarms cannot be read.
            type: bool
          alarms:
            description: The alarms.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of the alarm.
                type: str
                required: true
      trigger_configurations:
        description: Topics that are told of deployments.
        type: list
        elements: dict
        suboptions:
          trigger_name:
            description: Name of the trigger.
            type: str
            required: true
          trigger_target_arn:
            description: ARN of the topic.
            type: str
            required: true
          trigger_events:
            description: What the topic is told of, such as V(DeploymentFailure).
            type: list
            elements: str
            required: true
      tags:
        description: Tags of the deployment group. Other tags are removed, unless O(purge_tags=false).
        type: dict
  purge_tags:
    description: Whether tags go that a group's C(tags) leave out.
    type: bool
    default: true
  defer:
    description: Whether new groups whose service does not exist are left out and named in RV(deferred).
    type: bool
    default: false
  state:
    description:
      - Whether the listed groups shall exist.
      - With V(absent) an application goes with its last deployment group.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Let CodeDeploy deploy the service presentation
  slipway.aws.codedeploy_ecs_deployment_groups:
    deployment_groups:
      - application_name: uex-prod
        deployment_group_name: presentation
        service_role_arn: arn:aws:iam::123456789012:role/uex-prod-codedeploy
        deployment_config_name: CodeDeployDefault.ECSLinear10PercentEvery1Minutes
        ecs_services:
          - cluster_name: uex-prod
            service_name: presentation
        load_balancer_info:
          target_group_pair_info_list:
            - target_groups:
                - name: presentation-blue
                - name: presentation-green
              prod_traffic_route:
                listener_arns: ["{{ https_listener_arn }}"]
              test_traffic_route:
                listener_arns: ["{{ test_listener_arn }}"]
        blue_green_deployment_configuration:
          terminate_blue_instances_on_deployment_success:
            action: TERMINATE
            termination_wait_time_in_minutes: 30
        auto_rollback_configuration:
          enabled: true
          events: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM, DEPLOYMENT_STOP_ON_REQUEST]
"""

RETURN = r"""
deployment_groups:
  description: The groups by C(application/group), with the names of CodeDeploy's API in snake case.
  returned: success
  type: dict
  contains:
    deployment_group_id:
      description: Id of the group. Not in check mode for one that does not exist.
      type: str
    arn:
      description: ARN of the group. Not in check mode for one that does not exist.
      type: str
    deployment_config_name:
      description: Name of the configuration by which traffic is shifted.
      type: str
deferred:
  description: The new groups, as C(application/group), that were left out because their service does not exist.
  returned: success
  type: list
  elements: str
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    name:
      description: The group as C(application/group), or an application.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from ansible_collections.slipway.aws.plugins.module_utils.codedeploy import DEPLOYMENT_GROUP, deployment_groups
from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, run


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "deployment_groups": {"type": "list", "elements": "dict", "required": True, "options": DEPLOYMENT_GROUP},
            "purge_tags": {"type": "bool", "default": True},
            "defer": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, deployment_groups)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: application_autoscaling_targets
version_added: 0.1.0
short_description: Manage what scales itself
description:
  - Makes a list of scalable targets exist as stated, each with its limits, its scaling policies, its scheduled actions
    and whether scaling is suspended. By default a target is the desired count of an ECS service.
  - C(community.aws.application_autoscaling_policy) writes in check mode, cannot schedule, and deregisters no target.
  - "IAM actions: C(application-autoscaling:DescribeScalableTargets),
    C(application-autoscaling:DescribeScalingPolicies),
    C(application-autoscaling:DescribeScheduledActions), C(application-autoscaling:RegisterScalableTarget),
    C(application-autoscaling:PutScalingPolicy), C(application-autoscaling:DeleteScalingPolicy),
    C(application-autoscaling:PutScheduledAction), C(application-autoscaling:DeleteScheduledAction),
    C(application-autoscaling:DeregisterScalableTarget), and on behalf of the policies C(ecs:DescribeServices),
    C(ecs:UpdateService), C(cloudwatch:DescribeAlarms), C(cloudwatch:PutMetricAlarm), C(cloudwatch:DeleteAlarms). The
    first target of an account also needs C(iam:CreateServiceLinkedRole)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  targets:
    description:
      - The targets. What an entry leaves out is not touched on an existing target.
    type: list
    elements: dict
    default: []
    suboptions:
      resource_id:
        description: What scales, such as C(service/uex-prod/uex-backend).
        type: str
        required: true
      min_capacity:
        description: Lower limit. Needed to register a target.
        type: int
      max_capacity:
        description: Upper limit. Needed to register a target.
        type: int
      role_arn:
        description: Role with which Application Auto Scaling acts, for services that have no service-linked role.
        type: str
      suspended:
        description: Which scaling rests. What is left out is not touched.
        type: dict
        suboptions:
          scale_in:
            description: Whether policies do not remove capacity.
            type: bool
          scale_out:
            description: Whether policies do not add capacity.
            type: bool
          scheduled:
            description: Whether scheduled actions do not run.
            type: bool
      policies:
        description:
          - Scaling policies, each with either O(targets[].policies[].target_tracking) or O(targets[].policies[].step).
          - Other policies are deleted, unless O(purge_policies=false).
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the policy.
            type: str
            required: true
          target_tracking:
            description: Keep a metric near a value. Needs a predefined or a customized metric.
            type: dict
            suboptions:
              target_value:
                description: The value.
                type: float
                required: true
              metric:
                description: The predefined metric, such as V(ECSServiceAverageCPUUtilization).
                type: str
              resource_label:
                description:
                  - Which load balancer and target group, with V(ALBRequestCountPerTarget); the two names of
                    CloudWatch's dimensions with a slash between.
                type: str
              customized_metric:
                description: A metric of one's own.
                type: dict
                suboptions:
                  name:
                    description: Name of the metric.
                    type: str
                    required: true
                  namespace:
                    description: Namespace of the metric.
                    type: str
                    required: true
                  statistic:
                    description: Statistic.
                    type: str
                    choices: [Average, Minimum, Maximum, SampleCount, Sum]
                    required: true
                  dimensions:
                    description: Dimensions of the metric.
                    type: dict
                  unit:
                    description: Unit of the metric.
                    type: str
              scale_in_cooldown:
                description: Seconds between removing capacity and removing more.
                type: int
              scale_out_cooldown:
                description: Seconds between adding capacity and adding more.
                type: int
              disable_scale_in:
                description: Whether the policy only adds capacity.
                type: bool
                default: false
          step:
            description: Change the capacity by how far an alarm's metric is beyond its threshold.
            type: dict
            suboptions:
              adjustment_type:
                description: What the adjustments mean.
                type: str
                choices: [ChangeInCapacity, PercentChangeInCapacity, ExactCapacity]
                required: true
              steps:
                description: The steps; their bounds count from the alarm's threshold.
                type: list
                elements: dict
                required: true
                suboptions:
                  adjustment:
                    description: By how much.
                    type: int
                    required: true
                  lower_bound:
                    description: From here on.
                    type: float
                  upper_bound:
                    description: Up to here.
                    type: float
              cooldown:
                description: Seconds until the next change.
                type: int
              min_adjustment_magnitude:
                description: Least change, with V(PercentChangeInCapacity).
                type: int
              metric_aggregation_type:
                description: How the metric is aggregated.
                type: str
                choices: [Average, Minimum, Maximum]
      scheduled_actions:
        description:
          - Changes of the limits by the clock.
          - Other scheduled actions are deleted, unless O(purge_policies=false).
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the action.
            type: str
            required: true
          schedule:
            description: When, as C(cron(...)), C(rate(...)) or C(at(...)).
            type: str
            required: true
          timezone:
            description: Time zone of the schedule, such as V(Europe/Berlin).
            type: str
          min_capacity:
            description: Lower limit from then on.
            type: int
          max_capacity:
            description: Upper limit from then on.
            type: int
          start_time:
            description: The action does not run before, in ISO 8601.
            type: str
          end_time:
            description: The action does not run after, in ISO 8601.
            type: str
  state:
    description: Whether the targets shall be registered. Policies, their alarms and scheduled actions go with a target.
    type: str
    choices: [present, absent]
    default: present
  service_namespace:
    description: The service whose resources scale.
    type: str
    default: ecs
  scalable_dimension:
    description: What about them scales.
    type: str
    default: ecs:service:DesiredCount
  purge_policies:
    description: Whether policies and scheduled actions go that an entry's lists leave out.
    type: bool
    default: true
  purge:
    description: Whether to deregister other targets whose resource id starts with O(resource_id_prefix).
    type: bool
    default: false
  resource_id_prefix:
    description:
      - Beginning of the resource ids that O(purge) looks at, such as C(service/uex-dev/) for a whole cluster.
      - Needed with O(purge=true).
    type: str
    default: ''
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Scale a service on CPU and memory, and let it rest at night
  slipway.aws.application_autoscaling_targets:
    targets:
      - resource_id: service/uex-staging/uex-backend
        min_capacity: 2
        max_capacity: 10
        policies:
          - name: cpu
            target_tracking:
              metric: ECSServiceAverageCPUUtilization
              target_value: 60
              scale_in_cooldown: 300
              scale_out_cooldown: 60
          - name: memory
            target_tracking:
              metric: ECSServiceAverageMemoryUtilization
              target_value: 75
        scheduled_actions:
          - name: night
            schedule: cron(0 20 * * ? *)
            timezone: Europe/Berlin
            min_capacity: 0
            max_capacity: 0
          - name: day
            schedule: cron(0 6 ? * MON-FRI *)
            timezone: Europe/Berlin
            min_capacity: 2
            max_capacity: 10
"""

RETURN = r"""
targets:
  description: The targets in O(targets) by resource id, as they are now. In check mode as they would be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the target. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/0ec5xxxxxxxxxx
    min_capacity:
      description: Lower limit.
      type: int
      sample: 2
    max_capacity:
      description: Upper limit.
      type: int
      sample: 10
    suspended:
      description: Which scaling rests.
      type: dict
    policies:
      description: Its policies by name.
      type: dict
    scheduled_actions:
      description: Its scheduled actions by name.
      type: dict
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
      description: Resource id of the target.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.application_autoscaling import (
    ScalableTarget,
    wanted_policy,
    wanted_scheduled_action,
)
from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)


def _by_name(
    target: str, field: str, items: list[dict[str, Any]] | None, normal: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any] | None:
    if items is None:
        return None
    named: dict[str, Any] = {}
    for item in items:
        if item["name"] in named:
            raise AnsibleAWSError(
                message=f"targets: {field} of {target}: the name {item['name']} stands twice; each may stand once."
            )
        named[item["name"]] = normal(item)
    return named


def _wanted(targets: list[dict[str, Any]], state: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for target in targets:
        name = target["resource_id"]
        if name in wanted:
            raise AnsibleAWSError(message=f"targets: {name} stands twice; each resource id may stand once.")
        wanted[name] = _target(name, target) if state == "present" else None
    return wanted


def _target(name: str, target: dict[str, Any]) -> State:
    lowest, highest = target["min_capacity"], target["max_capacity"]
    if lowest is not None and highest is not None and lowest > highest:
        raise AnsibleAWSError(
            message=f"targets: min_capacity of {name} is {lowest}; at most its max_capacity {highest} is allowed."
        )
    return given(
        {
            "min_capacity": lowest,
            "max_capacity": highest,
            "suspended": given(target["suspended"]) if target["suspended"] else None,
            "policies": _by_name(name, "policies", target["policies"], wanted_policy),
            "scheduled_actions": _by_name(
                name, "scheduled_actions", target["scheduled_actions"], wanted_scheduled_action
            ),
        }
    )


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options["targets"], options["state"])
    roles = {target["resource_id"]: target["role_arn"] for target in options["targets"]}
    resource = ScalableTarget(
        module.client("application-autoscaling"),
        (options["service_namespace"], options["scalable_dimension"]),
        wanted,
        roles=given(roles),
        purge_policies=options["purge_policies"],
        prefix=options["resource_id_prefix"] if options["purge"] else "",
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(targets={name: outcome.items[name] for name in wanted if name in outcome.items})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "targets": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "resource_id": {"type": "str", "required": True},
                    "min_capacity": {"type": "int"},
                    "max_capacity": {"type": "int"},
                    "role_arn": {"type": "str"},
                    "suspended": {
                        "type": "dict",
                        "options": {
                            "scale_in": {"type": "bool"},
                            "scale_out": {"type": "bool"},
                            "scheduled": {"type": "bool"},
                        },
                    },
                    "policies": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "name": {"type": "str", "required": True},
                            "target_tracking": {
                                "type": "dict",
                                "options": {
                                    "target_value": {"type": "float", "required": True},
                                    "metric": {"type": "str"},
                                    "resource_label": {"type": "str"},
                                    "customized_metric": {
                                        "type": "dict",
                                        "options": {
                                            "name": {"type": "str", "required": True},
                                            "namespace": {"type": "str", "required": True},
                                            "statistic": {
                                                "type": "str",
                                                "choices": ["Average", "Minimum", "Maximum", "SampleCount", "Sum"],
                                                "required": True,
                                            },
                                            "dimensions": {"type": "dict"},
                                            "unit": {"type": "str"},
                                        },
                                    },
                                    "scale_in_cooldown": {"type": "int"},
                                    "scale_out_cooldown": {"type": "int"},
                                    "disable_scale_in": {"type": "bool", "default": False},
                                },
                                "required_one_of": [("metric", "customized_metric")],
                                "mutually_exclusive": [("metric", "customized_metric")],
                            },
                            "step": {
                                "type": "dict",
                                "options": {
                                    "adjustment_type": {
                                        "type": "str",
                                        "choices": ["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"],
                                        "required": True,
                                    },
                                    "steps": {
                                        "type": "list",
                                        "elements": "dict",
                                        "required": True,
                                        "options": {
                                            "adjustment": {"type": "int", "required": True},
                                            "lower_bound": {"type": "float"},
                                            "upper_bound": {"type": "float"},
                                        },
                                    },
                                    "cooldown": {"type": "int"},
                                    "min_adjustment_magnitude": {"type": "int"},
                                    "metric_aggregation_type": {
                                        "type": "str",
                                        "choices": ["Average", "Minimum", "Maximum"],
                                    },
                                },
                            },
                        },
                        "required_one_of": [("target_tracking", "step")],
                        "mutually_exclusive": [("target_tracking", "step")],
                    },
                    "scheduled_actions": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "name": {"type": "str", "required": True},
                            "schedule": {"type": "str", "required": True},
                            "timezone": {"type": "str"},
                            "min_capacity": {"type": "int"},
                            "max_capacity": {"type": "int"},
                            "start_time": {"type": "str"},
                            "end_time": {"type": "str"},
                        },
                        "required_one_of": [("min_capacity", "max_capacity")],
                    },
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "service_namespace": {"type": "str", "default": "ecs"},
            "scalable_dimension": {"type": "str", "default": "ecs:service:DesiredCount"},
            "purge_policies": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "resource_id_prefix": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["resource_id_prefix"]:
        module.fail_json(msg="purge: resource_id_prefix is empty, so targets of others could go; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()

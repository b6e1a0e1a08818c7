# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_metric_alarms
version_added: 0.1.0
short_description: Manage CloudWatch alarms, hundreds at a time
description:
  - Makes a list of alarms exist as stated - on one metric, on a percentile, on metric math, on an anomaly, or
    composite.
  - Describes and deletes in batches of 100 and saves only alarms that differ, in parallel.
  - Unlike M(amazon.aws.cloudwatch_metric_alarm) it manages tags, metric math without a change on each run, anomaly
    alarms, composite alarms and C(actions_enabled).
  - "IAM actions: C(cloudwatch:DescribeAlarms), C(cloudwatch:PutMetricAlarm), C(cloudwatch:PutCompositeAlarm),
    C(cloudwatch:DeleteAlarms), C(cloudwatch:ListTagsForResource), C(cloudwatch:TagResource),
    C(cloudwatch:UntagResource), C(tag:GetResources) (optional, saves calls), C(sts:GetCallerIdentity)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  alarms:
    description:
      - The alarms.
      - Each has exactly one of O(alarms[].metric_name), O(alarms[].metrics) and O(alarms[].alarm_rule).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the alarm.
        type: str
        required: true
      description:
        description: What the alarm means, and what to do.
        type: str
      actions_enabled:
        description: Whether the alarm does anything when its state changes.
        type: bool
      alarm_actions:
        description: ARNs of what happens when the alarm goes off. Order has no meaning.
        type: list
        elements: str
      ok_actions:
        description: ARNs of what happens when the alarm ends. Order has no meaning.
        type: list
        elements: str
      insufficient_data_actions:
        description: ARNs of what happens when there is no data. Order has no meaning.
        type: list
        elements: str
      namespace:
        description: Namespace of the metric.
        type: str
      metric_name:
        description: Name of the metric.
        type: str
      dimensions:
        description: Dimensions of the metric.
        type: dict
      statistic:
        description: Statistic of the metric. Mutually exclusive with O(alarms[].extended_statistic).
        type: str
        choices: [SampleCount, Average, Sum, Minimum, Maximum]
      extended_statistic:
        description: Percentile or other extended statistic, such as V(p95) or V(tm99).
        type: str
      period:
        description: Seconds over which the statistic is taken.
        type: int
      unit:
        description: Unit of the metric. Better left out.
        type: str
      metrics:
        description: Metrics and expressions of an alarm on metric math or on an anomaly. Order has no meaning.
        type: list
        elements: dict
        suboptions:
          id:
            description: Name of the result in expressions.
            type: str
            required: true
          expression:
            description: Expression over other results, for instance V(ANOMALY_DETECTION_BAND(m1, 2)).
            type: str
          label:
            description: Name of the result for people.
            type: str
          period:
            description: Seconds over which the expression is taken.
            type: int
          account_id:
            description: Account of the metric, when it is another one.
            type: str
          return_data:
            description: Whether this is what the alarm looks at. V(true) when left out.
            type: bool
          metric_stat:
            description: The metric. Mutually exclusive with O(alarms[].metrics[].expression).
            type: dict
            suboptions:
              namespace:
                description: Namespace of the metric.
                type: str
              metric_name:
                description: Name of the metric.
                type: str
                required: true
              dimensions:
                description: Dimensions of the metric.
                type: dict
              period:
                description: Seconds over which the statistic is taken.
                type: int
                required: true
              stat:
                description: Statistic, such as V(Sum) or V(p99).
                type: str
                required: true
              unit:
                description: Unit of the metric.
                type: str
      threshold:
        description: Value to compare with. Mutually exclusive with O(alarms[].threshold_metric_id).
        type: float
      threshold_metric_id:
        description: Id of the anomaly band to compare with.
        type: str
      comparison_operator:
        description: How the value is compared.
        type: str
        choices:
          - GreaterThanOrEqualToThreshold
          - GreaterThanThreshold
          - LessThanThreshold
          - LessThanOrEqualToThreshold
          - LessThanLowerOrGreaterThanUpperThreshold
          - LessThanLowerThreshold
          - GreaterThanUpperThreshold
      evaluation_periods:
        description: How many periods are looked at.
        type: int
      datapoints_to_alarm:
        description: How many of them must breach the threshold.
        type: int
      treat_missing_data:
        description: What a missing datapoint means.
        type: str
        choices: [breaching, notBreaching, ignore, missing]
      evaluate_low_sample_count_percentile:
        description: What a percentile over few samples means.
        type: str
        choices: [evaluate, ignore]
      alarm_rule:
        description: Rule of a composite alarm over other alarms, for instance V(ALARM("a"\) AND ALARM("b"\)).
        type: str
      actions_suppressor:
        description: Alarm that, while it is on, suppresses the actions of this composite alarm.
        type: str
      actions_suppressor_wait_period:
        description: Seconds to wait for the suppressor to go on.
        type: int
      actions_suppressor_extension_period:
        description: Seconds to wait after the suppressor has gone off.
        type: int
      tags:
        description: Tags of this alarm, added to O(tags).
        type: dict
  state:
    description: Whether the listed alarms shall exist.
    type: str
    choices: [present, absent]
    default: present
  name_prefix:
    description: All listed alarms start with this. Needed with O(purge=true).
    type: str
    default: ''
  purge:
    description: Whether to delete other alarms whose name starts with O(name_prefix) and that carry O(purge_tagged).
    type: bool
    default: false
  purge_tagged:
    description: Tags that an alarm must carry to be purged, so that a longer prefix of somebody else is safe.
    type: dict
    default: {}
  tags:
    description: Tags of all listed alarms.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether to remove tags that are not stated, when tags are stated.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create the alarms of an environment, and delete those that are no longer listed
  slipway.aws.cloudwatch_metric_alarms:
    name_prefix: uex-prod-
    purge: true
    purge_tagged: {Project: uex, Environment: prod}
    tags: {Project: uex, Environment: prod}
    alarms:
      - name: uex-prod-alb-response-time
        namespace: AWS/ApplicationELB
        metric_name: TargetResponseTime
        dimensions: {LoadBalancer: app/uex-prod-alb/0123456789abcdef}
        extended_statistic: p95
        period: 60
        evaluation_periods: 5
        threshold: 2
        comparison_operator: GreaterThanThreshold
        treat_missing_data: notBreaching
        alarm_actions: ["{{ topics.warning }}"]
      - name: uex-prod-error-rate
        evaluation_periods: 5
        threshold: 5
        comparison_operator: GreaterThanThreshold
        metrics:
          - id: rate
            expression: 100 * errors / requests
            label: Error rate
          - id: errors
            return_data: false
            metric_stat: {namespace: BillPay/Backend, metric_name: ErrorCount, period: 60, stat: Sum}
          - id: requests
            return_data: false
            metric_stat: {namespace: BillPay/Backend, metric_name: RequestCount, period: 60, stat: Sum}
      - name: uex-prod-down
        alarm_rule: ALARM("uex-prod-alb-response-time") AND ALARM("uex-prod-error-rate")
        alarm_actions: ["{{ topics.critical }}"]
"""

RETURN = r"""
alarms:
  description: The listed alarms by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    alarm_arn:
      description: ARN of the alarm.
      type: str
      sample: arn:aws:cloudwatch:us-east-1:123456789012:alarm:uex-prod-down
    kind:
      description: V(metric) or V(composite).
      type: str
    state_value:
      description: State of the alarm.
      type: str
      sample: INSUFFICIENT_DATA
    tags:
      description: Tags of the alarm, when the task states tags.
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
      description: Name of the alarm.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._cloudwatch.transformations import check_alarms, from_option
from ansible_collections.slipway.aws.plugins.module_utils.cloudwatch import Alarm
from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, State, reconcile, run


def _tags(options: dict[str, Any]) -> dict[str, dict[str, str] | None]:
    common = options["tags"]
    return {
        alarm["name"]: (
            None
            if common is None and alarm["tags"] is None
            else {key: str(value) for key, value in {**(common or {}), **(alarm["tags"] or {})}.items()}
        )
        for alarm in options["alarms"]
    }


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    present = options["state"] == "present"
    check_alarms(options["alarms"], options["name_prefix"], present=present)
    tags = _tags(options)
    resource = Alarm(
        module.client("cloudwatch"),
        module.client("resourcegroupstaggingapi"),
        module.client("sts"),
        region=module.region,
        names=[alarm["name"] for alarm in options["alarms"]],
        tags=tags,
        purge_tags=options["purge_tags"],
        purge_prefix=options["name_prefix"] if options["purge"] else "",
        purge_tagged=options["purge_tagged"],
    )
    wanted: dict[str, State | None] = {
        alarm["name"]: {**from_option(alarm), "tags": tags[alarm["name"]]} if present else None
        for alarm in options["alarms"]
    }
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(alarms={name: state for name, state in outcome.items.items() if name in wanted})


METRIC_STAT: dict[str, Any] = {
    "namespace": {"type": "str"},
    "metric_name": {"type": "str", "required": True},
    "dimensions": {"type": "dict"},
    "period": {"type": "int", "required": True},
    "stat": {"type": "str", "required": True},
    "unit": {"type": "str"},
}
QUERY: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "expression": {"type": "str"},
    "label": {"type": "str"},
    "period": {"type": "int"},
    "account_id": {"type": "str"},
    "return_data": {"type": "bool"},
    "metric_stat": {"type": "dict", "options": METRIC_STAT},
}
ALARM: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "actions_enabled": {"type": "bool"},
    "alarm_actions": {"type": "list", "elements": "str"},
    "ok_actions": {"type": "list", "elements": "str"},
    "insufficient_data_actions": {"type": "list", "elements": "str"},
    "namespace": {"type": "str"},
    "metric_name": {"type": "str"},
    "dimensions": {"type": "dict"},
    "statistic": {"type": "str", "choices": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]},
    "extended_statistic": {"type": "str"},
    "period": {"type": "int"},
    "unit": {"type": "str"},
    "metrics": {
        "type": "list",
        "elements": "dict",
        "options": QUERY,
        "required_one_of": [("expression", "metric_stat")],
        "mutually_exclusive": [("expression", "metric_stat")],
    },
    "threshold": {"type": "float"},
    "threshold_metric_id": {"type": "str"},
    "comparison_operator": {
        "type": "str",
        "choices": [
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "GreaterThanUpperThreshold",
        ],
    },
    "evaluation_periods": {"type": "int"},
    "datapoints_to_alarm": {"type": "int"},
    "treat_missing_data": {"type": "str", "choices": ["breaching", "notBreaching", "ignore", "missing"]},
    "evaluate_low_sample_count_percentile": {"type": "str", "choices": ["evaluate", "ignore"]},
    "alarm_rule": {"type": "str"},
    "actions_suppressor": {"type": "str"},
    "actions_suppressor_wait_period": {"type": "int"},
    "actions_suppressor_extension_period": {"type": "int"},
    "tags": {"type": "dict"},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "alarms": {"type": "list", "elements": "dict", "default": [], "options": ALARM},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name_prefix": {"type": "str", "default": ""},
            "purge": {"type": "bool", "default": False},
            "purge_tagged": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["name_prefix"]:
        module.fail_json(msg="purge: name_prefix is empty, so every alarm of the account would be looked at; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()

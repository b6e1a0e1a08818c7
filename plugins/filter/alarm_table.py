# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the alarms of an environment from what exists in it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alarm_table
short_description: The alarms of an environment
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list of alarms that M(slipway.aws.cloudwatch_metric_alarms) takes.
  - "Kinds on each service: V(ecs-cpu), V(ecs-memory), V(ecs-tasks) and V(alb-unhealthy). On the load balancer:
    V(alb-5xx), V(alb-target-5xx), V(alb-4xx) and V(alb-response-time). On each database: V(rds-cpu), V(rds-storage),
    V(rds-connections), V(rds-read-latency), V(rds-write-latency), and on replicas V(rds-replica-lag). On each Redis
    node: V(redis-cpu), V(redis-memory), V(redis-evictions) and V(redis-connections)."
  - An alarm's name is the prefix, the kind and, where there may be several, the subject.
positional: prefix, topics
options:
  _input:
    description: >-
      What is watched, as P(slipway.aws.monitoring_subjects#filter) gives it.
    type: dict
    required: true
  prefix:
    description: Beginning of every name.
    type: str
    required: true
  topics:
    description: ARNs of the topics by severity, V(critical), V(warning) and V(info).
    type: dict
    required: true
  overrides:
    description:
      - By kind (V(ecs-cpu)) or by single alarm (V(ecs-cpu-uex-backend)), what is otherwise. The latter wins.
      - It may set C(threshold), C(period), C(evaluation_periods), C(datapoints_to_alarm), C(treat_missing_data),
        C(statistic), C(description), C(actions_enabled), C(severity), and C(enabled), which with V(false) drops the
        alarm.
    type: dict
    default: {}
  custom:
    description:
      - Further alarms, as M(slipway.aws.cloudwatch_metric_alarms) takes them, each with a C(severity) that says which
        topic it goes to.
    type: list
    elements: dict
    default: []
  service_down:
    description: Whether each service has a composite alarm V(service-down) over its tasks and its targets.
    type: bool
    default: false
  notify_ok:
    description: Whether the topic also hears of the end of an alarm.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Create the alarms
  slipway.aws.cloudwatch_metric_alarms:
    alarms: "{{ subjects | slipway.aws.alarm_table('uex-prod', topics, overrides=overrides) }}"
  vars:
    overrides:
      ecs-cpu: {threshold: 90}
      ecs-cpu-processing-tier: {threshold: 95, severity: critical}
      alb-4xx: {enabled: false}
"""

RETURN = r"""
_value:
  description: The alarms.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.aws.plugins.plugin_utils.alarms import AlarmError
from ansible_collections.slipway.aws.plugins.plugin_utils.alarms import alarm_table as table


def alarm_table(
    subjects: Mapping[str, Any], prefix: str, topics: Mapping[str, str], **options: Any
) -> list[dict[str, Any]]:
    try:
        return table(subjects, prefix, topics, **options)
    except AlarmError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"alarm_table": alarm_table}

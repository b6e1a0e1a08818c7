# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composite alarms, and how alarms are listed, begin and end.

AWS (CloudWatch API reference): PutCompositeAlarm needs the alarms that its rule names; DescribeAlarms answers with
metric alarms only unless AlarmTypes asks for others, in pages of at most 100; a new alarm is in INSUFFICIENT_DATA and
an updated one keeps its state; DeleteAlarms takes at most 100 alarms, at most one of them composite, and none that a
composite alarm still names.
moto 5.2.5: has no PutCompositeAlarm, knows neither AlarmTypes nor pages, begins in OK and deletes anything.
Can go when moto has PutCompositeAlarm and AlarmTypes.
"""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock

MAXIMUM = 100
DEFAULT_PAGE = 50
REFERENCE = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*\"?([^\"()]+?)\"?\s*\)")
SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")

_put_metric_alarm = CloudWatchBackend.put_metric_alarm


def names_in(rule: str) -> set[str]:
    """The alarms that a composite alarm's rule names, whether by name or by ARN."""
    return {reference.rpartition(":alarm:")[2] for reference in REFERENCE.findall(rule)}


def put_metric_alarm(self: CloudWatchBackend, name: str, *args: Any, **kwargs: Any) -> Alarm:
    before = self.alarms.get(name)
    if before is not None:
        # Tags are for new alarms; those of an existing one stay.
        kwargs["tags"] = []
    alarm = _put_metric_alarm(self, name, *args, **kwargs)
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        alarm.state_reason_data, alarm.history = before.state_reason_data, before.history
    return alarm


def put_composite_alarm(self: CloudWatchResponse) -> EmptyResult:
    rule = self._get_param("AlarmRule")
    missing = sorted(names_in(rule) - self.cloudwatch_backend.alarms.keys())
    if missing:
        raise ValidationError(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
    actions_enabled = self._get_bool_param("ActionsEnabled")
    alarm = self.cloudwatch_backend.put_metric_alarm(
        name=self._get_param("AlarmName"),
        namespace=None,
        metric_name=None,
        metric_data_queries=[],
        comparison_operator=None,
        evaluation_periods=None,
        datapoints_to_alarm=None,
        period=None,
        threshold=None,
        statistic=None,
        extended_statistic=None,
        description=self._get_param("AlarmDescription"),
        dimensions=[],
        alarm_actions=self._get_param("AlarmActions", []),
        ok_actions=self._get_param("OKActions", []),
        insufficient_data_actions=self._get_param("InsufficientDataActions", []),
        unit=None,
        actions_enabled=True if actions_enabled is None else actions_enabled,
        treat_missing_data=None,
        evaluate_low_sample_count_percentile=None,
        threshold_metric_id=None,
        rule=rule,
        tags=self._get_param("Tags", []),
    )
    alarm.suppression = {name: self._get_param(name) for name in SUPPRESSION}
    return EmptyResult()


def _composite(alarm: Alarm) -> dict[str, Any]:
    suppression = {name: value for name, value in getattr(alarm, "suppression", {}).items() if value is not None}
    return {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.alarm_arn,
        "AlarmDescription": alarm.description,
        "AlarmRule": alarm.rule,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "OKActions": alarm.ok_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        **suppression,
    }


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    types = self._get_param("AlarmTypes") or ["MetricAlarm"]
    names = self._get_param("AlarmNames", [])
    if len(names) > MAXIMUM:
        raise ValidationError("AlarmNames: the maximum number of names is 100")
    prefix = self._get_param("AlarmNamePrefix") or ""
    state = self._get_param("StateValue")
    action_prefix = self._get_param("ActionPrefix")
    found = [
        alarm
        for name, alarm in sorted(self.cloudwatch_backend.alarms.items())
        if (not names or name in names)
        and name.startswith(prefix)
        and (not state or alarm.state_value == state)
        and (not action_prefix or any(action.startswith(action_prefix) for action in alarm.alarm_actions))
        and ("CompositeAlarm" if alarm.rule is not None else "MetricAlarm") in types
    ]
    size = min(MAXIMUM, int(self._get_param("MaxRecords") or (MAXIMUM if names else DEFAULT_PAGE)))
    start = int(self._get_param("NextToken") or 0)
    page = found[start : start + size]
    more = start + size < len(found)
    return ActionResult(
        {
            "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
            "CompositeAlarms": [_composite(alarm) for alarm in page if alarm.rule is not None],
            "NextToken": str(start + size) if more else None,
        }
    )


def delete_alarms(self: CloudWatchBackend, alarm_names: list[str]) -> None:
    if len(alarm_names) > MAXIMUM:
        raise ValidationError("AlarmNames: the maximum number of names is 100")
    composite = [name for name in alarm_names if name in self.alarms and self.alarms[name].rule is not None]
    if len(composite) > 1:
        raise InvalidParameterCombination("Only one composite alarm can be deleted in one operation.")
    for name in alarm_names:
        if any(
            alarm.rule is not None and name in names_in(alarm.rule)
            for parent, alarm in self.alarms.items()
            if parent not in alarm_names
        ):
            raise ValidationError(f"Cannot delete {name} as there are still composite alarm(s) depending on it.")
    for name in alarm_names:
        alarm = self.alarms.pop(name, None)
        if alarm is not None:
            self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)


def apply(clock: Clock) -> None:
    CloudWatchBackend.put_metric_alarm = put_metric_alarm
    CloudWatchBackend.delete_alarms = delete_alarms
    CloudWatchResponse.put_composite_alarm = put_composite_alarm
    CloudWatchResponse.describe_alarms = describe_alarms

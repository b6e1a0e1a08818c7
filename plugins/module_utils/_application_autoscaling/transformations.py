# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and scheduled actions: AWS's forms and the module's. Pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..core import given

_SUSPENDED: dict[str, str] = {
    "scale_in": "DynamicScalingInSuspended",
    "scale_out": "DynamicScalingOutSuspended",
    "scheduled": "ScheduledScalingSuspended",
}


def target_state(target: Mapping[str, Any]) -> dict[str, Any]:
    """A scalable target as the module speaks of it, without what hangs on it."""
    suspended = target.get("SuspendedState") or {}
    return {
        "arn": target.get("ScalableTargetARN", ""),
        "min_capacity": target["MinCapacity"],
        "max_capacity": target["MaxCapacity"],
        "suspended": {name: suspended.get(key, False) for name, key in _SUSPENDED.items()},
    }


def suspended_request(suspended: Mapping[str, bool] | None) -> dict[str, bool] | None:
    """The suspended state as AWS takes it."""
    if suspended is None:
        return None
    return {key: suspended[name] for name, key in _SUSPENDED.items() if suspended.get(name) is not None}


def wanted_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of the task in its normal form, with AWS's defaults, so that two can be compared."""
    tracking, step = policy.get("target_tracking"), policy.get("step")
    if tracking:
        customized = tracking.get("customized_metric")
        return {
            "type": "TargetTrackingScaling",
            "target_value": float(tracking["target_value"]),
            "metric": tracking.get("metric") or "",
            "resource_label": tracking.get("resource_label") or "",
            "customized_metric": _metric(customized) if customized else {},
            "scale_in_cooldown": tracking.get("scale_in_cooldown"),
            "scale_out_cooldown": tracking.get("scale_out_cooldown"),
            "disable_scale_in": bool(tracking.get("disable_scale_in")),
        }
    step = step or {}
    return {
        "type": "StepScaling",
        "adjustment_type": step["adjustment_type"],
        "steps": sorted((_step(item) for item in step["steps"]), key=repr),
        "cooldown": step.get("cooldown"),
        "min_adjustment_magnitude": step.get("min_adjustment_magnitude"),
        "metric_aggregation_type": step.get("metric_aggregation_type") or "Average",
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    lower, upper = step.get("lower_bound"), step.get("upper_bound")
    return {
        "lower_bound": None if lower is None else float(lower),
        "upper_bound": None if upper is None else float(upper),
        "adjustment": step["adjustment"],
    }


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": metric["name"],
        "namespace": metric["namespace"],
        "dimensions": {key: str(value) for key, value in sorted((metric.get("dimensions") or {}).items())},
        "statistic": metric["statistic"],
        "unit": metric.get("unit") or "",
    }


def policy_state(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of AWS's answer in its normal form."""
    if policy["PolicyType"] == "TargetTrackingScaling":
        config = policy["TargetTrackingScalingPolicyConfiguration"]
        predefined = config.get("PredefinedMetricSpecification") or {}
        customized = config.get("CustomizedMetricSpecification")
        return wanted_policy(
            {
                "target_tracking": {
                    "target_value": config["TargetValue"],
                    "metric": predefined.get("PredefinedMetricType"),
                    "resource_label": predefined.get("ResourceLabel"),
                    "customized_metric": {
                        "name": customized.get("MetricName", ""),
                        "namespace": customized.get("Namespace", ""),
                        "dimensions": {item["Name"]: item["Value"] for item in customized.get("Dimensions", [])},
                        "statistic": customized.get("Statistic", ""),
                        "unit": customized.get("Unit"),
                    }
                    if customized
                    else None,
                    "scale_in_cooldown": config.get("ScaleInCooldown"),
                    "scale_out_cooldown": config.get("ScaleOutCooldown"),
                    "disable_scale_in": config.get("DisableScaleIn"),
                }
            }
        )
    if policy["PolicyType"] == "StepScaling":
        config = policy["StepScalingPolicyConfiguration"]
        return wanted_policy(
            {
                "step": {
                    "adjustment_type": config["AdjustmentType"],
                    "steps": [
                        {
                            "lower_bound": item.get("MetricIntervalLowerBound"),
                            "upper_bound": item.get("MetricIntervalUpperBound"),
                            "adjustment": item["ScalingAdjustment"],
                        }
                        for item in config["StepAdjustments"]
                    ],
                    "cooldown": config.get("Cooldown"),
                    "min_adjustment_magnitude": config.get("MinAdjustmentMagnitude"),
                    "metric_aggregation_type": config.get("MetricAggregationType"),
                }
            }
        )
    return {"type": policy["PolicyType"]}


def policy_request(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A policy in its normal form as AWS takes it."""
    if policy["type"] == "TargetTrackingScaling":
        config = given(
            {
                "TargetValue": policy["target_value"],
                "ScaleInCooldown": policy["scale_in_cooldown"],
                "ScaleOutCooldown": policy["scale_out_cooldown"],
                "DisableScaleIn": policy["disable_scale_in"],
            }
        )
        if policy["customized_metric"]:
            metric = policy["customized_metric"]
            config["CustomizedMetricSpecification"] = given(
                {
                    "MetricName": metric["name"],
                    "Namespace": metric["namespace"],
                    "Dimensions": [{"Name": key, "Value": value} for key, value in metric["dimensions"].items()],
                    "Statistic": metric["statistic"],
                    "Unit": metric["unit"] or None,
                }
            )
        else:
            config["PredefinedMetricSpecification"] = given(
                {"PredefinedMetricType": policy["metric"], "ResourceLabel": policy["resource_label"] or None}
            )
        return {"PolicyType": policy["type"], "TargetTrackingScalingPolicyConfiguration": config}
    config = given(
        {
            "AdjustmentType": policy["adjustment_type"],
            "StepAdjustments": [
                given(
                    {
                        "MetricIntervalLowerBound": step["lower_bound"],
                        "MetricIntervalUpperBound": step["upper_bound"],
                        "ScalingAdjustment": step["adjustment"],
                    }
                )
                for step in policy["steps"]
            ],
            "Cooldown": policy["cooldown"],
            "MinAdjustmentMagnitude": policy["min_adjustment_magnitude"],
            "MetricAggregationType": policy["metric_aggregation_type"],
        }
    )
    return {"PolicyType": policy["type"], "StepScalingPolicyConfiguration": config}


def same_policy(current: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether a policy is what the task wants. A cooldown that the task leaves open may be whatever AWS chose."""
    if current is None:
        return False
    stated = given(wanted)
    return stated == {key: current.get(key) for key in stated}


def moment(value: Any) -> str:
    """A time in one form: ISO 8601 in UTC, to the second."""
    if value in (None, ""):
        return ""
    when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wanted_scheduled_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """A scheduled action of the task in its normal form."""
    return {
        "schedule": action["schedule"],
        "timezone": action.get("timezone") or "UTC",
        "min_capacity": action.get("min_capacity"),
        "max_capacity": action.get("max_capacity"),
        "start_time": moment(action.get("start_time")),
        "end_time": moment(action.get("end_time")),
    }


def scheduled_action_state(action: Mapping[str, Any]) -> dict[str, Any]:
    """A scheduled action of AWS's answer in its normal form."""
    capacity = action.get("ScalableTargetAction") or {}
    return wanted_scheduled_action(
        {
            "schedule": action["Schedule"],
            "timezone": action.get("Timezone"),
            "min_capacity": capacity.get("MinCapacity"),
            "max_capacity": capacity.get("MaxCapacity"),
            "start_time": action.get("StartTime"),
            "end_time": action.get("EndTime"),
        }
    )


def scheduled_action_request(action: Mapping[str, Any]) -> dict[str, Any]:
    """A scheduled action in its normal form as AWS takes it."""
    capacity = given({"MinCapacity": action["min_capacity"], "MaxCapacity": action["max_capacity"]})
    return given(
        {
            "Schedule": action["schedule"],
            "Timezone": action["timezone"],
            "ScalableTargetAction": capacity,
            "StartTime": action["start_time"] or None,
            "EndTime": action["end_time"] or None,
        }
    )

# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "cloudwatch_metric_alarms"
TAGS = {"Project": "uex", "Environment": "test"}
SIMPLE: dict[str, Any] = {
    "name": "uex-test-cpu",
    "description": "CPU is high",
    "namespace": "AWS/ECS",
    "metric_name": "CPUUtilization",
    "dimensions": {"ClusterName": "uex", "ServiceName": "api"},
    "statistic": "Average",
    "period": 60,
    "evaluation_periods": 5,
    "datapoints_to_alarm": 3,
    "threshold": 80,
    "comparison_operator": "GreaterThanThreshold",
    "treat_missing_data": "notBreaching",
    "alarm_actions": ["arn:aws:sns:us-east-1:123456789012:a", "arn:aws:sns:us-east-1:123456789012:b"],
    "actions_enabled": True,
}
PERCENTILE = {
    **{key: value for key, value in SIMPLE.items() if key != "statistic"},
    "name": "uex-test-p95",
    "extended_statistic": "p95",
    "evaluate_low_sample_count_percentile": "ignore",
}
COMMON = {"evaluation_periods": 2, "comparison_operator": "GreaterThanThreshold"}


def stat(name: str) -> dict[str, Any]:
    return {
        "namespace": "AWS/ApplicationELB",
        "metric_name": name,
        "dimensions": {"LoadBalancer": "app/uex/1"},
        "period": 60,
        "stat": "Sum",
    }


MATH: dict[str, Any] = {
    **COMMON,
    "name": "uex-test-error-rate",
    "threshold": 5,
    "metrics": [
        {"id": "rate", "expression": "100 * errors / requests", "label": "Error rate"},
        {"id": "errors", "metric_stat": stat("HTTPCode_Target_5XX_Count"), "return_data": False},
        {"id": "requests", "metric_stat": stat("RequestCount"), "return_data": False},
    ],
}
ANOMALY: dict[str, Any] = {
    "name": "uex-test-anomaly",
    "evaluation_periods": 2,
    "comparison_operator": "LessThanLowerOrGreaterThanUpperThreshold",
    "threshold_metric_id": "band",
    "metrics": [
        {"id": "m1", "metric_stat": stat("RequestCount")},
        {"id": "band", "expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
    ],
}
COMPOSITE: dict[str, Any] = {
    "name": "uex-test-down",
    "alarm_rule": 'ALARM("uex-test-cpu") AND ALARM("uex-test-p95")',
    "alarm_actions": ["arn:aws:sns:us-east-1:123456789012:a"],
}
PARENT: dict[str, Any] = {"name": "uex-test-all-down", "alarm_rule": 'ALARM("uex-test-down") OR ALARM("uex-test-cpu")'}
ALL = [PARENT, COMPOSITE, SIMPLE, PERCENTILE, MATH, ANOMALY]


def run(aws: Aws, *alarms: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module(MODULE, {"alarms": list(alarms), "tags": TAGS, **options}, check=check)


def test_all_kinds_are_created_once(aws: Aws) -> None:
    predicted = run(aws, *ALL, check=True)
    first = run(aws, *ALL)
    assert first["changed"]
    assert predicted["actions"] == first["actions"]
    assert predicted["alarms"] == first["alarms"]
    aws.mark()
    second = run(aws, *reversed(ALL))
    assert not second["changed"]
    assert aws.mutations() == []
    assert {name: alarm["alarm_arn"] for name, alarm in second["alarms"].items()} == {
        name: alarm["alarm_arn"] for name, alarm in first["alarms"].items()
    }
    cloudwatch = aws.client("cloudwatch")
    arn = second["alarms"]["uex-test-down"]["alarm_arn"]
    assert {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]} == TAGS


@pytest.mark.parametrize(
    ("base", "option", "value"),
    [
        (SIMPLE, "description", "other"),
        (SIMPLE, "namespace", "Other/Namespace"),
        (SIMPLE, "metric_name", "MemoryUtilization"),
        (SIMPLE, "dimensions", {"ClusterName": "uex", "ServiceName": "web"}),
        (SIMPLE, "statistic", "Maximum"),
        (SIMPLE, "period", 300),
        (SIMPLE, "unit", "Percent"),
        (SIMPLE, "evaluation_periods", 6),
        (SIMPLE, "datapoints_to_alarm", 4),
        (SIMPLE, "threshold", 80.5),
        (SIMPLE, "comparison_operator", "LessThanThreshold"),
        (SIMPLE, "treat_missing_data", "breaching"),
        (SIMPLE, "alarm_actions", []),
        (SIMPLE, "ok_actions", ["arn:aws:sns:us-east-1:123456789012:ok"]),
        (SIMPLE, "insufficient_data_actions", ["arn:aws:sns:us-east-1:123456789012:none"]),
        (SIMPLE, "actions_enabled", False),
        (SIMPLE, "tags", {"Component": "ecs"}),
        (PERCENTILE, "extended_statistic", "p99"),
        (PERCENTILE, "evaluate_low_sample_count_percentile", "evaluate"),
        (MATH, "metrics", [{**MATH["metrics"][0], "expression": "errors / requests"}, *MATH["metrics"][1:]]),
        (MATH, "metrics", [*MATH["metrics"][:2], {**MATH["metrics"][2], "metric_stat": stat("Other")}]),
        (ANOMALY, "threshold_metric_id", "m1"),
        (COMPOSITE, "alarm_rule", 'ALARM("uex-test-cpu")'),
        (COMPOSITE, "actions_enabled", False),
    ],
)
def test_each_option_round_trips(aws: Aws, base: dict[str, Any], option: str, value: Any) -> None:
    others = [SIMPLE, PERCENTILE] if base is COMPOSITE else []
    run(aws, *others, base)
    changed = {**base, option: value}
    predicted = run(aws, *others, changed, check=True)
    done = run(aws, *others, changed)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": base["name"], "fields": [option]}]
    assert done["alarms"] == predicted["alarms"]
    assert not run(aws, *others, changed)["changed"]


def test_suppressor_round_trips(aws: Aws) -> None:
    suppressed = {
        **COMPOSITE,
        "actions_suppressor": "uex-test-cpu",
        "actions_suppressor_wait_period": 60,
        "actions_suppressor_extension_period": 120,
    }
    run(aws, SIMPLE, PERCENTILE, suppressed)
    assert not run(aws, SIMPLE, PERCENTILE, suppressed)["changed"]
    assert run(aws, SIMPLE, PERCENTILE, {**suppressed, "actions_suppressor_wait_period": 90})["changed"]
    assert not run(aws, SIMPLE, PERCENTILE, {**suppressed, "actions_suppressor_wait_period": 90})["changed"]


def test_from_a_statistic_to_a_percentile_to_math(aws: Aws) -> None:
    run(aws, SIMPLE)
    percentile = {**PERCENTILE, "name": SIMPLE["name"]}
    assert run(aws, percentile)["changed"]
    assert not run(aws, percentile)["changed"]
    math = {**MATH, "name": SIMPLE["name"]}
    assert run(aws, math)["changed"]
    assert not run(aws, math)["changed"]
    (alarm,) = aws.client("cloudwatch").describe_alarms(AlarmNames=[SIMPLE["name"]])["MetricAlarms"]
    assert "MetricName" not in alarm
    assert len(alarm["Metrics"]) == 3


def test_what_the_task_leaves_open_stays(aws: Aws) -> None:
    run(aws, SIMPLE)
    short = {
        key: SIMPLE[key]
        for key in ("name", "metric_name", "statistic", "threshold", "comparison_operator", "evaluation_periods")
    }
    assert run(aws, {**short, "threshold": 90})["changed"]
    assert not run(aws, {**SIMPLE, "threshold": 90})["changed"]


def test_an_alarm_cannot_become_composite(aws: Aws) -> None:
    run(aws, SIMPLE, PERCENTILE)
    with pytest.raises(ModuleFailed, match="AWS cannot change kind of the alarm uex-test-cpu"):
        run(aws, {"name": "uex-test-cpu", "alarm_rule": 'ALARM("uex-test-p95")'})


def test_two_hundred_alarms_in_a_few_calls(aws: Aws) -> None:
    alarms = [{**SIMPLE, "name": f"uex-test-{index:03}"} for index in range(200)]
    run(aws, *alarms)
    aws.mark()
    assert not run(aws, *alarms)["changed"]
    calls = Counter(aws.calls())
    assert calls["cloudwatch:DescribeAlarms"] == 2
    assert sum(calls.values()) <= 8, calls
    aws.mark()
    assert run(aws, name_prefix="uex-test-", purge=True, purge_tagged=TAGS)["changed"]
    assert Counter(aws.mutations()) == {"cloudwatch:DeleteAlarms": 2}
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_absent_deletes_parents_first_and_once(aws: Aws) -> None:
    run(aws, *ALL)
    names = [{"name": alarm["name"]} for alarm in ALL]
    assert run(aws, *names, state="absent", check=True)["changed"]
    assert run(aws, *names, state="absent")["changed"]
    assert not run(aws, *names, state="absent")["changed"]


def test_purge_takes_only_what_carries_the_tags(aws: Aws) -> None:
    run(aws, SIMPLE, PERCENTILE)
    run(aws, {**SIMPLE, "name": "uex-test-2-cpu"}, tags={"Project": "uex", "Environment": "test-2"})
    purge = {"name_prefix": "uex-test-", "purge": True, "purge_tagged": TAGS}
    result = run(aws, SIMPLE, **purge)
    assert result["actions"] == [{"action": "delete", "name": "uex-test-p95", "fields": []}]
    assert not run(aws, SIMPLE, **purge)["changed"]
    left = {alarm["AlarmName"] for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert left == {"uex-test-cpu", "uex-test-2-cpu"}


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        ({**SIMPLE, "metrics": MATH["metrics"]}, "exactly one of metric_name, metrics and alarm_rule"),
        ({**SIMPLE, "extended_statistic": "p95"}, "exactly one of statistic and extended_statistic"),
        ({**SIMPLE, "threshold": None}, "exactly one of threshold and threshold_metric_id"),
        ({**MATH, "period": 60}, "has metrics, so it cannot have period"),
        ({**COMPOSITE, "threshold": 3}, "has alarm_rule, so it cannot have threshold"),
        ({**SIMPLE, "evaluation_periods": None}, "has no evaluation_periods"),
        ({"name": "a", "alarm_rule": "ALARM(a)"}, "in a circle: a → a"),
    ],
)
def test_bad_alarms_are_refused_before_any_change(aws: Aws, alarm: dict[str, Any], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        run(aws, alarm)
    assert aws.mutations() == []

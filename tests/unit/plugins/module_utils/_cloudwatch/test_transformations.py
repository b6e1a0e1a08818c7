# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._cloudwatch.transformations import (
    alarm_differences,
    check_alarms,
    depths,
    from_answer,
    from_option,
    names_in,
    query_from_answer,
    query_from_option,
    query_to_answer,
    replaced,
    to_request,
)

SIMPLE: dict[str, Any] = {
    "name": "cpu",
    "namespace": "AWS/ECS",
    "metric_name": "CPUUtilization",
    "dimensions": {"ServiceName": "api", "ClusterName": "uex"},
    "statistic": "Average",
    "period": 60,
    "evaluation_periods": 5,
    "threshold": 80,
    "comparison_operator": "GreaterThanThreshold",
}
QUERY: dict[str, Any] = {
    "id": "m1",
    "label": "Requests",
    "return_data": False,
    "metric_stat": {
        "namespace": "N",
        "metric_name": "M",
        "dimensions": {"B": 2, "A": "1"},
        "period": 60,
        "stat": "Sum",
    },
}


def test_a_request_and_its_answer_are_the_same_alarm() -> None:
    wanted = from_option(SIMPLE)
    answer = {**to_request("cpu", wanted), "AlarmArn": "arn", "StateValue": "OK"}
    assert answer["Dimensions"] == [{"Name": "ClusterName", "Value": "uex"}, {"Name": "ServiceName", "Value": "api"}]
    assert alarm_differences(from_answer(answer), wanted) == {}


def test_what_cloudwatch_leaves_out_has_its_default() -> None:
    state = from_answer({"AlarmArn": "arn", "MetricName": "M"})
    assert (state["treat_missing_data"], state["actions_enabled"], state["dimensions"]) == ("missing", True, {})


def test_a_query_goes_and_comes_back() -> None:
    option = query_from_option(QUERY)
    assert option["metric_stat"]["dimensions"] == {"B": "2", "A": "1"}
    assert query_from_answer(query_to_answer(option)) == option
    expression = query_from_option({"id": "e1", "expression": "m1 * 2"})
    assert expression["return_data"] is True
    assert query_from_answer(query_to_answer(expression)) == expression


def test_the_order_of_metrics_and_actions_means_nothing() -> None:
    other = {"id": "e1", "expression": "m1"}
    wanted = from_option({"name": "a", "metrics": [QUERY, other], "alarm_actions": ["a", "b"]})
    current = {**wanted, "metrics": list(reversed(wanted["metrics"])), "alarm_actions": ["b", "a"]}
    assert alarm_differences(current, wanted) == {}


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"metrics": [QUERY]}, {"namespace", "metric_name", "dimensions", "statistic", "period"}),
        ({"extended_statistic": "p95"}, {"statistic"}),
        ({"threshold_metric_id": "band"}, {"threshold"}),
    ],
)
def test_one_alternative_drops_the_other(changes: dict[str, Any], gone: set[str]) -> None:
    current = from_option(SIMPLE)
    after = replaced(current, changes)
    assert current.keys() - after.keys() == gone
    assert changes.items() <= after.items()


def test_a_rule_names_alarms_by_name_and_by_arn() -> None:
    rule = 'ALARM("a b") AND NOT (OK(c) OR INSUFFICIENT_DATA("arn:aws:cloudwatch:us-east-1:123456789012:alarm:d"))'
    assert names_in(rule) == {"a b", "c", "d"}


def test_depth_is_the_number_of_composite_alarms_below() -> None:
    assert depths({"top": "ALARM(middle) OR ALARM(x)", "middle": "ALARM(low)", "low": "ALARM(x)"}) == {
        "low": 0,
        "middle": 1,
        "top": 2,
    }
    with pytest.raises(AnsibleAWSError, match="a → b → a"):
        depths({"a": "ALARM(b)", "b": "ALARM(a)"})


def test_white_space_in_a_rule_means_nothing() -> None:
    wanted = from_option({"name": "a", "alarm_rule": "ALARM(b)\n  OR ALARM(c)"})
    assert wanted == {"kind": "composite", "alarm_rule": "ALARM(b) OR ALARM(c)"}


def test_alarms_that_the_module_cannot_mean() -> None:
    check_alarms([SIMPLE, {"name": "cpu-2", "alarm_rule": "ALARM(cpu)"}], "cpu", present=True)
    check_alarms([{"name": "cpu"}], "cpu", present=False)
    with pytest.raises(AnsibleAWSError, match="cpu does not start with name_prefix uex"):
        check_alarms([SIMPLE], "uex", present=True)
    with pytest.raises(AnsibleAWSError, match="cpu stands twice"):
        check_alarms([SIMPLE, SIMPLE], "", present=True)

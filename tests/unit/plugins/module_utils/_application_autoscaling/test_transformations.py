# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._application_autoscaling.transformations import (
    moment,
    policy_request,
    policy_state,
    same_policy,
    scheduled_action_request,
    scheduled_action_state,
    suspended_request,
    target_state,
    wanted_policy,
    wanted_scheduled_action,
)

TRACKING = {"metric": "ECSServiceAverageCPUUtilization", "target_value": 60, "scale_in_cooldown": 300}
POLICIES: list[dict[str, Any]] = [
    {"target_tracking": TRACKING},
    {"target_tracking": {"metric": "ALBRequestCountPerTarget", "resource_label": "app/a", "target_value": 1.5}},
    {
        "target_tracking": {
            "target_value": 9,
            "customized_metric": {"name": "n", "namespace": "s", "statistic": "Sum", "dimensions": {"Q": 1}},
            "disable_scale_in": True,
        }
    },
    {
        "step": {
            "adjustment_type": "PercentChangeInCapacity",
            "steps": [{"adjustment": 20, "lower_bound": 10}, {"adjustment": 10, "lower_bound": 0, "upper_bound": 10}],
            "cooldown": 60,
            "min_adjustment_magnitude": 1,
        }
    },
]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_comes_back_as_the_same(policy: dict[str, Any]) -> None:
    normal = wanted_policy(policy)
    assert policy_state(policy_request(normal)) == normal


def test_a_cooldown_left_open_may_be_anything() -> None:
    current = wanted_policy({"target_tracking": {**TRACKING, "scale_out_cooldown": 60}})
    assert same_policy(current, wanted_policy({"target_tracking": TRACKING}))
    assert not same_policy(current, wanted_policy({"target_tracking": {**TRACKING, "scale_in_cooldown": 1}}))
    assert not same_policy(None, current)


def test_a_policy_of_another_type_is_another_policy() -> None:
    step = wanted_policy(POLICIES[3])
    assert not same_policy(step, wanted_policy(POLICIES[0]))
    assert policy_state({"PolicyType": "PredictiveScaling"}) == {"type": "PredictiveScaling"}


@pytest.mark.parametrize(
    "value",
    [
        "2031-01-01T12:00:00Z",
        "2031-01-01T12:00:00",
        "2031-01-01T14:00:00+02:00",
        datetime(2031, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_moments_have_one_form(value: Any) -> None:
    assert moment(value) == "2031-01-01T12:00:00Z"


def test_no_moment() -> None:
    assert moment(None) == moment("") == ""


def test_a_scheduled_action_comes_back_as_the_same() -> None:
    wanted = wanted_scheduled_action(
        {"schedule": "cron(0 20 * * ? *)", "min_capacity": 0, "end_time": "2031-01-01T12:00:00Z"}
    )
    assert wanted["timezone"] == "UTC"
    assert scheduled_action_state(scheduled_action_request(wanted)) == wanted
    assert "StartTime" not in scheduled_action_request(wanted)


def test_target_state() -> None:
    assert target_state(
        {"MinCapacity": 1, "MaxCapacity": 4, "SuspendedState": {"DynamicScalingInSuspended": True}}
    ) == {
        "arn": "",
        "min_capacity": 1,
        "max_capacity": 4,
        "suspended": {"scale_in": True, "scale_out": False, "scheduled": False},
    }


def test_suspended_request_holds_only_what_is_said() -> None:
    assert suspended_request(None) is None
    assert suspended_request({"scale_out": False}) == {"DynamicScalingOutSuspended": False}

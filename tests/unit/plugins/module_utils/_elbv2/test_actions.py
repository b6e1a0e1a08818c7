# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._elbv2.actions import (
    action_request,
    action_state,
    conditions_request,
    conditions_state,
    forward,
    same_actions,
    wanted_action,
    wanted_conditions,
)

FORWARD = {"type": "forward", "target_groups": [{"arn": "b", "weight": 1}, {"arn": "a", "weight": 9}]}
ACTIONS: list[dict[str, Any]] = [
    FORWARD,
    {**FORWARD, "stickiness_seconds": 600},
    {"type": "forward", "target_groups": [{"arn": "a", "weight": 5}]},
    {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": 443, "status_code": "HTTP_301"}},
    {
        "type": "fixed-response",
        "fixed_response": {"status_code": 404, "content_type": "text/plain", "message_body": ""},
    },
]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_asked_for_comes_back_as_the_same(action: dict[str, Any]) -> None:
    normal = wanted_action(action)
    assert action_state(action_request(normal)) == normal


def test_order_of_target_groups_and_weight_of_a_lone_one_mean_nothing() -> None:
    assert forward([{"arn": "a", "weight": 1}, {"arn": "b", "weight": 2}], None) == forward(
        [{"arn": "b", "weight": 2}, {"arn": "a", "weight": 1}], 0
    )
    assert forward([{"arn": "a", "weight": 7}], None) == forward([{"arn": "a", "weight": 1}], None)


def test_reads_the_short_form_of_a_forward() -> None:
    assert action_state({"Type": "forward", "TargetGroupArn": "a"}) == forward([{"arn": "a", "weight": 1}], None)


def test_stickiness_that_is_off_has_no_duration() -> None:
    config = {
        "TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False, "DurationSeconds": 3600},
    }
    assert action_state({"Type": "forward", "ForwardConfig": config})["stickiness_seconds"] == 0


def test_a_redirect_keeps_what_it_does_not_say() -> None:
    normal = wanted_action({"type": "redirect", "redirect": {"host": "example.com", "status_code": "HTTP_302"}})
    assert normal == {
        "type": "redirect",
        "protocol": "#{protocol}",
        "port": "#{port}",
        "host": "example.com",
        "path": "/#{path}",
        "query": "#{query}",
        "status_code": "HTTP_302",
    }


def test_keeps_actions_of_other_kinds_as_they_are() -> None:
    action = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"Issuer": "x"}}
    assert action_state(action) == {"type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "x"}}


def test_same_actions() -> None:
    blue = [wanted_action(FORWARD)]
    green = [wanted_action({**FORWARD, "target_groups": [{"arn": "b", "weight": 9}, {"arn": "a", "weight": 1}]})]
    other = [wanted_action({**FORWARD, "target_groups": [{"arn": "b", "weight": 9}, {"arn": "c", "weight": 1}]})]
    assert not same_actions(blue, green)
    assert same_actions(blue, green, keep_weights=True)
    assert not same_actions(blue, other, keep_weights=True)
    assert not same_actions(blue, [wanted_action(ACTIONS[3])], keep_weights=True)


CONDITIONS: list[dict[str, Any]] = [
    {"path_patterns": ["/b", "/a"]},
    {"host_headers": ["example.com"], "path_patterns": ["/*"]},
    {"http_methods": ["POST", "GET"]},
    {"source_ips": ["10.0.0.0/8"]},
    {"http_headers": {"X-A": ["2", "1"], "X-B": ["3"]}},
    {"query_strings": [{"key": "v", "value": "2"}, {"value": "x"}]},
]


@pytest.mark.parametrize("conditions", CONDITIONS)
def test_conditions_that_are_asked_for_come_back_as_the_same(conditions: dict[str, Any]) -> None:
    normal = wanted_conditions(conditions)
    assert conditions_state(conditions_request(normal)) == normal


def test_conditions_have_no_order_and_what_is_not_set_does_not_count() -> None:
    assert wanted_conditions({"path_patterns": ["/b", "/a"], "host_headers": None, "source_ips": []}) == {
        "path_patterns": ["/a", "/b"]
    }


def test_reads_the_short_form_of_a_condition() -> None:
    assert conditions_state([{"Field": "path-pattern", "Values": ["/a"]}]) == {"path_patterns": ["/a"]}


def test_a_parameter_of_any_name_has_no_key() -> None:
    (condition,) = conditions_request(wanted_conditions({"query_strings": [{"value": "x"}]}))
    assert condition["QueryStringConfig"] == {"Values": [{"Value": "x"}]}

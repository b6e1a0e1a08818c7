# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._wafv2.transformations import (
    acl_state,
    action_of,
    logging_request,
    logging_state,
    metric_name,
    rule_of,
    same_logging,
    to_request,
    wanted_acl,
    wanted_logging,
)

LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-uex"


def test_actions() -> None:
    assert action_of("count") == {"Count": {}}
    assert action_of("block", {"status_code": 429, "headers": {"B": 2, "A": "1"}}) == {
        "Block": {
            "CustomResponse": {
                "ResponseCode": 429,
                "ResponseHeaders": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
            }
        }
    }


def test_metric_names_are_what_cloudwatch_accepts() -> None:
    assert metric_name("only from here!") == "only-from-here-"
    assert len(metric_name("a" * 200)) == 128


@pytest.mark.parametrize(
    ("rule", "statement", "action"),
    [
        (
            {"rate_limit": {"limit": 100}},
            {"RateBasedStatement": {"Limit": 100, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}},
            {"Action": {"Block": {}}},
        ),
        (
            {"rate_limit": {"limit": 100, "forwarded_ip_header": "X-Forwarded-For"}, "action": "count"},
            {
                "RateBasedStatement": {
                    "Limit": 100,
                    "EvaluationWindowSec": 300,
                    "AggregateKeyType": "FORWARDED_IP",
                    "ForwardedIPConfig": {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH"},
                }
            },
            {"Action": {"Count": {}}},
        ),
        (
            {"managed_rule_group": {"name": "G", "excluded_rules": ["x"], "rule_action_overrides": {"a": "captcha"}}},
            {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": "G",
                    "RuleActionOverrides": [
                        {"Name": "a", "ActionToUse": {"Captcha": {}}},
                        {"Name": "x", "ActionToUse": {"Count": {}}},
                    ],
                }
            },
            {"OverrideAction": {"None": {}}},
        ),
        ({"ip_set_arn": "arn"}, {"IPSetReferenceStatement": {"ARN": "arn"}}, {"Action": {"Block": {}}}),
        (
            {"rule_group_arn": "arn", "action": "count"},
            {"RuleGroupReferenceStatement": {"ARN": "arn"}},
            {"OverrideAction": {"Count": {}}},
        ),
        (
            {"statement": {"GeoMatchStatement": {"CountryCodes": ["US"]}}, "action": "allow"},
            {"GeoMatchStatement": {"CountryCodes": ["US"]}},
            {"Action": {"Allow": {}}},
        ),
    ],
)
def test_rules_in_waf_s_words(rule: dict[str, Any], statement: dict[str, Any], action: dict[str, Any]) -> None:
    made = rule_of({"name": "r", "priority": 3, **rule})
    assert made["Statement"] == statement
    assert action.items() <= made.items()
    assert ("Action" in made) != ("OverrideAction" in made)


def test_an_answer_is_what_was_asked_for() -> None:
    options = {
        "name": "uex",
        "default_action": "allow",
        "rules": [
            {"name": "b", "priority": 2, "ip_set_arn": "arn"},
            {"name": "a", "priority": 1, "managed_rule_group": {"name": "G", "excluded_rules": ["x"]}},
        ],
        "visibility_config": {"sampled_requests_enabled": True, "cloudwatch_metrics_enabled": False},
        "custom_response_bodies": {"k": {"content": "{}"}},
    }
    wanted = wanted_acl(options)
    answer = {**to_request(wanted), "ARN": "arn", "Id": "id", "TokenDomains": ["example.com"], "Description": None}
    # WAF may answer with the legacy form of an exclusion, and with members that say nothing.
    group = answer["Rules"][0]["Statement"]["ManagedRuleGroupStatement"]
    answer["Rules"] = [
        {
            **answer["Rules"][0],
            "Action": None,
            "RuleLabels": [],
            "Statement": {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": group["Name"],
                    "ExcludedRules": [{"Name": "x"}],
                }
            },
        },
        answer["Rules"][1],
    ]
    state = acl_state(answer)
    assert wanted.items() <= state.items()
    assert [rule["Name"] for rule in state["rules"]] == ["a", "b"]
    # What this module does not manage goes along with an update.
    assert to_request(state)["TokenDomains"] == ["example.com"]


def test_logging() -> None:
    wanted = wanted_logging({"destination_arn": f"{LOGS}:*", "redacted_fields": ["Cookie", "uri_path"], "filter": None})
    assert wanted is not None
    answer = {**logging_request("acl", wanted), "ManagedByFirewallManager": False}
    assert answer["LogDestinationConfigs"] == [LOGS]
    assert same_logging(logging_state(answer), wanted)
    reordered = {**wanted, "redacted_fields": list(reversed(wanted["redacted_fields"]))}
    assert same_logging(reordered, wanted)
    assert not same_logging({}, wanted)
    assert wanted_logging(None) is None
    assert wanted_logging({"destination_arn": ""}) == {}

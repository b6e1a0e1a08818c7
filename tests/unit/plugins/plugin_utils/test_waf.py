# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._wafv2.transformations import check_rules
from ansible_collections.slipway.aws.plugins.plugin_utils.waf import RuleError, waf_rules

GROUPS: list[dict[str, Any]] = [
    {"name": "AWSManagedRulesAmazonIpReputationList"},
    {"name": "AWSManagedRulesCommonRuleSet", "action": "count", "excluded_rules": ["SizeRestrictions_BODY"]},
]
OWN: dict[str, Any] = {"name": "own", "priority": 100, "ip_set_arn": "arn"}


def test_the_rate_limit_stands_first_and_own_rules_last() -> None:
    rules = waf_rules(GROUPS, 2000, [OWN])
    assert [(rule["name"], rule["priority"]) for rule in rules] == [
        ("rate-limit", 0),
        ("AWSManagedRulesAmazonIpReputationList", 1),
        ("AWSManagedRulesCommonRuleSet", 2),
        ("own", 100),
    ]
    assert rules[0]["rate_limit"] == {"limit": 2000}
    assert "action" not in rules[1]
    assert rules[2]["action"] == "count"
    assert rules[2]["managed_rule_group"] == {
        "name": "AWSManagedRulesCommonRuleSet",
        "excluded_rules": ["SizeRestrictions_BODY"],
    }
    check_rules(rules)


def test_without_a_limit_the_groups_keep_their_priorities() -> None:
    assert [rule["priority"] for rule in waf_rules(GROUPS)] == [1, 2]


@pytest.mark.parametrize("priority", [99, None])
def test_own_rules_stay_out_of_the_role_s_priorities(priority: int | None) -> None:
    rule = {key: value for key, value in {**OWN, "priority": priority}.items() if value is not None}
    with pytest.raises(RuleError, match="the rule own has the priority"):
        waf_rules(GROUPS, extra=[rule])


def test_what_cloudfront_does_not_say_is_blocked_last() -> None:
    rules = waf_rules(GROUPS, 2000, [OWN], ["new", "old"])
    assert [rule["priority"] for rule in rules] == [0, 1, 2, 99, 100]
    assert (rules[3]["action"], rules[3]["missing_header"]) == (
        "block",
        {"name": "X-Origin-Verify", "values": ["new", "old"]},
    )
    check_rules(rules)


def test_there_is_room_for_so_many_groups() -> None:
    with pytest.raises(RuleError, match="99 managed rule groups"):
        waf_rules([{"name": str(index)} for index in range(99)])

# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._wafv2 import api
from botocore.exceptions import ClientError

from .harness import Aws, ModuleFailed

MODULE = "wafv2_web_acl"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/uex/1234567890abcdef"
OTHER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/other/1234567890abcdef"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-uex"
RATE = {
    "name": "rate-limit",
    "priority": 0,
    "action": "block",
    "custom_response": {"status_code": 429, "body_key": "slow-down", "headers": {"Retry-After": 300}},
    "rate_limit": {"limit": 2000},
}
COMMON = {
    "name": "common",
    "priority": 10,
    "managed_rule_group": {
        "name": "AWSManagedRulesCommonRuleSet",
        "excluded_rules": ["SizeRestrictions_BODY"],
        "rule_action_overrides": {"NoUserAgent_HEADER": "challenge"},
    },
}
COUNTRY = {
    "name": "country",
    "priority": 20,
    "action": "count",
    "statement": {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["US"]}}}},
}
WAF = "arn:aws:wafv2:us-east-1:123456789012:regional"
IP_SET = {"name": "ips", "priority": 30, "ip_set_arn": f"{WAF}/ipset/office/1a2b3c"}
OWN_GROUP = {"name": "own", "priority": 30, "rule_group_arn": f"{WAF}/rulegroup/own/1a2b3c"}
ACL: dict[str, Any] = {
    "name": "uex-test",
    "description": "UEX test",
    "default_action": "allow",
    "rules": [COUNTRY, RATE, COMMON],
    "custom_response_bodies": {"slow-down": {"content": '{"error": "slow down"}'}},
    "visibility_config": {"metric_name": "uex-test"},
    "resource_arns": [BALANCER],
    "logging": {"destination_arn": f"{LOGS}:*", "redacted_fields": ["Authorization", "query_string"]},
    "tags": {"Project": "uex", "Environment": "test"},
}


def test_created_once_with_everything(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, ACL, check=True)
    assert "planned" in predicted["web_acl"]["arn"]
    first = aws.run_module(MODULE, ACL)
    assert first["actions"] == predicted["actions"]
    unknown = ("arn", "id")
    assert {key: value for key, value in first["web_acl"].items() if key not in unknown} == {
        key: value for key, value in predicted["web_acl"].items() if key not in unknown
    }
    aws.mark()
    second = aws.run_module(MODULE, {**ACL, "rules": [RATE, COMMON, COUNTRY]})
    assert not second["changed"]
    assert aws.mutations() == []

    wafv2 = aws.client("wafv2")
    arn = first["web_acl"]["arn"]
    assert wafv2.list_resources_for_web_acl(WebACLArn=arn)["ResourceArns"] == [BALANCER]
    logging = wafv2.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    assert logging["LogDestinationConfigs"] == [LOGS]
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": "authorization"}}, {"QueryString": {}}]
    (rate, common, _country) = wafv2.get_web_acl(Scope="REGIONAL", Name="uex-test", Id=first["web_acl"]["id"])[
        "WebACL"
    ]["Rules"]
    assert rate["Action"]["Block"]["CustomResponse"]["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "300"}]
    assert common["OverrideAction"] == {"None": {}}
    assert common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"] == [
        {"Name": "NoUserAgent_HEADER", "ActionToUse": {"Challenge": {}}},
        {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}},
    ]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("description", "other"),
        ("default_action", "block"),
        ("rules", [RATE]),
        ("rules", [{**RATE, "rate_limit": {"limit": 100, "evaluation_window_sec": 60}}, COMMON, COUNTRY]),
        ("rules", [{**RATE, "rate_limit": {"limit": 100, "forwarded_ip_header": "X-Real-IP"}}, COMMON, COUNTRY]),
        ("rules", [RATE, {**COMMON, "action": "count"}, COUNTRY]),
        ("rules", [RATE, {**COMMON, "managed_rule_group": {"name": "AWSManagedRulesSQLiRuleSet"}}, COUNTRY]),
        (
            "rules",
            [
                RATE,
                COMMON,
                COUNTRY,
                {
                    "name": "ips",
                    "priority": 30,
                    "ip_set_arn": "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/a/b",
                },
            ],
        ),
        (
            "rules",
            [
                RATE,
                COMMON,
                COUNTRY,
                {
                    "name": "own",
                    "priority": 30,
                    "rule_group_arn": "arn:aws:wafv2:us-east-1:123456789012:regional/rulegroup/a/b",
                },
            ],
        ),
        ("custom_response_bodies", {"slow-down": {"content": "slow down", "content_type": "TEXT_PLAIN"}}),
        ("visibility_config", {"metric_name": "uex-test", "sampled_requests_enabled": False}),
        ("resource_arns", [OTHER]),
        ("resource_arns", []),
        ("logging", {"destination_arn": f"{LOGS}-2"}),
        ("logging", {"destination_arn": ""}),
        ("tags", {"Project": "uex"}),
    ],
)
def test_each_option_round_trips(aws: Aws, option: str, value: Any) -> None:
    aws.run_module(MODULE, ACL)
    changed = {**ACL, option: value}
    predicted = aws.run_module(MODULE, changed, check=True)
    done = aws.run_module(MODULE, changed)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": "uex-test", "fields": [option]}]
    assert done["web_acl"] == predicted["web_acl"]
    again = aws.run_module(MODULE, changed)
    assert not again["changed"]
    assert again["web_acl"] == {**done["web_acl"], "capacity": again["web_acl"]["capacity"]}


def test_what_the_task_leaves_open_stays(aws: Aws) -> None:
    first = aws.run_module(MODULE, ACL)
    assert not aws.run_module(MODULE, {"name": "uex-test"})["changed"]
    assert aws.run_module(MODULE, {"name": "uex-test", "description": "other"})["changed"]
    after = aws.run_module(MODULE, {**ACL, "description": "other"})
    assert not after["changed"]
    assert after["web_acl"]["rules"] == first["web_acl"]["rules"]


def test_without_purge_other_associations_stay(aws: Aws) -> None:
    aws.run_module(MODULE, ACL)
    result = aws.run_module(MODULE, {"name": "uex-test", "resource_arns": [OTHER], "purge_associations": False})
    assert sorted(result["web_acl"]["resource_arns"]) == sorted([BALANCER, OTHER])


def test_an_update_goes_onto_what_somebody_else_saved_meanwhile(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    made = aws.run_module(MODULE, ACL)["web_acl"]
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    wafv2 = aws.client("wafv2")
    real, conflicts = api.update, []

    def update(client: Any, scope: str, name: str, identifier: str, lock_token: str, arguments: Any) -> None:
        if not conflicts:
            # Somebody else is faster by one call: the lock token that we hold becomes stale.
            current = wafv2.get_web_acl(Scope=scope, Name=name, Id=identifier)
            real(client, scope, name, identifier, current["LockToken"], {**arguments, "Description": "somebody else"})
        try:
            real(client, scope, name, identifier, lock_token, arguments)
        except ClientError as error:
            conflicts.append(error.response["Error"]["Code"])
            raise

    monkeypatch.setattr(api, "update", update)
    aws.run_module(MODULE, {"name": "uex-test", "default_action": "block"})
    assert conflicts == ["WAFOptimisticLockException"]
    now = wafv2.get_web_acl(Scope="REGIONAL", Name="uex-test", Id=made["id"])["WebACL"]
    assert (now["DefaultAction"], now["Description"]) == ({"Block": {}}, "somebody else")


def test_absent_releases_everything_and_deletes_once(aws: Aws) -> None:
    aws.run_module(MODULE, ACL)
    gone = {"name": "uex-test", "state": "absent"}
    assert aws.run_module(MODULE, gone, check=True)["changed"]
    assert aws.run_module(MODULE, gone)["changed"]
    assert not aws.run_module(MODULE, gone)["changed"]
    wafv2 = aws.client("wafv2")
    assert wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"] == []
    assert wafv2.list_logging_configurations(Scope="REGIONAL")["LoggingConfigurations"] == []


def test_for_cloudfront(aws: Aws) -> None:
    acl = {key: value for key, value in ACL.items() if key != "resource_arns"} | {"scope": "CLOUDFRONT"}
    assert ":global/webacl/" in aws.run_module(MODULE, acl)["web_acl"]["arn"]
    assert not aws.run_module(MODULE, acl)["changed"]
    assert aws.run_module(MODULE, {"name": "uex-test", "scope": "CLOUDFRONT", "state": "absent"})["changed"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": [{"name": "a", "priority": 0}]}, "a needs exactly one of rate_limit"),
        ({"rules": [RATE, {**COMMON, "priority": 0}]}, "common and rate-limit have the priority 0"),
        ({"rules": [RATE, {**COMMON, "name": "rate-limit"}]}, "the name rate-limit stands twice"),
        ({"rules": [{**COMMON, "action": "block"}]}, "common has the action block; with managed_rule_group"),
        ({"logging": {"destination_arn": "arn:aws:logs:us-east-1:1:log-group:waf"}}, "starts with aws-waf-logs-"),
        ({"scope": "CLOUDFRONT"}, "a CloudFront distribution names its web ACL itself"),
        ({"scope": "CLOUDFRONT", "region": "eu-west-1"}, "eu-west-1 cannot hold a web ACL for CloudFront"),
    ],
)
def test_bad_input_is_refused_before_any_change(aws: Aws, changes: dict[str, Any], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {**ACL, **changes})
    assert aws.mutations() == []

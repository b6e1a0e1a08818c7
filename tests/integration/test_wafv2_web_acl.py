# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._wafv2 import api
from ansible_collections.slipway.aws.plugins.module_utils._wafv2.transformations import acl_state, passwords
from ansible_collections.slipway.aws.plugins.modules import wafv2_web_acl
from botocore.exceptions import ClientError

from .harness import Aws, ModuleFailed
from .options import leaves, round_trip

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
CLOUDFRONT = {
    "name": "cloudfront",
    "priority": 60,
    "missing_header": {"name": "X-Origin-Verify", "values": ["first-of-the-secrets"]},
}
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


SCOPE_DOWN = {
    "ByteMatchStatement": {
        "SearchString": "/api",
        "FieldToMatch": {"UriPath": {}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        "PositionalConstraint": "STARTS_WITH",
    }
}
KEEP = {
    "DefaultBehavior": "DROP",
    "Filters": [
        {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}]}
    ],
}
# Another value for each option, beside those that say which rule and which web ACL it is.
OTHERS: dict[str, Any] = {
    "description": "other",
    "default_action": "block",
    "rules.name": "other",
    "rules.priority": 5,
    "rules.action": "count",
    "rules.custom_response.status_code": 503,
    "rules.custom_response.body_key": "other",
    "rules.custom_response.headers": {"Retry-After": 60},
    "rules.metric_name": "other",
    "rules.rate_limit.limit": 100,
    "rules.rate_limit.evaluation_window_sec": 60,
    "rules.rate_limit.aggregate_key_type": "FORWARDED_IP",
    "rules.rate_limit.forwarded_ip_header": "X-Real-IP",
    "rules.rate_limit.scope_down_statement": SCOPE_DOWN,
    "rules.managed_rule_group.name": "AWSManagedRulesSQLiRuleSet",
    "rules.managed_rule_group.vendor_name": "Fortinet",
    "rules.managed_rule_group.version": "Version_1.1",
    "rules.managed_rule_group.excluded_rules": ["EC2MetaDataSSRF_BODY"],
    "rules.managed_rule_group.rule_action_overrides": {"NoUserAgent_HEADER": "captcha"},
    "rules.managed_rule_group.scope_down_statement": SCOPE_DOWN,
    "rules.managed_rule_group.configs": [{"AWSManagedRulesBotControlRuleSet": {"InspectionLevel": "COMMON"}}],
    "rules.rule_group_arn": f"{WAF}/rulegroup/other/1a2b3c",
    "rules.ip_set_arn": f"{WAF}/ipset/other/1a2b3c",
    "rules.missing_header.name": "X-Other",
    "rules.missing_header.values": ["first-of-the-secrets", "second-of-the-secrets"],
    "rules.statement": {"GeoMatchStatement": {"CountryCodes": ["CA"]}},
    "custom_response_bodies": {
        "slow-down": {"content": "slow down", "content_type": "TEXT_PLAIN"},
        "other": {"content": "{}"},
    },
    "visibility_config.metric_name": "other",
    "visibility_config.sampled_requests_enabled": False,
    "visibility_config.cloudwatch_metrics_enabled": False,
    "resource_arns": [OTHER],
    "logging.destination_arn": f"{LOGS}-2",
    "logging.redacted_fields": ["method", "uri_path", "cookie"],
    "logging.filter": KEEP,
    "tags": {"Project": "uex", "Environment": "prod"},
}


def test_every_option_round_trips(aws: Aws) -> None:
    assert set(leaves(wafv2_web_acl.CONFIGURATION)) == OTHERS.keys()
    rules = [RATE, COMMON, COUNTRY, {**IP_SET, "priority": 40}, {**OWN_GROUP, "priority": 50}, CLOUDFRONT]
    acl = {
        **ACL,
        "rules": rules,
        "custom_response_bodies": {**ACL["custom_response_bodies"], "other": {"content": "{}"}},
    }
    aws.run_module(MODULE, acl)
    round_trip(aws, MODULE, acl, OTHERS, result="web_acl", changing=("capacity",))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rules", [RATE]),
        ("resource_arns", []),
        ("logging", {"destination_arn": ""}),
        ("tags", {"Project": "uex"}),
    ],
)
def test_less_than_before_round_trips(aws: Aws, option: str, value: Any) -> None:
    aws.run_module(MODULE, ACL)
    changed = {**ACL, option: value}
    predicted = aws.run_module(MODULE, changed, check=True)
    done = aws.run_module(MODULE, changed)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": "uex-test", "fields": [option]}]
    assert done["web_acl"] == predicted["web_acl"]
    again = aws.run_module(MODULE, changed)
    assert not again["changed"]
    assert again["web_acl"] == {**done["web_acl"], "capacity": again["web_acl"]["capacity"]}


def test_values_are_introduced_and_replaced_without_shutting_anybody_out(aws: Aws) -> None:
    wafv2 = aws.client("wafv2")

    def run(*values: str, **more: Any) -> dict[str, Any]:
        rules = [{**CLOUDFRONT, "missing_header": {"name": "X-Origin", "values": values}}] if values else []
        predicted = aws.run_module(MODULE, {"name": "uex-test", "rules": rules, **more}, check=True)
        result = aws.run_module(MODULE, {"name": "uex-test", "rules": rules, **more})
        told = ("actions", "deferred", "loosened")
        assert {key: predicted[key] for key in told} == {key: result[key] for key in told}
        assert not aws.run_module(MODULE, {"name": "uex-test", "rules": rules, **more})["changed"]
        return result

    def accepted() -> set[str]:
        (summary,) = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
        found = wafv2.get_web_acl(Scope="REGIONAL", Name=summary["Name"], Id=summary["Id"])["WebACL"]
        return {value.removesuffix("-of-the-secrets") for value in passwords(acl_state(found)["rules"])}

    early = run("first-of-the-secrets", tighten=False)
    assert (early["deferred"], early["loosened"], accepted()) == (["cloudfront"], [], set())
    now = run("first-of-the-secrets")
    assert (now["deferred"], now["loosened"], accepted()) == ([], [], {"first"})
    early = run("second-of-the-secrets", tighten=False)
    assert (early["deferred"], early["loosened"], accepted()) == (["cloudfront"], ["cloudfront"], {"first", "second"})
    now = run("second-of-the-secrets")
    assert (now["deferred"], now["loosened"], accepted()) == ([], [], {"second"})
    early = run(tighten=False)
    assert (early["deferred"], early["loosened"], accepted()) == ([], ["cloudfront"], set())


def test_what_lets_requests_pass_is_never_shown(aws: Aws) -> None:
    def acl(*values: str) -> dict[str, Any]:
        return {"name": "uex-test", "rules": [{**CLOUDFRONT, "missing_header": {"name": "X-Origin", "values": values}}]}

    results = [
        aws.run_module(MODULE, acl("first-of-the-secrets"), check=True),
        aws.run_module(MODULE, acl("first-of-the-secrets")),
        aws.run_module(MODULE, acl("second-of-the-secrets", "first-of-the-secrets")),
        aws.run_module(MODULE, acl("third-of-the-secrets")),
        aws.run_module(MODULE, {"name": "uex-test"}),
        aws.run_module(MODULE, {"name": "uex-test", "state": "absent"}),
    ]
    assert [result["changed"] for result in results] == [True, True, True, True, False, True]
    assert "of-the-secrets" not in json.dumps(results)
    assert "x-origin" in json.dumps(results)
    with pytest.raises(ModuleFailed, match="needs values"):
        aws.run_module(MODULE, acl())


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


MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)


def test_for_cloudfront(aws: Aws) -> None:
    acl = {key: value for key, value in ACL.items() if key != "resource_arns"} | {"scope": "CLOUDFRONT"}
    acl["rules"] = [RATE] + [
        {"name": name, "priority": priority, "managed_rule_group": {"name": name}}
        for priority, name in enumerate(MANAGED, start=1)
    ]
    made = aws.run_module(MODULE, acl)["web_acl"]
    assert ":global/webacl/" in made["arn"]
    assert not aws.run_module(MODULE, acl)["changed"]
    assert made["logging"]["destination_arn"] == LOGS
    others = {"default_action": "block", "rules.rate_limit.limit": 500, "logging.redacted_fields": ["cookie"]}
    round_trip(aws, MODULE, acl, others, result="web_acl", changing=("capacity",))
    assert aws.run_module(MODULE, {"name": "uex-test", "scope": "CLOUDFRONT", "state": "absent"})["changed"]


def test_one_that_a_distribution_names_is_deleted_after_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    acl = {"name": "uex-test", "scope": "CLOUDFRONT"}
    site = {
        "name": "site",
        "web_acl_arn": aws.run_module(MODULE, acl)["web_acl"]["arn"],
        "origins": [{"id": "site", "domain_name": "a.s3.us-east-1.amazonaws.com"}],
        "default_cache_behavior": {"target_origin": "site"},
    }
    made = aws.run_module("cloudfront_distribution", site)["distribution"]
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(ModuleFailed, match=f"uex-test protects {made['id']}; give the distributions another"):
        aws.run_module(MODULE, {**acl, "state": "absent"})
    aws.run_module("cloudfront_distribution", {"name": "site", "web_acl_arn": ""})
    assert aws.run_module(MODULE, {**acl, "state": "absent"})["changed"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": [{"name": "a", "priority": 0}]}, "a needs exactly one of rate_limit"),
        ({"rules": [RATE, {**COMMON, "priority": 0}]}, "common and rate-limit have the priority 0"),
        ({"rules": [RATE, {**COMMON, "name": "rate-limit"}]}, "the name rate-limit stands twice"),
        ({"rules": [{**COMMON, "action": "block"}]}, "common has the action block; with managed_rule_group"),
        ({"logging": {"destination_arn": "arn:aws:logs:us-east-1:1:log-group:waf"}}, "starts with aws-waf-logs-"),
        (
            {"logging": {"destination_arn": "arn:aws:logs:eu-west-1:1:log-group:aws-waf-logs-a"}},
            "stands in eu-west-1; a web ACL of us-east-1 logs only to its own region",
        ),
        ({"scope": "CLOUDFRONT"}, "a CloudFront distribution names its web ACL itself"),
        ({"scope": "CLOUDFRONT", "region": "eu-west-1"}, "eu-west-1 cannot hold a web ACL for CloudFront"),
    ],
)
def test_bad_input_is_refused_before_any_change(aws: Aws, changes: dict[str, Any], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {**ACL, **changes})
    assert aws.mutations() == []

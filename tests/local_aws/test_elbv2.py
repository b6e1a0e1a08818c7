# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of Elastic Load Balancing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError


@dataclass
class Net:
    vpc_id: str
    subnet_ids: list[str]
    group_id: str


@pytest.fixture
def net(aws: Callable[..., Any]) -> Net:
    ec2 = aws("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for index, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="alb", Description="alb", VpcId=vpc_id)
    return Net(vpc_id, [subnet["Subnet"]["SubnetId"] for subnet in subnets], group["GroupId"])


@pytest.fixture
def elbv2(aws: Callable[..., Any]) -> Iterator[Any]:
    return aws("elbv2")


@pytest.fixture
def balancer(elbv2: Any, net: Net) -> str:
    created = elbv2.create_load_balancer(Name="alb", Subnets=net.subnet_ids, SecurityGroups=[net.group_id])
    return created["LoadBalancers"][0]["LoadBalancerArn"]


@pytest.fixture
def group(elbv2: Any, net: Net) -> dict[str, Any]:
    created = elbv2.create_target_group(Name="api", Protocol="HTTP", Port=3903, VpcId=net.vpc_id, TargetType="ip")
    return created["TargetGroups"][0]


def attributes(answer: dict[str, Any]) -> dict[str, str]:
    return {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}


def test_an_application_load_balancer_has_every_attribute(elbv2: Any, balancer: str) -> None:
    found = attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer))
    assert found["access_logs.s3.enabled"] == "false"
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["routing.http.desync_mitigation_mode"] == "defensive"
    assert found["load_balancing.cross_zone.enabled"] == "true"
    assert found["client_keep_alive.seconds"] == "3600"
    changed = elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "120"}]
    )
    assert attributes(changed)["idle_timeout.timeout_seconds"] == "120"
    assert attributes(changed).keys() == found.keys()


def test_a_target_group_has_every_attribute(elbv2: Any, group: dict[str, Any]) -> None:
    arn = group["TargetGroupArn"]
    found = attributes(elbv2.describe_target_group_attributes(TargetGroupArn=arn))
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert found["stickiness.type"] == "lb_cookie"
    assert found["load_balancing.algorithm.anomaly_mitigation"] == "off"
    assert "waf.fail_open.enabled" not in found
    changed = elbv2.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    )
    assert attributes(changed) == {**found, "deregistration_delay.timeout_seconds": "30"}


def test_target_group_defaults(group: dict[str, Any]) -> None:
    assert group["ProtocolVersion"] == "HTTP1"
    assert group["HealthCheckPath"] == "/"
    assert group["HealthCheckProtocol"] == "HTTP"
    assert group["HealthCheckTimeoutSeconds"] == 5
    assert group["Matcher"] == {"HttpCode": "200"}


def listen(elbv2: Any, balancer: str, group: dict[str, Any], port: int = 80) -> dict[str, Any]:
    created = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=port,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    return created["Listeners"][0]


def test_listener_attributes(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    arn = listen(elbv2, balancer, group)["ListenerArn"]
    found = attributes(elbv2.describe_listener_attributes(ListenerArn=arn))
    assert found["routing.http.response.server.enabled"] == "true"
    assert "tcp.idle_timeout.seconds" not in found


def test_a_forward_action_has_its_forward_config(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    arn = group["TargetGroupArn"]
    action = listen(elbv2, balancer, group)["DefaultActions"][0]
    assert action["TargetGroupArn"] == arn
    assert action["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }


def test_a_redirect_has_its_defaults(elbv2: Any, balancer: str) -> None:
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    created = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[redirect])
    assert created["Listeners"][0]["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@pytest.mark.parametrize("form", ["Values", "PathPatternConfig"])
def test_a_path_condition_has_several_values_in_both_forms(
    elbv2: Any, balancer: str, group: dict[str, Any], form: str
) -> None:
    values = ["/api/uex", "/api/uex/*"]
    listener = listen(elbv2, balancer, group)["ListenerArn"]
    given = {"Field": "path-pattern", form: values if form == "Values" else {"Values": values}}
    action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    rule = elbv2.create_rule(ListenerArn=listener, Priority=10, Conditions=[given], Actions=[action])["Rules"][0]
    expected = [{"Field": "path-pattern", "Values": values, "PathPatternConfig": {"Values": values}}]
    assert rule["Conditions"] == expected
    found = elbv2.describe_rules(RuleArns=[rule["RuleArn"]])["Rules"][0]
    assert found["Conditions"] == expected
    assert found["Actions"][0]["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": group["TargetGroupArn"], "Weight": 1}
    ]
    changed = elbv2.modify_rule(RuleArn=rule["RuleArn"], Conditions=[{"Field": "path-pattern", "Values": ["/other/*"]}])
    assert changed["Rules"][0]["Conditions"][0]["PathPatternConfig"] == {"Values": ["/other/*"]}


def test_six_values_are_too_many(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    listener = listen(elbv2, balancer, group)["ListenerArn"]
    with pytest.raises(ClientError, match="too many values"):
        elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{index}" for index in range(6)]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )


def test_one_listener_a_port(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    listen(elbv2, balancer, group)
    with pytest.raises(ClientError) as caught:
        listen(elbv2, balancer, group)
    assert caught.value.response["Error"]["Code"] == "DuplicateListener"
    assert listen(elbv2, balancer, group, port=8080)["Port"] == 8080


def test_a_target_group_knows_its_load_balancers(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    def known() -> list[str]:
        found = elbv2.describe_target_groups(TargetGroupArns=[group["TargetGroupArn"]])["TargetGroups"][0]
        return found["LoadBalancerArns"]

    assert known() == []
    listener = listen(elbv2, balancer, group)["ListenerArn"]
    assert known() == [balancer]
    elbv2.delete_listener(ListenerArn=listener)
    assert known() == []
    elbv2.delete_target_group(TargetGroupArn=group["TargetGroupArn"])


def test_a_name_is_taken_once(elbv2: Any, net: Net, balancer: str) -> None:
    again = elbv2.create_load_balancer(Name="alb", Subnets=net.subnet_ids, SecurityGroups=[net.group_id])
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == balancer
    with pytest.raises(ClientError) as caught:
        elbv2.create_load_balancer(Name="alb", Subnets=net.subnet_ids, SecurityGroups=[net.group_id], Scheme="internal")
    assert caught.value.response["Error"]["Code"] == "DuplicateLoadBalancerName"


def test_deletion_protection_protects(elbv2: Any, balancer: str) -> None:
    def protect(value: str) -> None:
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
        )

    protect("true")
    with pytest.raises(ClientError) as caught:
        elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert caught.value.response["Error"]["Code"] == "OperationNotPermitted"
    protect("false")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []


def test_rules_change_places_but_never_share_one(elbv2: Any, balancer: str, group: dict[str, Any]) -> None:
    listener = listen(elbv2, balancer, group)["ListenerArn"]

    def rule(priority: int) -> str:
        created = elbv2.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        return created["Rules"][0]["RuleArn"]

    def order(**priorities: int) -> None:
        arns = {"one": one, "two": two, "three": three}
        elbv2.set_rule_priorities(
            RulePriorities=[{"RuleArn": arns[name], "Priority": priority} for name, priority in priorities.items()]
        )

    one, two, three = rule(1), rule(2), rule(3)
    order(one=2, two=1)
    with pytest.raises(ClientError, match="PriorityInUse"):
        order(one=3)
    rules = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    found = {item["RuleArn"]: item["Priority"] for item in rules if not item["IsDefault"]}
    assert found == {one: "2", two: "1", three: "3"}


def test_the_hosted_zone_is_the_regions(elbv2: Any, balancer: str) -> None:
    found = elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]
    assert found["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"

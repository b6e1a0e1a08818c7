# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._elbv2.load_balancers import (
    listener_changes,
    listener_request,
    listener_state,
    load_balancer_state,
    wanted_listeners,
)
from ansible_collections.slipway.aws.plugins.module_utils._elbv2.rules import rule_state
from ansible_collections.slipway.aws.plugins.module_utils._elbv2.target_groups import (
    attribute_values,
    full_name,
    health_check_request,
    target_group_state,
)

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/uex/50dc6c495c0c9188"
FIXED = {"type": "fixed-response", "status_code": "404", "content_type": "text/plain", "message_body": ""}


def test_target_group_state() -> None:
    state = target_group_state(
        {
            "TargetGroupArn": GROUP,
            "Protocol": "HTTP",
            "Port": 80,
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 15,
            "Matcher": {"HttpCode": "200"},
            "LoadBalancerArns": ["b", "a"],
        }
    )
    assert state == {
        "arn": GROUP,
        "full_name": "targetgroup/web/73e2d6bc24d8a067",
        "protocol": "HTTP",
        "port": 80,
        "health_check": {"path": "/health", "interval": 15, "codes": "200"},
        "load_balancer_arns": ["a", "b"],
    }
    assert full_name(GROUP) == "targetgroup/web/73e2d6bc24d8a067"


@pytest.mark.parametrize(
    ("version", "matcher"), [("", {"HttpCode": "0-5"}), ("HTTP2", {"HttpCode": "0-5"}), ("GRPC", {"GrpcCode": "0-5"})]
)
def test_health_check_request(version: str, matcher: dict[str, str]) -> None:
    request = health_check_request({"enabled": False, "path": "/x", "timeout": None, "codes": "0-5"}, version)
    assert request == {"HealthCheckEnabled": False, "HealthCheckPath": "/x", "Matcher": matcher}


def test_attribute_values() -> None:
    assert attribute_values(None) is None
    assert attribute_values({"a": True, "b": False, "c": 30, "d": "on"}) == {
        "a": "true",
        "b": "false",
        "c": "30",
        "d": "on",
    }


def test_load_balancer_state() -> None:
    state = load_balancer_state(
        {
            "LoadBalancerArn": BALANCER,
            "DNSName": "uex.elb.amazonaws.com",
            "CanonicalHostedZoneId": "Z1",
            "Scheme": "internal",
            "AvailabilityZones": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}],
            "SecurityGroups": ["sg-2", "sg-1"],
            "State": {"Code": "active"},
        }
    )
    assert state["full_name"] == "app/uex/50dc6c495c0c9188"
    assert state["subnets"] == ["subnet-1", "subnet-2"]
    assert state["security_groups"] == ["sg-1", "sg-2"]
    assert (state["status"], state["ip_address_type"]) == ("active", "ipv4")


def test_a_listeners_first_certificate_is_the_default() -> None:
    listener = {
        "ListenerArn": "l",
        "Protocol": "HTTPS",
        "Certificates": [{"CertificateArn": "z"}],
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    }
    assert listener_state(listener, ["b", "a", "z"])["certificates"] == ["z", "a", "b"]


def test_listener_request_holds_only_what_is_said() -> None:
    assert listener_request({"protocol": "HTTP", "certificates": [], "ssl_policy": ""}) == {"Protocol": "HTTP"}
    request = listener_request({"certificates": ["a", "b"], "default_actions": [FIXED]})
    assert request["Certificates"] == [{"CertificateArn": "a"}]
    assert request["DefaultActions"][0]["Type"] == "fixed-response"


def test_listener_changes() -> None:
    current = {"protocol": "HTTP", "ssl_policy": "", "default_actions": [FIXED]}
    assert listener_changes(current, {"protocol": "HTTP", "default_actions": [dict(FIXED)]}) == {}
    assert listener_changes(current, {"protocol": "HTTPS", "ssl_policy": "x"}) == {
        "protocol": "HTTPS",
        "ssl_policy": "x",
    }


@pytest.mark.parametrize(("purge", "ports"), [(True, {443}), (False, {80, 443})])
def test_wanted_listeners(purge: bool, ports: set[int]) -> None:
    current = {80: {"arn": "a", "protocol": "HTTP"}, 443: {"arn": "b", "protocol": "HTTP"}}
    wanted = wanted_listeners(current, {443: {"protocol": "HTTPS"}}, purge=purge)
    assert wanted is not None
    assert wanted.keys() == ports
    assert wanted[443] == {"arn": "b", "protocol": "HTTPS"}
    assert wanted_listeners(current, None, purge=purge) is None


def test_rule_state_keeps_its_name_out_of_the_tags() -> None:
    rule: dict[str, Any] = {"RuleArn": "r", "Priority": "7", "Conditions": [], "Actions": []}
    state = rule_state(rule, {"Name": "web", "Service": "web"})
    assert state == {"arn": "r", "priority": 7, "conditions": {}, "actions": [], "tags": {"Service": "web"}}

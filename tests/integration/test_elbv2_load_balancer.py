# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

NAME = "uex-dev-alb"
NOT_FOUND = {"type": "fixed-response", "fixed_response": {"status_code": "404", "message_body": "Not found"}}
TO_HTTPS = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443"}}


@pytest.fixture
def network(aws: Aws) -> dict[str, Any]:
    ec2 = aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for index, zone in enumerate("abc")
    ]
    groups = [
        ec2.create_security_group(VpcId=vpc_id, GroupName=name, Description=name)["GroupId"] for name in ("one", "two")
    ]
    return {"subnets": [subnet["SubnetId"] for subnet in subnets], "security_groups": groups}


@pytest.fixture
def certificates(aws: Aws) -> list[str]:
    acm = aws.client("acm")
    return [acm.request_certificate(DomainName=f"{name}.example.com")["CertificateArn"] for name in ("a", "b", "c")]


def balancer(network: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "scheme": "internet-facing",
        "subnets": network["subnets"][:2],
        "security_groups": network["security_groups"][:1],
        "attributes": {"idle_timeout.timeout_seconds": 120, "routing.http.drop_invalid_header_fields.enabled": True},
        "listeners": [{"port": 80, "protocol": "HTTP", "default_actions": [NOT_FOUND]}],
        "tags": {"Name": NAME, "Project": "uex"},
        **fields,
    }


def secure(certificates: list[str], **fields: Any) -> list[dict[str, Any]]:
    return [
        {"port": 80, "protocol": "HTTP", "default_actions": [TO_HTTPS]},
        {
            "port": 443,
            "protocol": "HTTPS",
            "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificates": certificates,
            "default_actions": [NOT_FOUND],
            **fields,
        },
    ]


def ensure(aws: Aws, options: dict[str, Any], check: bool = False) -> dict[str, Any]:
    return aws.run_module("elbv2_load_balancer", options, check=check)


def test_creates_and_changes_nothing_again(aws: Aws, network: dict[str, Any], certificates: list[str]) -> None:
    wanted = balancer(network, listeners=secure(certificates[:2]))
    predicted = ensure(aws, wanted, check=True)["load_balancer"]
    assert predicted["full_name"] == f"app/planned-{NAME}"
    assert predicted["dns_name"] == f"planned-{NAME}.us-east-1.elb.amazonaws.com"
    assert [listener["port"] for listener in predicted["listeners"]] == [80, 443]
    assert "planned" in predicted["listeners"][1]["arn"]

    created = ensure(aws, {**wanted, "wait": True})["load_balancer"]
    elbv2 = aws.client("elbv2")
    found = {item["Port"]: item for item in elbv2.describe_listeners(LoadBalancerArn=created["arn"])["Listeners"]}
    assert found[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert found[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    tags = elbv2.describe_tags(ResourceArns=[created["arn"], found[80]["ListenerArn"]])["TagDescriptions"]
    assert {len(item["Tags"]) for item in tags} == {2, 1}
    aws.mark()
    again = ensure(aws, wanted)
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["load_balancer"]["listeners"] == created["listeners"]
    assert again["load_balancer"]["attributes"]["idle_timeout.timeout_seconds"] == "120"


def changed_fields(aws: Aws, wanted: dict[str, Any]) -> list[str]:
    """Check that a change is predicted, made, and then found; return which fields changed."""
    predicted = ensure(aws, wanted, check=True)
    made = ensure(aws, wanted)
    assert made["actions"] == predicted["actions"]
    again = ensure(aws, wanted)
    assert not again["changed"]
    return made["actions"][0]["fields"]


def test_each_change_is_predicted_made_and_then_found(aws: Aws, network: dict[str, Any]) -> None:
    ensure(aws, balancer(network))
    changes: dict[str, Any] = {
        "subnets": network["subnets"],
        "security_groups": network["security_groups"],
        "attributes": {"idle_timeout.timeout_seconds": 60, "deletion_protection.enabled": True},
        "tags": {"Name": NAME},
        "listeners": [{"port": 80, "protocol": "HTTP", "default_actions": [TO_HTTPS]}],
    }
    wanted = balancer(network)
    for field, value in changes.items():
        wanted[field] = value
        assert changed_fields(aws, wanted) == [field]


def test_a_listener_becomes_secure_changes_certificates_and_goes(
    aws: Aws, network: dict[str, Any], certificates: list[str]
) -> None:
    ensure(aws, balancer(network))
    listener_changes = [
        secure(certificates[:1]),
        secure(certificates[:2]),
        secure([certificates[1], certificates[2]]),
        secure([certificates[1]], ssl_policy="ELBSecurityPolicy-TLS13-1-3-2021-06"),
        secure([certificates[1]])[:1],
    ]
    for listeners in listener_changes:
        assert changed_fields(aws, balancer(network, listeners=listeners)) == ["listeners"]


def test_check_mode_names_the_listener_to_come(aws: Aws, network: dict[str, Any], certificates: list[str]) -> None:
    ensure(aws, balancer(network))
    predicted = ensure(aws, balancer(network, listeners=secure(certificates)), check=True)["load_balancer"]
    assert "planned" in predicted["listeners"][1]["arn"]
    assert "planned" not in predicted["listeners"][0]["arn"]


def test_keeps_listeners_without_purge(aws: Aws, network: dict[str, Any]) -> None:
    ensure(aws, balancer(network))
    other = [{"port": 8080, "protocol": "HTTP", "default_actions": [NOT_FOUND]}]
    result = ensure(aws, balancer(network, listeners=other, purge_listeners=False))
    assert [listener["port"] for listener in result["load_balancer"]["listeners"]] == [80, 8080]


def test_refuses_another_scheme(aws: Aws, network: dict[str, Any]) -> None:
    ensure(aws, balancer(network))
    with pytest.raises(ModuleFailed, match="cannot change scheme"):
        ensure(aws, balancer(network, scheme="internal"))


def test_names_the_listener_without_certificate(aws: Aws, network: dict[str, Any]) -> None:
    with pytest.raises(ModuleFailed, match="443 is HTTPS and has no certificates"):
        ensure(aws, balancer(network, listeners=secure([])), check=True)


def test_deletes_a_protected_one_only_by_force(aws: Aws, network: dict[str, Any]) -> None:
    ensure(aws, balancer(network, attributes={"deletion_protection.enabled": True}))
    gone = {"name": NAME, "state": "absent", "wait": True}
    with pytest.raises(ModuleFailed, match="OperationNotPermitted"):
        ensure(aws, gone)
    assert ensure(aws, {**gone, "force": True}, check=True)["changed"]
    assert ensure(aws, {**gone, "force": True})["changed"]
    assert ensure(aws, {**gone, "force": True}) | {"invocation": None} == {
        **ensure(aws, gone),
        "changed": False,
        "load_balancer": {},
        "invocation": None,
    }

# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""environment_info against a real endpoint: an empty account, and one that has something of everything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .certificates import imported
from .harness import Aws, ModuleFailed

ARGS = {"project": "uex", "environment": "test"}


def tags(role: str, component: str = "", **more: str) -> list[dict[str, str]]:
    pairs = {"Project": "uex", "Environment": "test", "Role": role, **({"Component": component} if component else {})}
    return [{"Key": key, "Value": value} for key, value in {**pairs, **more}.items()]


def lower(pairs: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"key": pair["Key"], "value": pair["Value"]} for pair in pairs]


def spec(kind: str, pairs: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": pairs}]


def empty(value: Any) -> bool:
    return all(empty(item) for item in value.values()) if isinstance(value, dict) else value in ("", [])


def test_on_an_empty_account_every_key_is_there_and_empty(aws: Aws) -> None:
    found = aws.run_module("environment_info", ARGS, check=True)
    assert found["changed"] is False
    assert set(found["vpc"]["subnet_ids"]) == {"public", "app", "data"}
    assert found["compute"]["load_balancer"]["url"] == ""
    for section in ("vpc", "data", "compute", "edge", "monitoring"):
        assert empty(found[section]), found[section]


def test_only_the_sections_asked_for_cost_calls(aws: Aws) -> None:
    aws.mark()
    found = aws.run_module("environment_info", {**ARGS, "sections": ["vpc"]})
    assert "data" not in found
    assert {call.split(":")[0] for call in aws.calls()} == {"ec2"}


def test_an_unknown_section_is_refused(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="sections"):
        aws.run_module("environment_info", {**ARGS, "sections": ["network"]})


def test_the_network_is_keyed_by_component_and_ordered_by_zone(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=spec("vpc", tags("vpc")))["Vpc"]["VpcId"]
    ids = {}
    for zone, block in (("us-east-1b", "10.9.2.0/24"), ("us-east-1a", "10.9.1.0/24")):
        subnet = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=block,
            AvailabilityZone=zone,
            TagSpecifications=spec("subnet", tags("vpc", "app")),
        )
        ids[zone] = subnet["Subnet"]["SubnetId"]
    group = ec2.create_security_group(
        GroupName="alb",
        Description="alb",
        VpcId=vpc,
        TagSpecifications=spec("security-group", tags("vpc", "alb")),
    )["GroupId"]
    # A namesake of another environment must not be seen.
    ec2.create_vpc(CidrBlock="10.8.0.0/16", TagSpecifications=spec("vpc", [*tags("vpc")[:1], *tags("vpc")[2:]]))

    found = aws.run_module("environment_info", ARGS)["vpc"]

    assert (found["vpc_id"], found["cidr_block"]) == (vpc, "10.9.0.0/16")
    assert found["availability_zones"] == ["us-east-1a", "us-east-1b"]
    assert found["subnet_ids"]["app"] == [ids["us-east-1a"], ids["us-east-1b"]]
    assert found["security_group_ids"] == {"alb": group}


def test_data_and_topics_are_found_by_their_tags(aws: Aws) -> None:
    secret = aws.client("secretsmanager").create_secret(
        Name="uex-test/database", SecretString="not shown", Tags=tags("data", "database")
    )["ARN"]
    key = aws.client("kms").create_key(
        Tags=[{"TagKey": pair["Key"], "TagValue": pair["Value"]} for pair in tags("data", "main")]
    )["KeyMetadata"]
    aws.client("kms").create_alias(AliasName="alias/uex-test", TargetKeyId=key["KeyId"])
    s3 = aws.client("s3")
    bucket = f"uex-test-backups-{aws.account_id}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags("data", "backups")})
    topic = aws.client("sns").create_topic(Name="uex-test-critical", Tags=tags("monitoring", "critical"))["TopicArn"]

    found = aws.run_module("environment_info", ARGS)

    assert found["data"]["secret_arns"] == {"database": secret}
    assert (found["data"]["kms_key_arn"], found["data"]["kms_key_alias"]) == (key["Arn"], "alias/uex-test")
    assert found["data"]["buckets"] == {"backups": bucket}
    assert found["monitoring"]["topic_arns"] == {"critical": topic, "warning": "", "info": ""}
    assert "not shown" not in json.dumps(found)


def test_services_are_found_with_their_image_target_group_and_address(aws: Aws) -> None:
    ec2, elbv2, ecs = aws.client("ec2"), aws.client("elbv2"), aws.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for zone, block in (("us-east-1a", "10.9.1.0/24"), ("us-east-1b", "10.9.2.0/24"))
    ]
    balancer = elbv2.create_load_balancer(Name="uex-test-alb", Subnets=subnets, Tags=tags("compute", "alb"))
    balancer = balancer["LoadBalancers"][0]
    group = elbv2.create_target_group(
        Name="uex-test-backend",
        Protocol="HTTP",
        Port=3903,
        VpcId=vpc,
        TargetType="ip",
        Tags=tags("compute", Service="backend"),
    )["TargetGroups"][0]["TargetGroupArn"]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    elbv2.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/uex/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    ecs.create_cluster(clusterName="uex-test", tags=lower(tags("compute", "cluster")))
    definition = ecs.register_task_definition(
        family="uex-test-backend",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn=f"arn:aws:iam::{aws.account_id}:role/uex-test-execution",
        containerDefinitions=[
            {
                "name": "backend",
                "image": "registry.example/backend:1",
                "portMappings": [{"containerPort": 3903}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/ecs/uex-test/backend", "awslogs-region": "us-east-1"},
                },
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="uex-test",
        serviceName="backend",
        taskDefinition=definition,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
        loadBalancers=[{"targetGroupArn": group, "containerName": "backend", "containerPort": 3903}],
        tags=lower(tags("compute", Service="backend")),
    )

    found = aws.run_module("environment_info", {**ARGS, "sections": ["compute"]})["compute"]

    assert found["cluster_name"] == "uex-test"
    assert found["load_balancer"]["full_name"] == "/".join(balancer["LoadBalancerArn"].split("/")[1:])
    assert found["listener_arns"] == {"http": listener, "https": ""}
    service = found["services"]["backend"]
    assert (service["image"], service["desired_count"]) == ("registry.example/backend:1", 2)
    assert service["target_group_arn"] == group
    assert service["target_group_full_name"].startswith("targetgroup/uex-test-backend/")
    assert service["log_group"] == "/ecs/uex-test/backend"
    assert service["url"] == f"http://{balancer['DNSName']}/api/uex/"


def test_sites_and_certificates_are_found_by_their_tags(aws: Aws) -> None:
    owner = {"Project": "uex", "Environment": "test", "Role": "edge"}
    london = {**ARGS, "region": "eu-west-2", "sections": ["edge"]}
    control = aws.run_module("cloudfront_origin_access_controls", {"controls": [{"name": "admin"}]})["controls"][
        "admin"
    ]
    acl = aws.run_module("wafv2_web_acl", {"name": "sites", "scope": "CLOUDFRONT", "tags": owner})["web_acl"]
    site = {
        "name": "uex-test-admin",
        "origins": [{"id": "s", "domain_name": "b.s3.eu-west-2.amazonaws.com", "origin_access_control": control["id"]}],
        "default_cache_behavior": {"target_origin": "s"},
        "web_acl_arn": acl["arn"],
        "tags": {**owner, "Component": "admin"},
    }
    made = aws.run_module("cloudfront_distribution", site)["distribution"]
    certificates = {}
    for region in ("us-east-1", "eu-west-2"):
        wanted = {"name": "admin", "domain_name": "admin.example.com"}
        arguments = {"region": region, "certificates": [wanted], "tags": {**owner, "Component": "admin"}}
        certificates[region] = aws.run_module("acm_certificates", arguments)["certificates"]["admin"]["arn"]

    aws.mark()
    found = aws.run_module("environment_info", london)["edge"]
    assert sorted(aws.calls()) == ["cloudfront:ListDistributions", *["resourcegroupstaggingapi:GetResources"] * 2]
    assert found["certificate_arns"] == {"admin": certificates["eu-west-2"]}
    assert found["sites_certificate_arns"] == {"admin": certificates["us-east-1"]}
    assert found["sites_web_acl"] == {"name": "sites", "arn": acl["arn"]}
    (name, shown) = next(iter(found["sites"].items()))
    assert (name, shown.pop("status") in ("InProgress", "Deployed")) == ("admin", True)
    assert shown == {
        "bucket": "",
        "distribution_id": made["id"],
        "distribution_arn": made["arn"],
        "domain_name": made["domain_name"],
        "aliases": [],
        "enabled": True,
        "web_acl_arn": acl["arn"],
        "certificate_arn": "",
        "origin_access_control_ids": [control["id"]],
        "url": f"https://{made['domain_name']}",
    }


def test_a_certificate_serves_until_the_one_that_replaces_it_is_issued(aws: Aws) -> None:
    owner = {"Project": "uex", "Environment": "test", "Role": "edge", "Component": "load_balancer"}
    old = imported(aws, "pay.example.com")
    aws.client("acm").add_tags_to_certificate(
        CertificateArn=old, Tags=[{"Key": key, "Value": value} for key, value in owner.items()]
    )
    wanted = {"name": "pay", "domain_name": "pay.example.com"}
    aws.run_module("acm_certificates", {"certificates": [wanted], "tags": owner})
    found = aws.run_module("environment_info", {**ARGS, "sections": ["edge"]})["edge"]
    assert found["certificate_arns"] == found["sites_certificate_arns"] == {"load_balancer": old}

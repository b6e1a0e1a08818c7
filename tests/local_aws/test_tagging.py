# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Resource Groups Tagging API finds whatever the roles make."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Clients = Callable[..., Any]

PAIRS = {"Project": "uex", "Environment": "dev"}
TAGS = [{"Key": key, "Value": value} for key, value in PAIRS.items()]
FILTERS = [{"Key": key, "Values": [value]} for key, value in PAIRS.items()]
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def spec(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


@pytest.fixture
def tagged(aws: Clients) -> Callable[..., set[str]]:
    def listing(region: str = "us-east-1", **options: Any) -> set[str]:
        pages = aws("resourcegroupstaggingapi", region=region).get_paginator("get_resources")
        found = pages.paginate(TagFilters=FILTERS, **options)
        return {item["ResourceARN"] for page in found for item in page["ResourceTagMappingList"]}

    return listing


def kinds(arns: set[str]) -> set[str]:
    """service:type of each ARN."""
    found = set()
    for arn in arns:
        service, name = arn.split(":", 5)[2], arn.split(":", 5)[5]
        found.add(f"{service}:{name.replace('/', ':').split(':')[0]}")
    return found


def network(aws: Clients) -> tuple[str, list[str], str]:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{index}.0/24",
            AvailabilityZone=f"us-east-1{zone}",
            TagSpecifications=spec("subnet"),
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(
        GroupName="x", Description="x", VpcId=vpc, TagSpecifications=spec("security-group")
    )["GroupId"]
    return vpc, subnets, group


def test_the_network(aws: Clients, tagged: Callable[..., set[str]]) -> None:
    ec2 = aws("ec2")
    vpc, subnets, _group = network(aws)
    gateway = ec2.create_internet_gateway(TagSpecifications=spec("internet-gateway"))["InternetGateway"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway["InternetGatewayId"])
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address, TagSpecifications=spec("natgateway"))
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=spec("route-table"))["RouteTable"]["RouteTableId"]
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=spec("network-acl"))
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[table],
        TagSpecifications=spec("vpc-endpoint"),
    )
    aws("logs").create_log_group(logGroupName="/flow", tags=PAIRS)
    role = aws("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/flow",
        DeliverLogsPermissionArn=role,
        TagSpecifications=spec("vpc-flow-log"),
    )
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    found = tagged()
    assert kinds(found) == {
        "ec2:vpc",
        "ec2:subnet",
        "ec2:security-group",
        "ec2:internet-gateway",
        "ec2:elastic-ip",
        "ec2:natgateway",
        "ec2:route-table",
        "ec2:network-acl",
        "ec2:vpc-endpoint",
        "ec2:vpc-flow-log",
        "logs:log-group",
    }
    nat_id = nat["NatGateway"]["NatGatewayId"]
    assert f"arn:aws:ec2:us-east-1:123456789012:natgateway/{nat_id}" in found
    assert "arn:aws:logs:us-east-1:123456789012:log-group:/flow" in found
    assert kinds(tagged(ResourceTypeFilters=["ec2:natgateway", "logs"])) == {"ec2:natgateway", "logs:log-group"}
    ec2.delete_nat_gateway(NatGatewayId=nat_id)
    assert tagged(ResourceTypeFilters=["ec2:natgateway"]) == set()
    assert tagged(region="eu-west-1") == set()


def test_the_load_balancer(aws: Clients, tagged: Callable[..., set[str]]) -> None:
    vpc, subnets, group = network(aws)
    elbv2 = aws("elbv2")
    balancer = elbv2.create_load_balancer(Name="alb", Subnets=subnets, SecurityGroups=[group], Tags=TAGS)
    target_group = elbv2.create_target_group(
        Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=TAGS
    )
    forward = [{"Type": "forward", "TargetGroupArn": target_group["TargetGroups"][0]["TargetGroupArn"]}]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=forward,
        Tags=TAGS,
    )["Listeners"][0]["ListenerArn"]
    elbv2.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=forward,
        Tags=TAGS,
    )
    found = tagged(ResourceTypeFilters=["elasticloadbalancing"])
    assert {arn.split(":", 5)[5].split("/")[0] for arn in found} == {
        "loadbalancer",
        "targetgroup",
        "listener",
        "listener-rule",
    }
    assert tagged(ResourceTypeFilters=["elasticloadbalancing:listener"]) == {listener}


def test_the_data(aws: Clients, tagged: Callable[..., set[str]]) -> None:
    _vpc, subnets, _group = network(aws)
    rds, cache = aws("rds"), aws("elasticache")
    rds.create_db_subnet_group(DBSubnetGroupName="d", DBSubnetGroupDescription="x", SubnetIds=subnets, Tags=TAGS)
    rds.create_db_parameter_group(
        DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="x", Tags=TAGS
    )
    rds.create_option_group(
        OptionGroupName="og", EngineName="postgres", MajorEngineVersion="16", OptionGroupDescription="x", Tags=TAGS
    )
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="u",
        MasterUserPassword="correct-horse",
        Tags=TAGS,
    )
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="d", CacheSubnetGroupDescription="x", SubnetIds=subnets, Tags=TAGS
    )
    cache.create_cache_parameter_group(
        CacheParameterGroupName="pg", CacheParameterGroupFamily="redis7", Description="x", Tags=TAGS
    )
    cache.create_replication_group(
        ReplicationGroupId="r", ReplicationGroupDescription="x", CacheNodeType="cache.t3.micro", Tags=TAGS
    )
    key = aws("kms").create_key(Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in TAGS])
    aws("secretsmanager").create_secret(Name="uex/dev/app", SecretString="{}", Tags=TAGS)
    for region in ("us-east-1", "eu-west-1"):
        s3 = aws("s3", region=region)
        options = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        s3.create_bucket(Bucket=f"uex-{region}", **options)
        s3.put_bucket_tagging(Bucket=f"uex-{region}", Tagging={"TagSet": TAGS})
    found = tagged()
    assert kinds({arn for arn in found if not arn.startswith(("arn:aws:ec2", "arn:aws:s3"))}) == {
        "rds:subgrp",
        "rds:pg",
        "rds:og",
        "rds:db",
        "elasticache:subnetgroup",
        "elasticache:parametergroup",
        "elasticache:replicationgroup",
        "kms:key",
        "secretsmanager:secret",
    }
    assert key["KeyMetadata"]["Arn"] in found
    assert {arn for arn in found if arn.startswith("arn:aws:s3")} == {"arn:aws:s3:::uex-us-east-1"}
    assert tagged(region="eu-west-1") == {"arn:aws:s3:::uex-eu-west-1"}


def test_the_rest(aws: Clients, tagged: Callable[..., set[str]]) -> None:
    aws("ecr").create_repository(repositoryName="uex-api", tags=TAGS)
    aws("sns").create_topic(Name="critical", Tags=TAGS)
    aws("cloudwatch").put_metric_alarm(
        AlarmName="cpu",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        Tags=TAGS,
    )
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "x"}
    for scope in ("REGIONAL", "CLOUDFRONT"):
        aws("wafv2").create_web_acl(
            Name=f"acl-{scope}", Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=visibility, Tags=TAGS
        )
    zone = aws("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    aws("route53").change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.removeprefix("/hostedzone/"), AddTags=TAGS
    )
    aws("acm").request_certificate(DomainName="example.com", ValidationMethod="DNS", Tags=TAGS)
    aws("iam").create_policy(PolicyName="deploy", PolicyDocument=POLICY, Tags=TAGS)
    found = tagged()
    assert kinds(found) == {
        "ecr:repository",
        "sns:critical",
        "cloudwatch:alarm",
        "wafv2:regional",
        "wafv2:global",
        "route53:hostedzone",
        "acm:certificate",
        "iam:policy",
    }


def test_pages(aws: Clients, tagged: Callable[..., set[str]]) -> None:
    sns = aws("sns")
    arns = {sns.create_topic(Name=f"topic-{index}", Tags=TAGS)["TopicArn"] for index in range(7)}
    sns.create_topic(Name="other", Tags=[{"Key": "Project", "Value": "uex"}, {"Key": "Environment", "Value": "prod"}])
    api = aws("resourcegroupstaggingapi")
    first = api.get_resources(TagFilters=FILTERS, ResourcesPerPage=3)
    assert len(first["ResourceTagMappingList"]) == 3
    sns.delete_topic(TopicArn=first["ResourceTagMappingList"][0]["ResourceARN"])
    second = api.get_resources(TagFilters=FILTERS, ResourcesPerPage=3, PaginationToken=first["PaginationToken"])
    assert len(second["ResourceTagMappingList"]) == 3
    last = api.get_resources(TagFilters=FILTERS, ResourcesPerPage=3, PaginationToken=second["PaginationToken"])
    assert last["PaginationToken"] == ""
    seen = [item["ResourceARN"] for page in (first, second, last) for item in page["ResourceTagMappingList"]]
    assert set(seen) == arns
    assert len(seen) == 7
    assert first["ResourceTagMappingList"][0]["Tags"] == TAGS


def test_a_page_ends_by_resources_or_where_asked_by_tags(aws: Clients) -> None:
    sns = aws("sns")
    tags = [*TAGS, *({"Key": f"key-{index}", "Value": "x"} for index in range(18))]
    arns = [sns.create_topic(Name=f"topic-{index}", Tags=tags)["TopicArn"] for index in range(9)]
    api = aws("resourcegroupstaggingapi")
    assert len(api.get_resources(TagFilters=FILTERS)["ResourceTagMappingList"]) == 9
    limited = api.get_resources(TagFilters=FILTERS, TagsPerPage=100)
    assert 0 < len(limited["ResourceTagMappingList"]) < 9
    assert limited["PaginationToken"]
    by_arn = api.get_resources(ResourceARNList=arns)
    assert len(by_arn["ResourceTagMappingList"]) == 9
    assert by_arn["PaginationToken"] == ""

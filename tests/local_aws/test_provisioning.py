# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes minutes on AWS takes them here, scaled, when somebody says so."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import SECOND_MS, Server

Clients = Callable[..., Any]
#: A minute of provisioning is a simulated minute: what is advanced below is what AWS takes.
MINUTE_MS = 60 * SECOND_MS


def refused(call: Callable[..., Any], **options: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**options)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def slow(server: Server) -> Iterator[Server]:
    """The shared local AWS, with provisioning and a clock that stands still."""
    server.control("provisioning", {"minute_ms": MINUTE_MS})
    server.control("ecs/clock", {"paused": True})
    yield server
    server.control("provisioning", {"minute_ms": 0})


def minutes(server: Server, count: float) -> None:
    server.control("ecs/clock", {"advance": count * 60})


def create_instance(rds: Any) -> dict[str, Any]:
    return rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="uex",
        MasterUserPassword="the-first-one",
    )["DBInstance"]


def test_a_database(slow: Server, aws: Clients) -> None:
    rds = aws("rds")

    def found(name: str) -> dict[str, Any]:
        return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    assert create_instance(rds)["DBInstanceStatus"] == "creating"
    replica = {"DBInstanceIdentifier": "replica", "SourceDBInstanceIdentifier": "main"}
    assert refused(rds.create_db_instance_read_replica, **replica) == "InvalidDBInstanceState"
    minutes(slow, 9.9)
    assert found("main")["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in found("main")
    minutes(slow, 0.2)
    assert found("main")["DBInstanceStatus"] == "available"
    assert found("main")["Endpoint"]["Port"] == 5432
    rds.create_db_instance_read_replica(**replica)
    minutes(slow, 7.9)
    assert found("replica")["DBInstanceStatus"] == "creating"
    minutes(slow, 0.2)
    assert found("replica")["DBInstanceStatus"] == "available"
    rds.modify_db_instance(DBInstanceIdentifier="main", DBInstanceClass="db.t3.large", ApplyImmediately=True)
    assert found("main")["DBInstanceStatus"] == "modifying"
    assert refused(rds.modify_db_instance, DBInstanceIdentifier="main") == "InvalidDBInstanceState"
    minutes(slow, 5.1)
    assert found("main")["DBInstanceStatus"] == "available"
    rds.delete_db_instance(DBInstanceIdentifier="replica", SkipFinalSnapshot=True)
    assert found("replica")["DBInstanceStatus"] == "deleting"
    assert refused(rds.delete_db_instance, DBInstanceIdentifier="replica") == "InvalidDBInstanceState"
    minutes(slow, 5.1)
    assert refused(rds.describe_db_instances, DBInstanceIdentifier="replica") == "DBInstanceNotFound"
    log = slow.control("provisioning", method="GET")["log"]
    assert [(entry["kind"], entry["name"]) for entry in log] == [
        ("rds_instance", "main"),
        ("rds_replica", "replica"),
        ("rds_instance_change", "main"),
        ("rds_instance_deletion", "replica"),
    ]
    taken = [(entry["available"] - entry["requested"]) * 1000 / MINUTE_MS for entry in log]
    assert taken == pytest.approx([10, 8, 5, 5], abs=0.01)


def test_a_replication_group(slow: Server, aws: Clients) -> None:
    cache = aws("elasticache")

    def found() -> dict[str, Any]:
        return cache.describe_replication_groups(ReplicationGroupId="redis")["ReplicationGroups"][0]

    group = {"ReplicationGroupDescription": "x", "Engine": "redis", "CacheNodeType": "cache.t3.micro"}
    made = cache.create_replication_group(ReplicationGroupId="redis", **group)["ReplicationGroup"]
    assert (made["Status"], made.get("NodeGroups")) == ("creating", None)
    assert cache.describe_cache_clusters()["CacheClusters"][0]["CacheClusterStatus"] == "creating"
    assert refused(cache.delete_replication_group, ReplicationGroupId="redis") == "InvalidReplicationGroupState"
    minutes(slow, 8.1)
    assert found()["Status"] == "available"
    assert found()["NodeGroups"][0]["PrimaryEndpoint"]["Port"] == 6379
    cache.increase_replica_count(ReplicationGroupId="redis", NewReplicaCount=1, ApplyImmediately=True)
    assert found()["Status"] == "modifying"
    minutes(slow, 5.1)
    assert found()["Status"] == "available"
    cache.delete_replication_group(ReplicationGroupId="redis")
    assert found()["Status"] == "deleting"
    minutes(slow, 3.1)
    assert refused(found) == "ReplicationGroupNotFoundFault"


def test_a_network_and_its_load_balancer(slow: Server, aws: Clients) -> None:
    ec2, elb = aws("ec2"), aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for index, zone in enumerate("ab")
    ]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]

    def states() -> tuple[str, str]:
        gateway = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
        found = elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]
        return gateway["State"], found["State"]["Code"]

    assert states() == ("pending", "provisioning")
    minutes(slow, 1.9)
    assert states() == ("pending", "provisioning")
    minutes(slow, 0.2)
    assert states() == ("available", "active")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    minutes(slow, 0.9)
    assert states()[0] == "deleting"
    minutes(slow, 0.2)
    assert states()[0] == "deleted"


def test_a_certificate_and_a_distribution(slow: Server, aws: Clients) -> None:
    acm, dns, cloudfront = aws("acm"), aws("route53"), aws("cloudfront")
    zone = dns.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    arn = acm.request_certificate(DomainName="www.example.com", ValidationMethod="DNS")["CertificateArn"]
    # The records are known some seconds after the request.
    minutes(slow, 0.1)
    option = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]
    record = {
        "Name": option["ResourceRecord"]["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": option["ResourceRecord"]["Value"]}],
    }
    dns.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    origin = {
        "Id": "web",
        "DomainName": "example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    distribution = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "web",
                "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
        }
    )["Distribution"]["Id"]

    def states() -> tuple[str, str]:
        certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return certificate["Status"], cloudfront.get_distribution(Id=distribution)["Distribution"]["Status"]

    # Nobody has asked for the certificate since its records are there, and it comes all the same.
    minutes(slow, 2.1)
    assert states() == ("ISSUED", "InProgress")
    minutes(slow, 2.8)
    assert states()[1] == "InProgress"
    minutes(slow, 0.2)
    assert states()[1] == "Deployed"


def test_it_can_be_told_and_is_off_by_default(server: Server, aws: Clients) -> None:
    assert server.control("health", method="GET")["provisioning_ms"] == 0
    assert create_instance(aws("rds"))["DBInstanceStatus"] == "available"
    try:
        told = server.control("provisioning", {"minute_ms": 7, "minutes": {"rds_instance": 12}})
        assert (told["minute_ms"], told["minutes"]["rds_instance"]) == (7, 12)
        for body in ({"minute_ms": -1}, {"minutes": {"lambda": 1}}, {"hour_ms": 1}, {"minutes": {"rds_instance": "x"}}):
            with pytest.raises(urllib.error.HTTPError, match="400"):
                server.control("provisioning", body)
        assert server.control("provisioning", method="DELETE")["log"] == []
    finally:
        server.control("provisioning", {"minute_ms": 0, "minutes": {"rds_instance": 10}})

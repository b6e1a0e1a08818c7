# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .test_elasticache_groups import subnets

MODULE = "elasticache_replication_group"
TOKEN = "marker-Kq7mZ2rT9vB4xN6c-Kq7mZ2rT9vB4xN6c"


class World:
    """What a cache needs around it."""

    def __init__(self, aws: Aws) -> None:
        ec2, elasticache = aws.client("ec2"), aws.client("elasticache")
        ids = subnets(aws)
        vpc = ec2.describe_subnets(SubnetIds=ids[:1])["Subnets"][0]["VpcId"]
        self.groups = [
            ec2.create_security_group(GroupName=f"redis-{n}", Description="redis", VpcId=vpc)["GroupId"]
            for n in range(2)
        ]
        elasticache.create_cache_subnet_group(
            CacheSubnetGroupName="uex-test", CacheSubnetGroupDescription="uex-test", SubnetIds=ids
        )
        for name in ("uex-test", "uex-other"):
            elasticache.create_cache_parameter_group(
                CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description=name
            )
        self.key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.topic = aws.client("sns").create_topic(Name="uex-test")["TopicArn"]
        aws.client("logs").create_log_group(logGroupName="/uex-test/redis")
        aws.client("secretsmanager").create_secret(Name="uex-test/redis", SecretString=TOKEN)

    def group(self, **other: Any) -> dict[str, Any]:
        return {
            "name": "uex-test-redis",
            "description": "Sessions of the test",
            "engine": "redis",
            "engine_version": "7.1",
            "node_type": "cache.t3.small",
            "replicas_per_shard": 1,
            "automatic_failover": True,
            "multi_az": True,
            "port": 6379,
            "subnet_group": "uex-test",
            "parameter_group": "uex-test",
            "security_group_ids": self.groups[:1],
            "at_rest_encryption": True,
            "kms_key_id": self.key,
            "transit_encryption": True,
            "auth_token_secret": {"secret_id": "uex-test/redis"},
            "snapshot_retention": 7,
            "snapshot_window": "02:00-03:00",
            "maintenance_window": "Sun:04:00-Sun:05:00",
            "auto_minor_version_upgrade": True,
            "tags": {"Project": "uex"},
            **other,
        }


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


def test_creates_and_then_leaves_alone(aws: Aws, world: World) -> None:
    predicted = aws.run_module(MODULE, world.group(), check=True)
    result = aws.run_module(MODULE, world.group())

    assert predicted["actions"] == result["actions"]
    assert predicted["replication_group"]["status"] == "planned"
    group = result["replication_group"]
    assert group["status"] == "available"
    assert group["auth_token"] is True
    assert group["primary_endpoint"]
    assert group["reader_endpoint"]
    assert group["port"] == 6379
    assert len(group["member_ids"]) == len(predicted["replication_group"]["member_ids"]) == 2
    assert TOKEN not in json.dumps([predicted, result])
    for wait in (True, False):
        aws.mark()
        assert not aws.run_module(MODULE, world.group(wait=wait))["changed"]
        assert aws.mutations() == []
    assert "secretsmanager:GetSecretValue" not in aws.calls()


OTHER_VALUES: list[tuple[str, Any]] = [
    ("description", "Locks of the test"),
    ("node_type", "cache.t3.medium"),
    ("replicas_per_shard", 2),
    ("parameter_group", "uex-other"),
    ("snapshot_retention", 14),
    ("snapshot_window", "07:00-08:00"),
    ("maintenance_window", "mon:04:00-mon:05:00"),
    ("auto_minor_version_upgrade", False),
    ("multi_az", False),
    (
        "log_delivery",
        [
            {
                "log_type": "slow-log",
                "destination": "/uex-test/redis",
                "destination_type": "cloudwatch-logs",
                "format": "json",
            }
        ],
    ),
    ("tags", {"Project": "uex", "Owner": "payments"}),
]


def test_each_option_round_trips(aws: Aws, world: World) -> None:
    stated = world.group(apply_immediately=True)
    aws.run_module(MODULE, stated)
    for field, value in OTHER_VALUES:
        stated = {**stated, field: value}

        predicted = aws.run_module(MODULE, stated, check=True)
        aws.mark()
        result = aws.run_module(MODULE, stated)

        expected = [{"action": "update", "name": "uex-test-redis", "fields": [field]}]
        assert predicted["actions"] == result["actions"] == expected
        assert len(aws.mutations()) == 1, field
        again = aws.run_module(MODULE, stated)
        assert again["actions"] == [], field
        assert again["replication_group"][field] == value


def test_security_groups_and_the_topic_round_trip(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, world.group())
    changed = world.group(security_group_ids=world.groups, notification_topic_arn=world.topic)

    result = aws.run_module(MODULE, changed)

    assert result["actions"][0]["fields"] == ["notification_topic_arn", "security_group_ids"]
    changed["security_group_ids"] = world.groups[::-1]
    assert not aws.run_module(MODULE, changed)["changed"]


def test_replicas_come_and_go_in_an_order_that_aws_takes(aws: Aws, world: World) -> None:
    alone = world.group(replicas_per_shard=0, automatic_failover=False, multi_az=False, apply_immediately=True)
    aws.run_module(MODULE, alone)
    for stated in (world.group(apply_immediately=True), alone):
        result = aws.run_module(MODULE, stated)
        assert result["actions"][0]["fields"] == ["automatic_failover", "multi_az", "replicas_per_shard"]
        assert result["deferred"] == []
        assert not aws.run_module(MODULE, stated)["changed"]


def test_cluster_mode(aws: Aws, world: World) -> None:
    stated = world.group(cluster_mode="enabled", num_shards=2, parameter_group="default.redis7.cluster.on")

    result = aws.run_module(MODULE, stated)
    group = result["replication_group"]
    assert group["configuration_endpoint"]
    assert group["primary_endpoint"] == ""
    assert len(group["member_ids"]) == 4
    assert not aws.run_module(MODULE, stated)["changed"]

    for shards in (3, 2):
        stated["num_shards"] = shards
        assert aws.run_module(MODULE, stated)["actions"][0]["fields"] == ["num_shards"]
        assert not aws.run_module(MODULE, stated)["changed"]


def test_started_early_and_waited_for_late(aws: Aws, world: World) -> None:
    early = aws.run_module(MODULE, world.group(wait=False))
    late = aws.run_module(MODULE, world.group())

    assert early["changed"]
    assert not late["changed"]
    assert late["replication_group"]["status"] == "available"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"replicas_per_shard": 0}, "so there is nothing to fail over to"),
        ({"automatic_failover": False}, "needs automatic_failover"),
        ({"num_shards": 2}, "need cluster_mode enabled"),
        ({"transit_encryption": False}, "only together with TLS"),
    ],
)
def test_bad_input_is_refused_before_any_change(aws: Aws, world: World, other: dict[str, Any], told: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, world.group(**other))

    assert told in failure.value.result["msg"]
    assert aws.mutations() == []


def test_what_aws_cannot_change_is_refused(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, world.group())
    aws.mark()

    with pytest.raises(ModuleFailed, match="AWS cannot change port"):
        aws.run_module(MODULE, world.group(port=6380))
    assert aws.mutations() == []


def test_deletes_also_what_is_half_made(aws: Aws, world: World) -> None:
    aws.run_module(MODULE, world.group(wait=False))
    absent = {"name": "uex-test-redis", "state": "absent"}

    assert aws.run_module(MODULE, absent, check=True)["changed"]
    result = aws.run_module(MODULE, absent)

    assert result["final_snapshot"].startswith("uex-test-redis-final-")
    assert aws.client("elasticache").describe_replication_groups()["ReplicationGroups"] == []
    again = aws.run_module(MODULE, absent)
    assert not again["changed"]
    assert again["final_snapshot"] == ""

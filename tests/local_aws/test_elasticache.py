# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of ElastiCache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]

TOKEN = "a-token-of-some-length"


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def cache(aws: Clients) -> Any:
    return aws("elasticache")


@pytest.fixture
def subnet_ids(aws: Clients) -> list[str]:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for index, zone in enumerate("ab")
    ]
    return [subnet["Subnet"]["SubnetId"] for subnet in made]


def create(cache: Any, name: str = "redis", **options: Any) -> dict[str, Any]:
    arguments = {
        "ReplicationGroupId": name,
        "ReplicationGroupDescription": "x",
        "Engine": "redis",
        "EngineVersion": "7.1",
        "CacheNodeType": "cache.t3.micro",
        **options,
    }
    return cache.create_replication_group(**arguments)["ReplicationGroup"]


def members(cache: Any) -> list[dict[str, Any]]:
    return cache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]


def parameters(cache: Any, group: str, **options: Any) -> dict[str, dict[str, Any]]:
    pages = cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=group, **options)
    return {parameter["ParameterName"]: parameter for page in pages for parameter in page["Parameters"]}


@pytest.mark.parametrize("family", ["redis7", "valkey8"])
def test_a_parameter_group_lives(cache: Any, family: str) -> None:
    created = cache.create_cache_parameter_group(
        CacheParameterGroupName="pg",
        CacheParameterGroupFamily=family,
        Description="x",
        Tags=[{"Key": "Name", "Value": "pg"}],
    )["CacheParameterGroup"]
    assert created["ARN"] == "arn:aws:elasticache:us-east-1:123456789012:parametergroup:pg"
    found = parameters(cache, "pg")
    assert found["maxmemory-policy"]["ParameterValue"] == "volatile-lru"
    assert found["databases"]["ChangeType"] == "requires-reboot"
    cache.modify_cache_parameter_group(
        CacheParameterGroupName="pg",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )
    changed = parameters(cache, "pg", Source="user")
    assert changed.keys() == {"maxmemory-policy"}
    assert changed["maxmemory-policy"]["ParameterValue"] == "allkeys-lru"
    assert cache.list_tags_for_resource(ResourceName=created["ARN"])["TagList"] == [{"Key": "Name", "Value": "pg"}]
    cache.reset_cache_parameter_group(CacheParameterGroupName="pg", ResetAllParameters=True)
    assert parameters(cache, "pg", Source="user") == {}
    cache.delete_cache_parameter_group(CacheParameterGroupName="pg")
    with pytest.raises(ClientError) as caught:
        cache.describe_cache_parameter_groups(CacheParameterGroupName="pg")
    assert code_of(caught) == "CacheParameterGroupNotFound"


@pytest.mark.parametrize(
    ("name", "value"),
    [("nonsense", "1"), ("maxmemory-policy", "x"), ("maxmemory-samples", "0"), ("appendonly", "yes"), ("timeout", "5")],
)
def test_a_wrong_parameter_is_refused(cache: Any, name: str, value: str) -> None:
    cache.create_cache_parameter_group(
        CacheParameterGroupName="pg", CacheParameterGroupFamily="redis7", Description="x"
    )
    with pytest.raises(ClientError) as caught:
        cache.modify_cache_parameter_group(
            CacheParameterGroupName="pg", ParameterNameValues=[{"ParameterName": name, "ParameterValue": value}]
        )
    assert code_of(caught) == "InvalidParameterValue"


def test_default_groups_are_there_and_fixed(cache: Any) -> None:
    assert parameters(cache, "default.redis7.cluster.on")["cluster-enabled"]["ParameterValue"] == "yes"
    with pytest.raises(ClientError) as caught:
        cache.delete_cache_parameter_group(CacheParameterGroupName="default.redis7")
    assert code_of(caught) == "InvalidCacheParameterGroupState"


def test_groups_in_use_are_not_deleted(cache: Any, subnet_ids: list[str]) -> None:
    cache.create_cache_parameter_group(
        CacheParameterGroupName="pg", CacheParameterGroupFamily="redis7", Description="x"
    )
    cache.create_cache_subnet_group(CacheSubnetGroupName="data", CacheSubnetGroupDescription="x", SubnetIds=subnet_ids)
    create(cache, CacheParameterGroupName="pg", CacheSubnetGroupName="data")
    with pytest.raises(ClientError) as caught:
        cache.delete_cache_parameter_group(CacheParameterGroupName="pg")
    assert code_of(caught) == "InvalidCacheParameterGroupState"
    with pytest.raises(ClientError) as caught:
        cache.delete_cache_subnet_group(CacheSubnetGroupName="data")
    assert code_of(caught) == "CacheSubnetGroupInUse"
    cache.delete_replication_group(ReplicationGroupId="redis")
    cache.delete_cache_parameter_group(CacheParameterGroupName="pg")
    cache.delete_cache_subnet_group(CacheSubnetGroupName="data")
    with pytest.raises(ClientError) as caught:
        cache.describe_cache_subnet_groups(CacheSubnetGroupName="data")
    assert code_of(caught) == "CacheSubnetGroupNotFoundFault"


def test_a_subnet_group_is_modified(cache: Any, subnet_ids: list[str]) -> None:
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="Data", CacheSubnetGroupDescription="one", SubnetIds=subnet_ids[:1]
    )
    cache.modify_cache_subnet_group(
        CacheSubnetGroupName="data", CacheSubnetGroupDescription="two", SubnetIds=subnet_ids
    )
    found = cache.describe_cache_subnet_groups(CacheSubnetGroupName="data")["CacheSubnetGroups"][0]
    assert found["CacheSubnetGroupDescription"] == "two"
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == set(subnet_ids)
    with pytest.raises(ClientError) as caught:
        cache.modify_cache_subnet_group(CacheSubnetGroupName="data", SubnetIds=["subnet-0123456789abcdef0"])
    assert code_of(caught) == "InvalidSubnet"


def test_a_group_has_the_members_it_asks_for(cache: Any, aws: Clients, subnet_ids: list[str]) -> None:
    cache.create_cache_subnet_group(CacheSubnetGroupName="data", CacheSubnetGroupDescription="x", SubnetIds=subnet_ids)
    vpc = aws("ec2").describe_subnets(SubnetIds=subnet_ids)["Subnets"][0]["VpcId"]
    security_group = aws("ec2").create_security_group(GroupName="redis", Description="x", VpcId=vpc)["GroupId"]
    group = create(
        cache,
        NumCacheClusters=3,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=TOKEN,
        CacheSubnetGroupName="data",
        SecurityGroupIds=[security_group],
        SnapshotRetentionLimit=5,
        Tags=[{"Key": "Name", "Value": "redis"}],
    )
    assert group["MemberClusters"] == ["redis-001", "redis-002", "redis-003"]
    assert (group["AutomaticFailover"], group["MultiAZ"], group["ClusterEnabled"]) == ("enabled", "enabled", False)
    assert (group["AuthTokenEnabled"], group["TransitEncryptionMode"]) == (True, "required")
    shard = group["NodeGroups"][0]
    assert shard["PrimaryEndpoint"]["Address"].startswith("master.redis.")
    assert shard["ReaderEndpoint"]["Address"].startswith("replica.redis.")
    assert [member["CurrentRole"] for member in shard["NodeGroupMembers"]] == ["primary", "replica", "replica"]
    assert {member["PreferredAvailabilityZone"] for member in shard["NodeGroupMembers"]} == {"us-east-1a", "us-east-1b"}
    found = members(cache)
    assert [member["CacheClusterId"] for member in found] == group["MemberClusters"]
    assert found[0]["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"
    assert found[0]["SecurityGroups"] == [{"SecurityGroupId": security_group, "Status": "active"}]
    assert (found[0]["CacheSubnetGroupName"], found[0]["EngineVersion"]) == ("data", "7.1.0")
    assert found[0]["CacheNodes"][0]["Endpoint"]["Port"] == 6379
    assert cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"] == [{"Key": "Name", "Value": "redis"}]


def test_cluster_mode(cache: Any) -> None:
    group = create(
        cache,
        NumNodeGroups=3,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=True,
        TransitEncryptionEnabled=True,
        CacheParameterGroupName="default.redis7.cluster.on",
    )
    assert (group["ClusterEnabled"], group["ClusterMode"]) == (True, "enabled")
    assert group["ConfigurationEndpoint"]["Address"].startswith("clustercfg.redis.")
    assert [shard["Slots"] for shard in group["NodeGroups"]] == ["0-5460", "5461-10921", "10922-16383"]
    assert group["MemberClusters"][:3] == ["redis-0001-001", "redis-0001-002", "redis-0002-001"]
    assert len(members(cache)) == 6


def test_a_group_is_modified(cache: Any) -> None:
    create(cache)
    cache.create_cache_parameter_group(
        CacheParameterGroupName="pg", CacheParameterGroupFamily="redis7", Description="x"
    )
    changed = cache.modify_replication_group(
        ReplicationGroupId="redis",
        ReplicationGroupDescription="y",
        CacheNodeType="cache.t3.small",
        SnapshotRetentionLimit=3,
        PreferredMaintenanceWindow="mon:01:00-mon:02:00",
        CacheParameterGroupName="pg",
        ApplyImmediately=True,
    )["ReplicationGroup"]
    assert (changed["Description"], changed["CacheNodeType"], changed["SnapshotRetentionLimit"]) == (
        "y",
        "cache.t3.small",
        3,
    )
    member = members(cache)[0]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "pg"
    assert member["PreferredMaintenanceWindow"] == "mon:01:00-mon:02:00"


def modify_token(cache: Any, token: str | None, strategy: str | None, **options: Any) -> dict[str, Any]:
    sent = {"AuthToken": token, "AuthTokenUpdateStrategy": strategy}
    return cache.modify_replication_group(
        ReplicationGroupId="redis",
        ApplyImmediately=True,
        **{name: value for name, value in sent.items() if value is not None},
        **options,
    )["ReplicationGroup"]


def test_an_auth_token_is_changed_over_time(server: Server, cache: Any) -> None:
    server.control("ecs/clock", {"paused": True})
    group = create(cache, TransitEncryptionEnabled=True)
    assert group["AuthTokenEnabled"] is False
    with pytest.raises(ClientError) as caught:
        modify_token(cache, TOKEN, "SET")
    assert "2 AUTH tokens or 1 optional AUTH token" in caught.value.response["Error"]["Message"]
    for token, strategy, status in (
        (TOKEN, None, "ROTATING"),
        (TOKEN, "SET", "SETTING"),
        (TOKEN + "2", "ROTATE", "ROTATING"),
        (TOKEN + "2", "SET", "SETTING"),
    ):
        changed = modify_token(cache, token, strategy)
        assert (changed["Status"], changed["PendingModifiedValues"]) == ("modifying", {"AuthTokenStatus": status})
        with pytest.raises(ClientError) as caught:
            cache.modify_replication_group(ReplicationGroupId="redis", SnapshotRetentionLimit=1)
        assert code_of(caught) == "InvalidReplicationGroupState"
        server.control("ecs/clock", {"advance": 61})
        group = cache.describe_replication_groups()["ReplicationGroups"][0]
        assert (group["Status"], group["PendingModifiedValues"]) == ("available", {})
        assert group["AuthTokenEnabled"] is True
        assert "AuthTokenLastModifiedDate" in group
    with pytest.raises(ClientError) as caught:
        modify_token(cache, TOKEN + "3", "SET")
    assert code_of(caught) == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("encrypted", "token", "strategy", "code"),
    [
        (False, TOKEN, "ROTATE", "InvalidParameterCombination"),
        (True, "fifteen-letters", "ROTATE", "InvalidParameterValue"),
        (True, TOKEN + "@", "ROTATE", "InvalidParameterValue"),
        (True, None, "ROTATE", "InvalidParameterValue"),
        (True, None, "DELETE", "InvalidParameterCombination"),
    ],
)
def test_a_wrong_change_of_the_token_is_refused(
    cache: Any, encrypted: bool, token: str | None, strategy: str, code: str
) -> None:
    create(cache, TransitEncryptionEnabled=encrypted)
    with pytest.raises(ClientError) as caught:
        modify_token(cache, token, strategy, SnapshotRetentionLimit=7)
    assert code_of(caught) == code
    group = cache.describe_replication_groups()["ReplicationGroups"][0]
    assert (group["Status"], group["SnapshotRetentionLimit"]) == ("available", 0)


def test_the_token_goes_with_user_groups(server: Server, cache: Any) -> None:
    server.control("ecs/clock", {"paused": True})
    create(cache, TransitEncryptionEnabled=True, AuthToken=TOKEN)
    modify_token(cache, None, "DELETE", UserGroupIdsToAdd=["app"])
    server.control("ecs/clock", {"advance": 61})
    group = cache.describe_replication_groups()["ReplicationGroups"][0]
    assert (group["AuthTokenEnabled"], group["UserGroupIds"]) == (False, ["app"])
    # And back again, by SET and at once.
    modify_token(cache, TOKEN, "SET", RemoveUserGroups=True)
    server.control("ecs/clock", {"advance": 61})
    group = cache.describe_replication_groups()["ReplicationGroups"][0]
    assert (group["AuthTokenEnabled"], group["UserGroupIds"]) == (True, [])


def test_a_user_is_modified(server: Server, cache: Any) -> None:
    server.control("ecs/clock", {"paused": True})
    user = {"UserId": "App", "UserName": "app", "Engine": "redis", "AccessString": "on ~* +@all"}
    for passwords in ([TOKEN, TOKEN + "2", TOKEN + "3"], ["short"]):
        with pytest.raises(ClientError) as caught:
            cache.create_user(**user, Passwords=passwords)
        assert code_of(caught) == "InvalidParameterValue"
    assert cache.create_user(**user, Passwords=[TOKEN])["UserId"] == "app"
    assert cache.modify_user(UserId="app", Passwords=[TOKEN, TOKEN + "2"])["Status"] == "modifying"
    with pytest.raises(ClientError) as caught:
        cache.modify_user(UserId="app", AccessString="on ~* +@read")
    assert code_of(caught) == "InvalidUserState"
    assert cache.describe_users(UserId="app")["Users"][0]["Authentication"]["PasswordCount"] == 1
    server.control("ecs/clock", {"advance": 21})
    found = cache.describe_users(UserId="app")["Users"][0]
    assert (found["Status"], found["Authentication"]) == ("active", {"Type": "password", "PasswordCount": 2})
    with pytest.raises(ClientError) as caught:
        cache.modify_user(UserId="nobody", Passwords=[TOKEN])
    assert code_of(caught) == "UserNotFound"


def test_replicas_come_and_go(cache: Any) -> None:
    create(cache, NumCacheClusters=1)
    cache.increase_replica_count(ReplicationGroupId="redis", NewReplicaCount=2, ApplyImmediately=True)
    assert len(members(cache)) == 3
    cache.modify_replication_group(ReplicationGroupId="redis", AutomaticFailoverEnabled=True, ApplyImmediately=True)
    with pytest.raises(ClientError) as caught:
        cache.decrease_replica_count(ReplicationGroupId="redis", NewReplicaCount=0, ApplyImmediately=True)
    assert code_of(caught) == "InvalidParameterCombination"
    cache.decrease_replica_count(ReplicationGroupId="redis", NewReplicaCount=1, ApplyImmediately=True)
    assert len(members(cache)) == 2


def test_a_deleted_group_is_gone(cache: Any) -> None:
    create(cache)
    assert cache.delete_replication_group(ReplicationGroupId="redis")["ReplicationGroup"]["Status"] == "deleting"
    with pytest.raises(ClientError) as caught:
        cache.describe_replication_groups(ReplicationGroupId="redis")
    assert code_of(caught) == "ReplicationGroupNotFoundFault"
    assert members(cache) == []
    create(cache)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"AuthToken": TOKEN}, "InvalidParameterCombination"),
        ({"AuthToken": "short", "TransitEncryptionEnabled": True}, "InvalidParameterValue"),
        ({"AutomaticFailoverEnabled": True, "NumCacheClusters": 1}, "InvalidParameterCombination"),
        ({"MultiAZEnabled": True, "NumCacheClusters": 2}, "InvalidParameterCombination"),
        ({"EngineVersion": "3.3"}, "InvalidParameterValue"),
        ({"CacheParameterGroupName": "default.valkey8"}, "InvalidParameterCombination"),
        ({"CacheParameterGroupName": "nothing"}, "CacheParameterGroupNotFound"),
        ({"CacheSubnetGroupName": "nothing"}, "CacheSubnetGroupNotFoundFault"),
    ],
)
def test_what_is_refused(cache: Any, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        create(cache, **options)
    assert code_of(caught) == code
    assert cache.describe_replication_groups()["ReplicationGroups"] == []


def test_a_memcached_cluster_is_deleted(cache: Any) -> None:
    cache.create_cache_cluster(
        CacheClusterId="old", Engine="memcached", NumCacheNodes=1, CacheNodeType="cache.t3.micro"
    )
    cache.delete_cache_cluster(CacheClusterId="old")
    assert members(cache) == []

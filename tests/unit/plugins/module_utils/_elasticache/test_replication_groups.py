# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._elasticache import replication_groups as groups

GROUP: dict[str, Any] = {
    "ReplicationGroupId": "r",
    "Status": "available",
    "MemberClusters": ["r-001", "r-002", "r-003"],
    "NodeGroups": [
        {
            "NodeGroupId": "0001",
            "PrimaryEndpoint": {"Address": "primary", "Port": 6379},
            "ReaderEndpoint": {"Address": "reader", "Port": 6379},
        }
    ],
    "AutomaticFailover": "enabling",
    "MultiAZ": "enabled",
    "CacheNodeType": "cache.t3.small",
    "KmsKeyId": "arn:aws:kms:us-east-1:1:key/abc",
    "AutoMinorVersionUpgrade": True,
}
MEMBER: dict[str, Any] = {
    "EngineVersion": "7.1.0",
    "CacheParameterGroup": {"CacheParameterGroupName": "p"},
    "SecurityGroups": [{"SecurityGroupId": "sg-2"}, {"SecurityGroupId": "sg-1"}],
    "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
}


def test_a_group_and_one_of_its_members_tell_everything() -> None:
    state = groups.from_group(GROUP, MEMBER)
    assert state["replicas_per_shard"] == 2
    assert state["num_shards"] == 1
    assert state["automatic_failover"]
    assert state["cluster_mode"] == "disabled"
    assert state["engine_version"] == "7.1.0"
    assert state["security_group_ids"] == ["sg-1", "sg-2"]
    assert (state["primary_endpoint"], state["reader_endpoint"], state["port"]) == ("primary", "reader", 6379)


def test_a_group_in_cluster_mode() -> None:
    shards = [{"NodeGroupId": "0001"}, {"NodeGroupId": "0002"}]
    state = groups.from_group(
        {
            "ClusterEnabled": True,
            "NodeGroups": shards,
            "MemberClusters": ["a", "b", "c", "d"],
            "ConfigurationEndpoint": {"Address": "all", "Port": 6380},
        },
        None,
    )
    assert state["cluster_mode"] == "enabled"
    assert (state["num_shards"], state["replicas_per_shard"]) == (2, 1)
    assert (state["configuration_endpoint"], state["port"]) == ("all", 6380)
    assert state["shard_ids"] == ["0001", "0002"]


def test_what_is_pending_counts_as_done() -> None:
    group = {**GROUP, "PendingModifiedValues": {"AutomaticFailoverStatus": "disabled", "ClusterMode": "compatible"}}
    member = {**MEMBER, "PendingModifiedValues": {"EngineVersion": "7.2", "CacheNodeType": "cache.t3.medium"}}
    state = groups.from_group(group, member)
    assert not state["automatic_failover"]
    assert state["cluster_mode"] == "compatible"
    assert (state["engine_version"], state["node_type"]) == ("7.2", "cache.t3.medium")
    assert state["pending"] == ["AutomaticFailoverStatus", "ClusterMode"]


@pytest.mark.parametrize(
    ("current", "wanted", "newer", "same"),
    [
        ("7.1.0", "7.1", False, True),
        ("7.1.0", "7", False, True),
        ("6.2.6", "6.x", False, True),
        ("7.1.0", "7.0", False, False),
        ("7.1.0", "7.0", True, True),
        ("7.1.0", "7.2", True, False),
        ("8.0", "7.1", True, False),
    ],
)
def test_versions(current: str, wanted: str, newer: bool, same: bool) -> None:
    assert groups.satisfies_version(current, wanted, newer_is_fine=newer) is same


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"engine_version": "7.1", "kms_key_id": "abc", "security_group_ids": ["sg-2", "sg-1"]}, {}),
        ({"maintenance_window": "Sun:05:00-Sun:06:00", "parameter_group": "P"}, {}),
        ({"transit_encryption": False, "transit_encryption_mode": "preferred"}, {}),
        ({"snapshot_name": "backup"}, {}),
        ({"replicas_per_shard": 1, "node_type": None}, {"replicas_per_shard": 1}),
        ({"kms_key_id": "abd"}, {"kms_key_id": "abd"}),
    ],
)
def test_changes(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert groups.changes(groups.from_group(GROUP, MEMBER), wanted) == found


SLOW = {
    "log_type": "slow-log",
    "destination_type": "cloudwatch-logs",
    "destination": "/redis",
    "format": "json",
}


def test_log_delivery_there_and_back() -> None:
    arguments = groups.log_delivery_arguments([{**SLOW, "log_type": "engine-log"}], [SLOW])
    assert arguments == [
        {
            "LogType": "slow-log",
            "DestinationType": "cloudwatch-logs",
            "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "/redis"}},
            "LogFormat": "json",
            "Enabled": True,
        },
        {"LogType": "engine-log", "Enabled": False},
    ]
    assert groups.log_delivery(arguments[:1]) == [SLOW]
    assert groups.log_delivery([{**arguments[0], "Status": "disabling"}]) == []
    stream = {**SLOW, "destination_type": "kinesis-firehose", "destination": "logs"}
    assert groups.log_delivery(groups.log_delivery_arguments([], [stream])) == [stream]


def test_changes_are_made_in_an_order_that_keeps_failover_possible() -> None:
    more = {"replicas_per_shard": 1, "automatic_failover": True, "tags": {}}
    assert groups.steps(more) == [{"replicas_per_shard": 1}, {"automatic_failover": True}]
    fewer = {"replicas_per_shard": 0, "automatic_failover": False}
    assert groups.steps(fewer) == [{"automatic_failover": False}, {"replicas_per_shard": 0}]
    assert groups.steps({"tags": {}}) == []


def test_arguments() -> None:
    wanted = {"node_type": "cache.t3.small", "parameter_group": "", "log_delivery": [], "multi_az": False, "tags": {}}
    assert groups.create_arguments(wanted, []) == {
        "CacheNodeType": "cache.t3.small",
        "MultiAZEnabled": False,
        "Tags": [],
    }
    current = groups.from_group(GROUP, MEMBER)
    assert groups.modify_arguments(current, {"replicas_per_shard": 1}, immediately=True) == {}
    assert groups.modify_arguments(current, {"snapshot_retention": 3}, immediately=False) == {
        "SnapshotRetentionLimit": 3,
        "ApplyImmediately": False,
    }
    with pytest.raises(AnsibleAWSError, match="needs engine_version"):
        groups.modify_arguments(current, {"engine": "valkey"}, immediately=True)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"automatic_failover": True, "replicas_per_shard": 0}, "automatic_failover: .* nothing to fail over to"),
        ({"multi_az": True, "replicas_per_shard": 0}, "multi_az: .* nothing to fail over to"),
        ({"multi_az": True, "automatic_failover": False}, "needs automatic_failover"),
        ({"num_shards": 2, "cluster_mode": "disabled"}, "need cluster_mode enabled"),
        ({"cluster_mode": "enabled", "automatic_failover": False}, "cannot do without it"),
        ({"auth_token_secret": {"secret_id": "s"}, "transit_encryption": False}, "together with TLS"),
    ],
)
def test_what_elasticache_would_refuse(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(AnsibleAWSError, match=told):
        groups.check("r", wanted)


def test_a_group_that_can_be_made() -> None:
    groups.check("r", {"automatic_failover": True, "multi_az": True, "replicas_per_shard": 1, "num_shards": 1})

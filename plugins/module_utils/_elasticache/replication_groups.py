# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication groups in the words of the module's options, and back: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .._core.compare import given

State = dict[str, Any]

# option → (argument of CreateReplicationGroup, argument of ModifyReplicationGroup or None).
ARGUMENTS: dict[str, tuple[str | None, str | None]] = {
    "description": ("ReplicationGroupDescription", "ReplicationGroupDescription"),
    "node_type": ("CacheNodeType", "CacheNodeType"),
    "engine": ("Engine", "Engine"),
    "engine_version": ("EngineVersion", "EngineVersion"),
    "num_shards": ("NumNodeGroups", None),
    "replicas_per_shard": ("ReplicasPerNodeGroup", None),
    "cluster_mode": ("ClusterMode", "ClusterMode"),
    "automatic_failover": ("AutomaticFailoverEnabled", "AutomaticFailoverEnabled"),
    "multi_az": ("MultiAZEnabled", "MultiAZEnabled"),
    "port": ("Port", None),
    "subnet_group": ("CacheSubnetGroupName", None),
    "parameter_group": ("CacheParameterGroupName", "CacheParameterGroupName"),
    "security_group_ids": ("SecurityGroupIds", "SecurityGroupIds"),
    "at_rest_encryption": ("AtRestEncryptionEnabled", None),
    "kms_key_id": ("KmsKeyId", None),
    "transit_encryption": ("TransitEncryptionEnabled", "TransitEncryptionEnabled"),
    "transit_encryption_mode": ("TransitEncryptionMode", "TransitEncryptionMode"),
    "snapshot_retention": ("SnapshotRetentionLimit", "SnapshotRetentionLimit"),
    "snapshot_window": ("SnapshotWindow", "SnapshotWindow"),
    "maintenance_window": ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    "notification_topic_arn": ("NotificationTopicArn", "NotificationTopicArn"),
    "auto_minor_version_upgrade": ("AutoMinorVersionUpgrade", "AutoMinorVersionUpgrade"),
    "log_delivery": ("LogDeliveryConfigurations", "LogDeliveryConfigurations"),
    "snapshot_name": ("SnapshotName", None),
}

#: Options that ElastiCache cannot change on an existing group.
IMMUTABLE = frozenset({"port", "subnet_group", "at_rest_encryption", "kms_key_id"})

# Calls that the group takes one at a time, each only while it is available.
_STRUCTURE = ("num_shards", "replicas_per_shard")

GONE_WRONG = frozenset({"create-failed"})


def from_group(group: Mapping[str, Any], member: Mapping[str, Any] | None) -> State:
    """The state of a replication group, with what is pending counted as done.

    Half of the settings are told only by the member clusters; one member tells for all.
    """
    cluster = member or {}
    pending = group.get("PendingModifiedValues") or {}
    shards = group.get("NodeGroups") or []
    members = list(group.get("MemberClusters") or [])
    primary = (shards[0].get("PrimaryEndpoint") or {}) if shards else {}
    reader = (shards[0].get("ReaderEndpoint") or {}) if shards else {}
    configuration = group.get("ConfigurationEndpoint") or {}
    clustered = bool(group.get("ClusterEnabled"))
    state: State = {
        "arn": group.get("ARN") or "",
        "status": group.get("Status") or "",
        "primary_endpoint": primary.get("Address") or "",
        "reader_endpoint": reader.get("Address") or "",
        "configuration_endpoint": configuration.get("Address") or "",
        "port": configuration.get("Port") or primary.get("Port") or _port_of(cluster),
        "member_ids": members,
        "shard_ids": [shard["NodeGroupId"] for shard in shards if shard.get("NodeGroupId")],
        "auth_token": bool(group.get("AuthTokenEnabled")),
        "pending": sorted(pending),
        "description": group.get("Description") or "",
        "node_type": group.get("CacheNodeType") or "",
        "engine": group.get("Engine") or cluster.get("Engine") or "",
        "engine_version": cluster.get("EngineVersion") or "",
        "num_shards": len(shards) or 1,
        "replicas_per_shard": max(0, len(members) // (len(shards) or 1) - 1),
        "cluster_mode": group.get("ClusterMode") or ("enabled" if clustered else "disabled"),
        "automatic_failover": group.get("AutomaticFailover") in ("enabled", "enabling"),
        "multi_az": group.get("MultiAZ") == "enabled",
        "subnet_group": cluster.get("CacheSubnetGroupName") or "",
        "parameter_group": (cluster.get("CacheParameterGroup") or {}).get("CacheParameterGroupName") or "",
        "security_group_ids": sorted(
            entry["SecurityGroupId"]
            for entry in cluster.get("SecurityGroups") or []
            if entry.get("Status") != "removing"
        ),
        "at_rest_encryption": bool(group.get("AtRestEncryptionEnabled")),
        "kms_key_id": group.get("KmsKeyId") or "",
        "transit_encryption": bool(pending.get("TransitEncryptionEnabled", group.get("TransitEncryptionEnabled"))),
        "transit_encryption_mode": pending.get("TransitEncryptionMode") or group.get("TransitEncryptionMode") or "",
        "snapshot_retention": group.get("SnapshotRetentionLimit") or 0,
        "snapshot_window": group.get("SnapshotWindow") or cluster.get("SnapshotWindow") or "",
        "maintenance_window": cluster.get("PreferredMaintenanceWindow") or "",
        "notification_topic_arn": (cluster.get("NotificationConfiguration") or {}).get("TopicArn") or "",
        "auto_minor_version_upgrade": bool(
            group.get("AutoMinorVersionUpgrade", cluster.get("AutoMinorVersionUpgrade"))
        ),
        "log_delivery": log_delivery(group.get("LogDeliveryConfigurations") or []),
    }
    if pending.get("ClusterMode"):
        state["cluster_mode"] = pending["ClusterMode"]
    if pending.get("AutomaticFailoverStatus"):
        state["automatic_failover"] = pending["AutomaticFailoverStatus"] == "enabled"
    # What waits for the maintenance window is told by the member.
    waiting = cluster.get("PendingModifiedValues") or {}
    if waiting.get("EngineVersion"):
        state["engine_version"] = waiting["EngineVersion"]
    if waiting.get("CacheNodeType"):
        state["node_type"] = waiting["CacheNodeType"]
    return state


def _port_of(cluster: Mapping[str, Any]) -> int | None:
    for node in cluster.get("CacheNodes") or []:
        if node.get("Endpoint"):
            return node["Endpoint"].get("Port")
    return (cluster.get("ConfigurationEndpoint") or {}).get("Port")


def log_delivery(configurations: list[Mapping[str, Any]]) -> list[State]:
    """Where logs go, by kind of log; what is switched off is left out."""
    found = [
        {
            "log_type": entry["LogType"],
            "destination_type": entry["DestinationType"],
            "destination": _destination(entry.get("DestinationDetails") or {}),
            "format": entry.get("LogFormat") or "json",
        }
        for entry in configurations
        if entry.get("Status") not in ("disabling", "error")
    ]
    return sorted(found, key=lambda entry: entry["log_type"])


def _destination(details: Mapping[str, Any]) -> str:
    logs, stream = details.get("CloudWatchLogsDetails") or {}, details.get("KinesisFirehoseDetails") or {}
    return logs.get("LogGroup") or stream.get("DeliveryStream") or ""


def log_delivery_arguments(current: list[State], wanted: list[State]) -> list[dict[str, Any]]:
    """AWS's LogDeliveryConfigurations: the wanted ones, and an explicit end to the others."""
    arguments: list[dict[str, Any]] = []
    for entry in wanted:
        details = (
            {"CloudWatchLogsDetails": {"LogGroup": entry["destination"]}}
            if entry["destination_type"] == "cloudwatch-logs"
            else {"KinesisFirehoseDetails": {"DeliveryStream": entry["destination"]}}
        )
        arguments.append(
            {
                "LogType": entry["log_type"],
                "DestinationType": entry["destination_type"],
                "DestinationDetails": details,
                "LogFormat": entry["format"],
                "Enabled": True,
            }
        )
    kept = {entry["log_type"] for entry in wanted}
    arguments += [
        {"LogType": entry["log_type"], "Enabled": False} for entry in current if entry["log_type"] not in kept
    ]
    return arguments


def changes(current: State, wanted: State) -> State:
    """The wanted fields that differ, in the sense that ElastiCache gives to each."""
    options = {key: value for key, value in given(wanted).items() if key in ARGUMENTS and key != "snapshot_name"}
    return {key: value for key, value in options.items() if not _same(key, current, value, wanted)}


def _same(key: str, current: State, value: Any, wanted: State) -> bool:
    now = current.get(key)
    if key == "engine_version":
        upgrades = wanted.get("auto_minor_version_upgrade", current["auto_minor_version_upgrade"])
        return satisfies_version(str(now or ""), value, newer_is_fine=upgrades)
    if key in ("maintenance_window", "snapshot_window", "subnet_group", "parameter_group"):
        return str(now).lower() == value.lower()
    if key == "kms_key_id":
        return now == value or str(now).endswith((f":key/{value}", f":{value}"))
    if key == "security_group_ids":
        return sorted(now or []) == sorted(value)
    if key == "transit_encryption_mode" and not wanted.get("transit_encryption", True):
        return True
    return now == value


def satisfies_version(current: str, wanted: str, *, newer_is_fine: bool) -> bool:
    """Whether 7.1.0 is what was asked for: by 7, by 7.1, by 7.x, and by 7.0 where ElastiCache upgrades by itself."""
    have, want = _parts(current), [part for part in _parts(wanted) if part != "x"]
    if have[: len(want)] == want:
        return True
    return newer_is_fine and have[:1] == want[:1] and have > want


def _parts(version: str) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in version.split(".")]


def create_arguments(wanted: State, tags: list[dict[str, str]]) -> dict[str, Any]:
    """CreateReplicationGroup's arguments, without the AUTH token."""
    arguments = {
        ARGUMENTS[key][0]: value
        for key, value in given(wanted).items()
        if key in ARGUMENTS and ARGUMENTS[key][0] and value not in ("", [])
    }
    if wanted.get("log_delivery"):
        arguments["LogDeliveryConfigurations"] = log_delivery_arguments([], wanted["log_delivery"])
    return {**arguments, "Tags": tags}


def modify_arguments(current: State, found: State, *, immediately: bool) -> dict[str, Any]:
    """ModifyReplicationGroup's arguments for what differs, and no more."""
    arguments = {
        ARGUMENTS[key][1]: value for key, value in found.items() if key in ARGUMENTS and ARGUMENTS[key][1] is not None
    }
    if not arguments:
        return {}
    if "log_delivery" in found:
        arguments["LogDeliveryConfigurations"] = log_delivery_arguments(current["log_delivery"], found["log_delivery"])
    if "engine" in found and "engine_version" not in found:
        # An engine is changed together with a version only.
        raise AnsibleAWSError(message="engine: a change of the engine needs engine_version as well.")
    return {**arguments, "ApplyImmediately": immediately}


def steps(found: State) -> list[State]:
    """What differs, in portions that ElastiCache takes one after the other, each when it is done with the one before.

    More replicas come first, because failover needs them; fewer come last, for the same reason.
    """
    plain = {key: value for key, value in found.items() if key not in (*_STRUCTURE, "tags")}
    structure = [{key: found[key]} for key in _STRUCTURE if key in found]
    off = plain.get("automatic_failover") is False or plain.get("multi_az") is False
    return [portion for portion in ([plain, *structure] if off else [*structure, plain]) if portion]


def check(name: str, wanted: Mapping[str, Any]) -> None:
    """Refuse what ElastiCache would refuse, before anything is changed."""
    replicas = wanted.get("replicas_per_shard")
    for option in ("automatic_failover", "multi_az"):
        if wanted.get(option) and replicas == 0:
            raise AnsibleAWSError(
                message=f"{option}: the replication group {name} has replicas_per_shard 0, so there is nothing to fail "
                "over to; have at least 1 replica, or switch it off."
            )
    if wanted.get("multi_az") and wanted.get("automatic_failover") is False:
        raise AnsibleAWSError(message=f"multi_az: the replication group {name} needs automatic_failover for it.")
    if (wanted.get("num_shards") or 1) > 1 and wanted.get("cluster_mode") in (None, "disabled"):
        raise AnsibleAWSError(
            message=f"num_shards: {wanted['num_shards']} shards of the group {name} need cluster_mode enabled."
        )
    if wanted.get("cluster_mode") == "enabled" and wanted.get("automatic_failover") is False:
        raise AnsibleAWSError(message=f"automatic_failover: cluster_mode of the group {name} cannot do without it.")
    if wanted.get("auth_token_secret") and wanted.get("transit_encryption") is False:
        raise AnsibleAWSError(
            message=f"auth_token_secret: the replication group {name} has transit_encryption off; "
            "ElastiCache takes an AUTH token only together with TLS."
        )

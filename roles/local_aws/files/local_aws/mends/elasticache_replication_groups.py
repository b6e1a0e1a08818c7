# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication groups with their members, cluster mode, changes, auth tokens, tags and an end.

AWS: NumCacheClusters, or NumNodeGroups and ReplicasPerNodeGroup, decide how many members a group has; each member is a
cache cluster that DescribeCacheClusters returns with the parameter, subnet and security groups and the engine version,
which the group itself does not show; endpoints depend on TLS and cluster mode; auth tokens are changed over time, by
strategies, and a group that is not available is not modified (InvalidReplicationGroupState); failover needs a replica,
Multi-AZ needs failover; everything can be modified, replicas added and removed; a deleted group is gone, and so are its
members (ElastiCache API reference and user guide).
moto 5.2.5: ignores NumCacheClusters, has no member clusters, changes few fields, validates nothing, and keeps a deleted
group in the state ``deleting`` for ever.
Can go when moto's replication groups have members and end.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.elasticache.exceptions import (
    CacheClusterNotFound,
    CacheSubnetGroupNotFound,
    ReplicationGroupAlreadyExists,
    ReplicationGroupNotFound,
)
from moto.elasticache.models import CacheCluster, ElastiCacheBackend, elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse

from ..clock import Clock
from ._auth_tokens import AuthTokens, ChangeOfTokens, change, check_token
from ._servers import SERVERS, Server
from .attached_servers import SYNC
from .elasticache_parameter_groups import error, find

VERSIONS = {
    "redis": {"6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0"},
    "valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0"},
}
DEFAULT_VERSION = {"redis": "7.1", "valkey": "8.0"}
SLOTS = 16384
#: How long it takes to change an auth token.
TOKEN_SECONDS = 60


def _family(engine: str, version: str) -> str:
    major = version.partition(".")[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"


def _version(engine: str, version: str | None) -> str:
    known = VERSIONS.get(engine)
    if known is None:
        raise error("InvalidParameterValue", f"Invalid parameter: Engine {engine}")
    version = version or DEFAULT_VERSION[engine]
    if version in known.values():
        return version
    if version not in known:
        raise error("InvalidParameterValue", f"Cannot find version {version} for {engine}")
    return known[version]


class ReplicationGroup:
    """One replication group; moto's serializer reads the attributes."""

    def __init__(self, backend: ElastiCacheBackend, request: dict[str, Any], clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        name = request["ReplicationGroupId"].lower()
        self.replication_group_id = name
        self.arn = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:replicationgroup:{name}"
        self.description = request.get("ReplicationGroupDescription")
        self.status = "creating"
        self.engine = request.get("Engine") or "redis"
        self.engine_version = _version(self.engine, request.get("EngineVersion"))
        self.cache_node_type = request.get("CacheNodeType")
        self.port = int(request.get("Port") or 6379)
        self.transit_encryption_enabled = _true(request.get("TransitEncryptionEnabled"))
        self.transit_encryption_mode = (
            request.get("TransitEncryptionMode") or "required" if self.transit_encryption_enabled else None
        )
        self.at_rest_encryption_enabled = _true(request.get("AtRestEncryptionEnabled"))
        self.kms_key_id = request.get("KmsKeyId")
        self.user_group_ids = list(request.get("UserGroupIds") or [])
        self.auth_tokens = AuthTokens()
        self.auth_token_last_modified_date: Any = None
        self.replication_group_create_time = utcnow()
        self.data_tiering = "enabled" if _true(request.get("DataTieringEnabled")) else "disabled"
        self.auto_minor_version_upgrade = _true(request.get("AutoMinorVersionUpgrade", True))
        self.network_type = request.get("NetworkType") or "ipv4"
        self.ip_discovery = request.get("IpDiscovery") or "ipv4"
        self.snapshot_retention_limit = int(request.get("SnapshotRetentionLimit") or 0)
        self.snapshot_window = request.get("SnapshotWindow") or "05:00-06:00"
        self.preferred_maintenance_window = request.get("PreferredMaintenanceWindow") or "sun:07:00-sun:08:00"
        self.notification_topic_arn = request.get("NotificationTopicArn")
        self.security_group_ids = list(request.get("SecurityGroupIds") or [])
        self.cache_subnet_group_name = (request.get("CacheSubnetGroupName") or "default").lower()
        self.log_delivery_configurations = [
            {**item, "Status": "active"} for item in request.get("LogDeliveryConfigurations") or []
        ]
        self.pending_modified_values: dict[str, Any] = {}
        self._random = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _character in range(6))
        self._zones = self._availability_zones(request.get("PreferredCacheClusterAZs") or [])
        self._set_layout(request)
        self._failover = _true(request.get("AutomaticFailoverEnabled")) or self.cluster_enabled
        self._multi_az = _true(request.get("MultiAZEnabled"))
        self._check_availability()
        if request.get("AuthToken") is not None:
            if not self.transit_encryption_enabled:
                raise error(
                    "InvalidParameterCombination",
                    "The AUTH token modification is only supported when encryption-in-transit is enabled.",
                )
            check_token(request["AuthToken"])
            self.auth_tokens = AuthTokens((request["AuthToken"],), optional=False)
            self.auth_token_last_modified_date = utcnow()

    def _availability_zones(self, preferred: list[str]) -> list[str]:
        if preferred:
            return list(preferred)
        group = self._backend.cache_subnet_groups.get(self.cache_subnet_group_name)
        if group is None:
            if self.cache_subnet_group_name != "default":
                raise CacheSubnetGroupNotFound(self.cache_subnet_group_name)
            return [f"{self._backend.region_name}{zone}" for zone in "abc"]
        ec2 = ec2_backends[self._backend.account_id][self._backend.region_name]
        return sorted({subnet.availability_zone for subnet in ec2.describe_subnets(subnet_ids=group.subnet_ids)})

    def _set_layout(self, request: dict[str, Any]) -> None:
        family = _family(self.engine, self.engine_version)
        shards = int(request.get("NumNodeGroups") or 1)
        wanted = request.get("CacheParameterGroupName")
        mode = request.get("ClusterMode")
        if not wanted:
            clustered = shards > 1 or mode in ("enabled", "compatible")
            wanted = f"default.{family}" + (".cluster.on" if clustered else "")
        group = find(self._backend, wanted)
        if group.cache_parameter_group_family != family:
            raise error(
                "InvalidParameterCombination",
                f"Expected a parameter group of family {family} but found one of family "
                f"{group.cache_parameter_group_family}",
            )
        self.cache_parameter_group_name = group.cache_parameter_group_name
        self.cluster_enabled = group.cluster_enabled
        self.cluster_mode = mode or ("enabled" if self.cluster_enabled else "disabled")
        if shards > 1 and not self.cluster_enabled:
            raise error(
                "InvalidParameterCombination",
                "Use of cluster mode with more than one node group needs a parameter group with cluster-enabled=yes.",
            )
        if self.cluster_enabled:
            self._replicas = [int(request.get("ReplicasPerNodeGroup") or 0)] * shards
        elif request.get("ReplicasPerNodeGroup") is not None:
            self._replicas = [int(request["ReplicasPerNodeGroup"])]
        else:
            self._replicas = [int(request.get("NumCacheClusters") or 1) - 1]
        if any(not 0 <= count <= 5 for count in self._replicas):
            raise error("InvalidParameterValue", "The number of replicas per node group must be within [0 - 5].")

    def _check_availability(self) -> None:
        if self._failover and not self.cluster_enabled and self._replicas[0] < 1:
            raise error(
                "InvalidParameterCombination",
                "Must specify at least two cache clusters in order to auto failover.",
            )
        if self._multi_az and (not self._failover or min(self._replicas) < 1):
            raise error(
                "InvalidParameterCombination",
                "Multi-AZ requires automatic failover and at least one replica in every node group.",
            )

    @property
    def automatic_failover(self) -> str:
        return "enabled" if self._failover else "disabled"

    @property
    def multi_az(self) -> str:
        return "enabled" if self._multi_az else "disabled"

    @property
    def member_clusters(self) -> list[str]:
        return [member for shard in self._members() for member in shard]

    @property
    def snapshotting_cluster_id(self) -> str | None:
        return self.member_clusters[-1] if self.snapshot_retention_limit and not self.cluster_enabled else None

    def _members(self) -> list[list[str]]:
        name = self.replication_group_id
        if not self.cluster_enabled:
            return [[f"{name}-{index + 1:03}" for index in range(self._replicas[0] + 1)]]
        return [
            [f"{name}-{shard + 1:04}-{index + 1:03}" for index in range(replicas + 1)]
            for shard, replicas in enumerate(self._replicas)
        ]

    def _address(self, kind: str, plain: str) -> str:
        """Where one endpoint is: names differ with and without TLS."""
        if self.transit_encryption_enabled:
            return f"{kind}.{self.replication_group_id}.{self._random}.use1.cache.amazonaws.com"
        return f"{self.replication_group_id}{plain}.use1.cache.amazonaws.com"

    def _endpoint(self, address: str) -> dict[str, Any]:
        return {"Address": address, "Port": self.port} if self.server is None else self.server.endpoint

    @property
    def configuration_endpoint(self) -> dict[str, Any] | None:
        if not self.cluster_enabled or self.status == "creating":
            return None
        return self._endpoint(self._address("clustercfg", f".{self._random}.clustercfg"))

    @property
    def node_groups(self) -> list[dict[str, Any]] | None:
        if self.status == "creating":
            return None
        shards = []
        members = self._members()
        for index, names in enumerate(members):
            shard: dict[str, Any] = {"NodeGroupId": f"{index + 1:04}", "Status": "available", "NodeGroupMembers": []}
            if self.cluster_enabled:
                first, after = index * SLOTS // len(members), (index + 1) * SLOTS // len(members)
                shard["Slots"] = f"{first}-{after - 1}"
            else:
                primary = self._address("master", f".{self._random}.ng.0001")
                reader = self._address("replica", f"-ro.{self._random}.ng.0001")
                shard["PrimaryEndpoint"] = self._endpoint(primary)
                shard["ReaderEndpoint"] = self._endpoint(reader)
            for position, name in enumerate(names):
                member = {
                    "CacheClusterId": name,
                    "CacheNodeId": "0001",
                    "PreferredAvailabilityZone": self._zone(index, position),
                }
                if not self.cluster_enabled:
                    member["CurrentRole"] = "primary" if position == 0 else "replica"
                    member["ReadEndpoint"] = self._endpoint(self._member_address(name))
                shard["NodeGroupMembers"].append(member)
            shards.append(shard)
        return shards

    def _zone(self, shard: int, position: int) -> str:
        return self._zones[(shard + position) % len(self._zones)]

    def _member_address(self, name: str) -> str:
        if self.transit_encryption_enabled:
            return f"{name}.{self.replication_group_id}.{self._random}.use1.cache.amazonaws.com"
        return f"{name}.{self._random}.0001.use1.cache.amazonaws.com"

    def cache_clusters(self, with_nodes: bool) -> list[dict[str, Any]]:
        """The members, as DescribeCacheClusters returns them."""
        described = []
        for shard, names in enumerate(self._members()):
            for position, name in enumerate(names):
                zone = self._zone(shard, position)
                cluster: dict[str, Any] = {
                    "CacheClusterId": name,
                    "ARN": self.arn.replace(f"replicationgroup:{self.replication_group_id}", f"cluster:{name}"),
                    "ReplicationGroupId": self.replication_group_id,
                    "CacheClusterStatus": self.status,
                    "CacheNodeType": self.cache_node_type,
                    "Engine": self.engine,
                    "EngineVersion": self.engine_version,
                    "NumCacheNodes": 1,
                    "PreferredAvailabilityZone": zone,
                    "CacheClusterCreateTime": self.replication_group_create_time,
                    "PreferredMaintenanceWindow": self.preferred_maintenance_window,
                    "PendingModifiedValues": {},
                    "CacheSecurityGroups": [],
                    "CacheParameterGroup": {
                        "CacheParameterGroupName": self.cache_parameter_group_name,
                        "ParameterApplyStatus": "in-sync",
                        "CacheNodeIdsToReboot": [],
                    },
                    "CacheSubnetGroupName": self.cache_subnet_group_name,
                    "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
                    "SecurityGroups": [
                        {"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids
                    ],
                    "SnapshotRetentionLimit": self.snapshot_retention_limit,
                    "SnapshotWindow": self.snapshot_window,
                    "AuthTokenEnabled": self.auth_token_enabled,
                    "TransitEncryptionEnabled": self.transit_encryption_enabled,
                    "TransitEncryptionMode": self.transit_encryption_mode,
                    "AtRestEncryptionEnabled": self.at_rest_encryption_enabled,
                    "ReplicationGroupLogDeliveryEnabled": bool(self.log_delivery_configurations),
                    "LogDeliveryConfigurations": [],
                    "NetworkType": self.network_type,
                    "IpDiscovery": self.ip_discovery,
                }
                if self.notification_topic_arn:
                    cluster["NotificationConfiguration"] = {
                        "TopicArn": self.notification_topic_arn,
                        "TopicStatus": "active",
                    }
                if with_nodes:
                    cluster["CacheNodes"] = [
                        {
                            "CacheNodeId": "0001",
                            "CacheNodeStatus": "available",
                            "CacheNodeCreateTime": self.replication_group_create_time,
                            "Endpoint": self._endpoint(self._member_address(name)),
                            "ParameterGroupStatus": "in-sync",
                            "CustomerAvailabilityZone": zone,
                        }
                    ]
                described.append({key: value for key, value in cluster.items() if value is not None})
        return described

    @property
    def auth_token_enabled(self) -> bool:
        return self.auth_tokens.enabled

    @property
    def server(self) -> Server | None:
        """The real server in place of this group."""
        return SERVERS.of(
            "replication_group", self.replication_group_id, self._backend.account_id, self._backend.region_name
        )

    def really_set_tokens(self) -> None:
        """Let the real server, where there is one, take the group's tokens and no others."""
        if self.server is not None:
            self.server.set_acl("default", *self.auth_tokens.rules)

    def _change_tokens(self, wanted: ChangeOfTokens) -> None:
        self.status = "modifying"
        self.pending_modified_values = {"AuthTokenStatus": wanted.status}

        def applied() -> None:
            if self._backend.replication_groups.get(self.replication_group_id) is not self:  # type: ignore[comparison-overlap]
                return
            self.auth_tokens = wanted.apply(self.auth_tokens)
            self.auth_token_last_modified_date = utcnow() if self.auth_tokens.enabled else None
            self.really_set_tokens()
            self.status = "available"
            self.pending_modified_values = {}

        self._clock.after(TOKEN_SECONDS, applied)

    def be(self, status: str, kind: str) -> None:
        """Have a status for as long as it takes."""
        seconds = self._clock.provisioning.begin(kind, self.replication_group_id)
        self.status = status if seconds else "available"
        if not seconds:
            return

        def end() -> None:
            if self.status == status:
                self.status = "available"

        self._clock.after(seconds, end)

    def check_state(self, what: str) -> None:
        """Refuse to do something with a group that is busy."""
        if self.status != "available":
            raise error("InvalidReplicationGroupState", f"Replication group must be in available state to {what}.")

    def modify(self, request: dict[str, Any]) -> None:
        """ModifyReplicationGroup; nothing changes when one part of the request is refused."""
        self.check_state("modify")
        before = dict(self.__dict__)
        try:
            had_user_groups = bool(self.user_group_ids)
            size = self.cache_node_type, self.engine_version, self._failover, self._multi_az
            self._modify(request)
            self._check_availability()
            resized = size != (self.cache_node_type, self.engine_version, self._failover, self._multi_az)
            wanted = change(
                request, self.auth_tokens, self.transit_encryption_enabled, had_user_groups or bool(self.user_group_ids)
            )
        except Exception:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        if wanted is not None:
            self._change_tokens(wanted)
        elif resized:
            self.be("modifying", "replication_group_change")

    def _modify(self, request: dict[str, Any]) -> None:
        plain = {
            "ReplicationGroupDescription": "description",
            "CacheNodeType": "cache_node_type",
            "SnapshotWindow": "snapshot_window",
            "PreferredMaintenanceWindow": "preferred_maintenance_window",
            "NotificationTopicArn": "notification_topic_arn",
            "TransitEncryptionMode": "transit_encryption_mode",
            "IpDiscovery": "ip_discovery",
            "SecurityGroupIds": "security_group_ids",
        }
        for key, attribute in plain.items():
            if request.get(key) is not None:
                setattr(self, attribute, request[key])
        if request.get("SnapshotRetentionLimit") is not None:
            self.snapshot_retention_limit = int(request["SnapshotRetentionLimit"])
        for key, attribute in (
            ("AutomaticFailoverEnabled", "_failover"),
            ("MultiAZEnabled", "_multi_az"),
            ("AutoMinorVersionUpgrade", "auto_minor_version_upgrade"),
            ("TransitEncryptionEnabled", "transit_encryption_enabled"),
        ):
            if request.get(key) is not None:
                setattr(self, attribute, _true(request[key]))
        if self.transit_encryption_enabled and self.transit_encryption_mode is None:
            self.transit_encryption_mode = "preferred"
        if request.get("Engine"):
            self.engine = request["Engine"]
        if request.get("EngineVersion"):
            self.engine_version = _version(self.engine, request["EngineVersion"])
        if request.get("CacheParameterGroupName"):
            self.cache_parameter_group_name = find(
                self._backend, request["CacheParameterGroupName"]
            ).cache_parameter_group_name
        if request.get("LogDeliveryConfigurations") is not None:
            sent = {item["LogType"]: item for item in request["LogDeliveryConfigurations"]}
            kept = [item for item in self.log_delivery_configurations if item["LogType"] not in sent]
            added = [
                {**{key: value for key, value in item.items() if key != "Enabled"}, "Status": "active"}
                for item in sent.values()
                if _true(item.get("Enabled", True))
            ]
            self.log_delivery_configurations = kept + added
        added_groups = request.get("UserGroupIdsToAdd") or []
        removed = set(request.get("UserGroupIdsToRemove") or [])
        self.user_group_ids = [group for group in [*self.user_group_ids, *added_groups] if group not in removed]
        if _true(request.get("RemoveUserGroups")):
            self.user_group_ids = []

    def set_replicas(self, count: int) -> None:
        """IncreaseReplicaCount and DecreaseReplicaCount."""
        self.check_state("modify")
        before = self._replicas
        if not 0 <= count <= 5:
            raise error("InvalidParameterValue", "The number of replicas per node group must be within [0 - 5].")
        self._replicas = [count] * len(before)
        try:
            self._check_availability()
        except Exception:
            self._replicas = before
            raise
        self.be("modifying", "replication_group_change")

    def set_shards(self, count: int) -> None:
        """ModifyReplicationGroupShardConfiguration."""
        if not self.cluster_enabled:
            raise error("InvalidParameterCombination", "Resharding needs a replication group in cluster mode.")
        self.check_state("modify")
        self._replicas = (self._replicas + [self._replicas[0]] * count)[:count]
        self.be("modifying", "replication_group_change")


def _true(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _plain(value: Any) -> Any:
    """A request as plain dicts and lists, whatever moto's parser made of it."""
    if hasattr(value, "original_dict"):
        value = value.original_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _request(self: ElastiCacheResponse) -> dict[str, Any]:
    return _plain(self._get_params())  # type: ignore[no-any-return]


def _find(backend: ElastiCacheBackend, name: str) -> Any:
    group = backend.replication_groups.get((name or "").lower())
    if group is None:
        raise ReplicationGroupNotFound(name)
    return group


def _describe(self: ElastiCacheResponse) -> ActionResult:
    name = self._get_param("ReplicationGroupId")
    backend = self.elasticache_backend
    found = [_find(backend, name)] if name else list(backend.replication_groups.values())
    return PaginatedResult({"ReplicationGroups": found})


def _modify(self: ElastiCacheResponse) -> ActionResult:
    request = _request(self)
    group = _find(self.elasticache_backend, request["ReplicationGroupId"])
    group.modify(request)
    return ActionResult({"ReplicationGroup": group})


def _change_replicas(self: ElastiCacheResponse) -> ActionResult:
    request = _request(self)
    group = _find(self.elasticache_backend, request["ReplicationGroupId"])
    group.set_replicas(int(request["NewReplicaCount"]))
    return ActionResult({"ReplicationGroup": group})


def _change_shards(self: ElastiCacheResponse) -> ActionResult:
    request = _request(self)
    group = _find(self.elasticache_backend, request["ReplicationGroupId"])
    group.set_shards(int(request["NodeGroupCount"]))
    return ActionResult({"ReplicationGroup": group})


def _describe_clusters(self: ElastiCacheResponse) -> ActionResult:
    backend, request = self.elasticache_backend, _request(self)
    with_nodes = _true(request.get("ShowCacheNodeInfo"))
    members = [member for group in backend.replication_groups.values() for member in group.cache_clusters(with_nodes)]  # type: ignore[attr-defined]
    found: list[Any] = list(backend.cache_clusters.values())
    if not _true(request.get("ShowCacheClustersNotInReplicationGroups")):
        found = [*members, *found]
    name = request.get("CacheClusterId")
    if name:
        found = [
            cluster
            for cluster in found
            if (cluster["CacheClusterId"] if isinstance(cluster, dict) else cluster.cache_cluster_id) == name.lower()
        ]
        if not found:
            raise CacheClusterNotFound(name)
    return PaginatedResult({"CacheClusters": found})


def _add_tags(self: ElastiCacheResponse) -> ActionResult:
    arn = self._get_param("ResourceName")
    self.elasticache_backend.add_tags_to_resource(arn, _plain(self._get_param("Tags", [])))
    return _list_tags(self)


def _remove_tags(self: ElastiCacheResponse) -> ActionResult:
    arn = self._get_param("ResourceName")
    self.elasticache_backend.remove_tags_from_resource(arn, self._get_param("TagKeys", []))
    return _list_tags(self)


def _list_tags(self: ElastiCacheResponse) -> ActionResult:
    arn = self._get_param("ResourceName")
    kind, _colon, name = arn.split(":", 5)[-1].partition(":")
    backend = self.elasticache_backend
    if kind == "replicationgroup":
        _find(backend, name)
    elif kind == "parametergroup":
        find(backend, name)
    elif kind == "subnetgroup" and name not in backend.cache_subnet_groups:
        raise CacheSubnetGroupNotFound(name)
    return ActionResult({"TagList": backend.tagging_service.list_tags_for_resource(arn)["Tags"]})


def _sync(server: Server) -> None:
    backend = elasticache_backends[server.key.account][server.key.region]
    group = backend.replication_groups.get(server.key.name)
    if group is not None:
        group.really_set_tokens()  # type: ignore[attr-defined]


def apply(clock: Clock) -> None:
    SYNC["replication_group"] = _sync

    def _create(self: ElastiCacheResponse) -> ActionResult:
        backend, request = self.elasticache_backend, _request(self)
        name = request["ReplicationGroupId"].lower()
        if name in backend.replication_groups:
            raise ReplicationGroupAlreadyExists(name)
        if len(name) > 40:
            raise error("InvalidParameterValue", "ReplicationGroupIdentifier must have at most 40 characters.")
        group = ReplicationGroup(backend, request, clock)
        backend.replication_groups[name] = group  # type: ignore[assignment]
        backend.tagging_service.tag_resource(group.arn, request.get("Tags") or [])
        group.really_set_tokens()
        group.be("creating", "replication_group")
        return ActionResult({"ReplicationGroup": group})

    def _delete(self: ElastiCacheResponse) -> ActionResult:
        backend, request = self.elasticache_backend, _request(self)
        group = _find(backend, request["ReplicationGroupId"])
        group.check_state("delete")
        if request.get("FinalSnapshotIdentifier"):
            backend.create_snapshot(request["FinalSnapshotIdentifier"], group.replication_group_id, None, None, None)
        group.status = "deleting"

        def end() -> None:
            if backend.replication_groups.get(group.replication_group_id) is group:
                del backend.replication_groups[group.replication_group_id]
                backend.tagging_service.delete_all_tags_for_resource(group.arn)

        seconds = clock.provisioning.begin("replication_group_deletion", group.replication_group_id)
        if seconds:
            clock.after(seconds, end)
        else:
            end()
        return ActionResult({"ReplicationGroup": group})

    delete_cluster = ElastiCacheBackend.delete_cache_cluster

    def mended_delete_cluster(self: ElastiCacheBackend, cache_cluster_id: str) -> CacheCluster:
        cluster = delete_cluster(self, cache_cluster_id)
        del self.cache_clusters[cache_cluster_id]
        return cluster

    init = ElastiCacheBackend.__init__

    def mended_init(self: ElastiCacheBackend, region_name: str, account_id: str) -> None:
        # moto resets a backend by calling __init__ again: what we keep on it must go too.
        self.__dict__.pop("cache_parameter_groups", None)
        init(self, region_name, account_id)

    ElastiCacheBackend.__init__ = mended_init  # type: ignore[method-assign]
    ElastiCacheBackend.delete_cache_cluster = mended_delete_cluster  # type: ignore[method-assign]
    ElastiCacheResponse.create_replication_group = _create
    ElastiCacheResponse.describe_replication_groups = _describe
    ElastiCacheResponse.modify_replication_group = _modify
    ElastiCacheResponse.delete_replication_group = _delete
    ElastiCacheResponse.increase_replica_count = _change_replicas
    ElastiCacheResponse.decrease_replica_count = _change_replicas
    ElastiCacheResponse.modify_replication_group_shard_configuration = _change_shards
    ElastiCacheResponse.describe_cache_clusters = _describe_clusters
    ElastiCacheResponse.add_tags_to_resource = _add_tags
    ElastiCacheResponse.remove_tags_from_resource = _remove_tags
    ElastiCacheResponse.list_tags_for_resource = _list_tags

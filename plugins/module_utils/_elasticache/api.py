# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to ElastiCache, each with the sentence that its failure says."""

from __future__ import annotations

from typing import Any

from .._core.errors import aws_call
from .._core.parallel import chunks

_NO_SUBNET_GROUP = ("CacheSubnetGroupNotFoundFault", "CacheSubnetGroupNotFound")
_NO_PARAMETER_GROUP = ("CacheParameterGroupNotFound", "CacheParameterGroupNotFoundFault")
_NO_REPLICATION_GROUP = ("ReplicationGroupNotFoundFault", "ReplicationGroupNotFound")


@aws_call("list the tags of {arn}")
def tags_of(client: Any, arn: str) -> list[dict[str, str]]:
    return client.list_tags_for_resource(ResourceName=arn)["TagList"]


@aws_call("tag {arn}")
def tag(client: Any, arn: str, tags: list[dict[str, str]]) -> None:
    client.add_tags_to_resource(ResourceName=arn, Tags=tags)


@aws_call("remove tags from {arn}")
def untag(client: Any, arn: str, keys: list[str]) -> None:
    client.remove_tags_from_resource(ResourceName=arn, TagKeys=keys)


@aws_call("describe the cache subnet group {name}", missing=_NO_SUBNET_GROUP)
def subnet_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
    return found[0] if found else None


@aws_call("create the cache subnet group {name}")
def create_subnet_group(
    client: Any, name: str, description: str, subnet_ids: list[str], tags: list[dict[str, str]]
) -> dict[str, Any]:
    return client.create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription=description, SubnetIds=subnet_ids, Tags=tags
    )["CacheSubnetGroup"]


@aws_call("modify the cache subnet group {name}")
def modify_subnet_group(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.modify_cache_subnet_group(CacheSubnetGroupName=name, **arguments)


@aws_call("delete the cache subnet group {name}", missing=_NO_SUBNET_GROUP)
def delete_subnet_group(client: Any, name: str) -> None:
    client.delete_cache_subnet_group(CacheSubnetGroupName=name)


@aws_call("describe the cache parameter group {name}", missing=_NO_PARAMETER_GROUP)
def parameter_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_cache_parameter_groups(CacheParameterGroupName=name)["CacheParameterGroups"]
    return found[0] if found else None


@aws_call("list the parameters of the cache parameter group {name}")
def parameters(client: Any, name: str, *, set_by_user: bool = False) -> dict[str, dict[str, Any]]:
    """All parameters of a group, or those that somebody has set."""
    which = {"Source": "user"} if set_by_user else {}
    pages = client.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name, **which)
    return {parameter["ParameterName"]: parameter for page in pages for parameter in page["Parameters"]}


@aws_call("list the parameters of the family {family}")
def default_parameters(client: Any, family: str) -> dict[str, dict[str, Any]]:
    pages = client.get_paginator("describe_engine_default_parameters").paginate(CacheParameterGroupFamily=family)
    return {
        parameter["ParameterName"]: parameter
        for page in pages
        for parameter in page["EngineDefaults"].get("Parameters", [])
    }


@aws_call("create the cache parameter group {name}")
def create_parameter_group(
    client: Any, name: str, family: str, description: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    return client.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily=family, Description=description, Tags=tags
    )["CacheParameterGroup"]


@aws_call("set parameters of the cache parameter group {name}")
def modify_parameters(client: Any, name: str, settings: list[dict[str, str]]) -> None:
    # AWS takes twenty at a time.
    for some in chunks(settings, 20):
        client.modify_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=some)


@aws_call("reset parameters of the cache parameter group {name}")
def reset_parameters(client: Any, name: str, settings: list[dict[str, str]]) -> None:
    for some in chunks(settings, 20):
        client.reset_cache_parameter_group(
            CacheParameterGroupName=name, ResetAllParameters=False, ParameterNameValues=some
        )


@aws_call("delete the cache parameter group {name}", missing=_NO_PARAMETER_GROUP)
def delete_parameter_group(client: Any, name: str) -> None:
    client.delete_cache_parameter_group(CacheParameterGroupName=name)


@aws_call("describe the replication group {name}", missing=_NO_REPLICATION_GROUP)
def replication_group(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    return found[0] if found else None


@aws_call("describe the cache cluster {name}", missing=("CacheClusterNotFound", "CacheClusterNotFoundFault"))
def cache_cluster(client: Any, name: str) -> dict[str, Any] | None:
    found = client.describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
    return found[0] if found else None


@aws_call("create the replication group {name}")
def create_replication_group(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.create_replication_group(ReplicationGroupId=name, **arguments)["ReplicationGroup"]


@aws_call("modify the replication group {name}")
def modify_replication_group(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.modify_replication_group(ReplicationGroupId=name, **arguments)


@aws_call("change the number of replicas of the replication group {name}")
def set_replica_count(client: Any, name: str, current: int, wanted: int) -> None:
    call = client.increase_replica_count if wanted > current else client.decrease_replica_count
    # ElastiCache knows no other time for it than now.
    call(ReplicationGroupId=name, NewReplicaCount=wanted, ApplyImmediately=True)


@aws_call("change the number of shards of the replication group {name}")
def set_shard_count(client: Any, name: str, count: int, to_remove: list[str]) -> None:
    arguments: dict[str, Any] = {"ReplicationGroupId": name, "NodeGroupCount": count, "ApplyImmediately": True}
    if to_remove:
        arguments["NodeGroupsToRemove"] = to_remove
    client.modify_replication_group_shard_configuration(**arguments)


@aws_call("delete the replication group {name}", missing=_NO_REPLICATION_GROUP)
def delete_replication_group(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.delete_replication_group(ReplicationGroupId=name, **arguments)

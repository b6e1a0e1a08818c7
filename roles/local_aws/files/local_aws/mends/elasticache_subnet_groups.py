# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache subnet groups can be modified and deleted.

AWS: ModifyCacheSubnetGroup replaces the subnets and the description; DeleteCacheSubnetGroup refuses a group in use
(CacheSubnetGroupInUse); names are lower case; unknown subnets are InvalidSubnet (ElastiCache API reference).
moto 5.2.5: implements neither, and makes up a VPC for subnets that do not exist.
Can go when moto implements both.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import ec2_backends
from moto.elasticache.exceptions import CacheSubnetGroupNotFound, InvalidSubnet
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from ..clock import Clock
from .elasticache_parameter_groups import error


def _check(backend: ElastiCacheBackend, subnet_ids: list[str]) -> None:
    known = ec2_backends[backend.account_id][backend.region_name]
    for subnet_id in subnet_ids:
        if not any(subnet_id in subnets for subnets in known.subnets.values()):
            raise InvalidSubnet(subnet_id=subnet_id)


def _find(backend: ElastiCacheBackend, name: str) -> CacheSubnetGroup:
    group = backend.cache_subnet_groups.get(name.lower())
    if group is None:
        raise CacheSubnetGroupNotFound(name)
    return group


def _modify(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    group = _find(backend, self._get_param("CacheSubnetGroupName"))
    subnet_ids = self._get_param("SubnetIds") or group.subnet_ids
    _check(backend, subnet_ids)
    description = self._get_param("CacheSubnetGroupDescription")
    group.__init__(  # type: ignore[misc]
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_subnet_group_name=group.cache_subnet_group_name,
        cache_subnet_group_description=(group.cache_subnet_group_description if description is None else description),
        subnet_ids=subnet_ids,
        tags=group.tags,
    )
    return ActionResult({"CacheSubnetGroup": group})


def _delete(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    group = _find(backend, self._get_param("CacheSubnetGroupName"))
    users = [*backend.replication_groups.values(), *backend.cache_clusters.values()]
    if any(user.cache_subnet_group_name == group.cache_subnet_group_name for user in users):
        raise error("CacheSubnetGroupInUse", f"Cache subnet group {group.cache_subnet_group_name} is currently in use.")
    del backend.cache_subnet_groups[group.cache_subnet_group_name]
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return EmptyResult()


def apply(clock: Clock) -> None:
    create, describe = ElastiCacheBackend.create_cache_subnet_group, ElastiCacheBackend.describe_cache_subnet_groups

    def mended_create(self: ElastiCacheBackend, **kwargs: Any) -> CacheSubnetGroup:
        _check(self, kwargs["subnet_ids"])
        return create(self, **{**kwargs, "cache_subnet_group_name": kwargs["cache_subnet_group_name"].lower()})

    def mended_describe(self: ElastiCacheBackend, cache_subnet_group_name: str | None = None) -> list[CacheSubnetGroup]:
        return describe(self, cache_subnet_group_name.lower() if cache_subnet_group_name else None)

    ElastiCacheBackend.create_cache_subnet_group = mended_create  # type: ignore[method-assign]
    ElastiCacheBackend.describe_cache_subnet_groups = mended_describe  # type: ignore[method-assign]
    ElastiCacheResponse.modify_cache_subnet_group = _modify
    ElastiCacheResponse.delete_cache_subnet_group = _delete

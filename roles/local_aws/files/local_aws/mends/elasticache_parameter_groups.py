# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache parameter groups: create, describe, modify, reset, delete, with the parameters of the family.

AWS: a family is redis6.x, redis7, valkey7 or valkey8; every family has a default group (and one with ``.cluster.on``)
that can be described and not changed; DescribeCacheParameters lists every parameter, filtered by Source (``user`` or
``system``); unknown or fixed parameters and values out of range are InvalidParameterValue; a group in use is not
deleted (InvalidCacheParameterGroupState); an unknown one is CacheParameterGroupNotFound (ElastiCache API reference).
moto 5.2.5: implements none of it.
Can go when moto implements cache parameter groups.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from ..clock import Clock
from ._redis_parameters import ENGINES, Parameter, of_family

PAGE = 100


@dataclass
class ParameterGroup:
    """One cache parameter group; moto's serializer reads the attributes."""

    cache_parameter_group_name: str
    cache_parameter_group_family: str
    description: str
    arn: str
    is_global: bool = False
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def cluster_enabled(self) -> bool:
        return self.changed.get("cluster-enabled") == "yes"


def error(code: str, message: str) -> ElastiCacheException:
    return ElastiCacheException(code, message)


def groups(backend: ElastiCacheBackend) -> dict[str, ParameterGroup]:
    """The parameter groups of an account and region."""
    if not hasattr(backend, "cache_parameter_groups"):
        backend.cache_parameter_groups = {}  # type: ignore[attr-defined]
        for family in ENGINES:
            for suffix in ("", ".cluster.on"):
                name = f"default.{family}{suffix}"
                on = " with cluster mode on" if suffix else ""
                backend.cache_parameter_groups[name] = ParameterGroup(  # type: ignore[attr-defined]
                    name, family, f"Default parameter group for {family}{on}", _arn(backend, name)
                )
                if suffix:
                    backend.cache_parameter_groups[name].changed["cluster-enabled"] = "yes"  # type: ignore[attr-defined]
    return backend.cache_parameter_groups  # type: ignore[attr-defined, no-any-return]


def _arn(backend: ElastiCacheBackend, name: str) -> str:
    return f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}"


def find(backend: ElastiCacheBackend, name: str) -> ParameterGroup:
    group = groups(backend).get((name or "").lower())
    if group is None:
        raise error("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return group


def _refuse_default(group: ParameterGroup) -> None:
    if group.cache_parameter_group_name.startswith("default."):
        raise error(
            "InvalidCacheParameterGroupState",
            f"Parameter group {group.cache_parameter_group_name} is a default parameter group and cannot be changed.",
        )


def _allowed(entry: Parameter, value: str) -> bool:
    if entry.data_type != "integer":
        return not entry.allowed or value in entry.allowed.split(",")
    try:
        number = int(value)
    except ValueError:
        return False
    for choice in entry.allowed.split(","):
        limits = re.fullmatch(r"(-?\d+)(?:-(\d*))?", choice)
        if limits is None:
            return True
        low = int(limits[1])
        if limits[2] is None:
            if number == low:
                return True
        elif number >= low and (not limits[2] or number <= int(limits[2])):
            return True
    return False


def parameters(group: ParameterGroup, source: str | None) -> list[dict[str, Any]]:
    """What DescribeCacheParameters lists."""
    listed = []
    for name, entry in sorted(of_family(group.cache_parameter_group_family).items()):
        origin = "user" if name in group.changed else "system"
        if source and source != origin:
            continue
        described = {
            "ParameterName": name,
            "ParameterValue": group.changed.get(name, entry.value),
            "Description": name.replace("-", " "),
            "Source": origin,
            "DataType": entry.data_type,
            "AllowedValues": entry.allowed,
            "IsModifiable": entry.modifiable,
            "MinimumEngineVersion": "6.0.0",
            "ChangeType": entry.change,
        }
        listed.append({key: value for key, value in described.items() if value != "" or key == "ParameterValue"})
    return listed


def _page(self: ElastiCacheResponse, items: list[Any]) -> tuple[list[Any], str | None]:
    start = int(self._get_param("Marker") or 0)
    size = min(int(self._get_param("MaxRecords") or PAGE), PAGE)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def _create(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    name, family = self._get_param("CacheParameterGroupName").lower(), self._get_param("CacheParameterGroupFamily")
    if name in groups(backend):
        raise error("CacheParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    if family not in ENGINES:
        raise error(
            "InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid parameter group family."
        )
    group = ParameterGroup(name, family, self._get_param("Description"), _arn(backend, name))
    groups(backend)[name] = group
    backend.tagging_service.tag_resource(group.arn, self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": group})


def _describe_groups(self: ElastiCacheResponse) -> ActionResult:
    name = self._get_param("CacheParameterGroupName")
    found = [find(self.elasticache_backend, name)] if name else list(groups(self.elasticache_backend).values())
    page, marker = _page(self, found)
    return ActionResult({"CacheParameterGroups": page, "Marker": marker})


def _describe_parameters(self: ElastiCacheResponse) -> ActionResult:
    group = find(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
    page, marker = _page(self, parameters(group, self._get_param("Source")))
    return ActionResult({"Parameters": page, "Marker": marker})


def _describe_defaults(self: ElastiCacheResponse) -> ActionResult:
    family = self._get_param("CacheParameterGroupFamily")
    if family not in ENGINES:
        raise error(
            "InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid parameter group family."
        )
    page, marker = _page(self, parameters(ParameterGroup("", family, "", ""), None))
    defaults = {"CacheParameterGroupFamily": family, "Parameters": page, "Marker": marker}
    return ActionResult({"EngineDefaults": defaults})


def _modify(self: ElastiCacheResponse) -> ActionResult:
    group = find(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
    _refuse_default(group)
    known = of_family(group.cache_parameter_group_family)
    changes = {}
    for item in self._get_param("ParameterNameValues", []):
        name, value = item["ParameterName"], str(item.get("ParameterValue", ""))
        entry = known.get(name)
        if entry is None:
            raise error("InvalidParameterValue", f"The parameter {name} does not exist.")
        if not entry.modifiable:
            raise error("InvalidParameterValue", f"The parameter {name} cannot be modified.")
        if not _allowed(entry, value):
            raise error("InvalidParameterValue", f"Invalid value {value} for {name}; allowed: {entry.allowed}")
        changes[name] = value
    group.changed.update(changes)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def _reset(self: ElastiCacheResponse) -> ActionResult:
    group = find(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
    _refuse_default(group)
    named = [item["ParameterName"] for item in self._get_param("ParameterNameValues", [])]
    for name in list(group.changed) if self._get_bool_param("ResetAllParameters") else named:
        group.changed.pop(name, None)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def _delete(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    group = find(backend, self._get_param("CacheParameterGroupName"))
    _refuse_default(group)
    users = [*backend.replication_groups.values(), *backend.cache_clusters.values()]
    if any(user.cache_parameter_group_name == group.cache_parameter_group_name for user in users):
        raise error(
            "InvalidCacheParameterGroupState",
            f"One or more cache clusters are still members of this parameter group "
            f"{group.cache_parameter_group_name}, so the group cannot be deleted.",
        )
    del groups(backend)[group.cache_parameter_group_name]
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return ActionResult({})


def apply(clock: Clock) -> None:
    ElastiCacheResponse.create_cache_parameter_group = _create
    ElastiCacheResponse.describe_cache_parameter_groups = _describe_groups
    ElastiCacheResponse.describe_cache_parameters = _describe_parameters
    ElastiCacheResponse.describe_engine_default_parameters = _describe_defaults
    ElastiCacheResponse.modify_cache_parameter_group = _modify
    ElastiCacheResponse.reset_cache_parameter_group = _reset
    ElastiCacheResponse.delete_cache_parameter_group = _delete

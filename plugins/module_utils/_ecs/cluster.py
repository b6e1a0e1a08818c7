# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS clusters: their calls, their state in the words of the module, and the changes between two states."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    Resource,
    State,
    aws_call,
    differences,
    from_tag_list,
    given,
    merged,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ..planned import planned_arn

# How often, and after how many seconds, creating a cluster is tried again while ECS gets its role.
_ROLE_ATTEMPTS, _ROLE_PAUSE = 5, 5.0

_EXECUTE_COMMAND: dict[str, str] = {"kms_key_id": "kmsKeyId", "logging": "logging"}
_EXECUTE_COMMAND_LOGS: dict[str, str] = {
    "log_group": "cloudWatchLogGroupName",
    "log_encryption": "cloudWatchEncryptionEnabled",
    "s3_bucket": "s3BucketName",
    "s3_encryption": "s3EncryptionEnabled",
    "s3_key_prefix": "s3KeyPrefix",
}
_STORAGE: dict[str, str] = {
    "storage_kms_key_id": "kmsKeyId",
    "fargate_storage_kms_key_id": "fargateEphemeralStorageKmsKeyId",
}


def strategy_state(strategy: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A capacity provider strategy in one order and with ECS's defaults, so that two can be compared."""
    items = [
        {
            "capacity_provider": item.get("capacityProvider") or item.get("capacity_provider"),
            "weight": item.get("weight") or 0,
            "base": item.get("base") or 0,
        }
        for item in strategy
    ]
    return sorted(items, key=lambda item: item["capacity_provider"])


def strategy_request(strategy: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A capacity provider strategy as ECS takes it."""
    return [
        {"capacityProvider": item["capacity_provider"], "weight": item["weight"], "base": item["base"]}
        for item in strategy
    ]


def _read(fields: Mapping[str, str], source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: source[key] for name, key in fields.items() if key in source}


def _write(fields: Mapping[str, str], source: Mapping[str, Any]) -> dict[str, Any]:
    return {key: source[name] for name, key in fields.items() if source.get(name) not in (None, "")}


def cluster_state(cluster: Mapping[str, Any]) -> State:
    """A cluster as the module speaks of it, from DescribeClusters."""
    settings = {item["name"]: item["value"] for item in cluster.get("settings", [])}
    configuration = cluster.get("configuration", {})
    execute = configuration.get("executeCommandConfiguration", {})
    return {
        "arn": cluster["clusterArn"],
        "container_insights": settings.get("containerInsights", "disabled"),
        "capacity_providers": sorted(cluster.get("capacityProviders") or []),
        "default_capacity_provider_strategy": strategy_state(cluster.get("defaultCapacityProviderStrategy") or []),
        "service_connect_namespace": (cluster.get("serviceConnectDefaults") or {}).get("namespace", ""),
        "execute_command": {
            **_read(_EXECUTE_COMMAND, execute),
            **_read(_EXECUTE_COMMAND_LOGS, execute.get("logConfiguration", {})),
        },
        "managed_storage": _read(_STORAGE, configuration.get("managedStorageConfiguration", {})),
        "tags": from_tag_list(cluster.get("tags")),
    }


def configuration_request(state: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as ECS takes it: a part that is left out would be reset."""
    execute = _write(_EXECUTE_COMMAND, state.get("execute_command") or {})
    logs = _write(_EXECUTE_COMMAND_LOGS, state.get("execute_command") or {})
    if logs:
        execute["logConfiguration"] = logs
    storage = _write(_STORAGE, state.get("managed_storage") or {})
    parts = {"executeCommandConfiguration": execute, "managedStorageConfiguration": storage}
    return {name: part for name, part in parts.items() if part}


def _settings(state: Mapping[str, Any]) -> list[dict[str, str]] | None:
    value = state.get("container_insights")
    return [{"name": "containerInsights", "value": value}] if value else None


@aws_call("describe the ECS cluster {name}", missing=["ClusterNotFoundException"])
def _describe(client: Any, name: str) -> dict[str, Any] | None:
    parts = ["SETTINGS", "CONFIGURATIONS", "TAGS"]
    found = client.describe_clusters(clusters=[name], include=parts)["clusters"]
    # A deleted cluster stays visible as INACTIVE for a while; CreateCluster brings its name back to life.
    return next((cluster for cluster in found if cluster["status"] != "INACTIVE"), None)


@aws_call("create the ECS cluster {name}")
def _create_once(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    return client.create_cluster(clusterName=name, **given(fields))["cluster"]


def _create(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    """Create a cluster. The first one of an account makes ECS create a role for itself, which takes it some seconds."""
    for _attempt in range(_ROLE_ATTEMPTS):
        try:
            return _create_once(client, name, **fields)
        except AnsibleAWSError as error:
            if "service linked role" not in str(error.exception):
                raise
            time.sleep(_ROLE_PAUSE)
    return _create_once(client, name, **fields)


@aws_call("update the ECS cluster {name}")
def _update(client: Any, name: str, **fields: Any) -> None:
    client.update_cluster(cluster=name, **given(fields))


@aws_call("set the capacity providers of the ECS cluster {name}")
def _put_capacity(client: Any, name: str, providers: list[str], strategy: list[dict[str, Any]]) -> None:
    client.put_cluster_capacity_providers(
        cluster=name, capacityProviders=providers, defaultCapacityProviderStrategy=strategy
    )


@aws_call("tag the ECS cluster {arn}")
def _tag(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_remove:
        client.untag_resource(resourceArn=arn, tagKeys=to_remove)
    if to_set:
        client.tag_resource(resourceArn=arn, tags=to_tag_list(to_set, key="key", value="value"))


@aws_call("delete the ECS cluster {name}", missing=["ClusterNotFoundException"])
def _delete(client: Any, name: str) -> None:
    client.delete_cluster(cluster=name)


class Cluster(Resource):
    """One cluster."""

    kind = "ECS cluster"
    unordered = frozenset({"capacity_providers"})

    def __init__(self, client: Any, name: str, *, region: str = "", purge_tags: bool = True) -> None:
        self.client = client
        self.name = name
        self.region = region
        self.purge_tags = purge_tags

    def describe(self) -> dict[str, State]:
        found = _describe(self.client, self.name)
        return {self.name: cluster_state(found)} if found else {}

    def differences(self, name: str, current: State, wanted: State) -> State:
        # Within the two configurations, too, only what the task sets counts.
        nested = {
            field: merged(current[field], wanted[field])
            for field in ("execute_command", "managed_storage")
            if wanted.get(field) is not None
        }
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        return differences(current, {**wanted, **nested, "tags": tags}, unordered=self.unordered)

    def create(self, name: str, wanted: State) -> State:
        namespace = wanted.get("service_connect_namespace")
        created = _create(
            self.client,
            name,
            settings=_settings(wanted),
            configuration=configuration_request(wanted) or None,
            capacityProviders=wanted.get("capacity_providers"),
            defaultCapacityProviderStrategy=strategy_request(wanted["default_capacity_provider_strategy"])
            if wanted.get("default_capacity_provider_strategy")
            else None,
            serviceConnectDefaults={"namespace": namespace} if namespace else None,
            tags=to_tag_list(wanted["tags"], key="key", value="value") if wanted.get("tags") else None,
        )
        return merged(cluster_state(created), wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        after = merged(current, changes)
        if changes.keys() & {"container_insights", "execute_command", "managed_storage", "service_connect_namespace"}:
            namespace = changes.get("service_connect_namespace")
            _update(
                self.client,
                name,
                settings=_settings(changes),
                configuration=configuration_request(after)
                if changes.keys() & {"execute_command", "managed_storage"}
                else None,
                # An empty namespace takes the default away.
                serviceConnectDefaults={"namespace": namespace} if namespace is not None else None,
            )
        if changes.keys() & {"capacity_providers", "default_capacity_provider_strategy"}:
            strategy = strategy_request(after["default_capacity_provider_strategy"])
            _put_capacity(self.client, name, after["capacity_providers"], strategy)
        if "tags" in changes:
            _tag(self.client, current["arn"], *tag_changes(current["tags"], changes["tags"]))
        return after

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, name)

    def planned(self, name: str, wanted: State) -> State:
        defaults = cluster_state({"clusterArn": planned_arn("ecs", f"cluster/{name}", region=self.region)})
        return merged(defaults, wanted)

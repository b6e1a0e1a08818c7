# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups: what AWS answers, in the words of the module, and the changes between two states."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import (
    Resource,
    State,
    differences,
    given,
    in_parallel,
    merged,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ..planned import planned_arn
from . import api

# Option → key of AWS. What only CreateTargetGroup takes is fixed afterwards.
_FIXED: dict[str, str] = {
    "protocol": "Protocol",
    "protocol_version": "ProtocolVersion",
    "port": "Port",
    "vpc_id": "VpcId",
    "target_type": "TargetType",
    "ip_address_type": "IpAddressType",
}
_HEALTH_CHECK: dict[str, str] = {
    "enabled": "HealthCheckEnabled",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthy_threshold": "HealthyThresholdCount",
    "unhealthy_threshold": "UnhealthyThresholdCount",
}


def target_group_state(group: Mapping[str, Any]) -> State:
    """A target group as the module speaks of it, from DescribeTargetGroups; without its attributes and tags."""
    matcher = group.get("Matcher") or {}
    health_check = {name: group[key] for name, key in _HEALTH_CHECK.items() if key in group}
    codes = matcher.get("HttpCode") or matcher.get("GrpcCode")
    if codes:
        health_check["codes"] = codes
    return {
        "arn": group["TargetGroupArn"],
        "full_name": full_name(group["TargetGroupArn"]),
        **{name: group[key] for name, key in _FIXED.items() if key in group},
        "health_check": health_check,
        "load_balancer_arns": sorted(group.get("LoadBalancerArns", [])),
    }


def full_name(arn: str) -> str:
    """The name as CloudWatch's dimension has it: C(targetgroup/uex-backend/73e2d6bc24d8a067)."""
    return arn.split(":", 5)[5]


def health_check_request(health_check: Mapping[str, Any], protocol_version: str = "") -> dict[str, Any]:
    """A health check as AWS takes it."""
    request = {key: health_check[name] for name, key in _HEALTH_CHECK.items() if health_check.get(name) is not None}
    if health_check.get("codes"):
        request["Matcher"] = {"GrpcCode" if protocol_version == "GRPC" else "HttpCode": health_check["codes"]}
    return request


def attribute_values(attributes: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Attributes as AWS answers them: strings, with true and false in lower case."""
    if attributes is None:
        return None
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in attributes.items()}


class TargetGroup(Resource):
    """All target groups that a task names, and with C(owner) those of the same owner, which it may purge.

    Registered targets are never looked at: they belong to ECS, or to whoever registers them.
    """

    kind = "target group"
    immutable = frozenset(_FIXED)

    def __init__(
        self,
        client: Any,
        names: Iterable[str],
        *,
        region: str = "",
        purge_tags: bool = True,
        prefix: str = "",
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.names = list(names)
        self.region = region
        self.purge_tags = purge_tags
        self.prefix = prefix
        self.owner = {key: str(value) for key, value in (owner or {}).items()}

    def describe(self) -> dict[str, State]:
        call = functools.partial
        found = in_parallel({name: call(api.get_target_group, self.client, name) for name in self.names})
        if self.owner:
            listed = api.list_target_groups(self.client, self.prefix)
            found = {**{group["TargetGroupName"]: group for group in listed}, **found}
        states = {name: target_group_state(group) for name, group in found.items() if group}
        arns = [state["arn"] for state in states.values()]
        answers = in_parallel(
            {
                "tags": call(api.tags, self.client, arns),
                **{
                    name: call(api.target_group_attributes, self.client, states[name]["arn"])
                    for name in self.names
                    if name in states
                },
            }
        )
        for name, state in states.items():
            state["tags"] = answers["tags"].get(state["arn"], {})
            state["attributes"] = answers.get(name, {})
        return {
            name: state
            for name, state in states.items()
            if name in self.names or self.owner.items() <= state["tags"].items()
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        # Of the health check and the attributes only what the task sets counts.
        nested = {
            field: merged(current[field], wanted[field])
            for field in ("health_check", "attributes")
            if wanted.get(field) is not None
        }
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        return differences(current, {**wanted, **nested, "tags": tags})

    def create(self, name: str, wanted: State) -> State:
        created = api.create_target_group(
            self.client,
            name,
            **{key: wanted.get(option) for option, key in _FIXED.items()},
            **health_check_request(wanted.get("health_check") or {}, wanted.get("protocol_version") or ""),
            Tags=to_tag_list(wanted["tags"]) if wanted.get("tags") else None,
        )
        state = {**target_group_state(created), "tags": wanted.get("tags") or {}, "attributes": {}}
        if wanted.get("attributes"):
            api.modify_target_group_attributes(self.client, state["arn"], wanted["attributes"])
        state["attributes"] = api.target_group_attributes(self.client, state["arn"])
        return state

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "health_check" in changes:
            version = current.get("protocol_version", "")
            api.modify_target_group(
                self.client, current["arn"], **health_check_request(wanted["health_check"], version)
            )
        if "attributes" in changes:
            changed = given(differences(current["attributes"], wanted["attributes"]))
            api.modify_target_group_attributes(self.client, current["arn"], changed)
        if "tags" in changes:
            api.set_tags(self.client, current["arn"], *tag_changes(current["tags"], changes["tags"]))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        api.delete_target_group(self.client, current["arn"])

    def planned(self, name: str, wanted: State) -> State:
        arn = planned_arn("elasticloadbalancing", f"targetgroup/{name}", region=self.region)
        defaults = {
            "arn": arn,
            "full_name": full_name(arn),
            "health_check": {},
            "attributes": {},
            "tags": {},
            "load_balancer_arns": [],
        }
        return merged(defaults, wanted)

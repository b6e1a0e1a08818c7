# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application Auto Scaling's calls, one function each, errors by decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import aws_call, given

Dimension = tuple[str, str]


def _dimension(dimension: Dimension) -> dict[str, str]:
    return {"ServiceNamespace": dimension[0], "ScalableDimension": dimension[1]}


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


@aws_call("describe the scalable targets {resource_ids}")
def targets(client: Any, dimension: Dimension, resource_ids: list[str]) -> list[dict[str, Any]]:
    return _pages(
        client, "describe_scalable_targets", "ScalableTargets", **_dimension(dimension), ResourceIds=resource_ids
    )


@aws_call("list the scalable targets of {dimension}")
def all_targets(client: Any, dimension: Dimension) -> list[dict[str, Any]]:
    return _pages(client, "describe_scalable_targets", "ScalableTargets", **_dimension(dimension))


@aws_call("describe the scaling policies of {resource_id}")
def policies(client: Any, dimension: Dimension, resource_id: str) -> list[dict[str, Any]]:
    return _pages(
        client, "describe_scaling_policies", "ScalingPolicies", **_dimension(dimension), ResourceId=resource_id
    )


@aws_call("describe the scheduled actions of {resource_id}")
def scheduled_actions(client: Any, dimension: Dimension, resource_id: str) -> list[dict[str, Any]]:
    return _pages(
        client, "describe_scheduled_actions", "ScheduledActions", **_dimension(dimension), ResourceId=resource_id
    )


@aws_call("register the scalable target {resource_id}")
def register(client: Any, dimension: Dimension, resource_id: str, **fields: Any) -> str:
    answer = client.register_scalable_target(**_dimension(dimension), ResourceId=resource_id, **given(fields))
    return answer.get("ScalableTargetARN", "")


@aws_call("put the scaling policy {name} on {resource_id}")
def put_policy(client: Any, dimension: Dimension, resource_id: str, name: str, **fields: Any) -> str:
    answer = client.put_scaling_policy(
        **_dimension(dimension), ResourceId=resource_id, PolicyName=name, **given(fields)
    )
    return answer["PolicyARN"]


@aws_call("delete the scaling policy {name} of {resource_id}", missing=["ObjectNotFoundException"])
def delete_policy(client: Any, dimension: Dimension, resource_id: str, name: str) -> None:
    client.delete_scaling_policy(**_dimension(dimension), ResourceId=resource_id, PolicyName=name)


@aws_call("put the scheduled action {name} on {resource_id}")
def put_scheduled_action(client: Any, dimension: Dimension, resource_id: str, name: str, **fields: Any) -> None:
    client.put_scheduled_action(
        **_dimension(dimension), ResourceId=resource_id, ScheduledActionName=name, **given(fields)
    )


@aws_call("delete the scheduled action {name} of {resource_id}", missing=["ObjectNotFoundException"])
def delete_scheduled_action(client: Any, dimension: Dimension, resource_id: str, name: str) -> None:
    client.delete_scheduled_action(**_dimension(dimension), ResourceId=resource_id, ScheduledActionName=name)


@aws_call("deregister the scalable target {resource_id}", missing=["ObjectNotFoundException"])
def deregister(client: Any, dimension: Dimension, resource_id: str) -> None:
    client.deregister_scalable_target(**_dimension(dimension), ResourceId=resource_id)


# What a field of a target's state is put and deleted with.
PUT: dict[str, Callable[..., Any]] = {"policies": put_policy, "scheduled_actions": put_scheduled_action}
DELETE: dict[str, Callable[..., Any]] = {"policies": delete_policy, "scheduled_actions": delete_scheduled_action}

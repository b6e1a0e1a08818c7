# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaling policies are found by name, belong to a registered target, and end with it.

AWS: DescribeScalingPolicies filters by PolicyNames; a policy needs a registered scalable target, and what is missing is
ObjectNotFoundException; putting a policy again keeps its ARN and replaces its alarms; deregistering a target deletes
its policies and scheduled actions; a target has a SuspendedState from the start, and without a role of its own the
service-linked one (Application Auto Scaling API reference).
moto 5.2.5: ignores PolicyNames, compares resource ids as substrings, takes policies without a target, answers
ValidationException, leaves old alarms and policies behind.
Can go when moto does these.
"""

from __future__ import annotations

from typing import Any

from moto.applicationautoscaling import responses as moto_responses
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from ..clock import Clock

SERVICE_LINKED_ROLES = {"ecs": "ECSService", "dynamodb": "DynamoDBTable", "rds": "RDSCluster"}
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def _not_found(what: str, namespace: str, resource_id: str, dimension: str, name: str = "") -> JsonRESTError:
    return JsonRESTError(
        "ObjectNotFoundException",
        f"No {what} found for service namespace: {namespace}, resource ID: {resource_id}, "
        f"scalable dimension: {dimension}" + (f", policy name: {name}" if name else ""),
    )


def apply(clock: Clock) -> None:
    put, delete, deregister = (
        ApplicationAutoscalingBackend.put_scaling_policy,
        ApplicationAutoscalingBackend.delete_scaling_policy,
        ApplicationAutoscalingBackend.deregister_scalable_target,
    )
    build_target, describe = moto_responses._build_target, ApplicationAutoScalingResponse.describe_scaling_policies

    def mended_put(
        self: ApplicationAutoscalingBackend,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        policy_body: dict[str, Any],
        policy_type: str | None,
    ) -> FakeApplicationAutoscalingPolicy:
        if not self._scalable_target_exists(resource_id, scalable_dimension):
            raise _not_found("scalable target", service_namespace, resource_id, scalable_dimension)
        key = FakeApplicationAutoscalingPolicy.formulate_key(
            service_namespace, resource_id, scalable_dimension, policy_name
        )
        old = self.policies.get(key)
        if old is not None:
            old.delete_alarms(self.account_id, self.region_name)
        policy = put(self, policy_name, service_namespace, resource_id, scalable_dimension, policy_body, policy_type)
        if old is not None:
            policy.policy_arn, policy.creation_time = old.policy_arn, old.creation_time
        return policy

    def mended_delete(
        self: ApplicationAutoscalingBackend,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
    ) -> None:
        key = FakeApplicationAutoscalingPolicy.formulate_key(
            service_namespace, resource_id, scalable_dimension, policy_name
        )
        if key not in self.policies:
            raise _not_found("scaling policy", service_namespace, resource_id, scalable_dimension, policy_name)
        delete(self, policy_name, service_namespace, resource_id, scalable_dimension)

    def mended_deregister(self: ApplicationAutoscalingBackend, namespace: str, r_id: str, dimension: str) -> None:
        if not self._scalable_target_exists(r_id, dimension):
            raise _not_found("scalable target", namespace, r_id, dimension)
        for policy in list(self.policies.values()):
            if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
                delete(self, policy.policy_name, namespace, r_id, dimension)
        self.scheduled_actions = [
            action
            for action in self.scheduled_actions
            if (action.resource_id, action.scalable_dimension) != (r_id, dimension)
        ]
        deregister(self, namespace, r_id, dimension)

    def mended_describe(self: ApplicationAutoScalingResponse) -> str:
        names, resource_id = self._get_param("PolicyNames"), self._get_param("ResourceId")
        backend = self.applicationautoscaling_backend
        everything = backend.policies
        # moto pages through all of the backend's policies: show it only those that were asked for.
        backend.policies = {
            key: policy
            for key, policy in everything.items()
            if (not names or policy.policy_name in names) and (not resource_id or policy.resource_id == resource_id)
        }
        try:
            return describe(self)
        finally:
            backend.policies = everything

    def mended_build_target(target: FakeScalableTarget) -> dict[str, Any]:
        built = build_target(target)
        if not built.get("RoleARN"):
            namespace = target.service_namespace
            role = SERVICE_LINKED_ROLES.get(namespace, namespace)
            account_id = target.arn.split(":")[4]
            built["RoleARN"] = (
                f"arn:aws:iam::{account_id}:role/aws-service-role/{namespace}.application-autoscaling.amazonaws.com/"
                f"AWSServiceRoleForApplicationAutoScaling_{role}"
            )
        return {**built, "SuspendedState": {**NOT_SUSPENDED, **(built.get("SuspendedState") or {})}}

    ApplicationAutoscalingBackend.put_scaling_policy = mended_put  # type: ignore[method-assign]
    ApplicationAutoscalingBackend.delete_scaling_policy = mended_delete  # type: ignore[method-assign]
    ApplicationAutoscalingBackend.deregister_scalable_target = mended_deregister  # type: ignore[method-assign]
    ApplicationAutoScalingResponse.describe_scaling_policies = mended_describe  # type: ignore[method-assign]
    moto_responses._build_target = mended_build_target

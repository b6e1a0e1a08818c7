# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager's answers in the words of the module's options: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.tags import from_tag_list, to_tag_list

State = dict[str, Any]


def from_listing(entry: Mapping[str, Any]) -> State:
    """The state of a secret from ListSecrets or DescribeSecret, whichever way they spell the versions."""
    versions = entry.get("VersionIdsToStages") or entry.get("SecretVersionsToStages") or {}
    return {
        "arn": entry["ARN"],
        "description": entry.get("Description") or "",
        "kms_key_id": entry.get("KmsKeyId") or "",
        "type": entry.get("Type") or "",
        "tags": from_tag_list(entry.get("Tags")),
        "rotation": rotation(entry),
        "scheduled_for_deletion": bool(entry.get("DeletedDate")),
        "version_id": current_version(versions),
    }


def current_version(versions: Mapping[str, list[str]]) -> str:
    """The version that AWSCURRENT points to; empty when the secret has no value."""
    return next((version for version, stages in versions.items() if "AWSCURRENT" in stages), "")


def rotation(entry: Mapping[str, Any]) -> State:
    """How Secrets Manager itself rotates a secret, by Lambda or at a partner; empty when it does not."""
    if not entry.get("RotationEnabled"):
        return {}
    rules = entry.get("RotationRules") or {}
    found = {
        "lambda_arn": entry.get("RotationLambdaARN"),
        "automatically_after_days": None if rules.get("ScheduleExpression") else rules.get("AutomaticallyAfterDays"),
        "schedule_expression": rules.get("ScheduleExpression"),
        "duration": rules.get("Duration"),
        "role_arn": entry.get("ExternalSecretRotationRoleArn"),
        "metadata": from_tag_list(entry.get("ExternalSecretRotationMetadata")),
    }
    return {key: value for key, value in found.items() if value}


def replicas(status: list[Mapping[str, Any]] | None) -> list[State]:
    """The replicas of a secret, in the order of their regions."""
    found = [{"region": entry["Region"], "kms_key_id": entry.get("KmsKeyId") or ""} for entry in status or []]
    return sorted(found, key=lambda replica: replica["region"])


def replica_changes(current: list[State], wanted: list[State]) -> tuple[list[State], list[str]]:
    """Replicas to add, and regions to leave. One whose key differs is left and added again."""
    known = {replica["region"]: replica for replica in current}
    stated = {replica["region"]: replica for replica in wanted}
    changed = [
        region
        for region in stated.keys() & known.keys()
        if stated[region].get("kms_key_id") and not same_key(known[region]["kms_key_id"], stated[region]["kms_key_id"])
    ]
    add = [stated[region] for region in sorted({*(stated.keys() - known.keys()), *changed})]
    leave = sorted({*(known.keys() - stated.keys()), *changed})
    return add, leave


def same_key(current: str, wanted: str) -> bool:
    """Whether two names of a KMS key are the same key: an ARN and the bare id (or alias) that it ends with are."""
    if current == wanted:
        return True
    longer, shorter = sorted((current, wanted), key=len, reverse=True)
    return bool(shorter) and longer.startswith("arn:") and longer.rpartition(":")[2] in (shorter, f"key/{shorter}")


def rotation_arguments(wanted: State) -> dict[str, Any]:
    """RotateSecret's arguments for a rotation rule. Configuring never rotates: RotateImmediately is false."""
    rules = {
        "AutomaticallyAfterDays": wanted.get("automatically_after_days"),
        "ScheduleExpression": wanted.get("schedule_expression"),
        "Duration": wanted.get("duration"),
    }
    arguments = {
        "RotationLambdaARN": wanted.get("lambda_arn"),
        "ExternalSecretRotationRoleArn": wanted.get("role_arn"),
        "ExternalSecretRotationMetadata": to_tag_list(wanted["metadata"]) if wanted.get("metadata") else None,
        "RotationRules": {key: value for key, value in rules.items() if value is not None},
        "RotateImmediately": False,
    }
    return {key: value for key, value in arguments.items() if value is not None}


def name_of(arn: str) -> str:
    """A secret's name from its ARN, which ends with the name, a hyphen and six random characters."""
    return arn.partition(":secret:")[2].rpartition("-")[0] if ":secret:" in arn else arn

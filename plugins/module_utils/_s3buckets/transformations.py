# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets in the words of the module's options, and back into S3's arguments: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

State = dict[str, Any]


def bucket_policy(
    name: str,
    *,
    tls_only: bool | None,
    alb_logs: Mapping[str, Any] | None,
    statements: list[dict[str, Any]] | None,
    account_id: str,
    partition: str = "aws",
) -> State:
    """The whole policy of a bucket; empty when nothing is stated that needs one."""
    arn = f"arn:{partition}:s3:::{name}"
    found: list[dict[str, Any]] = []
    if tls_only:
        found.append(
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    if alb_logs is not None:
        folder = "/".join(part for part in ((alb_logs.get("prefix") or "").strip("/"), "AWSLogs") if part)
        found.append(
            {
                "Sid": "AllowLoadBalancerLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                # Load balancers of another account write elsewhere, so they get nothing by this.
                "Resource": f"{arn}/{folder}/{alb_logs.get('account_id') or account_id}/*",
            }
        )
    found += statements or []
    return {"Version": "2012-10-17", "Statement": found} if found else {}


def encryption_from(rule: Mapping[str, Any]) -> State:
    """The default encryption in the words of the options."""
    how = rule.get("ApplyServerSideEncryptionByDefault") or {}
    if not how:
        return {}
    algorithm = how.get("SSEAlgorithm") or "AES256"
    found: State = {"algorithm": algorithm}
    if algorithm != "AES256":
        found["kms_key_id"] = how.get("KMSMasterKeyID") or ""
        found["bucket_key"] = bool(rule.get("BucketKeyEnabled"))
    return found


def encryption_rule(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """S3's rule for a default encryption."""
    how = {"SSEAlgorithm": wanted["algorithm"]}
    if wanted["algorithm"] == "AES256":
        return {"ApplyServerSideEncryptionByDefault": how}
    if wanted.get("kms_key_id"):
        how["KMSMasterKeyID"] = wanted["kms_key_id"]
    return {"ApplyServerSideEncryptionByDefault": how, "BucketKeyEnabled": wanted.get("bucket_key", True)}


def same_encryption(current: State, wanted: State) -> bool:
    if current.get("algorithm") != wanted["algorithm"]:
        return False
    if wanted["algorithm"] == "AES256":
        return True
    now, key = current.get("kms_key_id") or "", wanted.get("kms_key_id") or ""
    same_key = now == key or now.endswith((f":key/{key}", f":{key}"))
    return same_key and current.get("bucket_key", False) == wanted.get("bucket_key", True)


def rules_from(rules: list[Mapping[str, Any]]) -> list[State]:
    """Lifecycle rules in the words of the options, by id."""
    return sorted((_rule_from(rule) for rule in rules), key=lambda rule: rule["id"])


def _rule_from(rule: Mapping[str, Any]) -> State:
    where = rule.get("Filter") or {}
    both = where.get("And") or where
    expiration = rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    found = {
        "id": rule.get("ID") or "",
        "enabled": rule.get("Status") == "Enabled",
        "prefix": both.get("Prefix") or rule.get("Prefix") or "",
        "transitions": [
            {"days": step.get("Days", 0), "storage_class": step["StorageClass"]}
            for step in rule.get("Transitions") or []
        ],
        "expiration_days": expiration.get("Days"),
        "expired_object_delete_marker": expiration.get("ExpiredObjectDeleteMarker"),
        "noncurrent_transitions": [
            {"days": step.get("NoncurrentDays", 0), "storage_class": step["StorageClass"]}
            for step in rule.get("NoncurrentVersionTransitions") or []
        ],
        "noncurrent_expiration_days": noncurrent.get("NoncurrentDays"),
        "noncurrent_versions_kept": noncurrent.get("NewerNoncurrentVersions"),
        "abort_uploads_days": (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
    }
    return _without_nothing(found)


def stated_rules(rules: list[Mapping[str, Any]]) -> list[State]:
    """The rules that the task states, as C(rules_from) writes them."""
    return sorted((_without_nothing({"prefix": "", **rule}) for rule in rules), key=lambda rule: rule["id"])


def _without_nothing(rule: Mapping[str, Any]) -> State:
    found = {key: value for key, value in rule.items() if value is not None and value != [] and value is not False}
    found["enabled"] = bool(rule.get("enabled"))
    for key in ("transitions", "noncurrent_transitions"):
        if key in found:
            found[key] = sorted(found[key], key=lambda step: (step["days"], step["storage_class"]))
    return found


def lifecycle_rules(rules: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """S3's lifecycle rules."""
    return [_lifecycle_rule(rule) for rule in rules]


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ID": rule["id"],
        "Status": "Enabled" if rule["enabled"] else "Disabled",
        "Filter": {"Prefix": rule.get("prefix", "")},
    }
    if rule.get("transitions"):
        found["Transitions"] = [
            {"Days": step["days"], "StorageClass": step["storage_class"]} for step in rule["transitions"]
        ]
    if rule.get("expiration_days"):
        found["Expiration"] = {"Days": rule["expiration_days"]}
    elif rule.get("expired_object_delete_marker"):
        found["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if rule.get("noncurrent_transitions"):
        found["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": step["days"], "StorageClass": step["storage_class"]}
            for step in rule["noncurrent_transitions"]
        ]
    if rule.get("noncurrent_expiration_days"):
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["noncurrent_expiration_days"]}
        if rule.get("noncurrent_versions_kept"):
            found["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = rule["noncurrent_versions_kept"]
    if rule.get("abort_uploads_days"):
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": rule["abort_uploads_days"]}
    return found


def logging_from(target: Mapping[str, Any]) -> State:
    if not target:
        return {}
    return {"target_bucket": target["TargetBucket"], "target_prefix": target.get("TargetPrefix") or ""}


def logging_target(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if not wanted:
        return {}
    return {"TargetBucket": wanted["target_bucket"], "TargetPrefix": wanted.get("target_prefix") or ""}

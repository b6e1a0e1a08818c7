# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to S3, each with the sentence that its failure says."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .._core.errors import aws_call

_GONE = ("NoSuchBucket",)


@aws_call("list the buckets of the account")
def list_buckets(client: Any) -> set[str]:
    """Only what the account owns: HeadBucket would also find somebody else's bucket of the same name."""
    pages = client.get_paginator("list_buckets").paginate()
    return {bucket["Name"] for page in pages for bucket in page.get("Buckets", [])}


@aws_call("create the bucket {name}", missing=("BucketAlreadyOwnedByYou",))
def create_bucket(client: Any, name: str, region: str) -> None:
    arguments: dict[str, Any] = {"Bucket": name}
    if region != "us-east-1":
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": region}
    client.create_bucket(**arguments)


@aws_call("read the versioning of the bucket {name}")
def versioning(client: Any, name: str) -> bool:
    return client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"


@aws_call("set the versioning of the bucket {name}")
def put_versioning(client: Any, name: str, on: bool) -> None:
    status = "Enabled" if on else "Suspended"
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})


@aws_call(
    "read the encryption of the bucket {name}",
    missing=("ServerSideEncryptionConfigurationNotFoundError",),
    default={},
)
def encryption(client: Any, name: str) -> dict[str, Any]:
    return client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]


@aws_call("set the encryption of the bucket {name}")
def put_encryption(client: Any, name: str, rule: dict[str, Any]) -> None:
    client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})


@aws_call(
    "read the public access block of the bucket {name}", missing=("NoSuchPublicAccessBlockConfiguration",), default={}
)
def public_access_block(client: Any, name: str) -> dict[str, bool]:
    return client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]


@aws_call("set the public access block of the bucket {name}")
def put_public_access_block(client: Any, name: str, on: bool) -> None:
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(switches, on))


@aws_call("read the ownership of the bucket {name}", missing=("OwnershipControlsNotFoundError",), default="")
def ownership(client: Any, name: str) -> str:
    return client.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"]


@aws_call("set the ownership of the bucket {name}")
def put_ownership(client: Any, name: str, value: str) -> None:
    client.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": value}]})


@aws_call("read the policy of the bucket {name}", missing=("NoSuchBucketPolicy",), default={})
def policy(client: Any, name: str) -> dict[str, Any]:
    return json.loads(client.get_bucket_policy(Bucket=name)["Policy"])


@aws_call("set the policy of the bucket {name}")
def put_policy(client: Any, name: str, document: dict[str, Any]) -> None:
    if document:
        client.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    else:
        client.delete_bucket_policy(Bucket=name)


@aws_call("read the lifecycle rules of the bucket {name}", missing=("NoSuchLifecycleConfiguration",), default=())
def lifecycle(client: Any, name: str) -> list[dict[str, Any]]:
    return client.get_bucket_lifecycle_configuration(Bucket=name).get("Rules", [])


@aws_call("set the lifecycle rules of the bucket {name}")
def put_lifecycle(client: Any, name: str, rules: list[dict[str, Any]]) -> None:
    if rules:
        client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    else:
        client.delete_bucket_lifecycle(Bucket=name)


@aws_call("read the access logging of the bucket {name}")
def logging(client: Any, name: str) -> dict[str, Any]:
    return client.get_bucket_logging(Bucket=name).get("LoggingEnabled") or {}


@aws_call("set the access logging of the bucket {name}")
def put_logging(client: Any, name: str, target: dict[str, Any]) -> None:
    client.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target} if target else {})


@aws_call("read the tags of the bucket {name}", missing=("NoSuchTagSet",), default=())
def tags(client: Any, name: str) -> list[dict[str, str]]:
    return client.get_bucket_tagging(Bucket=name)["TagSet"]


@aws_call("set the tags of the bucket {name}")
def put_tags(client: Any, name: str, pairs: list[dict[str, str]]) -> None:
    if pairs:
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})
    else:
        client.delete_bucket_tagging(Bucket=name)


@aws_call("empty the bucket {name}", missing=_GONE, default=0)
def empty_bucket(client: Any, name: str) -> int:
    """Delete every version of every object; the number of them."""
    deleted = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if not objects:
            continue
        answer = client.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
        errors = answer.get("Errors") or []
        if errors:
            first = errors[0]
            raise AnsibleAWSError(
                message=f"Failed to empty the bucket {name}: {len(errors)} object(s) could not be deleted, "
                f"first {first.get('Key')}: {first.get('Code')} {first.get('Message', '')}"
            )
        deleted += len(objects)
    return deleted


@aws_call("look into the bucket {name}", missing=_GONE, default=True)
def is_empty(client: Any, name: str) -> bool:
    page = client.list_object_versions(Bucket=name, MaxKeys=1)
    return not page.get("Versions") and not page.get("DeleteMarkers")


@aws_call("delete the bucket {name}", missing=_GONE)
def delete_bucket(client: Any, name: str) -> None:
    client.delete_bucket(Bucket=name)

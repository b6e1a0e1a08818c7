# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
version_added: 0.1.0
short_description: Manage S3 buckets with their policies, encryption, versions and lifecycle rules
description:
  - Makes a list of buckets exist as stated. The buckets are looked at in parallel, and only what differs is set.
  - M(amazon.aws.s3_bucket) has no check mode and knows neither lifecycle rules nor logging.
  - Only buckets that the account owns count as existing. A name that somebody else has taken is an error.
  - "IAM actions: C(s3:ListAllMyBuckets), C(s3:CreateBucket), C(s3:DeleteBucket), C(s3:GetBucketVersioning),
    C(s3:PutBucketVersioning), C(s3:GetEncryptionConfiguration), C(s3:PutEncryptionConfiguration),
    C(s3:GetBucketPublicAccessBlock), C(s3:PutBucketPublicAccessBlock), C(s3:GetBucketOwnershipControls),
    C(s3:PutBucketOwnershipControls), C(s3:GetBucketPolicy), C(s3:PutBucketPolicy), C(s3:DeleteBucketPolicy),
    C(s3:GetLifecycleConfiguration), C(s3:PutLifecycleConfiguration), C(s3:GetBucketLogging), C(s3:PutBucketLogging),
    C(s3:GetBucketTagging), C(s3:PutBucketTagging); with O(buckets[].alb_logs) C(sts:GetCallerIdentity); with
    O(force=true) C(s3:ListBucketVersions), C(s3:DeleteObject), C(s3:DeleteObjectVersion)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  buckets:
    description: The buckets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the bucket. It is unique in the whole world.
        type: str
        required: true
      versioning:
        description: Whether old versions are kept. Off means suspended for a bucket that had versions.
        type: bool
      encryption:
        description: The default encryption.
        type: dict
        suboptions:
          algorithm:
            description: V(AES256) is with S3's own keys. Load balancers can log only into such a bucket.
            type: str
            choices: [AES256, aws:kms, aws:kms:dsse]
            required: true
          kms_key_id:
            description: The KMS key, best as ARN.
            type: str
          bucket_key:
            description: Whether S3 asks KMS once per bucket and not once per object.
            type: bool
            default: true
      block_public_access:
        description: Whether all four blocks of public access are on.
        type: bool
      ownership:
        description: Who owns what others write; V(BucketOwnerEnforced) switches access lists off.
        type: str
        choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
      tls_only:
        description: Whether the policy denies everything that does not come by TLS.
        type: bool
      alb_logs:
        description: Lets Application Load Balancers write their access logs, by the policy.
        type: dict
        suboptions:
          prefix:
            description: The prefix that the load balancers are given.
            type: str
            default: ''
          account_id:
            description: The account of the load balancers; without it the caller's.
            type: str
      statements:
        description:
          - Further statements of the policy.
          - As soon as one of O(buckets[].tls_only), O(buckets[].alb_logs) and this is given, the policy is what they
            say together, and nothing else.
        type: list
        elements: dict
      lifecycle_rules:
        description: The lifecycle rules, all of them. An empty list removes them.
        type: list
        elements: dict
        suboptions:
          id:
            description: Name of the rule.
            type: str
            required: true
          enabled:
            description: Whether the rule is applied.
            type: bool
            default: true
          prefix:
            description: Only objects whose key starts with this.
            type: str
            default: ''
          transitions:
            description: Moves to other storage classes.
            type: list
            elements: dict
            suboptions:
              days:
                description: Age in days.
                type: int
                required: true
              storage_class:
                description: The storage class, such as V(GLACIER).
                type: str
                required: true
          expiration_days:
            description: Age in days at which objects are deleted.
            type: int
          expired_object_delete_marker:
            description: Whether delete markers go when no version is left under them.
            type: bool
          noncurrent_transitions:
            description: Moves of old versions to other storage classes.
            type: list
            elements: dict
            suboptions:
              days:
                description: Days since the version was replaced.
                type: int
                required: true
              storage_class:
                description: The storage class.
                type: str
                required: true
          noncurrent_expiration_days:
            description: Days after which replaced versions are deleted.
            type: int
          noncurrent_versions_kept:
            description: Number of replaced versions that are kept whatever their age.
            type: int
          abort_uploads_days:
            description: Days after which unfinished uploads are dropped.
            type: int
      logging:
        description: Where access to the bucket is logged. An empty object switches it off.
        type: dict
        suboptions:
          target_bucket:
            description: The bucket that gets the logs.
            type: str
          target_prefix:
            description: What their keys begin with.
            type: str
            default: ''
      tags:
        description: The tags.
        type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed.
    type: bool
    default: true
  force:
    description: With O(state=absent), whether a bucket is emptied first, with all versions. Otherwise it must be empty.
    type: bool
    default: false
  state:
    description: Whether the buckets shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Make the buckets of the environment
  slipway.aws.s3_buckets:
    buckets:
      - name: uex-prod-backups-123456789012
        versioning: true
        encryption:
          algorithm: aws:kms
          kms_key_id: arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-1a2b3c4d5e6f
        block_public_access: true
        ownership: BucketOwnerEnforced
        tls_only: true
        lifecycle_rules:
          - id: archive
            transitions:
              - days: 30
                storage_class: GLACIER
            expiration_days: 365
      - name: uex-prod-alb-logs-123456789012
        encryption:
          algorithm: AES256
        block_public_access: true
        tls_only: true
        alb_logs: {}

- name: Remove a bucket with everything in it
  slipway.aws.s3_buckets:
    buckets:
      - name: uex-dev-app-logs-123456789012
    force: true
    state: absent
"""

RETURN = r"""
buckets:
  description: The buckets by name, with what the task states about them.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the bucket.
      type: str
    policy:
      description: The policy as a whole, where the task states something that goes into it.
      type: dict
    tags:
      description: The tags.
      type: dict
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    name:
      description: Name of the bucket.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    caller_arn,
    from_tag_list,
    given,
    in_parallel,
    merged,
    reconcile,
    run,
    same,
    to_tag_list,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.s3 import (
    api,
    bucket_policy,
    encryption_from,
    encryption_rule,
    lifecycle_rules,
    logging_from,
    logging_target,
    rules_from,
    same_encryption,
    stated_rules,
)

# Objects may still arrive while a bucket is being emptied: load balancers write their logs for some minutes.
_ROUNDS = 3


class Bucket(Resource):
    kind = "bucket"

    def __init__(self, module: SlipwayModule, wanted: dict[str, State | None]) -> None:
        self.client = module.client("s3")
        self.region: str = self.client.meta.region_name
        self.partition: str = self.client.meta.partition
        self.wanted = wanted
        self.purge_tags: bool = module.params["purge_tags"]
        self.force: bool = module.params["force"]

    def _arn(self, name: str) -> str:
        return f"arn:{self.partition}:s3:::{name}"

    def describe(self) -> dict[str, State]:
        owned = api.list_buckets(self.client)
        return self._look([name for name in self.wanted if name in owned])

    def _look(self, names: list[str]) -> dict[str, State]:
        """What the task speaks of, and no more: each field is a call of its own."""
        found = in_parallel({(name, field): look for name in names for field, look in self._looks(name).items()})
        states: dict[str, State] = {name: {"arn": self._arn(name)} for name in names}
        for (name, field), value in found.items():
            states[name][field] = value
        return states

    def _looks(self, name: str) -> dict[str, Callable[[], Any]]:
        wanted = self.wanted[name] or {}
        looks = {
            "versioning": lambda: api.versioning(self.client, name),
            "encryption": lambda: encryption_from(api.encryption(self.client, name)),
            "block_public_access": lambda: _blocked(api.public_access_block(self.client, name)),
            "ownership": lambda: api.ownership(self.client, name),
            "policy": lambda: api.policy(self.client, name),
            "lifecycle_rules": lambda: rules_from(api.lifecycle(self.client, name)),
            "logging": lambda: logging_from(api.logging(self.client, name)),
            "tags": lambda: from_tag_list(api.tags(self.client, name)),
        }
        return {field: look for field, look in looks.items() if field in wanted}

    def differences(self, name: str, current: State, wanted: State) -> State:
        found = {key: value for key, value in wanted.items() if not self._same(key, current.get(key), value)}
        if "tags" in found:
            found["tags"] = wanted_tags(current["tags"], wanted["tags"], purge=self.purge_tags)
        return found

    def _same(self, key: str, current: Any, wanted: Any) -> bool:
        if key == "encryption":
            return same_encryption(current, wanted)
        if key == "policy":
            return same(current, wanted, policy=True) if current and wanted else bool(current) == bool(wanted)
        if key == "tags":
            return current == wanted_tags(current, wanted, purge=self.purge_tags)
        return current == wanted

    def planned(self, name: str, wanted: State) -> State:
        # A bucket's ARN is its name, so it needs no placeholder.
        return merged({"arn": self._arn(name)}, wanted)

    def create(self, name: str, wanted: State) -> State:
        api.create_bucket(self.client, name, self.region)
        # A new bucket has defaults of its own, and one that a killed run made may have more.
        current = self._look([name])[name]
        return self.update(name, current, self.differences(name, current, wanted), wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        # One after the other, because S3 refuses simultaneous changes of one bucket; the tags first, so that even a
        # half-made bucket says whose it is. The block comes before the policy, and open policies never have a chance.
        if "tags" in changes:
            api.put_tags(self.client, name, to_tag_list(changes["tags"]))
        if "block_public_access" in changes:
            api.put_public_access_block(self.client, name, changes["block_public_access"])
        if "ownership" in changes:
            api.put_ownership(self.client, name, changes["ownership"])
        if "encryption" in changes:
            api.put_encryption(self.client, name, encryption_rule(changes["encryption"]))
        if "versioning" in changes:
            api.put_versioning(self.client, name, changes["versioning"])
        if "policy" in changes:
            api.put_policy(self.client, name, changes["policy"])
        if "lifecycle_rules" in changes:
            api.put_lifecycle(self.client, name, lifecycle_rules(changes["lifecycle_rules"]))
        if "logging" in changes:
            api.put_logging(self.client, name, logging_target(changes["logging"]))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        if not self.force and not api.is_empty(self.client, name):
            raise AnsibleAWSError(
                message=f"The bucket {name} is not empty. Empty it, or pass force: true to delete everything in it."
            )
        for attempt in range(_ROUNDS if self.force else 1):
            if self.force:
                api.empty_bucket(self.client, name)
            try:
                return api.delete_bucket(self.client, name)
            except AnsibleAWSError as error:
                if "BucketNotEmpty" not in str(error.exception) or attempt == _ROUNDS - 1 or not self.force:
                    raise
        return None


def _blocked(block: dict[str, bool]) -> bool:
    return len(block) == 4 and all(block.values())


def _wanted(bucket: dict[str, Any], account_id: str, partition: str) -> State:
    fields = given({key: bucket[key] for key in ("versioning", "block_public_access", "ownership")})
    if bucket["encryption"] is not None:
        fields["encryption"] = given(bucket["encryption"])
    if any(bucket[key] is not None for key in ("tls_only", "alb_logs", "statements")):
        fields["policy"] = bucket_policy(
            bucket["name"],
            tls_only=bucket["tls_only"],
            alb_logs=bucket["alb_logs"],
            statements=bucket["statements"],
            account_id=account_id,
            partition=partition,
        )
    if bucket["lifecycle_rules"] is not None:
        fields["lifecycle_rules"] = stated_rules(bucket["lifecycle_rules"])
    if bucket["logging"] is not None:
        fields["logging"] = bucket["logging"] if bucket["logging"].get("target_bucket") else {}
    if bucket["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in bucket["tags"].items()}
    return fields


def _run(module: SlipwayModule) -> dict[str, Any]:
    buckets = module.params["buckets"]
    names = [bucket["name"] for bucket in buckets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AnsibleAWSError(message=f"buckets: {', '.join(twice)} stands twice; each name may stand once.")
    present = module.params["state"] == "present"
    needs_account = present and any(
        bucket["alb_logs"] is not None and not bucket["alb_logs"]["account_id"] for bucket in buckets
    )
    account_id = caller_arn(module.client("sts")).split(":")[4] if needs_account else ""
    partition = module.client("s3").meta.partition
    wanted = {bucket["name"]: _wanted(bucket, account_id, partition) if present else None for bucket in buckets}
    outcome = reconcile(Bucket(module, wanted), wanted, check_mode=module.check_mode)
    return outcome.as_result(buckets=outcome.items if present else {})


def main() -> None:
    step = {
        "type": "list",
        "elements": "dict",
        "options": {
            "days": {"type": "int", "required": True},
            "storage_class": {"type": "str", "required": True},
        },
    }
    module = SlipwayModule(
        argument_spec={
            "buckets": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "versioning": {"type": "bool"},
                    "encryption": {
                        "type": "dict",
                        "options": {
                            "algorithm": {
                                "type": "str",
                                "choices": ["AES256", "aws:kms", "aws:kms:dsse"],
                                "required": True,
                            },
                            "kms_key_id": {"type": "str"},
                            "bucket_key": {"type": "bool", "default": True, "no_log": False},
                        },
                    },
                    "block_public_access": {"type": "bool"},
                    "ownership": {
                        "type": "str",
                        "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
                    },
                    "tls_only": {"type": "bool"},
                    "alb_logs": {
                        "type": "dict",
                        "options": {"prefix": {"type": "str", "default": ""}, "account_id": {"type": "str"}},
                    },
                    "statements": {"type": "list", "elements": "dict"},
                    "lifecycle_rules": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "id": {"type": "str", "required": True},
                            "enabled": {"type": "bool", "default": True},
                            "prefix": {"type": "str", "default": ""},
                            "transitions": step,
                            "expiration_days": {"type": "int"},
                            "expired_object_delete_marker": {"type": "bool"},
                            "noncurrent_transitions": step,
                            "noncurrent_expiration_days": {"type": "int"},
                            "noncurrent_versions_kept": {"type": "int"},
                            "abort_uploads_days": {"type": "int"},
                        },
                    },
                    "logging": {
                        "type": "dict",
                        "options": {"target_bucket": {"type": "str"}, "target_prefix": {"type": "str", "default": ""}},
                    },
                    "tags": {"type": "dict"},
                },
            },
            "purge_tags": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

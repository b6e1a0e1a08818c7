# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatchlogs_log_groups
version_added: 0.1.0
short_description: Manage CloudWatch log groups with retention, key and tags
description:
  - Makes a list of log groups exist as stated. One pass of describe calls, then only the calls that differ, in
    parallel.
  - Unlike M(amazon.aws.cloudwatchlogs_log_group) it returns ARNs in check mode, and finds by their tags the log groups
    that are no longer listed.
  - "IAM actions: C(logs:DescribeLogGroups), C(logs:CreateLogGroup), C(logs:DeleteLogGroup), C(logs:PutRetentionPolicy),
    C(logs:DeleteRetentionPolicy), C(logs:AssociateKmsKey), C(logs:DisassociateKmsKey), C(logs:ListTagsForResource),
    C(logs:TagResource), C(logs:UntagResource), C(tag:GetResources) with O(purge=true), C(sts:GetCallerIdentity)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  log_groups:
    description: The log groups.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the log group.
        type: str
        required: true
      retention_days:
        description: Days that log events are kept. V(0) keeps them forever.
        type: int
      kms_key_id:
        description: ARN of the key that encrypts the log events. An empty string takes the key away.
        type: str
      log_group_class:
        description: Class of a new log group. It cannot be changed.
        type: str
        choices: [STANDARD, INFREQUENT_ACCESS, DELIVERY]
      tags:
        description: Tags of this log group, added to O(tags).
        type: dict
  state:
    description: Whether the listed log groups shall exist.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: Whether to delete other log groups that carry all of O(purge_tagged), with their log events.
    type: bool
    default: false
  purge_tagged:
    description: Tags of the log groups that O(purge=true) looks at.
    type: dict
    default: {}
  tags:
    description: Tags of all listed log groups.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether to remove tags that are not stated, when tags are stated.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Keep the database's logs for a month
  slipway.aws.cloudwatchlogs_log_groups:
    tags: {Project: uex, Environment: prod, Role: monitoring}
    log_groups:
      - name: /aws/rds/instance/uex-prod-db/postgresql
        retention_days: 30

- name: Delete every log group that the monitoring of an environment made
  slipway.aws.cloudwatchlogs_log_groups:
    purge: true
    purge_tagged: {Project: uex, Environment: dev, Role: monitoring}
"""

RETURN = r"""
log_groups:
  description: The listed log groups by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the log group.
      type: str
      sample: arn:aws:logs:us-east-1:123456789012:log-group:/ecs/uex-prod/uex-backend
    retention_days:
      description: Days that log events are kept; 0 means forever.
      type: int
    kms_key_id:
      description: ARN of the key that encrypts the log events.
      type: str
    tags:
      description: Tags of the log group.
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
      description: Name of the log group.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    aws_call,
    caller_arn,
    differences,
    given,
    in_parallel,
    merged,
    reconcile,
    run,
    tag_changes,
    wanted_tags,
)


@aws_call("describe the log group {name}")
def _describe(client: Any, name: str) -> dict[str, Any] | None:
    for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                return group
    return None


@aws_call("list the tags of {arn}", missing=["ResourceNotFoundException"], default={})
def _tags(client: Any, arn: str) -> dict[str, str]:
    return client.list_tags_for_resource(resourceArn=arn)["tags"]


@aws_call("find the log groups tagged {tags}")
def _tagged(client: Any, tags: Mapping[str, str]) -> list[str]:
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    pages = client.get_paginator("get_resources").paginate(TagFilters=filters, ResourceTypeFilters=["logs:log-group"])
    return [item["ResourceARN"] for page in pages for item in page["ResourceTagMappingList"]]


@aws_call("create the log group {name}", missing=["ResourceAlreadyExistsException"])
def _create(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.create_log_group(logGroupName=name, **arguments)


@aws_call("set how long the log group {name} keeps its events")
def _set_retention(client: Any, name: str, days: int) -> None:
    if days:
        client.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        client.delete_retention_policy(logGroupName=name)


@aws_call("set the key of the log group {name}")
def _set_key(client: Any, name: str, key: str) -> None:
    if key:
        client.associate_kms_key(logGroupName=name, kmsKeyId=key)
    else:
        client.disassociate_kms_key(logGroupName=name)


@aws_call("tag {arn}")
def _tag(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(resourceArn=arn, tags=tags)


@aws_call("remove tags of {arn}")
def _untag(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(resourceArn=arn, tagKeys=keys)


@aws_call("delete the log group {name}", missing=["ResourceNotFoundException"])
def _delete(client: Any, name: str) -> None:
    client.delete_log_group(logGroupName=name)


class LogGroup(Resource):
    kind = "log group"
    immutable = frozenset({"log_group_class"})

    def __init__(self, module: SlipwayModule, names: list[str], purge_tagged: Mapping[str, str] | None) -> None:
        self.client = module.client("logs")
        self.tagging = module.client("resourcegroupstaggingapi") if purge_tagged else None
        self.purge_tags = module.params["purge_tags"]
        self.names = names
        self.purge_tagged = purge_tagged
        parts = caller_arn(module.client("sts")).split(":")
        self.arn_prefix = f"arn:{parts[1]}:logs:{module.region}:{parts[4]}:log-group:"

    def describe(self) -> dict[str, State]:
        names = set(self.names)
        if self.purge_tagged:
            names |= {
                arn.split(":log-group:", 1)[1].removesuffix(":*") for arn in _tagged(self.tagging, self.purge_tagged)
            }
        found = in_parallel({name: lambda name=name: self._state(name) for name in sorted(names)})
        return {name: state for name, state in found.items() if state}

    def _state(self, name: str) -> State | None:
        group = _describe(self.client, name)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "arn": arn,
            "retention_days": group.get("retentionInDays", 0),
            "kms_key_id": group.get("kmsKeyId", ""),
            "log_group_class": group.get("logGroupClass", "STANDARD"),
            "tags": _tags(self.client, arn),
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = differences(current, {key: value for key, value in wanted.items() if key != "tags"})
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if tags is not None and tags != current["tags"]:
            changes["tags"] = tags
        return changes

    def create(self, name: str, wanted: State) -> State:
        arguments = {
            "kmsKeyId": wanted.get("kms_key_id") or None,
            "logGroupClass": wanted.get("log_group_class"),
            "tags": wanted.get("tags") or None,
        }
        _create(self.client, name, given(arguments))
        if wanted.get("retention_days"):
            _set_retention(self.client, name, wanted["retention_days"])
        return self.planned(name, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "retention_days" in changes:
            _set_retention(self.client, name, changes["retention_days"])
        if "kms_key_id" in changes:
            _set_key(self.client, name, changes["kms_key_id"])
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_set:
                _tag(self.client, current["arn"], to_set)
            if to_remove:
                _untag(self.client, current["arn"], to_remove)
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, name)

    def planned(self, name: str, wanted: State) -> State:
        # The ARN is no placeholder: it is made of the account, the region and the name.
        defaults = {"retention_days": 0, "kms_key_id": "", "log_group_class": "STANDARD", "tags": {}}
        return {"arn": f"{self.arn_prefix}{name}", **merged(defaults, wanted)}


def _wanted(options: dict[str, Any]) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for group in options["log_groups"]:
        name = group["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"log_groups: the name {name} stands twice; each name may stand once.")
        fields = given({key: value for key, value in group.items() if key not in ("name", "tags")})
        if options["tags"] is not None or group["tags"] is not None:
            tags = {**(options["tags"] or {}), **(group["tags"] or {})}
            fields["tags"] = {key: str(value) for key, value in tags.items()}
        wanted[name] = fields if options["state"] == "present" else None
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options)
    resource = LogGroup(module, list(wanted), options["purge_tagged"] if options["purge"] else None)
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(log_groups={name: state for name, state in outcome.items.items() if name in wanted})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "log_groups": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "retention_days": {"type": "int"},
                    "kms_key_id": {"type": "str"},
                    "log_group_class": {"type": "str", "choices": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]},
                    "tags": {"type": "dict"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge": {"type": "bool", "default": False},
            "purge_tagged": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["purge_tagged"]:
        module.fail_json(msg="purge: purge_tagged is empty, so all log groups would be deleted; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()

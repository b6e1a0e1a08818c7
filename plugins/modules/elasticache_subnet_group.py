# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_subnet_group
version_added: 0.1.0
short_description: Manage an ElastiCache subnet group
description:
  - Makes a subnet group exist as stated. No module of amazon.aws manages these groups.
  - "IAM actions: C(elasticache:DescribeCacheSubnetGroups), C(elasticache:CreateCacheSubnetGroup),
    C(elasticache:ModifyCacheSubnetGroup), C(elasticache:DeleteCacheSubnetGroup), C(elasticache:ListTagsForResource),
    C(elasticache:AddTagsToResource), C(elasticache:RemoveTagsFromResource)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the group.
    type: str
    required: true
  description:
    description: What the group is for. Required with O(state=present).
    type: str
  subnet_ids:
    description:
      - The subnets. Order has no meaning. Required with O(state=present).
      - In check mode placeholders of planned subnets are accepted.
    type: list
    elements: str
  tags:
    description: The tags.
    type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed.
    type: bool
    default: true
  state:
    description: Whether the group shall exist.
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
- name: Put the cache into the data subnets
  slipway.aws.elasticache_subnet_group:
    name: uex-prod-redis
    description: Data subnets of uex-prod
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]

- name: Remove it
  slipway.aws.elasticache_subnet_group:
    name: uex-prod-redis
    state: absent
"""

RETURN = r"""
group:
  description: The group.
  returned: when O(state=present)
  type: dict
  contains:
    name:
      description: Name of the group.
      type: str
    arn:
      description: ARN of the group; in check mode a placeholder for one that does not exist yet.
      type: str
    description:
      description: What the group is for.
      type: str
    subnet_ids:
      description: The subnets.
      type: list
      elements: str
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
      description: Name of the group.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    Resource,
    SlipwayModule,
    State,
    differences,
    from_tag_list,
    given,
    merged,
    reconcile,
    run,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.elasticache import api
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn


class SubnetGroup(Resource):
    kind = "cache subnet group"

    def __init__(self, client: Any, name: str, *, purge_tags: bool) -> None:
        self.client = client
        self.name = name
        self.purge_tags = purge_tags

    def describe(self) -> dict[str, State]:
        group = api.subnet_group(self.client, self.name)
        if group is None:
            return {}
        return {
            self.name: {
                "arn": group.get("ARN") or "",
                "description": group.get("CacheSubnetGroupDescription") or "",
                "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in group.get("Subnets") or []),
                "tags": from_tag_list(api.tags_of(self.client, group["ARN"])),
            }
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        target = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        return differences(current, {**wanted, "tags": target}, unordered=("subnet_ids",))

    def planned(self, name: str, wanted: State) -> State:
        return merged({"arn": planned_arn("elasticache", f"subnetgroup:{name}"), "tags": {}}, wanted)

    def create(self, name: str, wanted: State) -> State:
        tags = wanted.get("tags") or {}
        group = api.create_subnet_group(
            self.client, name, wanted["description"], wanted["subnet_ids"], to_tag_list(tags)
        )
        return merged({"arn": group.get("ARN") or "", "tags": {}}, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        arguments = given(
            {"CacheSubnetGroupDescription": changes.get("description"), "SubnetIds": changes.get("subnet_ids")}
        )
        if arguments:
            api.modify_subnet_group(self.client, name, arguments)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                api.untag(self.client, current["arn"], to_remove)
            if to_set:
                api.tag(self.client, current["arn"], to_tag_list(to_set))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        api.delete_subnet_group(self.client, name)


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    fields = given({key: options[key] for key in ("description", "subnet_ids")})
    if options["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in options["tags"].items()}
    if "subnet_ids" in fields:
        fields["subnet_ids"] = sorted(fields["subnet_ids"])
    outcome = reconcile(
        SubnetGroup(module.client("elasticache"), options["name"], purge_tags=options["purge_tags"]),
        {options["name"]: fields if options["state"] == "present" else None},
        check_mode=module.check_mode,
    )
    result = outcome.as_result()
    if options["name"] in outcome.items:
        result["group"] = {"name": options["name"], **outcome.items[options["name"]]}
    return result


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("description", "subnet_ids"))],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rds_option_group
version_added: 0.1.0
short_description: Manage an RDS option group
description:
  - Makes an option group exist as stated.
  - M(amazon.aws.rds_option_group) creates the group in check mode when tags are given.
  - "IAM actions: C(rds:DescribeOptionGroups), C(rds:CreateOptionGroup), C(rds:ModifyOptionGroup),
    C(rds:DeleteOptionGroup), C(rds:ListTagsForResource), C(rds:AddTagsToResource), C(rds:RemoveTagsFromResource)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the group.
    type: str
    required: true
  description:
    description: What the group is for. Cannot be changed later. Required with O(state=present).
    type: str
  engine:
    description: The database engine, such as V(postgres). Cannot be changed later. Required with O(state=present).
    type: str
  major_engine_version:
    description: The major version, such as V(16). Cannot be changed later. Required with O(state=present).
    type: str
  options:
    description:
      - The options. Others are removed from the group. PostgreSQL knows none, MySQL and others do.
      - Without this list no option is touched.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the option.
        type: str
        required: true
      version:
        description: Version of the option.
        type: str
      port:
        description: Port of the option.
        type: int
      settings:
        description: Settings of the option. Those that are not stated stay as they are.
        type: dict
      security_group_ids:
        description: VPC security groups of the option.
        type: list
        elements: str
  apply_immediately:
    description: Whether instances take changed options at once, and not in their maintenance window.
    type: bool
    default: false
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
- name: Make the option group of the environment
  slipway.aws.rds_option_group:
    name: uex-prod-postgres
    description: Options of uex-prod
    engine: postgres
    major_engine_version: '16'

- name: Audit a MySQL server
  slipway.aws.rds_option_group:
    name: shop-mysql
    description: Options of the shop
    engine: mysql
    major_engine_version: '8.0'
    options:
      - name: MARIADB_AUDIT_PLUGIN
        settings:
          SERVER_AUDIT_EVENTS: CONNECT

- name: Remove it
  slipway.aws.rds_option_group:
    name: uex-prod-postgres
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
    engine:
      description: The database engine.
      type: str
    major_engine_version:
      description: The major version.
      type: str
    description:
      description: What the group is for.
      type: str
    options:
      description: The options by name.
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
      description: Name of the group.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    from_tag_list,
    given,
    merged,
    reconcile,
    run,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn
from ansible_collections.slipway.aws.plugins.module_utils.rds import api, option_groups


class OptionGroup(Resource):
    kind = "option group"
    immutable = frozenset({"engine", "major_engine_version", "description"})

    def __init__(self, client: Any, name: str, *, apply_immediately: bool, purge_tags: bool) -> None:
        self.client = client
        self.name = name
        self.apply_immediately = apply_immediately
        self.purge_tags = purge_tags

    def describe(self) -> dict[str, State]:
        group = api.option_group(self.client, self.name)
        if group is None:
            return {}
        tags = from_tag_list(api.tags_of(self.client, group["OptionGroupArn"]))
        return {self.name: {**option_groups.from_group(group), "tags": tags}}

    def differences(self, name: str, current: State, wanted: State) -> State:
        found = {key: value for key, value in wanted.items() if key in self.immutable and current[key] != value}
        if "options" in wanted and option_groups.changes(current["options"], wanted["options"]) != ([], []):
            found["options"] = wanted["options"]
        target = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if target is not None and target != current["tags"]:
            found["tags"] = target
        return found

    def planned(self, name: str, wanted: State) -> State:
        return merged({"arn": planned_arn("rds", f"og:{name}"), "options": {}, "tags": {}}, wanted)

    def create(self, name: str, wanted: State) -> State:
        tags = wanted.get("tags") or {}
        arguments = {
            "EngineName": wanted["engine"],
            "MajorEngineVersion": wanted["major_engine_version"],
            "OptionGroupDescription": wanted["description"],
            "Tags": to_tag_list(tags),
        }
        state = {**option_groups.from_group(api.create_option_group(self.client, name, arguments)), "tags": tags}
        return self.update(name, state, {key: wanted[key] for key in ("options",) if wanted.get(key)}, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "options" in changes:
            include, remove = option_groups.changes(current["options"], changes["options"])
            arguments: dict[str, Any] = {"ApplyImmediately": self.apply_immediately}
            if include:
                arguments["OptionsToInclude"] = include
            if remove:
                arguments["OptionsToRemove"] = remove
            api.modify_option_group(self.client, name, arguments)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                api.untag(self.client, current["arn"], to_remove)
            if to_set:
                api.tag(self.client, current["arn"], to_tag_list(to_set))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        api.delete_option_group(self.client, name)


def _wanted(options: dict[str, Any]) -> State:
    fields = given({key: options[key] for key in ("description", "engine", "major_engine_version")})
    if options["options"] is not None:
        names = [option["name"] for option in options["options"]]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise AnsibleAWSError(message=f"options: {', '.join(twice)} stands twice; each option may stand once.")
        fields["options"] = {option["name"]: option_groups.stated(option) for option in options["options"]}
    if options["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in options["tags"].items()}
    return fields


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    resource = OptionGroup(
        module.client("rds"),
        options["name"],
        apply_immediately=options["apply_immediately"],
        purge_tags=options["purge_tags"],
    )
    wanted = {options["name"]: _wanted(options) if options["state"] == "present" else None}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    result = outcome.as_result()
    if options["name"] in outcome.items:
        result["group"] = {"name": options["name"], **outcome.items[options["name"]]}
    return result


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "engine": {"type": "str"},
            "major_engine_version": {"type": "str"},
            "options": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "version": {"type": "str"},
                    "port": {"type": "int"},
                    "settings": {"type": "dict"},
                    "security_group_ids": {"type": "list", "elements": "str"},
                },
            },
            "apply_immediately": {"type": "bool", "default": False},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("description", "engine", "major_engine_version"))],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

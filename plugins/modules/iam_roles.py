# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: iam_roles
version_added: 0.1.0
short_description: Manage IAM roles with everything that belongs to them
description:
  - Makes a list of IAM roles exist as stated, with their trust policy, inline policies, managed policies, permissions
    boundary and tags. Reads in parallel, then makes only the calls that differ.
  - Policies are compared by their meaning, not by their text.
  - C(amazon.aws.iam_role) handles one role a task and no inline policies; C(amazon.aws.iam_policy) fails in check mode
    when the role does not exist yet.
  - "IAM actions: C(iam:GetRole), C(iam:ListRoles), C(iam:ListRolePolicies), C(iam:GetRolePolicy),
    C(iam:ListAttachedRolePolicies), C(iam:CreateRole), C(iam:UpdateRole), C(iam:UpdateAssumeRolePolicy),
    C(iam:PutRolePolicy), C(iam:DeleteRolePolicy), C(iam:AttachRolePolicy), C(iam:DetachRolePolicy),
    C(iam:PutRolePermissionsBoundary), C(iam:DeleteRolePermissionsBoundary), C(iam:TagRole), C(iam:UntagRole),
    C(iam:ListInstanceProfilesForRole), C(iam:RemoveRoleFromInstanceProfile), C(iam:DeleteRole)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  roles:
    description:
      - The roles. What an entry leaves out is not touched on an existing role.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      path:
        description:
          - Path of the role, with a slash at both ends.
          - IAM cannot change the path of an existing role.
        type: str
      description:
        description: What the role is for.
        type: str
      assume_role_policy:
        description:
          - The trust policy, which says who may assume the role. A dictionary, or a string with JSON.
          - Needed to create a role.
        type: dict
      max_session_duration:
        description: Longest session in seconds, from 3600 to 43200.
        type: int
      inline_policies:
        description:
          - Inline policies by name; each a dictionary, or a string with JSON.
          - Other inline policies of the role are deleted, unless O(purge_policies=false).
        type: dict
      managed_policies:
        description:
          - ARNs of the managed policies.
          - Other managed policies are detached, unless O(purge_policies=false).
        type: list
        elements: str
      permissions_boundary:
        description: ARN of the policy that is the permissions boundary. An empty string removes the boundary.
        type: str
      tags:
        description:
          - Tags of the role.
          - Other tags are removed, unless O(purge_tags=false).
        type: dict
  state:
    description:
      - Whether the roles in O(roles) shall exist.
      - With V(absent) a role goes with its inline policies and leaves its managed policies and instance profiles.
    type: str
    choices: [present, absent]
    default: present
  purge_policies:
    description: Whether policies go that an entry's lists of policies leave out.
    type: bool
    default: true
  purge_tags:
    description: Whether tags go that an entry's O(roles[].tags) leaves out.
    type: bool
    default: true
  purge:
    description:
      - Whether to delete other roles below O(path_prefix) whose name starts with O(name_prefix) and that carry all of
        O(owner_tags).
      - With O(state=absent) and no O(roles), everything that somebody made for one purpose goes.
    type: bool
    default: false
  path_prefix:
    description:
      - Path below which O(purge) looks.
      - With O(purge=true) this or O(name_prefix) must be set, so that not every role of the account is read.
    type: str
    default: /
  name_prefix:
    description: Beginning of the names that O(purge) looks at.
    type: str
    default: ''
  owner_tags:
    description: Tags that tell whose roles O(purge) may delete. Needed with O(purge=true).
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create the role that starts the containers
  slipway.aws.iam_roles:
    roles:
      - name: uex-prod-ecs-execution
        description: Pulls images, writes logs and reads the secrets of uex prod
        assume_role_policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: ecs-tasks.amazonaws.com
              Action: sts:AssumeRole
        inline_policies:
          secrets:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:uex/prod/database-AbCdEf
        managed_policies: []
        tags:
          Project: uex
          Environment: prod

- name: Delete every role of the environment's compute layer
  slipway.aws.iam_roles:
    state: absent
    purge: true
    path_prefix: /uex/dev/
    owner_tags:
      Project: uex
      Environment: dev
      Role: compute
"""

RETURN = r"""
roles:
  description: The roles in O(roles) by name, as they are now. In check mode as they would be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the role. In check mode a placeholder when the role does not exist yet.
      type: str
      sample: arn:aws:iam::123456789012:role/uex-prod-ecs-execution
    role_id:
      description: Identifier that IAM gave the role.
      type: str
      sample: AROAEXAMPLEEXAMPLE123
    path:
      description: Path of the role.
      type: str
      sample: /
    description:
      description: What the role is for.
      type: str
    assume_role_policy:
      description: The trust policy.
      type: dict
    max_session_duration:
      description: Longest session in seconds.
      type: int
      sample: 3600
    inline_policies:
      description: Inline policies by name.
      type: dict
    managed_policies:
      description: ARNs of the managed policies.
      type: list
      elements: str
    permissions_boundary:
      description: ARN of the permissions boundary, or an empty string.
      type: str
    tags:
      description: Tags of the role.
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
      description: Name of the role.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.iam import Role


def _documents(name: str, policies: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The inline policies as dictionaries; a string must be JSON."""
    if policies is None:
        return None
    documents: dict[str, Any] = {}
    for policy, document in policies.items():
        try:
            documents[policy] = json.loads(document) if isinstance(document, str) else document
        except ValueError as error:
            raise AnsibleAWSError(
                message=f"roles: the inline policy {policy} of {name} is not JSON: {error}"
            ) from error
        if not isinstance(documents[policy], dict):
            raise AnsibleAWSError(
                message=f"roles: the inline policy {policy} of {name} is no policy document but {document!r}."
            )
    return documents


def _wanted(roles: list[dict[str, Any]], state: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for role in roles:
        name = role["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"roles: the name {name} stands twice; each name may stand once.")
        fields = given({key: value for key, value in role.items() if key != "name"})
        if "inline_policies" in fields:
            fields["inline_policies"] = _documents(name, fields["inline_policies"])
        if "managed_policies" in fields:
            fields["managed_policies"] = sorted(set(fields["managed_policies"]))
        if "tags" in fields:
            fields["tags"] = {key: str(value) for key, value in fields["tags"].items()}
        wanted[name] = fields if state == "present" else None
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options["roles"], options["state"])
    resource = Role(
        module.client("iam"),
        wanted,
        purge_policies=options["purge_policies"],
        purge_tags=options["purge_tags"],
        path=options["path_prefix"],
        prefix=options["name_prefix"],
        owner=options["owner_tags"] if options["purge"] else None,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(roles={name: outcome.items[name] for name in wanted if name in outcome.items})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "roles": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "path": {"type": "str"},
                    "description": {"type": "str"},
                    "assume_role_policy": {"type": "dict"},
                    "max_session_duration": {"type": "int"},
                    "inline_policies": {"type": "dict"},
                    "managed_policies": {"type": "list", "elements": "str"},
                    "permissions_boundary": {"type": "str"},
                    "tags": {"type": "dict"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge_policies": {"type": "bool", "default": True},
            "purge_tags": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "path_prefix": {"type": "str", "default": "/"},
            "name_prefix": {"type": "str", "default": ""},
            "owner_tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    options = module.params
    if options["purge"] and not options["owner_tags"]:
        module.fail_json(msg="purge: owner_tags is empty, so roles of others could be deleted; set it.")
    if options["purge"] and options["path_prefix"] == "/" and not options["name_prefix"]:
        module.fail_json(msg="purge: set path_prefix or name_prefix; without them every role of the account is read.")
    run(module, _run)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repositories
version_added: 0.1.0
short_description: Manage ECR repositories with their policies
description:
  - Makes a list of private container repositories exist as stated, with lifecycle policy, repository policy, scanning,
    tag mutability, encryption and tags. Reads in parallel, then makes only the calls that differ.
  - C(community.aws.ecs_ecr) cannot tag, and fails in check mode when the repository does not exist yet.
  - "IAM actions: C(ecr:DescribeRepositories), C(ecr:GetLifecyclePolicy), C(ecr:GetRepositoryPolicy),
    C(ecr:ListTagsForResource), C(ecr:CreateRepository), C(ecr:PutImageTagMutability),
    C(ecr:PutImageScanningConfiguration), C(ecr:PutLifecyclePolicy), C(ecr:DeleteLifecyclePolicy),
    C(ecr:SetRepositoryPolicy), C(ecr:DeleteRepositoryPolicy), C(ecr:TagResource), C(ecr:UntagResource),
    C(ecr:DeleteRepository)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  repositories:
    description:
      - The repositories. What an entry leaves out is not touched on an existing repository.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the repository; slashes group repositories.
        type: str
        required: true
      image_tag_mutability:
        description: Whether a tag may be moved to another image.
        type: str
        choices: [MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]
      image_tag_mutability_exclusions:
        description: Patterns of tags for which the opposite holds, with the two choices that speak of an exclusion.
        type: list
        elements: str
      scan_on_push:
        description: Whether images are scanned for known vulnerabilities when they arrive.
        type: bool
      encryption_type:
        description:
          - How images are encrypted.
          - ECR cannot change this on an existing repository.
        type: str
        choices: [AES256, KMS, KMS_DSSE]
      kms_key:
        description:
          - ARN or id of the KMS key.
          - ECR cannot change this on an existing repository.
        type: str
      lifecycle_policy:
        description: Which images expire. A dictionary, or a string with JSON. Empty removes the policy.
        type: dict
      repository_policy:
        description: Who may use the repository. A dictionary, or a string with JSON. Empty removes the policy.
        type: dict
      tags:
        description:
          - Tags of the repository.
          - Other tags are removed, unless O(purge_tags=false).
        type: dict
  state:
    description: Whether the repositories in O(repositories) shall exist.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: Whether a repository is deleted although it holds images.
    type: bool
    default: false
  purge_tags:
    description: Whether tags go that an entry's O(repositories[].tags) leaves out.
    type: bool
    default: true
  purge:
    description:
      - Whether to delete other repositories whose name starts with O(name_prefix) and that carry all of O(owner_tags).
    type: bool
    default: false
  name_prefix:
    description: Beginning of the names that O(purge) looks at. Needed with O(purge=true).
    type: str
    default: ''
  owner_tags:
    description: Tags that tell whose repositories O(purge) may delete. Needed with O(purge=true).
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create the repositories of two services
  slipway.aws.ecr_repositories:
    repositories:
      - name: uex-prod/uex-backend
        scan_on_push: true
        image_tag_mutability: IMMUTABLE
        lifecycle_policy: "{{ keep_fifty_images }}"
        tags:
          Service: uex-backend
      - name: uex-prod/presentation
        scan_on_push: true
  vars:
    keep_fifty_images:
      rules:
        - rulePriority: 1
          selection:
            tagStatus: any
            countType: imageCountMoreThan
            countNumber: 50
          action:
            type: expire

- name: Delete a repository with its images
  slipway.aws.ecr_repositories:
    repositories:
      - name: uex-dev/presentation
    state: absent
    force: true
"""

RETURN = r"""
repositories:
  description: The repositories in O(repositories) by name, as they are now. In check mode as they would be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the repository. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:ecr:us-east-1:123456789012:repository/uex-prod/uex-backend
    uri:
      description: Address that images are pushed to and pulled from.
      type: str
      sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/uex-prod/uex-backend
    image_tag_mutability:
      description: Whether a tag may be moved to another image.
      type: str
      sample: IMMUTABLE
    image_tag_mutability_exclusions:
      description: Patterns of tags for which the opposite holds.
      type: list
      elements: str
    scan_on_push:
      description: Whether images are scanned when they arrive.
      type: bool
    encryption_type:
      description: How images are encrypted.
      type: str
      sample: KMS
    kms_key:
      description: ARN of the KMS key, or an empty string.
      type: str
    lifecycle_policy:
      description: Which images expire.
      type: dict
    repository_policy:
      description: Who may use the repository.
      type: dict
    tags:
      description: Tags of the repository.
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
      description: Name of the repository.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.ecr import Repository


def _wanted(repositories: list[dict[str, Any]], state: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for repository in repositories:
        name = repository["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"repositories: the name {name} stands twice; each name may stand once.")
        fields = given({key: value for key, value in repository.items() if key != "name"})
        if "tags" in fields:
            fields["tags"] = {key: str(value) for key, value in fields["tags"].items()}
        wanted[name] = fields if state == "present" else None
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options["repositories"], options["state"])
    resource = Repository(
        module.client("ecr"),
        wanted,
        region=module.region or "",
        force=options["force"],
        purge_tags=options["purge_tags"],
        prefix=options["name_prefix"],
        owner=options["owner_tags"] if options["purge"] else None,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(repositories={name: outcome.items[name] for name in wanted if name in outcome.items})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "repositories": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "image_tag_mutability": {
                        "type": "str",
                        "choices": ["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"],
                    },
                    "image_tag_mutability_exclusions": {"type": "list", "elements": "str"},
                    "scan_on_push": {"type": "bool"},
                    "encryption_type": {"type": "str", "choices": ["AES256", "KMS", "KMS_DSSE"]},
                    "kms_key": {"type": "str", "no_log": False},
                    "lifecycle_policy": {"type": "dict"},
                    "repository_policy": {"type": "dict"},
                    "tags": {"type": "dict"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "force": {"type": "bool", "default": False},
            "purge_tags": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "name_prefix": {"type": "str", "default": ""},
            "owner_tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    for option in ("name_prefix", "owner_tags"):
        if module.params["purge"] and not module.params[option]:
            module.fail_json(msg=f"purge: {option} is empty, so repositories of others could be deleted; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()

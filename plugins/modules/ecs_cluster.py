# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
version_added: 0.1.0
short_description: Manage an ECS cluster
description:
  - Makes an ECS cluster exist as stated, with Container Insights, capacity providers, Service Connect's default
    namespace, the configuration of execute command and of managed storage, and tags.
  - C(community.aws.ecs_cluster) knows neither tags nor settings nor configuration.
  - "IAM actions: C(ecs:DescribeClusters), C(ecs:CreateCluster), C(ecs:UpdateCluster),
    C(ecs:PutClusterCapacityProviders), C(ecs:TagResource), C(ecs:UntagResource), C(ecs:DeleteCluster). The first
    cluster of an account also needs C(iam:CreateServiceLinkedRole)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description:
      - Whether the cluster shall exist.
      - ECS refuses to delete a cluster that still has services or tasks.
    type: str
    choices: [present, absent]
    default: present
  container_insights:
    description: What CloudWatch Container Insights collects.
    type: str
    choices: [disabled, enabled, enhanced]
  capacity_providers:
    description: Names of the capacity providers, such as V(FARGATE) and V(FARGATE_SPOT). Replaces the list.
    type: list
    elements: str
  default_capacity_provider_strategy:
    description: Where services and tasks run that do not say it themselves. Replaces the strategy.
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: Name of the capacity provider.
        type: str
        required: true
      weight:
        description: Share of the tasks that run there, relative to the other weights.
        type: int
        default: 0
      base:
        description: How many tasks run there at least.
        type: int
        default: 0
  service_connect_namespace:
    description: ARN or name of the Cloud Map namespace that services use by default. Empty takes the default away.
    type: str
  execute_command:
    description: How sessions of C(ecs execute-command) are encrypted and logged.
    type: dict
    suboptions:
      kms_key_id:
        description: KMS key that encrypts the session.
        type: str
      logging:
        description: Where sessions are logged.
        type: str
        choices: [NONE, DEFAULT, OVERRIDE]
      log_group:
        description: Log group, with O(execute_command.logging=OVERRIDE).
        type: str
      log_encryption:
        description: Whether the log group is encrypted.
        type: bool
      s3_bucket:
        description: Bucket for the logs, with O(execute_command.logging=OVERRIDE).
        type: str
      s3_encryption:
        description: Whether the logs in the bucket are encrypted.
        type: bool
      s3_key_prefix:
        description: Folder in the bucket.
        type: str
  managed_storage:
    description: Keys that encrypt the storage that ECS manages.
    type: dict
    suboptions:
      storage_kms_key_id:
        description: KMS key for managed volumes.
        type: str
      fargate_storage_kms_key_id:
        description: KMS key for the ephemeral storage of Fargate tasks.
        type: str
  tags:
    description:
      - Tags of the cluster.
      - Other tags are removed, unless O(purge_tags=false).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags) leaves out.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create a cluster that prefers Spot for what comes on top of two steady tasks
  slipway.aws.ecs_cluster:
    name: uex-staging
    container_insights: enabled
    capacity_providers: [FARGATE, FARGATE_SPOT]
    default_capacity_provider_strategy:
      - capacity_provider: FARGATE
        base: 2
        weight: 1
      - capacity_provider: FARGATE_SPOT
        weight: 3
    tags:
      Project: uex
      Environment: staging
"""

RETURN = r"""
cluster:
  description: The cluster as it is now. In check mode as it would be. Empty when it does not exist.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the cluster.
      type: str
      sample: uex-staging
    arn:
      description: ARN of the cluster. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:ecs:us-east-1:123456789012:cluster/uex-staging
    container_insights:
      description: What Container Insights collects.
      type: str
      sample: enabled
    capacity_providers:
      description: Names of the capacity providers.
      type: list
      elements: str
    default_capacity_provider_strategy:
      description: Where services and tasks run that do not say it themselves.
      type: list
      elements: dict
    service_connect_namespace:
      description: Namespace that services use by default, or an empty string.
      type: str
    execute_command:
      description: How sessions of C(ecs execute-command) are encrypted and logged.
      type: dict
    managed_storage:
      description: Keys that encrypt the storage that ECS manages.
      type: dict
    tags:
      description: Tags of the cluster.
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
      description: Name of the cluster.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._ecs.cluster import Cluster, strategy_state
from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)

FIELDS = (
    "container_insights",
    "capacity_providers",
    "default_capacity_provider_strategy",
    "service_connect_namespace",
    "execute_command",
    "managed_storage",
    "tags",
)


def _wanted(options: dict[str, Any]) -> State:
    wanted = given({field: options[field] for field in FIELDS})
    if "capacity_providers" in wanted:
        wanted["capacity_providers"] = sorted(set(wanted["capacity_providers"]))
    if "default_capacity_provider_strategy" in wanted:
        strategy = strategy_state(wanted["default_capacity_provider_strategy"])
        providers = wanted.get("capacity_providers")
        unknown = sorted({item["capacity_provider"] for item in strategy} - set(providers or []))
        if providers is not None and unknown:
            raise AnsibleAWSError(
                message=f"default_capacity_provider_strategy: {', '.join(unknown)} is not in capacity_providers, "
                f"which allows {', '.join(providers) or 'none'}."
            )
        wanted["default_capacity_provider_strategy"] = strategy
    for field in ("execute_command", "managed_storage"):
        if field in wanted:
            wanted[field] = given(wanted[field])
    if "tags" in wanted:
        wanted["tags"] = {key: str(value) for key, value in wanted["tags"].items()}
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    name = options["name"]
    wanted = {name: _wanted(options) if options["state"] == "present" else None}
    resource = Cluster(module.client("ecs"), name, region=module.region or "", purge_tags=options["purge_tags"])
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    found = outcome.items.get(name)
    return outcome.as_result(cluster={"name": name, **found} if found else {})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "container_insights": {"type": "str", "choices": ["disabled", "enabled", "enhanced"]},
            "capacity_providers": {"type": "list", "elements": "str"},
            "default_capacity_provider_strategy": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "capacity_provider": {"type": "str", "required": True},
                    "weight": {"type": "int", "default": 0},
                    "base": {"type": "int", "default": 0},
                },
            },
            "service_connect_namespace": {"type": "str"},
            "execute_command": {
                "type": "dict",
                "options": {
                    "kms_key_id": {"type": "str", "no_log": False},
                    "logging": {"type": "str", "choices": ["NONE", "DEFAULT", "OVERRIDE"]},
                    "log_group": {"type": "str"},
                    "log_encryption": {"type": "bool"},
                    "s3_bucket": {"type": "str"},
                    "s3_encryption": {"type": "bool"},
                    "s3_key_prefix": {"type": "str", "no_log": False},
                },
            },
            "managed_storage": {
                "type": "dict",
                "options": {
                    "storage_kms_key_id": {"type": "str", "no_log": False},
                    "fargate_storage_kms_key_id": {"type": "str", "no_log": False},
                },
            },
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns the data role's inputs into the lists that its modules take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_plan
short_description: Key policy, secrets, instances, cache and buckets that the inputs of the role data stand for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Computes the arguments of everything that the role P(slipway.aws.data#role) makes, without asking AWS.
  - A secret's value passes through unchanged where an inventory gives one; generated values are made elsewhere.
positional: known
options:
  _input:
    description: The role's inputs by their full names.
    type: dict
    required: true
  known:
    description:
      - What exists by now. C(account_id), C(partition), C(kms_key_arn) and C(monitoring_role_arn).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the database will be like
  ansible.builtin.debug:
    msg: "{{ (inputs | slipway.aws.data_plan(known)).instances }}"
  vars:
    known:
      account_id: "123456789012"
"""

RETURN = r"""
_value:
  description: The modules' arguments.
  type: dict
  contains:
    key_policy:
      description: The policy of the KMS key.
      type: dict
    secrets:
      description: The list for M(slipway.aws.secretsmanager_secrets).
      type: list
      elements: dict
    instances:
      description: The list for M(slipway.aws.rds_instances).
      type: list
      elements: dict
    replication_group:
      description: The options of M(slipway.aws.elasticache_replication_group).
      type: dict
    buckets:
      description: The list for M(slipway.aws.s3_buckets).
      type: list
      elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_plan(inputs: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return data.plan(inputs, known)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_plan": data_plan}

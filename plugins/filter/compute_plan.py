# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns the inputs of the role compute into what its modules take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: compute_plan
short_description: Roles, repositories and listeners that an environment's inputs stand for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Computes what the entry point C(main) of the role P(slipway.aws.compute#role) makes, without asking AWS.
positional: cluster_arn, provider_arn
options:
  _input:
    description: The role's inputs without C(compute_).
    type: dict
    required: true
  cluster_arn:
    description: ARN of the cluster. Tells the partition, region and account that policies speak of.
    type: str
    required: true
  provider_arn:
    description: ARN of GitHub's OIDC provider. Empty when no pipeline deploys.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Show the execution role's policy
  ansible.builtin.debug:
    msg: "{{ (inputs | slipway.aws.compute_plan(cluster_arn)).roles[0].inline_policies }}"
"""

RETURN = r"""
_value:
  description:
    - A dictionary with C(roles), C(repositories), C(listeners) and C(attributes), each in the form its module takes.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import environment_plan


def compute_plan(inputs: Mapping[str, Any], cluster_arn: str, provider_arn: str = "") -> dict[str, Any]:
    return environment_plan(inputs, cluster_arn, provider_arn)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"compute_plan": compute_plan}

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells what the rollout of a service came to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployment_record
short_description: What the rollout of a service came to
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the part C(deployment) of C(compute_output) from the result of M(slipway.aws.ecs_service_rollout), or from
    that of whichever task has failed.
positional: service, before
options:
  _input:
    description: The result.
    type: dict
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  before:
    description:
      - The service as it was found before, as M(slipway.aws.environment_info) tells of it. Empty for a new one.
    type: dict
    required: true
  failed:
    description: Whether the result is a failure.
    type: bool
    default: false
  task:
    description: Name of the task that has failed.
    type: str
    default: ""
  rolled_out:
    description: The result of M(slipway.aws.ecs_service_rollout), when another task has failed after it.
    type: dict
  check:
    description: Whether the result is a prediction.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what became of the service
  ansible.builtin.debug:
    msg: "{{ rollout | slipway.aws.deployment_record('uex-backend', found.compute.services['uex-backend']) }}"
"""

RETURN = r"""
_value:
  description:
    - C(service), C(verdict), C(image), C(image_before), C(revision), C(revision_before), C(changes), C(checkpoint),
      C(seconds), C(cause) and more.
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import deployment_record


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployment_record": deployment_record}

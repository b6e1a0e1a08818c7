# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what the task of a migration has otherwise than the tasks that run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_container
short_description: What a migration's task has otherwise than the tasks that run
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Image, environment variables and secrets as the inventory says them now, as C(containers) of
    M(slipway.aws.ecs_task_run) takes them.
options:
  _input:
    description: C(name), C(image), C(environment), C(secrets) and C(secret_arns).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the migration runs with
  ansible.builtin.debug:
    msg: "{{ {'name': 'api', 'image': image, 'environment': {}, 'secrets': {}, 'secret_arns': {}}
             | slipway.aws.migration_container }}"
"""

RETURN = r"""
_value:
  description: An entry of C(containers).
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import migration_container


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"migration_container": migration_container}

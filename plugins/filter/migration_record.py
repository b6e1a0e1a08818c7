# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells what a migration came to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_record
short_description: What a migration came to
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the part C(migration) of C(compute_output) from the result of M(slipway.aws.ecs_task_run), or from that of
    whichever task has failed.
positional: reversible
options:
  _input:
    description: The result.
    type: dict
    required: true
  reversible:
    description: Whether the old version still runs after the migration.
    type: bool
    required: true
  failed:
    description: Whether the result is a failure.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what the migration came to
  ansible.builtin.debug:
    msg: "{{ migration | slipway.aws.migration_record(true) }}"
"""

RETURN = r"""
_value:
  description: C(failed), C(reversible), C(changed), C(exit_codes), C(log_tail), C(seconds) and C(cause).
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import migration_record


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"migration_record": migration_record}

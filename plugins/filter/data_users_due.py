# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says which users of the database are still to be made."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_users_due
short_description: The users of the database that the role data still has to make
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Compares the users that are wanted with the tags that M(slipway.aws.rds_postgres_users) has left at the instance, so
    that nobody connects to a database where nothing is left to do.
options:
  _input:
    description: The plan, and what the modules of the role P(slipway.aws.data#role) have returned.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Make the users of the database
  ansible.builtin.include_tasks: users.yml
  when: results | slipway.aws.data_users_due | length > 0
"""

RETURN = r"""
_value:
  description: The list for M(slipway.aws.rds_postgres_users).
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_users_due(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    return data.users_due(results)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_users_due": data_users_due}

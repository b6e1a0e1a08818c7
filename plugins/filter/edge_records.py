# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the records of an environment's names."""

from __future__ import annotations

DOCUMENTATION = r"""
name: edge_records
short_description: The records of an environment's names
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list of records that M(slipway.aws.route53_records) takes.
positional: load_balancer
options:
  _input:
    description: Names that lead to the load balancer.
    type: list
    elements: str
    required: true
  load_balancer:
    description: C(dns_name) and C(zone_id) of the load balancer.
    type: dict
    required: true
  health_checks:
    description: Identifiers of health checks by their names.
    type: dict
    default: {}
  extra:
    description: Further records, as the module takes them, with C(health_check) for the name of one.
    type: list
    elements: dict
    default: []
  check_mode:
    description: Whether a placeholder may stand in for a load balancer that does not exist yet.
    type: bool
    default: false
  absent:
    description: Whether only what tells the records apart is wanted, to remove them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the records
  ansible.builtin.debug:
    msg: "{{ ['pay.example.com'] | slipway.aws.edge_records({'dns_name': 'uex-1.elb.amazonaws.com', 'zone_id': 'Z1'})
    }}"
"""

RETURN = r"""
_value:
  description: The records.
  type: list
  elements: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.aws.plugins.plugin_utils.edge import NameRecordError
from ansible_collections.slipway.aws.plugins.plugin_utils.edge import edge_records as records


def edge_records(names: Iterable[str], load_balancer: Mapping[str, str], **options: Any) -> list[dict[str, Any]]:
    try:
        return records(names, load_balancer, **options)
    except NameRecordError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"edge_records": edge_records}

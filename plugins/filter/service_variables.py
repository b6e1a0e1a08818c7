# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that gathers what the hosts of the group services say of their services."""

from __future__ import annotations

DOCUMENTATION = r"""
name: service_variables
short_description: What each of these hosts says of its service
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Gathers the inputs of the role compute's entry point C(service) from the variables of several hosts, and nothing
    else of theirs.
positional: hostvars, only
options:
  _input:
    description: Names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Pass V(hostvars).
    type: dict
    required: true
  only:
    description:
      - Names of the inputs to gather, without their beginning C(compute_service_). All of them when not given.
      - For hosts that are not in the play, whose other variables may not be known.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Stop before any change when services collide
  ansible.builtin.assert:
    that: services | slipway.aws.path_conflicts | length == 0
  vars:
    services: "{{ groups['services'] | slipway.aws.service_variables(hostvars) }}"
"""

RETURN = r"""
_value:
  description: For each host the variables whose names begin with C(compute_service_).
  type: list
  elements: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "compute_service_"


def service_variables(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], only: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    wanted = None if only is None else {PREFIX + name for name in only}

    def asked_for(name: str) -> bool:
        return name.startswith(PREFIX) and (wanted is None or name in wanted)

    return [{name: hostvars[host][name] for name in hostvars[host] if asked_for(name)} for host in hosts]


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"service_variables": service_variables}

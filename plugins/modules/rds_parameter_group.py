# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rds_parameter_group
version_added: 0.1.0
short_description: Manage an RDS DB parameter group and its parameters
description:
  - Makes a parameter group exist as stated.
  - M(amazon.aws.rds_instance_param_group) passes over unknown parameters without an error, does not predict changed
    parameters in check mode, fails in check mode when the group does not exist yet, and takes one apply method for
    static and dynamic parameters alike. This module takes the method that each parameter needs.
  - "IAM actions: C(rds:DescribeDBParameterGroups), C(rds:DescribeDBParameters), C(rds:DescribeEngineDefaultParameters),
    C(rds:CreateDBParameterGroup), C(rds:ModifyDBParameterGroup), C(rds:ResetDBParameterGroup),
    C(rds:DeleteDBParameterGroup), C(rds:ListTagsForResource), C(rds:AddTagsToResource),
    C(rds:RemoveTagsFromResource)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the group.
    type: str
    required: true
  family:
    description: The family, such as V(postgres16). Cannot be changed later. Required with O(state=present).
    type: str
  description:
    description: What the group is for. Cannot be changed later. Required with O(state=present).
    type: str
  parameters:
    description:
      - The parameters. An unknown one is an error before anything is changed. V(true) and V(false) become what the
        parameter allows.
      - Without this option no parameter is touched.
    type: dict
  purge_parameters:
    description: Whether parameters that somebody has set and the task does not state go back to the engine's default.
    type: bool
    default: true
  tags:
    description: The tags.
    type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed.
    type: bool
    default: true
  state:
    description: Whether the group shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Make the parameter group
  slipway.aws.rds_parameter_group:
    name: uex-prod-postgres
    family: postgres16
    description: Settings of the environment
    parameters:
      log_min_duration_statement: 500
      rds.force_ssl: true

- name: Remove it
  slipway.aws.rds_parameter_group:
    name: uex-prod-postgres
    state: absent
"""

RETURN = r"""
group:
  description: The group.
  returned: when O(state=present)
  type: dict
  contains:
    name:
      description: Name of the group.
      type: str
    arn:
      description: ARN of the group; in check mode a placeholder for one that does not exist yet.
      type: str
    family:
      description: The family.
      type: str
      sample: postgres16
    description:
      description: What the group is for.
      type: str
    parameters:
      description: The parameters that are set, as the service writes them.
      type: dict
    tags:
      description: The tags.
      type: dict
waiting_for_reboot:
  description: Changed parameters that take effect only after a restart.
  returned: success
  type: list
  elements: str
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
      description: Name of the group.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, State, reconcile, run
from ansible_collections.slipway.aws.plugins.module_utils.parameter_groups import ParameterGroup, needs_reboot
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn
from ansible_collections.slipway.aws.plugins.module_utils.rds import api


class Group(ParameterGroup):
    kind = "DB parameter group"

    def planned(self, name: str, wanted: State) -> State:
        return {**super().planned(name, wanted), "arn": planned_arn("rds", f"pg:{name}")}


def _from_group(group: Mapping[str, Any]) -> State:
    return {
        "arn": group.get("DBParameterGroupArn") or "",
        "family": group["DBParameterGroupFamily"],
        "description": group.get("Description") or "",
    }


def _setting(parameter: Mapping[str, Any], name: str, value: str | None) -> dict[str, str]:
    # RDS refuses the method `immediate` for a static parameter.
    setting = {"ParameterName": name, "ApplyMethod": "pending-reboot" if needs_reboot(parameter) else "immediate"}
    return setting if value is None else {**setting, "ParameterValue": value}


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    resource = Group(
        module.client("rds"),
        api,
        options["name"],
        from_group=_from_group,
        setting=_setting,
        purge_tags=options["purge_tags"],
        purge_parameters=options["purge_parameters"],
    )
    fields = {key: options[key] for key in ("family", "description", "parameters") if options[key] is not None}
    if options["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in options["tags"].items()}
    wanted = {options["name"]: fields if options["state"] == "present" else None}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    result = outcome.as_result(waiting_for_reboot=resource.waiting_for_reboot)
    if options["name"] in outcome.items:
        result["group"] = {"name": options["name"], **outcome.items[options["name"]]}
    return result


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "family": {"type": "str"},
            "description": {"type": "str"},
            "parameters": {"type": "dict"},
            "purge_parameters": {"type": "bool", "default": True},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("family", "description"))],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

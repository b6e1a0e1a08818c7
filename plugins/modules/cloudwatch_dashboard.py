# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
version_added: 0.1.0
short_description: Manage a CloudWatch dashboard
description:
  - Makes a dashboard exist with the stated body. Bodies are compared by their meaning, not by their text.
  - What CloudWatch finds odd about a body is shown as warnings.
  - No maintained module manages dashboards.
  - "IAM actions: C(cloudwatch:GetDashboard), C(cloudwatch:PutDashboard), C(cloudwatch:DeleteDashboards)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the dashboard.
    type: str
    required: true
  body:
    description:
      - The dashboard in CloudWatch's words, with its list of C(widgets).
      - Required when O(state=present).
    type: dict
  state:
    description: Whether the dashboard shall exist.
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
- name: Show the load balancer's requests
  slipway.aws.cloudwatch_dashboard:
    name: uex-prod
    body:
      widgets:
        - type: metric
          x: 0
          y: 0
          width: 12
          height: 6
          properties:
            title: Requests
            region: us-east-1
            stat: Sum
            period: 60
            metrics:
              - [AWS/ApplicationELB, RequestCount, LoadBalancer, app/uex-prod-alb/0123456789abcdef]
"""

RETURN = r"""
name:
  description: Name of the dashboard.
  returned: success
  type: str
body:
  description: The dashboard's body as it is now; empty when there is none.
  returned: success
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
      description: Name of the dashboard.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

import json
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._cloudwatch import api
from ansible_collections.slipway.aws.plugins.module_utils.core import Resource, SlipwayModule, State, reconcile, run


class Dashboard(Resource):
    kind = "dashboard"

    def __init__(self, module: SlipwayModule, name: str) -> None:
        self.module = module
        self.client = module.client("cloudwatch")
        self.name = name

    def describe(self) -> dict[str, State]:
        found = api.dashboard(self.client, self.name)
        return {self.name: {"body": json.loads(found["DashboardBody"])}} if found else {}

    def create(self, name: str, wanted: State) -> State:
        for message in api.put_dashboard(self.client, name, json.dumps(wanted["body"])):
            self.module.warn(f"{name}: {message.get('DataPath', '')} {message.get('Message', '')}")
        return wanted

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        return self.create(name, wanted)

    def delete(self, name: str, current: State) -> None:
        api.delete_dashboard(self.client, name)


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    name = options["name"]
    wanted = {"body": options["body"]} if options["state"] == "present" else None
    outcome = reconcile(Dashboard(module, name), {name: wanted}, check_mode=module.check_mode)
    return outcome.as_result(name=name, body=outcome.items.get(name, {}).get("body", {}))


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "body": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["body"])],
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

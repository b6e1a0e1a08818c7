# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes an environment's dashboard from what exists in it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dashboard_body
short_description: The dashboard of an environment
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the body that M(slipway.aws.cloudwatch_dashboard) takes. Its alarms stand first, then a row each for services,
    load balancer, databases and Redis, as far as they exist.
positional: title, region
options:
  _input:
    description: >-
      What is watched, as P(slipway.aws.monitoring_subjects#filter) gives it.
    type: dict
    required: true
  title:
    description: Heading of the dashboard.
    type: str
    required: true
  region:
    description: Region of the metrics.
    type: str
    required: true
  alarm_arns:
    description: Alarms whose state is shown.
    type: list
    elements: str
    default: []
  extra_widgets:
    description: Further widgets in CloudWatch's words, placed as they are.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what happens
  slipway.aws.cloudwatch_dashboard:
    name: uex-prod
    body: "{{ subjects | slipway.aws.dashboard_body('UEX prod', 'us-east-1') }}"
"""

RETURN = r"""
_value:
  description: The body, with its list of C(widgets).
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import dashboard_body


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"dashboard_body": dashboard_body}

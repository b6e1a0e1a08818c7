# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes an environment's saved queries."""

from __future__ import annotations

DOCUMENTATION = r"""
name: saved_queries
short_description: The saved log queries of an environment
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list that M(slipway.aws.cloudwatchlogs_query_definitions) takes.
  - Over the logs of the services there are V(errors), V(error-rate), V(slow-requests), V(log-volume) and
    V(last-events).
positional: prefix
options:
  _input:
    description: >-
      What is watched, as P(slipway.aws.monitoring_subjects#filter) gives it.
    type: dict
    required: true
  prefix:
    description: Folder in which the queries stand.
    type: str
    required: true
  extra:
    description:
      - Further queries with C(name), C(query_string) and perhaps C(log_group_names). The services' log groups are the
        default. One that has the name of a standard query replaces it.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Save the queries
  slipway.aws.cloudwatchlogs_query_definitions:
    queries: "{{ subjects | slipway.aws.saved_queries('uex-prod') }}"
"""

RETURN = r"""
_value:
  description: The queries.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import saved_queries


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"saved_queries": saved_queries}

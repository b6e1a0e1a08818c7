# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatchlogs_query_definitions
version_added: 0.1.0
short_description: Manage saved CloudWatch Logs Insights queries
description:
  - Makes a list of saved queries exist as stated. One pass of describe calls, then only the calls that differ, in
    parallel.
  - No other module manages saved queries.
  - "IAM actions: C(logs:DescribeQueryDefinitions), C(logs:PutQueryDefinition), C(logs:DeleteQueryDefinition)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  queries:
    description: The saved queries.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the query. A name with slashes shows as folders in the console.
        type: str
        required: true
      query_string:
        description:
          - The query in CloudWatch Logs Insights' language.
          - Required when O(state=present).
        type: str
      log_group_names:
        description: Log groups the query runs on by default. Order has no meaning.
        type: list
        elements: str
  state:
    description: Whether the listed queries shall exist.
    type: str
    choices: [present, absent]
    default: present
  name_prefix:
    description: Only queries whose name starts with this are looked at. Needed with O(purge=true).
    type: str
    default: ''
  purge:
    description: Whether to delete other queries whose name starts with O(name_prefix).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Save the queries that the team uses in an incident
  slipway.aws.cloudwatchlogs_query_definitions:
    queries:
      - name: uex-prod/errors
        query_string: |
          fields @timestamp, @message
          | filter @message like /ERROR/
          | sort @timestamp desc
          | limit 100
        log_group_names:
          - /ecs/uex-prod/uex-backend
"""

RETURN = r"""
queries:
  description: The saved queries by name, as CloudWatch Logs has them now.
  returned: success
  type: dict
  contains:
    query_definition_id:
      description: Identifier of the query, given by CloudWatch Logs.
      type: str
      sample: 1b2c3d4e-0000-4000-8000-1a2b3c4d5e6f
    query_string:
      description: The query.
      type: str
    log_group_names:
      description: Log groups the query runs on by default.
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
      description: Name of the query.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    aws_call,
    given,
    merged,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id


@aws_call("list the saved queries")
def _describe(client: Any, prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    arguments = given({"queryDefinitionNamePrefix": prefix or None, "maxResults": 1000})
    while True:
        page = client.describe_query_definitions(**arguments)
        found += page["queryDefinitions"]
        if not page.get("nextToken"):
            return found
        arguments["nextToken"] = page["nextToken"]


@aws_call("save the query {name}")
def _put(client: Any, name: str, state: State) -> str:
    arguments = given(
        {
            "name": name,
            "queryDefinitionId": state.get("query_definition_id"),
            "queryString": state["query_string"],
            "logGroupNames": state.get("log_group_names"),
        }
    )
    return client.put_query_definition(**arguments)["queryDefinitionId"]


@aws_call("delete the saved query {name}", missing=["ResourceNotFoundException"])
def _delete(client: Any, name: str, identifier: str) -> None:
    client.delete_query_definition(queryDefinitionId=identifier)


class QueryDefinition(Resource):
    kind = "saved query"
    unordered = frozenset({"log_group_names"})

    def __init__(self, client: Any, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    def describe(self) -> dict[str, State]:
        return {
            query["name"]: {
                "query_definition_id": query["queryDefinitionId"],
                "query_string": query["queryString"],
                "log_group_names": query.get("logGroupNames", []),
            }
            for query in _describe(self.client, self.prefix)
        }

    def create(self, name: str, wanted: State) -> State:
        return merged(wanted, {"query_definition_id": _put(self.client, name, wanted)})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        # PutQueryDefinition replaces the whole definition, so what the task leaves open is sent as it is.
        state = merged(current, changes)
        _put(self.client, name, state)
        return state

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, name, current["query_definition_id"])

    def planned(self, name: str, wanted: State) -> State:
        return merged(wanted, {"query_definition_id": planned_id("query_definition", name)})


def _wanted(queries: list[dict[str, Any]], state: str, prefix: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for query in queries:
        name = query["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"queries: the name {name} stands twice; each name may stand once.")
        if not name.startswith(prefix):
            raise AnsibleAWSError(message=f"queries: {name} does not start with name_prefix {prefix}.")
        if state == "present" and not query["query_string"]:
            raise AnsibleAWSError(message=f"queries: {name} has no query_string, which state=present requires.")
        fields = given({key: value for key, value in query.items() if key != "name"})
        wanted[name] = fields if state == "present" else None
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    outcome = reconcile(
        QueryDefinition(module.client("logs"), options["name_prefix"]),
        _wanted(options["queries"], options["state"], options["name_prefix"]),
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    names = {query["name"] for query in options["queries"]}
    return outcome.as_result(queries={name: state for name, state in outcome.items.items() if name in names})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "queries": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "query_string": {"type": "str"},
                    "log_group_names": {"type": "list", "elements": "str"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name_prefix": {"type": "str", "default": ""},
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["name_prefix"]:
        module.fail_json(
            msg="purge: name_prefix is empty, so every saved query of the account would be deleted; set it."
        )
    run(module, _run)


if __name__ == "__main__":
    main()

# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_flow_logs
version_added: 0.1.0
short_description: Manage flow logs of VPCs, subnets and network interfaces as one list
description:
  - Makes the flow logs what is listed, delivered to CloudWatch Logs or S3. One describe call, then only the calls that
    differ, in parallel.
  - AWS cannot change a flow log but for its tags. Where anything else differs, it is deleted and created again; records
    of the seconds between are lost.
  - No other module manages flow logs.
  - "IAM actions: C(ec2:DescribeFlowLogs), C(ec2:CreateFlowLogs), C(ec2:DeleteFlowLogs), C(ec2:CreateTags),
    C(ec2:DeleteTags), C(iam:PassRole) on the delivery role, and for S3 C(s3:GetBucketPolicy) and C(s3:PutBucketPolicy)
    on the bucket, C(logs:CreateLogDelivery) and C(logs:DeleteLogDelivery)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  flow_logs:
    description: The flow logs.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the flow log; becomes the tag C(Component), by which it is recognised.
        type: str
        required: true
      name:
        description: Becomes the tag C(Name).
        type: str
      resource_id:
        description:
          - The VPC, subnet or network interface whose traffic is recorded.
          - Required when O(state=present).
        type: str
      traffic_type:
        description: Which traffic is recorded.
        type: str
        choices: [ALL, ACCEPT, REJECT]
        default: ALL
      log_group_name:
        description: The log group in CloudWatch Logs to deliver to. Give this or O(flow_logs[].s3_arn).
        type: str
      iam_role_arn:
        description: The role that may write to the log group. Needed with O(flow_logs[].log_group_name).
        type: str
      s3_arn:
        description: ARN of the bucket to deliver to, or of a folder in it.
        type: str
      max_aggregation_interval:
        description: Seconds of traffic that one record sums up.
        type: int
        choices: [60, 600]
        default: 600
      log_format:
        description: Fields of a record. AWS's default when left out at the creation.
        type: str
      tags:
        description: Further tags of this flow log.
        type: dict
extends_documentation_fragment:
  - slipway.aws.network
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Record the VPC's traffic
  slipway.aws.ec2_flow_logs:
    owner_tags:
      Project: uex
      Environment: prod
    flow_logs:
      - component: vpc
        name: uex-prod-vpc
        resource_id: vpc-0123456789abcdef0
        log_group_name: /vpc/uex-prod/flow-logs
        iam_role_arn: arn:aws:iam::123456789012:role/uex-prod-vpc-flow-logs

- name: Record what is refused, in a bucket
  slipway.aws.ec2_flow_logs:
    owner_tags:
      Project: uex
      Environment: prod
    flow_logs:
      - component: rejected
        resource_id: vpc-0123456789abcdef0
        traffic_type: REJECT
        s3_arn: arn:aws:s3:::uex-prod-logs/flow/
"""

RETURN = r"""
flow_logs:
  description: The listed flow logs by component.
  returned: success
  type: dict
  contains:
    flow_log_id:
      description: Identifier of the flow log. In check mode a placeholder for one that would be created.
      type: str
      sample: fl-0123456789abcdef0
    resource_id:
      description: The VPC, subnet or network interface whose traffic is recorded.
      type: str
    traffic_type:
      description: Which traffic is recorded.
      type: str
    log_group_name:
      description: The log group delivered to.
      type: str
    iam_role_arn:
      description: The role that writes to the log group.
      type: str
    s3_arn:
      description: The bucket delivered to.
      type: str
    max_aggregation_interval:
      description: Seconds of traffic that one record sums up.
      type: int
    log_format:
      description: Fields of a record.
      type: str
    delivery_status:
      description: Whether the last delivery worked, V(SUCCESS) or V(FAILED).
      type: str
    delivery_error:
      description: Why it did not work.
      type: str
    tags:
      description: Tags of the flow log.
      type: dict
flow_log_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"vpc": "fl-0123456789abcdef0"}
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
      description: What it is done to.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
surplus:
  description: What carries O(owner_tags), exists and is not listed; O(purge=true) removes it.
  returned: success
  type: list
  elements: str
"""

import time
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    aws_call,
    given,
    merged,
    reconcile,
    run,
    tag_filters,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    apply_tags,
    common_spec,
    describe_all,
    listed,
    once_consistent,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id

RESOURCE_TYPES = {"vpc-": "VPC", "subnet-": "Subnet", "eni-": "NetworkInterface"}

# IAM tells its other servers of a new role within some seconds; until then nobody may assume it.
ROLE_TRIES = 12
ROLE_PAUSE = 5


@aws_call("create the flow log {name}")
@once_consistent
def _create(client: Any, name: str, arguments: State) -> State:
    return client.create_flow_logs(**arguments)


@aws_call("delete the flow log {name} ({flow_log_id})", missing=["InvalidFlowLogId.NotFound"], default=[])
def _delete(client: Any, name: str, flow_log_id: str) -> list[State]:
    return client.delete_flow_logs(FlowLogIds=[flow_log_id]).get("Unsuccessful") or []


class FlowLog(NetworkResource):
    kind = "flow log"
    identifier = "flow_log_id"

    def describe(self) -> dict[str, State]:
        filters = [*tag_filters(self.scope.owner_tags), {"Name": "tag-key", "Values": ["Component"]}]
        # This operation alone spells its argument so.
        found = describe_all(self.client, "describe_flow_logs", "FlowLogs", "flow logs", Filter=filters)
        return self.by_component((flow_log, self._state(flow_log)) for flow_log in found)

    @staticmethod
    def _state(flow_log: State) -> State:
        to_s3 = flow_log.get("LogDestinationType") == "s3"
        return {
            "flow_log_id": flow_log["FlowLogId"],
            "resource_id": flow_log["ResourceId"],
            "traffic_type": flow_log["TrafficType"],
            "log_group_name": flow_log.get("LogGroupName", ""),
            "iam_role_arn": flow_log.get("DeliverLogsPermissionArn", ""),
            "s3_arn": flow_log.get("LogDestination", "") if to_s3 else "",
            "max_aggregation_interval": flow_log.get("MaxAggregationInterval", 600),
            "log_format": flow_log.get("LogFormat", ""),
            "delivery_status": flow_log.get("DeliverLogsStatus", ""),
            "delivery_error": flow_log.get("DeliverLogsErrorMessage", ""),
        }

    def create(self, name: str, wanted: State) -> State:
        resource_id = wanted["resource_id"]
        destination = (
            {"LogDestinationType": "s3", "LogDestination": wanted["s3_arn"]}
            if wanted.get("s3_arn")
            else {
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": wanted["log_group_name"],
                "DeliverLogsPermissionArn": wanted["iam_role_arn"],
            }
        )
        arguments = given(
            {
                "ResourceIds": [resource_id],
                "ResourceType": resource_type(resource_id),
                "TrafficType": wanted["traffic_type"],
                "MaxAggregationInterval": wanted["max_aggregation_interval"],
                "LogFormat": wanted.get("log_format"),
                "TagSpecifications": tag_specification("vpc-flow-log", wanted["tags"]),
                **destination,
            }
        )
        return merged(wanted, {"flow_log_id": self._create(name, arguments)})

    def _create(self, name: str, arguments: State) -> str:
        for attempt in range(1, ROLE_TRIES + 1):
            try:
                answer = _create(self.client, name, arguments)
            except AnsibleAWSError as error:
                if "assume" not in str(error.exception) or attempt == ROLE_TRIES:
                    raise
                time.sleep(ROLE_PAUSE)
                continue
            # A refusal may come as part of a successful answer.
            for failure in answer.get("Unsuccessful") or []:
                raise AnsibleAWSError(message=f"Failed to create the flow log {name}: {failure['Error']['Message']}")
            return answer["FlowLogIds"][0]
        raise AssertionError("unreachable")

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if changes.keys() == {"tags"}:
            apply_tags(self.client, current["flow_log_id"], current["tags"], changes["tags"])
            return merged(current, changes)
        state = merged(current, changes)
        self.delete(name, current)
        return merged(state, self.create(name, state))

    def delete(self, name: str, current: State) -> None:
        for failure in _delete(self.client, name, current["flow_log_id"]):
            raise AnsibleAWSError(message=f"Failed to delete the flow log {name}: {failure['Error']['Message']}")

    def planned(self, name: str, wanted: State) -> State:
        return merged(wanted, {"flow_log_id": planned_id("flow_log", wanted["tags"].get("Name") or name)})


def resource_type(resource_id: str) -> str:
    """What EC2 calls the kind of resource that an identifier names."""
    for prefix, kind in RESOURCE_TYPES.items():
        if resource_id.startswith(prefix):
            return kind
    raise AnsibleAWSError(
        message=f"flow_logs: {resource_id!r} is neither a VPC nor a subnet nor a network interface; "
        f"allowed: identifiers that begin with {', '.join(RESOURCE_TYPES)}."
    )


def _wanted(options: dict[str, Any], scope: Scope) -> dict[str, State | None]:
    wanted = wanted_items(options["flow_logs"], options["state"], scope, option="flow_logs", required=["resource_id"])
    for name, state in wanted.items():
        if state is None:
            continue
        resource_type(state["resource_id"])
        if bool(state.get("log_group_name")) == bool(state.get("s3_arn")):
            raise AnsibleAWSError(message=f"flow_logs: {name!r} needs one of log_group_name and s3_arn.")
        if state.get("log_group_name") and not state.get("iam_role_arn"):
            raise AnsibleAWSError(message=f"flow_logs: {name!r} has a log_group_name and so needs iam_role_arn.")
        # Where the one destination is stated, the other is none.
        state |= {field: "" for field in ("log_group_name", "iam_role_arn", "s3_arn") if field not in state}
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    scope = Scope(options)
    wanted = _wanted(options, scope)
    outcome = reconcile(
        FlowLog(module.client("ec2"), scope), wanted, check_mode=module.check_mode, purge=options["purge"]
    )
    states = listed(outcome, wanted)
    return outcome.as_result(
        flow_logs=states,
        flow_log_ids={name: state["flow_log_id"] for name, state in states.items()},
        surplus=surplus(outcome, wanted),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            flow_logs={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "resource_id": {"type": "str"},
                    "traffic_type": {"type": "str", "choices": ["ALL", "ACCEPT", "REJECT"], "default": "ALL"},
                    "log_group_name": {"type": "str"},
                    "iam_role_arn": {"type": "str"},
                    "s3_arn": {"type": "str"},
                    "max_aggregation_interval": {"type": "int", "choices": [60, 600], "default": 600},
                    "log_format": {"type": "str"},
                    "tags": {"type": "dict"},
                },
            },
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

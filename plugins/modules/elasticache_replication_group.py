# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_replication_group
version_added: 0.1.0
short_description: Manage an ElastiCache replication group (Redis or Valkey)
description:
  - Makes a replication group exist as stated. Only fields that differ are changed.
  - The AUTH token is read by this module itself, from the secret that O(auth_token_secret) names, when the group is
    created. It never passes through Ansible. A token is changed by rotation, not by this module.
  - ElastiCache takes one change at a time. With O(wait=true) the changes are made one after the other; with
    O(wait=false) the first is started, and the others are named in RV(deferred).
  - A group on which ElastiCache is working is compared once it is done.
  - "IAM actions: C(elasticache:DescribeReplicationGroups), C(elasticache:DescribeCacheClusters),
    C(elasticache:CreateReplicationGroup), C(elasticache:ModifyReplicationGroup), C(elasticache:IncreaseReplicaCount),
    C(elasticache:DecreaseReplicaCount), C(elasticache:ModifyReplicationGroupShardConfiguration),
    C(elasticache:DeleteReplicationGroup), C(elasticache:CreateSnapshot), C(elasticache:ListTagsForResource),
    C(elasticache:AddTagsToResource), C(elasticache:RemoveTagsFromResource), C(secretsmanager:GetSecretValue) for the
    token, C(kms:CreateGrant) and C(kms:DescribeKey) with a KMS key; with log delivery what the destination needs."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Identifier of the group, in lower case, up to 40 characters.
    type: str
    required: true
  description:
    description: What the group is for. Required to create it.
    type: str
  node_type:
    description: Type of the nodes, such as V(cache.t3.micro). Required to create the group.
    type: str
  engine:
    description: The engine. A change from V(redis) to V(valkey) needs O(engine_version) as well.
    type: str
    choices: [redis, valkey]
  engine_version:
    description:
      - The version. V(7) is satisfied by every 7.x; a new group needs at least V(7.1) or V(7.x).
      - Where ElastiCache upgrades minor versions by itself, a newer minor version than stated is left alone.
    type: str
  replicas_per_shard:
    description: Number of replicas besides each primary, 0 to 5. Changed at once, whatever O(apply_immediately) says.
    type: int
  num_shards:
    description: Number of shards. More than one needs O(cluster_mode=enabled). Changed at once.
    type: int
  cluster_mode:
    description: Whether data is spread over shards; V(compatible) is the step between, for clients of both kinds.
    type: str
    choices: [enabled, compatible, disabled]
  automatic_failover:
    description: Whether a replica takes over when the primary fails.
    type: bool
  multi_az:
    description: Whether replicas stand in other zones than their primary.
    type: bool
  port:
    description: The port. Cannot be changed later.
    type: int
  subnet_group:
    description: The cache subnet group. Cannot be changed later.
    type: str
  parameter_group:
    description: The cache parameter group.
    type: str
  security_group_ids:
    description: The VPC security groups. Order has no meaning.
    type: list
    elements: str
  at_rest_encryption:
    description: Whether data is encrypted on disk. Cannot be changed later.
    type: bool
  kms_key_id:
    description: The KMS key for it, best as ARN. Cannot be changed later.
    type: str
  transit_encryption:
    description: Whether clients talk TLS.
    type: bool
  transit_encryption_mode:
    description: Whether clients may talk without TLS too, which is the step between when TLS is switched on later.
    type: str
    choices: [preferred, required]
  auth_token_secret:
    description: The secret whose current version is the AUTH token of a new group.
    type: dict
    suboptions:
      secret_id:
        description: ARN or name of the secret.
        type: str
        required: true
      field:
        description: Key of the token, when the secret is a JSON object.
        type: str
  snapshot_retention:
    description: Days that automatic snapshots are kept. V(0) switches them off.
    type: int
  snapshot_window:
    description: Daily window in UTC, as C(hh:mm-hh:mm).
    type: str
  maintenance_window:
    description: Weekly window in UTC, as C(ddd:hh:mm-ddd:hh:mm).
    type: str
  notification_topic_arn:
    description: The SNS topic that hears of events.
    type: str
  auto_minor_version_upgrade:
    description: Whether ElastiCache upgrades to new minor versions in the maintenance window.
    type: bool
  log_delivery:
    description: Where logs go. An empty list ends all delivery.
    type: list
    elements: dict
    suboptions:
      log_type:
        description: Kind of log.
        type: str
        choices: [slow-log, engine-log]
        required: true
      destination:
        description: The log group, or the delivery stream.
        type: str
        required: true
      destination_type:
        description: Kind of destination.
        type: str
        choices: [cloudwatch-logs, kinesis-firehose]
        default: cloudwatch-logs
      format:
        description: How lines are written.
        type: str
        choices: [json, text]
        default: json
  snapshot_name:
    description: The snapshot that a new group is filled from.
    type: str
  tags:
    description: The tags.
    type: dict
  purge_tags:
    description: Whether tags that the task does not state are removed.
    type: bool
    default: true
  apply_immediately:
    description: Whether changes that interrupt service are made at once, and not in the maintenance window.
    type: bool
    default: false
  wait:
    description: Whether to wait until the group is available, or gone.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait, in all.
    type: int
    default: 3600
  final_snapshot:
    description:
      - With O(state=absent), whether a last snapshot is made. Its name is the group's, C(-final-) and the time in UTC;
        RV(final_snapshot) has it.
      - Node types without snapshots (t1) and groups whose creation failed are deleted without; a warning says so.
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
- name: Start the cache, and go on with other things
  slipway.aws.elasticache_replication_group:
    name: uex-prod-redis
    description: Sessions and locks of uex-prod
    engine: redis
    engine_version: '7.1'
    node_type: cache.r5.large
    replicas_per_shard: 2
    automatic_failover: true
    multi_az: true
    subnet_group: uex-prod-redis
    parameter_group: uex-prod-redis
    security_group_ids: [sg-0123456789abcdef0]
    at_rest_encryption: true
    transit_encryption: true
    auth_token_secret:
      secret_id: uex-prod/redis
    snapshot_retention: 7
    wait: false

- name: Remove it, but keep a snapshot
  slipway.aws.elasticache_replication_group:
    name: uex-prod-redis
    state: absent
"""

RETURN = r"""
replication_group:
  description: The group, in the words of the options. What is pending counts as done.
  returned: when O(state=present)
  type: dict
  contains:
    name:
      description: Identifier of the group.
      type: str
    arn:
      description: ARN of the group; in check mode a placeholder for one that does not exist yet.
      type: str
    status:
      description: Status in ElastiCache's words; V(planned) in check mode for a group that does not exist yet.
      type: str
    primary_endpoint:
      description: Host name for writing; empty in cluster mode.
      type: str
    reader_endpoint:
      description: Host name for reading; empty in cluster mode.
      type: str
    configuration_endpoint:
      description: Host name in cluster mode; else empty.
      type: str
    port:
      description: The port.
      type: int
    member_ids:
      description: The member clusters.
      type: list
      elements: str
    auth_token:
      description: Whether clients need a token.
      type: bool
    pending:
      description: What ElastiCache has not applied yet, in its own words.
      type: list
      elements: str
deferred:
  description: Fields whose change waits until ElastiCache is done with something else. Empty with O(wait=true).
  returned: success
  type: list
  elements: str
final_snapshot:
  description: Name of the last snapshot; empty when there is none.
  returned: when O(state=absent)
  type: str
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
      description: Identifier of the group.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

import time
from datetime import UTC, datetime
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Resource,
    SlipwayModule,
    State,
    from_tag_list,
    given,
    merged,
    reconcile,
    run,
    tag_changes,
    to_tag_list,
    wait_until,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.elasticache import api, replication_groups
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn, planned_id
from ansible_collections.slipway.aws.plugins.module_utils.secretsmanager import read_field

# Seconds after which a change that does not show is taken to be one that never will.
_UNTIL_VISIBLE = 60


class ReplicationGroup(Resource):
    kind = "replication group"
    immutable = replication_groups.IMMUTABLE

    def __init__(self, module: SlipwayModule) -> None:
        self.module = module
        self.client = module.client("elasticache")
        self.name: str = module.params["name"]
        self.deadline = time.monotonic() + module.params["wait_timeout"]
        self.deferred: list[str] = []
        self.snapshot = ""

    def look(self) -> State | None:
        """The group without its tags, or None when there is none."""
        group = api.replication_group(self.client, self.name)
        if group is None:
            return None
        members = group.get("MemberClusters") or []
        return replication_groups.from_group(group, api.cache_cluster(self.client, members[0]) if members else None)

    def describe(self) -> dict[str, State]:
        state = self.look()
        if state is None:
            return {}
        if state["status"] == "deleting":
            if self.module.params["state"] == "present":
                raise AnsibleAWSError(
                    message=f"The replication group {self.name} is being deleted. Run again when it is gone."
                )
            return {}
        if self.module.params["state"] == "present" and not self._at_rest(state) and self._may_wait():
            state = self.wait_until_at_rest() or state
        if state["status"] in replication_groups.GONE_WRONG and self.module.params["state"] == "present":
            raise self._gone_wrong(state)
        if self.module.params["state"] == "absent":
            self.snapshot = final_snapshot(self.module, state)
        state["tags"] = from_tag_list(api.tags_of(self.client, state["arn"]))
        return {self.name: state}

    def _may_wait(self) -> bool:
        return self.module.params["wait"] and not self.module.check_mode

    @staticmethod
    def _at_rest(state: State) -> bool:
        return state["status"] == "available" or state["status"] in replication_groups.GONE_WRONG

    def wait_until_at_rest(self, change: State | None = None) -> State | None:
        """Until ElastiCache is done, and with C(change) until it shows."""
        patience = time.monotonic() + _UNTIL_VISIBLE

        def done(seen: State | None) -> bool:
            if seen is None or not self._at_rest(seen):
                return seen is None
            # Right after a call the group still says `available`.
            return not change or not replication_groups.changes(seen, change) or time.monotonic() > patience

        return wait_until(
            self.look,
            done,
            timeout=max(0.0, self.deadline - time.monotonic()),
            waiting_for=lambda seen: f"{self.name} is {seen['status'] if seen else 'not visible yet'}",
        )

    def differences(self, name: str, current: State, wanted: State) -> State:
        if not self._at_rest(current):
            # ElastiCache describes what is not true yet, and takes no changes.
            self.deferred = sorted(replication_groups.changes(current, wanted))
            return {}
        found = replication_groups.changes(current, wanted)
        target = wanted_tags(current["tags"], wanted.get("tags"), purge=self.module.params["purge_tags"])
        if target is not None and target != current["tags"]:
            found["tags"] = target
        return found

    def planned(self, name: str, wanted: State) -> State:
        endpoint = planned_id("endpoint", name)
        clustered = wanted.get("cluster_mode") == "enabled"
        shards = wanted.get("num_shards") or 1
        members = shards * (1 + (wanted.get("replicas_per_shard") or 0))
        return merged(
            replication_groups.from_group({}, None),
            {
                "port": 6379,
                "auth_token": bool(self.module.params["auth_token_secret"]),
                **wanted,
                "arn": planned_arn("elasticache", f"replicationgroup:{name}"),
                "status": "planned",
                "primary_endpoint": "" if clustered else endpoint,
                "reader_endpoint": "" if clustered else endpoint,
                "configuration_endpoint": endpoint if clustered else "",
                "member_ids": [planned_id("cache_cluster", f"{name}-{number:03}") for number in range(1, members + 1)],
            },
        )

    def create(self, name: str, wanted: State) -> State:
        arguments = replication_groups.create_arguments(wanted, to_tag_list(wanted.get("tags") or {}))
        # Both numbers are given, because ElastiCache counts members otherwise.
        arguments.setdefault("NumNodeGroups", 1)
        arguments.setdefault("ReplicasPerNodeGroup", 0)
        secret = self.module.params["auth_token_secret"]
        if secret:
            client = self.module.client("secretsmanager")
            arguments["AuthToken"] = read_field(client, secret["secret_id"], secret["field"])
        created = api.create_replication_group(self.client, name, arguments)
        if self._may_wait():
            return merged(self._settled(), {"tags": wanted.get("tags") or {}})
        return merged(replication_groups.from_group(created, None), {"tags": wanted.get("tags") or {}})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        portions = replication_groups.steps(changes)
        for number, portion in enumerate(portions):
            if number and not self._may_wait():
                self.deferred = sorted(key for later in portions[number:] for key in later)
                break
            self._change(current, portion)
            if self._may_wait():
                self._settled(portion)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                api.untag(self.client, current["arn"], to_remove)
            if to_set:
                api.tag(self.client, current["arn"], to_tag_list(to_set))
        seen = self.look() if self._may_wait() and portions else None
        return merged(seen or current, {key: value for key, value in changes.items() if key not in self.deferred})

    def _change(self, current: State, portion: State) -> None:
        if "replicas_per_shard" in portion:
            count = portion["replicas_per_shard"]
            api.set_replica_count(self.client, self.name, current["replicas_per_shard"], count)
        elif "num_shards" in portion:
            # The last shards go: their slots move to the ones before.
            to_remove = current["shard_ids"][portion["num_shards"] :]
            api.set_shard_count(self.client, self.name, portion["num_shards"], to_remove)
        else:
            immediately = self.module.params["apply_immediately"]
            arguments = replication_groups.modify_arguments(current, portion, immediately=immediately)
            api.modify_replication_group(self.client, self.name, arguments)

    def _settled(self, change: State | None = None) -> State:
        state = self.wait_until_at_rest(change)
        if state is None:
            raise AnsibleAWSError(message=f"The replication group {self.name} vanished while it was being made.")
        if state["status"] in replication_groups.GONE_WRONG:
            raise self._gone_wrong(state)
        return state

    def _gone_wrong(self, state: State) -> AnsibleAWSError:
        return AnsibleAWSError(
            message=f"The replication group {self.name} is {state['status']}. ElastiCache tells the reason among its "
            "events (aws elasticache describe-events). Delete the group and run again."
        )

    def delete(self, name: str, current: State) -> None:
        # ElastiCache deletes only what it is done with.
        if not self._at_rest(current) and self.wait_until_at_rest() is None:
            return
        arguments: dict[str, Any] = {"RetainPrimaryCluster": False}
        if self.snapshot:
            arguments["FinalSnapshotIdentifier"] = self.snapshot
        api.delete_replication_group(self.client, name, arguments)


def final_snapshot(module: SlipwayModule, state: State) -> str:
    """Name of the last snapshot, or empty where there shall or can be none."""
    if not module.params["final_snapshot"]:
        return ""
    if state["status"] in replication_groups.GONE_WRONG or state["node_type"].startswith("cache.t1."):
        module.warn(f"{module.params['name']} ({state['status']}, {state['node_type']}) cannot have a final snapshot.")
        return ""
    return f"{module.params['name']}-final-{datetime.now(UTC):%Y%m%d%H%M%S}"


_NOT_FIELDS = frozenset({"name", "auth_token_secret", "tags", "log_delivery"})


def _wanted(options: dict[str, Any]) -> State:
    """What the task states. An empty string states nothing, so that a role can pass what it was not given."""
    fields = {
        key: value
        for key, value in given({key: options[key] for key in replication_groups.ARGUMENTS}).items()
        if key not in _NOT_FIELDS and value != ""
    }
    if options["log_delivery"] is not None:
        fields["log_delivery"] = sorted(options["log_delivery"], key=lambda entry: entry["log_type"])
    if options["tags"] is not None:
        fields["tags"] = {key: str(value) for key, value in options["tags"].items()}
    return fields


def _remove(module: SlipwayModule, resource: ReplicationGroup) -> dict[str, Any]:
    name = resource.name
    outcome = reconcile(resource, {name: None}, check_mode=module.check_mode)
    if module.params["wait"] and not module.check_mode:
        wait_until(
            resource.look,
            lambda seen: seen is None,
            timeout=max(0.0, resource.deadline - time.monotonic()),
            waiting_for=lambda seen: f"{name} is {seen['status'] if seen else 'gone'}",
        )
    return outcome.as_result(final_snapshot=resource.snapshot, deferred=[])


def _run(module: SlipwayModule) -> dict[str, Any]:
    resource = ReplicationGroup(module)
    if module.params["state"] == "absent":
        return _remove(module, resource)
    replication_groups.check(resource.name, module.params)
    outcome = reconcile(resource, {resource.name: _wanted(module.params)}, check_mode=module.check_mode)
    state = outcome.items[resource.name]
    return outcome.as_result(
        replication_group={"name": resource.name, **{key: value for key, value in state.items() if value is not None}},
        deferred=resource.deferred,
    )


def main() -> None:
    text, number, flag = {"type": "str"}, {"type": "int"}, {"type": "bool"}
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "description": text,
            "node_type": text,
            "engine": {"type": "str", "choices": ["redis", "valkey"]},
            "engine_version": text,
            "replicas_per_shard": number,
            "num_shards": number,
            "cluster_mode": {"type": "str", "choices": ["enabled", "compatible", "disabled"]},
            "automatic_failover": flag,
            "multi_az": flag,
            "port": number,
            "subnet_group": text,
            "parameter_group": text,
            "security_group_ids": {"type": "list", "elements": "str"},
            "at_rest_encryption": flag,
            "kms_key_id": text,
            "transit_encryption": flag,
            "transit_encryption_mode": {"type": "str", "choices": ["preferred", "required"]},
            "auth_token_secret": {
                "type": "dict",
                # It names the secret; the token itself is no option of this module.
                "no_log": False,
                "options": {"secret_id": {"type": "str", "required": True, "no_log": False}, "field": text},
            },
            "snapshot_retention": number,
            "snapshot_window": text,
            "maintenance_window": text,
            "notification_topic_arn": text,
            "auto_minor_version_upgrade": flag,
            "log_delivery": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "log_type": {"type": "str", "choices": ["slow-log", "engine-log"], "required": True},
                    "destination": {"type": "str", "required": True},
                    "destination_type": {
                        "type": "str",
                        "choices": ["cloudwatch-logs", "kinesis-firehose"],
                        "default": "cloudwatch-logs",
                    },
                    "format": {"type": "str", "choices": ["json", "text"], "default": "json"},
                },
            },
            "snapshot_name": text,
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "apply_immediately": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 3600},
            "final_snapshot": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

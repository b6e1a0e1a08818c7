# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instances
version_added: 0.1.0
short_description: Manage RDS DB instances and their read replicas
description:
  - Makes a list of DB instances, primaries and read replicas, exist as stated. One describe call for all of them, then
    only the calls that differ, and in them only the fields that differ.
  - The master password is read by this module itself, from the secret that O(instances[].master_password_secret) names,
    when the instance is created. It never passes through Ansible.
  - With O(wait=false) whatever takes minutes is started and not waited for. What cannot be started yet, such as a
    replica of an instance that is being created, is named in RV(deferred); run again with O(wait=true) where it is
    needed. Check mode tells the same, what would be started with O(wait=false), and everything with O(wait=true).
  - An instance on which RDS is working is compared once RDS is done, because until then it describes what is not true
    yet, and takes no changes.
  - "IAM actions: C(rds:DescribeDBInstances), C(rds:CreateDBInstance), C(rds:CreateDBInstanceReadReplica),
    C(rds:ModifyDBInstance), C(rds:DeleteDBInstance), C(rds:CreateDBSnapshot), C(rds:AddTagsToResource),
    C(rds:RemoveTagsFromResource), C(iam:PassRole) for the monitoring role, C(secretsmanager:GetSecretValue) for the
    password, C(kms:CreateGrant) and C(kms:DescribeKey) with a KMS key."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  instances:
    description: The DB instances.
    type: list
    elements: dict
    required: true
    suboptions:
      identifier:
        description: Identifier of the instance, in lower case.
        type: str
        required: true
      source:
        description: Identifier of the instance that this one replicates. It is created once the source is available.
        type: str
      engine:
        description: The database engine, such as V(postgres). Required to create a primary.
        type: str
      engine_version:
        description:
          - The version. V(16) is satisfied by every 16.x.
          - Where RDS upgrades minor versions by itself, a newer minor version than stated is left alone.
        type: str
      instance_class:
        description: The class, such as V(db.t3.medium). Required to create a primary.
        type: str
      allocated_storage:
        description: Size in GiB. With O(instances[].max_allocated_storage) the size that it starts with.
        type: int
      max_allocated_storage:
        description: Up to which size in GiB RDS lets the storage grow by itself. V(0) switches that off.
        type: int
      storage_type:
        description: The kind of storage.
        type: str
        choices: [gp2, gp3, io1, io2, standard]
      iops:
        description: Provisioned input and output operations a second.
        type: int
      storage_throughput:
        description: Provisioned MiB a second, for V(gp3).
        type: int
      storage_encrypted:
        description: Whether the storage is encrypted. Cannot be changed later.
        type: bool
      kms_key_id:
        description: The KMS key of the storage, best as ARN. Cannot be changed later.
        type: str
      db_name:
        description: Name of the first database. Cannot be changed later.
        type: str
      master_username:
        description: Name of the master user. Cannot be changed later.
        type: str
      master_password_secret:
        description: The secret whose current version is the master password of a new instance.
        type: dict
        suboptions:
          secret_id:
            description: ARN or name of the secret.
            type: str
            required: true
          field:
            description: Key of the password, when the secret is a JSON object.
            type: str
      manage_master_user_password:
        description: Whether RDS keeps and rotates the master password in a secret of its own.
        type: bool
      port:
        description: The port.
        type: int
      subnet_group:
        description: The DB subnet group. Cannot be changed later.
        type: str
      security_group_ids:
        description: The VPC security groups. Order has no meaning.
        type: list
        elements: str
      parameter_group:
        description: The DB parameter group.
        type: str
      option_group:
        description: The option group.
        type: str
      availability_zone:
        description: The zone. Cannot be changed later.
        type: str
      multi_az:
        description: Whether there is a standby in another zone.
        type: bool
      publicly_accessible:
        description: Whether the instance gets a public address.
        type: bool
      backup_retention_period:
        description: Days that automated backups and point-in-time recovery reach back. V(0) switches them off.
        type: int
      backup_window:
        description: Daily window in UTC, as C(hh:mm-hh:mm).
        type: str
      maintenance_window:
        description: Weekly window in UTC, as C(ddd:hh:mm-ddd:hh:mm).
        type: str
      auto_minor_version_upgrade:
        description: Whether RDS upgrades to new minor versions in the maintenance window.
        type: bool
      copy_tags_to_snapshot:
        description: Whether snapshots get the instance's tags.
        type: bool
      iam_authentication:
        description: Whether IAM principals can log in.
        type: bool
      ca_certificate:
        description: The certificate authority, such as V(rds-ca-rsa2048-g1).
        type: str
      deletion_protection:
        description: Whether RDS refuses to delete the instance.
        type: bool
      log_exports:
        description: The logs that go to CloudWatch Logs, such as V(postgresql). Others are switched off.
        type: list
        elements: str
      monitoring_interval:
        description: Seconds between two points of enhanced monitoring. V(0) switches it off.
        type: int
        choices: [0, 1, 5, 10, 15, 30, 60]
      monitoring_role_arn:
        description: The role with which RDS writes enhanced monitoring.
        type: str
      performance_insights:
        description: Whether Performance Insights is on.
        type: bool
      performance_insights_kms_key_id:
        description: The KMS key of Performance Insights. Can only be set together with switching it on.
        type: str
      performance_insights_retention:
        description: Days that Performance Insights keeps.
        type: int
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
  allow_major_version_upgrade:
    description: Whether a new major version in O(instances[].engine_version) may be installed.
    type: bool
    default: false
  wait:
    description: Whether to wait until all instances are available, or gone.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait, in all.
    type: int
    default: 5400
  final_snapshot:
    description:
      - With O(state=absent), whether a last snapshot of each primary is made. Its name is the identifier, C(-final-)
        and the time in UTC; RV(final_snapshots) has it.
      - An instance that failed cannot be snapshotted any more; it is deleted without, and a warning says so.
    type: bool
    default: true
  delete_automated_backups:
    description: With O(state=absent), whether the automated backups go at once.
    type: bool
    default: true
  remove_deletion_protection:
    description: With O(state=absent), whether an instance with deletion protection is unprotected and deleted.
    type: bool
    default: false
  state:
    description: Whether the instances shall exist. Replicas are deleted before their sources.
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
- name: Start the database, and go on with other things
  slipway.aws.rds_instances:
    instances:
      - identifier: uex-prod-postgres
        engine: postgres
        engine_version: '16'
        instance_class: db.r5.xlarge
        allocated_storage: 200
        max_allocated_storage: 1000
        storage_type: gp3
        storage_encrypted: true
        kms_key_id: arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-1a2b3c4d5e6f
        db_name: uex
        master_username: uex
        master_password_secret:
          secret_id: uex-prod/database
          field: password
        subnet_group: uex-prod-postgres
        security_group_ids: [sg-0123456789abcdef0]
        multi_az: true
        backup_retention_period: 30
        deletion_protection: true
        log_exports: [postgresql, upgrade]
        performance_insights: true
      - identifier: uex-prod-postgres-replica-1
        source: uex-prod-postgres
        instance_class: db.r5.xlarge
    wait: false

- name: Remove the database, but keep a snapshot
  slipway.aws.rds_instances:
    instances:
      - identifier: uex-dev-postgres
    state: absent
"""

RETURN = r"""
instances:
  description: The instances by identifier, in the words of the options. What is pending counts as done.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the instance; in check mode a placeholder for one that does not exist yet.
      type: str
    resource_id:
      description: Identifier that never changes, also when the instance is renamed.
      type: str
    status:
      description: Status in RDS's words, such as V(available); in check mode V(planned) for one that does not exist.
      type: str
    endpoint:
      description: Host name; empty until RDS gives one.
      type: str
    port:
      description: The port.
      type: int
    source:
      description: What the instance replicates; empty for a primary.
      type: str
    replicas:
      description: Identifiers of its read replicas.
      type: list
      elements: str
    pending:
      description: Fields whose change waits for the maintenance window.
      type: list
      elements: str
    parameter_group_status:
      description: V(in-sync), or V(pending-reboot) when parameters wait for a restart.
      type: str
    master_user_secret_arn:
      description: The secret in which RDS keeps the master password, where it does.
      type: str
deferred:
  description: Instances of which something has to wait until RDS is done with something else. Empty with O(wait=true).
  returned: success
  type: list
  elements: str
final_snapshots:
  description: Names of the last snapshots, by identifier.
  returned: when O(state=absent)
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
      description: Identifier of the instance.
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
    given,
    in_parallel,
    merged,
    reconcile,
    run,
    tag_changes,
    to_tag_list,
    wait_until,
    wanted_tags,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn, planned_id
from ansible_collections.slipway.aws.plugins.module_utils.rds import api, instances
from ansible_collections.slipway.aws.plugins.module_utils.secretsmanager import read_field


class Instance(Resource):
    kind = "DB instance"
    immutable = instances.IMMUTABLE

    def __init__(self, module: SlipwayModule, options: dict[str, dict[str, Any]]) -> None:
        self.module = module
        self.client = module.client("rds")
        self.options = options
        self.current: dict[str, State] = {}

    def look(self) -> dict[str, State]:
        """The instances that the task names, and the sources of its replicas."""
        names = {*self.options, *(options["source"] for options in self.options.values() if options["source"])}
        found = api.instances(self.client, names)
        self.current = {name: instances.from_instance(instance) for name, instance in found.items()}
        return self.current

    def describe(self) -> dict[str, State]:
        return {name: state for name, state in self.current.items() if name in self.options}

    def differences(self, name: str, current: State, wanted: State) -> State:
        found = instances.changes(current, wanted)
        target = wanted_tags(current["tags"], wanted.get("tags"), purge=self.module.params["purge_tags"])
        if target is not None and target != current["tags"]:
            found["tags"] = target
        return found

    def planned(self, name: str, wanted: State) -> State:
        return merged(
            instances.from_instance({}),
            {
                **wanted,
                "arn": planned_arn("rds", f"db:{name}"),
                "resource_id": planned_id("db_resource", name),
                "endpoint": planned_id("endpoint", name),
                "status": "planned",
            },
        )

    def create(self, name: str, wanted: State) -> State:
        tags = to_tag_list(wanted.get("tags") or {})
        if wanted.get("source"):
            created = api.create_replica(self.client, name, instances.replica_arguments(name, wanted, tags))
        else:
            arguments = instances.create_arguments(name, wanted, tags)
            if not wanted.get("manage_master_user_password"):
                arguments["MasterUserPassword"] = self._password(name)
            created = api.create_instance(self.client, name, arguments)
        return instances.from_instance(created)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        fields = {key: value for key, value in changes.items() if key != "tags"}
        if fields:
            arguments = instances.modify_arguments(
                name,
                current,
                fields,
                immediately=self.module.params["apply_immediately"],
                major_upgrade=self.module.params["allow_major_version_upgrade"],
            )
            if fields.get("manage_master_user_password") is False:
                arguments["MasterUserPassword"] = self._password(name)
            api.modify_instance(self.client, name, arguments)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                api.untag(self.client, current["arn"], to_remove)
            if to_set:
                api.tag(self.client, current["arn"], to_tag_list(to_set))
        return merged(current, changes)

    def _password(self, name: str) -> str:
        secret = self.options[name]["master_password_secret"]
        if not secret:
            raise AnsibleAWSError(
                message=f"instances: {name} needs a master password: give master_password_secret, "
                "or manage_master_user_password to let RDS keep it."
            )
        return read_field(self.module.client("secretsmanager"), secret["secret_id"], secret["field"])


class Stages:
    """Makes the instances in as many stages as RDS needs: a replica after its source, a change after what goes on."""

    def __init__(self, module: SlipwayModule, resource: Instance, wanted: dict[str, State]) -> None:
        self.module = module
        self.resource = resource
        self.wanted = wanted
        self.deadline = time.monotonic() + module.params["wait_timeout"]
        self.settled: set[str] = set()
        self.modified: set[str] = set()
        self.result: dict[str, Any] = {"changed": False, "actions": [], "diff": {"before": {}, "after": {}}}

    def run(self) -> dict[str, Any]:
        items: dict[str, State] = {}
        deferred = self.wanted.keys() - self.settled
        while deferred:
            current = self.resource.look()
            ready = {name for name in deferred if self._plans_all or self._can_start(name, current)}
            items |= self._stage(ready)
            # RDS takes some of a replica's settings only once the replica is there.
            later = {name for name in ready - current.keys() if instances.comes_later(self.wanted[name])}
            self.settled |= ready
            deferred = deferred - ready if self.module.check_mode else (deferred - ready) | later
            if not self.module.params["wait"] or self.module.check_mode:
                break
            items |= {name: state for name, state in self._wait().items() if name in self.wanted}
        # What was deferred exists all the same, when it is not a replica that is still to come.
        items |= {name: state for name, state in self.resource.current.items() if name in deferred}
        shown = {name: instances.shown(items[name]) for name in self.wanted if name in items}
        return {**self.result, "instances": shown, "deferred": sorted(deferred)}

    @property
    def _plans_all(self) -> bool:
        """Check mode of a task that would wait: it would get to everything."""
        return self.module.check_mode and self.module.params["wait"]

    def _can_start(self, name: str, current: dict[str, State]) -> bool:
        if name in current:
            return current[name]["status"] in instances.AT_REST
        source = self.wanted[name].get("source")
        if not source:
            return True
        if source not in current and source not in self.wanted:
            raise AnsibleAWSError(message=f"instances: the source of {name}, {source}, does not exist.")
        return source in current and current[source]["status"] in instances.AVAILABLE

    def _stage(self, names: set[str]) -> dict[str, State]:
        outcome = reconcile(
            self.resource,
            {name: state for name, state in self.wanted.items() if name in names},
            check_mode=self.module.check_mode,
        )
        result = outcome.as_result()
        self.result["changed"] |= result["changed"]
        self.result["actions"] += result["actions"]
        for side in ("before", "after"):
            self.result["diff"][side] |= result["diff"][side]
        self.modified |= {step.name for step in outcome.steps if step.action == "update"}
        return {name: state for name, state in outcome.items.items() if name in names}

    def _wait(self) -> dict[str, State]:
        """Until RDS is done with everything that was started; what is not there yet will be started after that."""
        expected = {name for name in self.wanted if name in self.settled or name in self.resource.current}
        # A replica can be started only when its source, also one that the task does not manage, is available.
        expected |= {name for name in self.resource.current if name not in self.wanted}

        def busy(seen: dict[str, State]) -> dict[str, str]:
            found = {}
            for name in sorted(expected):
                state = seen.get(name, {"status": "not visible yet", "pending": []})
                if state["status"] not in instances.AT_REST:
                    found[name] = state["status"]
                elif name in self.modified and self.module.params["apply_immediately"] and state["pending"]:
                    # For some seconds after the call RDS still says `available`.
                    found[name] = f"pending {', '.join(state['pending'])}"
            return found

        def done(seen: dict[str, State]) -> bool:
            refuse_failed({name: seen[name] for name in expected if name in seen})
            return not busy(seen)

        return wait_until(
            self.resource.look,
            done,
            timeout=max(0.0, self.deadline - time.monotonic()),
            waiting_for=lambda seen: ", ".join(f"{name} is {status}" for name, status in busy(seen).items()),
        )


def refuse_failed(states: dict[str, State]) -> None:
    failed = {name: state["status"] for name, state in states.items() if state["status"] in instances.FAILED}
    if failed:
        told = ", ".join(f"{name} is {status}" for name, status in sorted(failed.items()))
        raise AnsibleAWSError(
            message=f"{told}. RDS tells the reason among the instance's events "
            "(aws rds describe-events --source-type db-instance). Mend the cause, or delete the instance."
        )


def _remove(module: SlipwayModule, resource: Instance) -> dict[str, Any]:
    options = module.params
    deadline = time.monotonic() + options["wait_timeout"]
    found = resource.look()
    present = {name: state for name, state in found.items() if name in resource.options}
    doomed = {name: state for name, state in present.items() if state["status"] != "deleting"}
    protected = sorted(name for name, state in doomed.items() if state["deletion_protection"])
    if protected and not options["remove_deletion_protection"]:
        raise AnsibleAWSError(
            message=f"Deletion protection is on for {', '.join(protected)}, so nothing was deleted. "
            "Switch it off (deletion_protection: false), or pass remove_deletion_protection: true."
        )
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    snapshots: dict[str, str] = {}
    for name, state in doomed.items():
        if options["final_snapshot"] and not state["source"]:
            if state["status"] in instances.FAILED:
                module.warn(f"{name} is {state['status']}: RDS cannot make a final snapshot of it.")
            else:
                snapshots[name] = f"{name}-final-{stamp}"

    def settle(names: list[str]) -> None:
        """A snapshot and a change of protection both need an instance on which nothing is going on."""

        def busy(seen: dict[str, State]) -> list[str]:
            at_rest = instances.AT_REST | instances.FAILED
            return [name for name in names if name in seen and seen[name]["status"] not in at_rest]

        wait_until(
            resource.look,
            lambda seen: not busy(seen),
            timeout=max(0.0, deadline - time.monotonic()),
            waiting_for=lambda seen: ", ".join(f"{name} is {seen[name]['status']}" for name in busy(seen)),
        )

    def delete(name: str) -> None:
        if doomed[name]["deletion_protection"]:
            unprotect = {"DBInstanceIdentifier": name, "DeletionProtection": False, "ApplyImmediately": True}
            api.modify_instance(resource.client, name, unprotect)
        arguments: dict[str, Any] = {"SkipFinalSnapshot": name not in snapshots}
        if name in snapshots:
            arguments["FinalDBSnapshotIdentifier"] = snapshots[name]
        if not doomed[name]["source"]:
            arguments["DeleteAutomatedBackups"] = options["delete_automated_backups"]
        api.delete_instance(resource.client, name, arguments)

    if doomed and not module.check_mode:
        careful = [name for name in doomed if name in snapshots or name in protected]
        if any(doomed[name]["status"] not in instances.AT_REST | instances.FAILED for name in careful):
            settle(careful)
        # A source that goes before its replicas would leave them behind as primaries.
        for level in ([n for n in doomed if doomed[n]["source"]], [n for n in doomed if not doomed[n]["source"]]):
            in_parallel({name: (lambda name=name: delete(name)) for name in level})
    if present and options["wait"] and not module.check_mode:
        wait_until(
            resource.look,
            lambda seen: not seen.keys() & resource.options.keys(),
            timeout=max(0.0, deadline - time.monotonic()),
            waiting_for=lambda seen: ", ".join(f"{name} is {state['status']}" for name, state in sorted(seen.items())),
        )
    return {
        "changed": bool(doomed),
        "actions": [{"action": "delete", "name": name, "fields": []} for name in sorted(doomed)],
        "diff": {"before": {name: instances.shown(state) for name, state in doomed.items()}, "after": {}},
        "instances": {},
        "deferred": [] if options["wait"] or module.check_mode else sorted(present),
        "final_snapshots": snapshots,
    }


def _wanted(options: dict[str, Any]) -> State:
    """What the task states. An empty string states nothing, so that a role can pass what it was not given."""
    left_out = ("identifier", "master_password_secret")
    fields = {key: value for key, value in given(options).items() if key not in left_out and value != ""}
    if "tags" in fields:
        fields["tags"] = {key: str(value) for key, value in fields["tags"].items()}
    if "log_exports" in fields:
        fields["log_exports"] = sorted(fields["log_exports"])
    return fields


def _run(module: SlipwayModule) -> dict[str, Any]:
    stated: dict[str, dict[str, Any]] = {}
    for options in module.params["instances"]:
        name = options["identifier"]
        if name in stated:
            raise AnsibleAWSError(message=f"instances: the identifier {name} stands twice; each may stand once.")
        stated[name] = options
    resource = Instance(module, stated)
    if module.params["state"] == "absent":
        return _remove(module, resource)
    wanted = {name: _wanted(options) for name, options in stated.items()}
    for name, options in stated.items():
        instances.check(name, options)
    instances.check_sources(wanted)
    return Stages(module, resource, wanted).run()


def main() -> None:
    text, number, flag = {"type": "str"}, {"type": "int"}, {"type": "bool"}
    module = SlipwayModule(
        argument_spec={
            "instances": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "identifier": {"type": "str", "required": True},
                    "source": text,
                    "engine": text,
                    "engine_version": text,
                    "instance_class": text,
                    "allocated_storage": number,
                    "max_allocated_storage": number,
                    "storage_type": {"type": "str", "choices": ["gp2", "gp3", "io1", "io2", "standard"]},
                    "iops": number,
                    "storage_throughput": number,
                    "storage_encrypted": flag,
                    "kms_key_id": text,
                    "db_name": text,
                    "master_username": text,
                    "master_password_secret": {
                        "type": "dict",
                        # It names the secret; the password itself is no option of this module.
                        "no_log": False,
                        "options": {"secret_id": {"type": "str", "required": True, "no_log": False}, "field": text},
                    },
                    "manage_master_user_password": {"type": "bool", "no_log": False},
                    "port": number,
                    "subnet_group": text,
                    "security_group_ids": {"type": "list", "elements": "str"},
                    "parameter_group": text,
                    "option_group": text,
                    "availability_zone": text,
                    "multi_az": flag,
                    "publicly_accessible": flag,
                    "backup_retention_period": number,
                    "backup_window": text,
                    "maintenance_window": text,
                    "auto_minor_version_upgrade": flag,
                    "copy_tags_to_snapshot": flag,
                    "iam_authentication": flag,
                    "ca_certificate": text,
                    "deletion_protection": flag,
                    "log_exports": {"type": "list", "elements": "str"},
                    "monitoring_interval": {"type": "int", "choices": [0, 1, 5, 10, 15, 30, 60]},
                    "monitoring_role_arn": text,
                    "performance_insights": flag,
                    "performance_insights_kms_key_id": text,
                    "performance_insights_retention": number,
                    "tags": {"type": "dict"},
                },
            },
            "purge_tags": {"type": "bool", "default": True},
            "apply_immediately": {"type": "bool", "default": False},
            "allow_major_version_upgrade": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 5400},
            "final_snapshot": {"type": "bool", "default": True},
            "delete_automated_backups": {"type": "bool", "default": True},
            "remove_deletion_protection": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()

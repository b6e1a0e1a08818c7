# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks as their users do, and list what an account holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .harness import ROOT, Server, rehearsed

if TYPE_CHECKING:
    from real_servers.postgres import Postgres

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Play:
    """What a run of ansible-playbook left behind."""

    returncode: int
    output: str

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Host → ok, changed, failed, ... as the last lines tell."""
        lines = re.findall(r"^(\S+)\s+: (ok=.*)$", self.output.rpartition("PLAY RECAP")[2], re.MULTILINE)
        return {host: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}

    @property
    def changed(self) -> dict[str, int]:
        """The hosts on which something changed, and how many tasks did."""
        return {host: counts["changed"] for host, counts in self.recap.items() if counts["changed"]}

    @property
    def changed_tasks(self) -> dict[str, list[str]]:
        """Host → the tasks that changed something on it, each with its play and role; of a loop once for each item."""
        found: dict[str, list[str]] = {}
        play = task = ""
        for line in self.output.splitlines():
            if heading := re.match(r"(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \*", line):
                # The name of the file, in front of the task's own, says nothing of what it does.
                named = re.sub(r"(?<=: )\w+ \| ", "", heading[2])
                play, task = (named, "") if heading[1] == "PLAY" else (play, named)
            elif changed := re.match(r"changed: \[([^]]+)\](?: => \(item=(.*)\))?", line):
                found.setdefault(changed[1], []).append(f"{play} | {task} | {changed[2] or ''}".rstrip(" |"))
        return {host: sorted(tasks) for host, tasks in sorted(found.items())}


def run_play(playbook: str | Path, *arguments: str, environment: dict[str, str] | None = None) -> Play:
    path = ROOT / "playbooks" / playbook if isinstance(playbook, str) else playbook
    variables = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        **(environment or {}),
    }
    with rehearsed(variables["AWS_ENDPOINT_URL"], arguments):
        completed = subprocess.run(
            ["ansible-playbook", str(path), *arguments],
            env=variables,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
    return Play(completed.returncode, completed.stdout + completed.stderr)


def succeeded(play: Play) -> Play:
    assert play.returncode == 0, play.output[-6000:]
    return play


def attach_database(server: Server, postgres: Postgres, instance: str, account: str) -> None:
    """Let a real PostgreSQL stand behind an instance of RDS, which need not exist yet."""
    admin = {"user": postgres.superuser, "password": postgres.superuser_password, "ca_file": postgres.ca_file}
    told = {"db_instance": instance, "account": account, "host": postgres.host, "port": postgres.port, "admin": admin}
    address = f"{server.url}/local-aws/servers"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data=json.dumps(told).encode(), method="POST", headers=headers)
    urllib.request.urlopen(request, timeout=30).close()


def _names(client: Any, operation: str, key: str, name: str = "", **arguments: Any) -> list[str]:
    answer = getattr(client, operation)(**arguments)
    return [item[name] if name else item for item in answer[key]]


def leftovers(client: Client) -> dict[str, list[str]]:
    """Everything in the account that AWS does not put there by itself, by kind."""
    ec2 = client("ec2")
    own = [{"Name": "tag-key", "Values": ["Project"]}]
    lists: dict[str, list[str]] = {
        "vpcs": [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"] if not item["IsDefault"]],
        "addresses": _names(ec2, "describe_addresses", "Addresses", "AllocationId"),
        "security groups": _names(ec2, "describe_security_groups", "SecurityGroups", "GroupId", Filters=own),
        "subnets": _names(ec2, "describe_subnets", "Subnets", "SubnetId", Filters=own),
        "flow logs": _names(ec2, "describe_flow_logs", "FlowLogs", "FlowLogId"),
        "nat gateways": [
            item["NatGatewayId"]
            for item in ec2.describe_nat_gateways()["NatGateways"]
            if item["State"] not in ("deleting", "deleted")
        ],
        "endpoints": [
            item["VpcEndpointId"]
            for item in ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if item["State"] not in ("deleting", "deleted")
        ],
        "databases": _names(client("rds"), "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        "database subnet groups": _names(
            client("rds"), "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"
        ),
        "database option groups": [
            name
            for name in _names(client("rds"), "describe_option_groups", "OptionGroupsList", "OptionGroupName")
            if not name.startswith("default")
        ],
        "database parameter groups": [
            name
            for name in _names(
                client("rds"), "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"
            )
            if not name.startswith("default")
        ],
        "snapshots": _names(
            client("rds"), "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier", SnapshotType="manual"
        ),
        "replication groups": _names(
            client("elasticache"), "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"
        ),
        "cache subnet groups": [
            name
            for name in _names(
                client("elasticache"), "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"
            )
            if name != "default"
        ],
        "cache parameter groups": [
            name
            for name in _names(
                client("elasticache"),
                "describe_cache_parameter_groups",
                "CacheParameterGroups",
                "CacheParameterGroupName",
            )
            if not name.startswith("default.")
        ],
        "secrets": _names(client("secretsmanager"), "list_secrets", "SecretList", "Name"),
        "buckets": _names(client("s3"), "list_buckets", "Buckets", "Name"),
        "keys": [
            key["KeyId"]
            for key in client("kms").list_keys()["Keys"]
            if client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
        "repositories": _names(client("ecr"), "describe_repositories", "repositories", "repositoryName"),
        "clusters": _names(client("ecs"), "list_clusters", "clusterArns"),
        "task definitions": _names(client("ecs"), "list_task_definitions", "taskDefinitionArns", status="ACTIVE"),
        "load balancers": _names(client("elbv2"), "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
        "target groups": _names(client("elbv2"), "describe_target_groups", "TargetGroups", "TargetGroupName"),
        "scalable targets": _names(
            client("application-autoscaling"),
            "describe_scalable_targets",
            "ScalableTargets",
            "ResourceId",
            ServiceNamespace="ecs",
        ),
        "roles": [
            item["RoleName"]
            for item in client("iam").list_roles()["Roles"]
            if not item["Path"].startswith("/aws-service-role/")
        ],
        "policies": _names(client("iam"), "list_policies", "Policies", "PolicyName", Scope="Local"),
        "identity providers": _names(
            client("iam"), "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"
        ),
        "web acls": _names(client("wafv2"), "list_web_acls", "WebACLs", "Name", Scope="REGIONAL"),
        "topics": _names(client("sns"), "list_topics", "Topics", "TopicArn"),
        "alarms": _names(client("cloudwatch"), "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboards": _names(client("cloudwatch"), "list_dashboards", "DashboardEntries", "DashboardName"),
        "log groups": _names(client("logs"), "describe_log_groups", "logGroups", "logGroupName"),
        "saved queries": _names(client("logs"), "describe_query_definitions", "queryDefinitions", "name"),
        "tagged": [
            item["ResourceARN"]
            for item in client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
            # AWS keeps keys and secrets for a while, which are listed above, and tells of a stopped task for an hour.
            if not re.search(":kms:|:secret:|:task/", item["ResourceARN"])
            and any(tag["Key"] == "Project" for tag in item["Tags"])
        ],
    }
    return {kind: names for kind, names in lists.items() if names}

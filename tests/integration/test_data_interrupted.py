# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed after any of its calls, a module finishes in the next run: nothing is lost or there twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from . import test_elasticache_replication_group as elasticache
from . import test_kms_keys as kms
from . import test_rds_instances as rds
from . import test_s3_buckets as s3
from . import test_secretsmanager_secrets as secrets
from .harness import Aws, Server, execute

READS = re.compile(r"^(Describe|List|Get|Head)")


class Killed(BaseException):
    """What a kill looks like from inside: no handler of ours catches it."""


def run_and_kill(monkeypatch: pytest.MonkeyPatch, module: str, args: dict[str, Any], after: int) -> bool:
    """Run a module and kill it once so many of its writing calls were answered. Whether there were so many."""
    done = 0
    original = BaseClient._make_api_call

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        nonlocal done
        answer = original(self, operation, arguments)
        if not READS.match(operation):
            done += 1
            if done >= after:
                raise Killed(operation)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", call)
        try:
            result = execute(module, args)
        except Killed:
            return True
    assert not result.get("failed"), result.get("msg")
    return False


def every_cut(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    world: Callable[[Aws], Any],
    args: Callable[[Any, Aws], dict[str, Any]],
    check: Callable[[Aws], None],
) -> int:
    """Cut a run after its first, second, ... writing call, as long as there is one, and finish it each time."""
    after = 0
    while True:
        after += 1
        aws = Aws(server, monkeypatch)
        around = world(aws)
        arguments = args(around, aws)
        killed = run_and_kill(monkeypatch, module, arguments, after)
        aws.run_module(module, arguments)
        assert not aws.run_module(module, arguments)["changed"], f"cut {after}"
        check(aws)
        if not killed:
            return after - 1


def nothing(aws: Aws) -> None:
    """Some modules need nothing around what they make."""


def test_a_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role passes the key that it finds by its tags, because a killed run may leave one without an alias."""

    def args(_world: Any, aws: Aws) -> dict[str, Any]:
        return {"keys": [kms.full(aws)]}

    after = made = 0
    while made == after:
        after += 1
        aws = Aws(server, monkeypatch)
        if run_and_kill(monkeypatch, "kms_keys", args(None, aws), after):
            made = after
        tagged = aws.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "Project"}])
        known = {"keys": [{**kms.full(aws), "key_id": tagged["ResourceTagMappingList"][0]["ResourceARN"]}]}
        aws.run_module("kms_keys", known)
        assert not aws.run_module("kms_keys", known)["changed"], f"cut {after}"
        assert len(kms.customer_keys(aws)) == 1
    assert made == 4


def test_secrets(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        ],
    }
    full = {**secrets.DATABASE, "policy": policy, "replicas": [{"region": "us-west-2"}]}

    def one_version_each(aws: Aws) -> None:
        for name in ("uex-test/database", "uex-test/redis"):
            assert list(secrets.versions_of(aws, name).values()) == [["AWSCURRENT"]]

    made = every_cut(
        server,
        monkeypatch,
        "secretsmanager_secrets",
        nothing,
        lambda _world, _aws: {"secrets": [full, secrets.REDIS]},
        one_version_each,
    )
    assert made == 3


def test_a_replaced_value(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def world(aws: Aws) -> None:
        aws.run_module("secretsmanager_secrets", {"secrets": [secrets.REDIS]})

    def replaced_once(aws: Aws) -> None:
        stages = sorted(secrets.versions_of(aws, "uex-test/redis").values())
        assert stages == [["AWSCURRENT"], ["AWSPREVIOUS"]]

    made = every_cut(
        server,
        monkeypatch,
        "secretsmanager_secrets",
        world,
        lambda _world, _aws: {"secrets": [{**secrets.REDIS, "on_existing": "replace"}]},
        replaced_once,
    )
    assert made == 1


def test_a_restored_secret(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    before: dict[str, str] = {}
    secret = {**secrets.REDIS, "tags": {"Project": "uex"}}

    def world(aws: Aws) -> None:
        aws.run_module("secretsmanager_secrets", {"secrets": [secrets.REDIS]})
        before["value"] = secrets.value_of(aws, "uex-test/redis")
        aws.run_module("secretsmanager_secrets", {"secrets": [secrets.REDIS], "state": "absent"})

    def still_there(aws: Aws) -> None:
        assert secrets.value_of(aws, "uex-test/redis") == before["value"]

    made = every_cut(
        server,
        monkeypatch,
        "secretsmanager_secrets",
        world,
        lambda _world, _aws: {"secrets": [secret]},
        still_there,
    )
    assert made == 2


def test_a_bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(aws: Aws) -> None:
        name = s3.full(aws)["name"]
        assert aws.client("s3").get_bucket_lifecycle_configuration(Bucket=name)["Rules"]

    made = every_cut(
        server, monkeypatch, "s3_buckets", nothing, lambda _world, aws: {"buckets": [s3.full(aws)]}, complete
    )
    assert made == 6


def test_a_database_with_a_replica(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(aws: Aws) -> None:
        assert len(aws.client("rds").describe_db_instances()["DBInstances"]) == 2

    made = every_cut(
        server,
        monkeypatch,
        "rds_instances",
        rds.World,
        lambda world, _aws: {"instances": [world.primary(), world.replica()]},
        two,
    )
    assert made == 2


def test_a_cache_that_grows(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def world(aws: Aws) -> elasticache.World:
        around = elasticache.World(aws)
        alone = around.group(replicas_per_shard=0, automatic_failover=False, multi_az=False)
        aws.run_module("elasticache_replication_group", alone)
        return around

    def two_members(aws: Aws) -> None:
        group = aws.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
        assert len(group["MemberClusters"]) == 2
        assert group["AutomaticFailover"] == "enabled"

    made = every_cut(
        server,
        monkeypatch,
        "elasticache_replication_group",
        world,
        lambda world, _aws: world.group(apply_immediately=True),
        two_members,
    )
    assert made == 2


@pytest.mark.parametrize(
    ("module", "family", "parameters"),
    [
        ("rds_parameter_group", "postgres16", {"log_min_duration_statement": 500, "max_connections": 200}),
        ("elasticache_parameter_group", "redis7", {"timeout": 300}),
    ],
)
def test_a_parameter_group(
    server: Server, monkeypatch: pytest.MonkeyPatch, module: str, family: str, parameters: dict[str, Any]
) -> None:
    group = {"name": "uex-test", "family": family, "description": "d", "parameters": parameters, "tags": {"A": "b"}}

    made = every_cut(server, monkeypatch, module, nothing, lambda _world, _aws: group, nothing)
    assert made == 2

# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.aws.plugins.filter import (
    data_doomed,
    data_output,
    data_plan,
    data_problems,
)
from ansible_collections.slipway.aws.plugins.module_utils._rds import postgres_users
from ansible_collections.slipway.aws.plugins.plugin_utils import data

ROLE = Path(__file__).resolve().parents[4] / "roles" / "data"
KEY = "arn:aws:kms:us-east-1:123456789012:key/abc"
KNOWN = {"account_id": "123456789012", "kms_key_arn": KEY, "monitoring_role_arn": "arn:role"}

COMPUTED = {
    "data_project": "uex",
    "data_environment": "dev",
    "data_name_prefix": "uex-dev",
    "data_subnet_ids": ["subnet-1", "subnet-2"],
    "data_rds_security_group_ids": ["sg-1"],
    "data_redis_security_group_ids": ["sg-2"],
    "data_database_identifier": "uex-dev-postgres",
    "data_database_name": "uex",
    "data_database_username": "uex",
    "data_redis_replication_group_id": "uex-dev-redis",
}


def inputs(**other: Any) -> dict[str, Any]:
    """The role's own defaults, with what they compute."""
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return {**defaults, **COMPUTED, **other}


def plan(**other: Any) -> dict[str, Any]:
    return data.plan(inputs(**other), KNOWN)


def secret(component: str, **other: Any) -> dict[str, Any]:
    found = [entry for entry in plan(**other)["secrets"] if entry["tags"]["Component"] == component]
    assert len(found) == 1
    return found[0]


# Problems


def test_the_defaults_fit() -> None:
    assert data.problems(inputs()) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"data_subnet_ids": ["subnet-1"]}, "data_subnet_ids is ['subnet-1']: the database needs subnets"),
        ({"data_subnet_ids": [], "data_database_enabled": False}, "data_subnet_ids is []: the redis needs subnets"),
        ({"data_rds_security_group_ids": []}, "data_rds_security_group_ids is empty"),
        ({"data_redis_security_group_ids": []}, "data_redis_security_group_ids is empty"),
        ({"data_database_identifier": "Uex--dev"}, "data_database_identifier is 'Uex--dev'"),
        ({"data_database_identifier": "u" * 60}, "at most 52 characters"),
        ({"data_database_name": "1st"}, "data_database_name is '1st'"),
        ({"data_database_username": "u-x"}, "data_database_username is 'u-x'"),
        ({"data_database_username": "postgres"}, "which RDS reserves"),
        ({"data_database_replicas": 16}, "data_database_replicas is 16: 0 to 15"),
        ({"data_database_replicas": 1, "data_database_backup_days": 0}, "replicas need automated backups"),
        ({"data_database_backup_days": 36}, "data_database_backup_days is 36: 0 to 35"),
        ({"data_redis_replication_group_id": "r" * 41}, "at most 40 characters"),
        ({"data_redis_replicas": 6}, "data_redis_replicas is 6: 0 to 5"),
        ({"data_redis_cluster_mode": True, "data_redis_shards": 0}, "data_redis_shards is 0"),
        ({"data_secrets": [{"component": "a"}, {"component": "a"}]}, "data_secrets: the component a stands twice"),
        ({"data_buckets": [{"component": "a"}, {"component": "a"}]}, "data_buckets: the component a stands twice"),
    ],
)
def test_what_does_not_fit_is_named(other: dict[str, Any], told: str) -> None:
    found = data.problems(inputs(**other))
    assert len(found) == 1
    assert told in found[0]


def test_what_is_switched_off_needs_nothing() -> None:
    assert (
        data.problems(
            inputs(
                data_database_enabled=False,
                data_redis_enabled=False,
                data_subnet_ids=[],
                data_rds_security_group_ids=[],
                data_redis_security_group_ids=[],
                data_database_replicas=99,
            )
        )
        == []
    )


# Plan


def test_numbers_and_switches_that_come_as_text() -> None:
    made = plan(data_database_replicas="2", data_database_multi_az="false", data_redis_cluster_mode="no")
    assert len(made["instances"]) == 3
    assert made["instances"][0]["multi_az"] is False
    assert made["replication_group"]["cluster_mode"] == "disabled"


def test_what_is_switched_off_is_not_planned() -> None:
    made = plan(data_database_enabled=False, data_redis_enabled=False, data_buckets_enabled=False)
    assert (made["instances"], made["replication_group"], made["buckets"], made["bucket_names"]) == ([], {}, [], {})
    assert made["secrets"] == []


def test_owner_tags_cannot_be_taken_away() -> None:
    tags = plan(data_tags={"Role": "other", "Cost": 7})["buckets"][0]["tags"]
    assert tags == {
        "Project": "uex",
        "Environment": "dev",
        "Role": "data",
        "Cost": "7",
        "Name": "uex-dev-backups-123456789012",
        "Component": "backups",
    }


def test_the_key_policy_has_the_account_and_what_is_stated() -> None:
    policy = plan(data_kms_policy_statements=[{"Sid": "Logs"}])["key_policy"]
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert policy["Statement"][1] == {"Sid": "Logs"}


def test_the_database_and_the_cache_have_secrets_without_being_asked() -> None:
    database = secret("database")
    assert database["name"] == "uex-dev/database"
    assert database["fields"] == {"engine": "postgres", "port": 5432, "dbname": "uex", "username": "uex"}
    assert database["generate"] == [{"field": "password", "length": 40, "alphabet": "database"}]
    assert database["kms_key_id"] == KEY
    assert secret("redis")["generate"] == [{"length": 64, "alphabet": "redis"}]
    assert [entry["name"] for entry in plan(data_redis_transit_encryption=False)["secrets"]] == ["uex-dev/database"]


def test_an_entry_says_what_is_different_about_them() -> None:
    rotation = {"strategy": "postgres_alternating_users", "max_age_days": 90}
    stated = [{"component": "database", "name": "payment/db/password", "rotation": rotation}]
    made = secret("database", data_secrets=stated)
    assert made["name"] == "payment/db/password"
    assert made["tags"]["RotationStrategy"] == "postgres_alternating_users"
    assert made["tags"]["RotationMaxAgeDays"] == "90"
    assert made["fields"]["username"] == "uex"
    assert "rotation" not in made
    primary = plan(data_secrets=stated)["instances"][0]
    assert primary["master_password_secret"] == {"secret_id": "payment/db/password", "field": "password"}
    given = secret("database", data_secrets=[{"component": "database", "value": "given"}])
    assert given["value"] == "given"
    assert "generate" not in given


USERS: list[dict[str, Any]] = [
    {"component": "app-database", "database_user": {"name": "uex_app"}, "rotation": {"max_age_days": 90}},
    {
        "component": "reports",
        "name": "uex/reports",
        "database_user": {"name": "reports", "database": "reports"},
        "rotation": {"strategy": "lambda", "lambda_arn": "arn:aws:lambda:us-east-1:123456789012:function:rotate"},
    },
]


def test_the_secret_of_a_user_of_the_database_is_made_for_taking_turns() -> None:
    user = secret("app-database", data_secrets=USERS)
    assert user["fields"] == {"engine": "postgres", "port": 5432, "dbname": "uex", "username": "uex_app"}
    assert user["generate"] == [{"field": "password", "length": 40, "alphabet": "database"}]
    assert user["tags"]["RotationStrategy"] == "postgres_alternating_users"
    assert user["tags"]["RotationMaxAgeDays"] == "90"
    entries = {entry["component"]: entry for entry in data.secret_entries(inputs(data_secrets=USERS))}
    assert entries["app-database"]["rotation"]["admin_component"] == "database"
    assert "admin_component" not in entries["reports"]["rotation"], "a function changes the password"
    assert secret("reports", data_secrets=USERS)["fields"]["dbname"] == "reports"
    given = secret("app-database", data_secrets=[{**USERS[0], "value": "made elsewhere"}])
    assert (given["value"], "generate" in given) == ("made elsewhere", False)


def test_users_are_made_until_the_tags_of_the_instance_say_so() -> None:
    plans = plan(data_secrets=USERS)
    assert plans["database_users"] == [
        {"name": "uex_app", "secret": "uex-dev/app-database", "database": "uex"},
        {"name": "reports", "secret": "uex/reports", "database": "reports"},
    ]
    arns = {name: {"arn": f"arn:{name}"} for name in ("uex-dev/app-database", "uex/reports")}
    instance = {"resource_id": "db-1", "tags": {}}
    results = {"plan": plans, "secrets": arns, "instances": {"uex-dev-postgres": instance}}
    due = data.users_due(results)
    assert [(user["name"], user["secret"]) for user in due] == [
        ("uex_app", "arn:uex-dev/app-database"),
        ("reports", "arn:uex/reports"),
    ]
    instance["tags"] = {postgres_users.tag_of(user): postgres_users.mark_of(user, "db-1") for user in due}
    assert data.users_due(results) == []
    assert data.users_due({**results, "instances": {"uex-dev-postgres": {**instance, "resource_id": "db-2"}}}) == due
    arns["uex/reports"]["arn"] = "arn:another"
    assert [user["name"] for user in data.users_due(results)] == ["reports"], "a secret made anew has a new password"
    assert data.users_due({**results, "plan": plan()}) == []


@pytest.mark.parametrize("name", ["uex", "postgres", "UexApp", "a-b", "u" * 58])
def test_users_that_cannot_be_are_refused(name: str) -> None:
    (problem,) = data.problems(inputs(data_secrets=[{"component": "x", "database_user": {"name": name}}]))
    assert "data_secrets: database_user.name is" in problem


def test_users_need_a_database_and_stand_once() -> None:
    (problem,) = data.problems(inputs(data_secrets=USERS, data_database_enabled=False))
    assert "data_database_enabled is false" in problem
    (problem,) = data.problems(inputs(data_secrets=[USERS[0], {**USERS[0], "component": "other"}]))
    assert "uex_app stands twice" in problem


def test_a_secret_that_a_lambda_rotates() -> None:
    rotation = {"strategy": "lambda", "lambda_arn": "arn:lambda", "max_age_days": 30}
    entry = {"component": "app", "generate": [{"length": 8}], "rotation": rotation}
    assert secret("app", data_secrets=[entry])["rotation"] == {
        "lambda_arn": "arn:lambda",
        "automatically_after_days": 30,
    }
    entry["rotation"] = {"lambda_arn": "arn:lambda", "schedule_expression": "rate(7 days)", "duration": "3h"}
    assert secret("app", data_secrets=[entry])["rotation"] == {
        "lambda_arn": "arn:lambda",
        "schedule_expression": "rate(7 days)",
        "duration": "3h",
    }


def test_the_primary_and_its_replicas() -> None:
    made = plan(data_database_replicas=2, data_database_replica_instance_class="db.t3.medium")["instances"]
    assert [entry["identifier"] for entry in made] == [
        "uex-dev-postgres",
        "uex-dev-postgres-replica-1",
        "uex-dev-postgres-replica-2",
    ]
    assert [entry.get("source", "") for entry in made] == ["", "uex-dev-postgres", "uex-dev-postgres"]
    assert [entry["instance_class"] for entry in made] == ["db.r6g.large", "db.t3.medium", "db.t3.medium"]
    assert made[0]["storage_encrypted"]
    assert not any(entry["publicly_accessible"] for entry in made)
    assert made[0]["performance_insights_kms_key_id"] == KEY
    assert "performance_insights_kms_key_id" not in plan(data_database_performance_insights=False)["instances"][0]
    assert plan(data_database_engine_version="16.4")["database_family"] == "postgres16"


def test_the_cache() -> None:
    group = plan()["replication_group"]
    assert (group["automatic_failover"], group["multi_az"], group["num_shards"]) == (True, True, 1)
    assert group["auth_token_secret"] == {"secret_id": "uex-dev/redis"}
    alone = plan(data_redis_replicas=0)["replication_group"]
    assert (alone["automatic_failover"], alone["multi_az"]) == (False, False)
    made = plan(data_redis_cluster_mode=True, data_redis_shards=3, data_redis_replicas=0)
    assert made["replication_group"]["num_shards"] == 3
    assert made["replication_group"]["automatic_failover"]
    assert made["redis_parameters"] == {"cluster-enabled": "yes"}
    assert "auth_token_secret" not in plan(data_redis_transit_encryption=False)["replication_group"]
    assert plan()["redis_family"] == "redis7"


def test_the_buckets_are_private_whatever_an_entry_says() -> None:
    entry = {"component": "app_logs", "name": "logs", "block_public_access": False, "tls_only": False}
    bucket = plan(data_buckets=[entry])["buckets"][0]
    assert bucket["name"] == "logs"
    assert (bucket["block_public_access"], bucket["tls_only"]) == (True, True)
    assert bucket["ownership"] == "BucketOwnerEnforced"


def test_load_balancers_get_a_bucket_that_they_can_write() -> None:
    by_component = {bucket["tags"]["Component"]: bucket for bucket in plan()["buckets"]}
    assert by_component["alb_logs"]["encryption"] == {"algorithm": "AES256"}
    assert by_component["backups"]["encryption"] == {"algorithm": "aws:kms", "kms_key_id": KEY}
    assert plan()["bucket_names"]["alb_logs"] == "uex-dev-alb-logs-123456789012"
    own = plan(data_buckets=[{"component": "a", "encryption": "s3", "versioning": False}])["buckets"][0]
    assert own["encryption"] == {"algorithm": "AES256"}
    assert own["versioning"] is False
    without_key = data.plan(inputs(), {**KNOWN, "kms_key_arn": ""})["buckets"][0]
    assert without_key["encryption"] == {"algorithm": "AES256"}


# Output

PRIMARY = "uex-dev-postgres"

EMPTY = {
    "kms_key_arn": "",
    "kms_key_alias": "",
    "secret_arns": {},
    "database": {
        "identifier": "",
        "arn": "",
        "resource_id": "",
        "endpoint": "",
        "port": "",
        "name": "",
        "replica_identifiers": [],
        "replica_endpoints": [],
        "status": "",
    },
    "redis": {
        "replication_group_id": "",
        "arn": "",
        "primary_endpoint": "",
        "reader_endpoint": "",
        "configuration_endpoint": "",
        "port": "",
        "member_ids": [],
        "status": "",
    },
    "buckets": {},
}


def test_settled_is_what_is_there_and_at_rest() -> None:
    wanted = plan(data_database_replicas=1)
    names = [entry["identifier"] for entry in wanted["instances"]]
    there = {
        "plan": wanted,
        "instances": {name: {"status": "available"} for name in names},
        "replication_group": {"status": "available"},
        "unfinished": False,
    }
    assert len(names) == 2
    assert data.settled(there)
    assert not data.settled({**there, "unfinished": True})
    assert not data.settled({**there, "instances": {names[0]: {"status": "available"}}}), "the replica is to be made"
    assert not data.settled({**there, "instances": {name: {"status": "modifying"} for name in names}})
    assert not data.settled({**there, "replication_group": {"status": "creating"}})
    nothing = plan(data_database_enabled=False, data_redis_enabled=False)
    assert data.settled({"plan": nothing, "unfinished": False})


def test_the_output_has_every_key_when_there_is_nothing() -> None:
    nothing = plan(data_database_enabled=False, data_redis_enabled=False, data_buckets_enabled=False)
    assert data.output({"plan": nothing}) == EMPTY


def test_the_output() -> None:
    made = data.output(
        {
            "plan": plan(data_database_replicas=2),
            "kms_key_arn": KEY,
            "kms_key_alias": "alias/uex-dev",
            "secrets": {"uex-dev/database": {"arn": "arn:db"}, "uex-dev/redis": {"arn": "arn:redis"}},
            "instances": {
                f"{PRIMARY}-replica-2": {"source": PRIMARY, "endpoint": ""},
                f"{PRIMARY}-replica-1": {"source": PRIMARY, "endpoint": "r1.example"},
                PRIMARY: {"source": "", "endpoint": "p.example", "port": 5432, "db_name": "uex", "status": "available"},
            },
            "replication_group": {"name": "uex-dev-redis", "member_ids": ["r-002", "r-001"], "port": 6379},
        }
    )
    assert made["secret_arns"] == {"database": "arn:db", "redis": "arn:redis"}
    assert made["database"] == {
        **EMPTY["database"],
        "identifier": PRIMARY,
        "endpoint": "p.example",
        "port": 5432,
        "name": "uex",
        "replica_identifiers": [f"{PRIMARY}-replica-1", f"{PRIMARY}-replica-2"],
        "replica_endpoints": ["r1.example"],
        "status": "available",
    }
    assert made["redis"]["member_ids"] == ["r-001", "r-002"]
    assert made["buckets"].keys() == {"backups", "alb_logs", "app_logs"}


def test_what_the_role_made_for_another_environment_is_left_out() -> None:
    nothing = plan(data_database_enabled=False, data_redis_enabled=False, data_buckets_enabled=False)
    others = {"instances": {"other": {"endpoint": "x"}}, "replication_group": {"name": "other", "status": "available"}}
    assert data.output({"plan": nothing, **others, "secrets": {"other/app": {"arn": "arn:x"}}}) == EMPTY


# End


def test_absent_finds_what_is_named_and_what_is_tagged() -> None:
    found = {
        **EMPTY,
        "secret_arns": {"old": "arn:aws:secretsmanager:us-east-1:123456789012:secret:uex-dev/old-a1B2c3"},
        "database": {**EMPTY["database"], "identifier": "uex-dev-postgres", "replica_identifiers": ["forgotten"]},
        "buckets": {"old": "uex-dev-old"},
    }
    switched_off = inputs(data_database_enabled=False, data_redis_enabled=False, data_buckets_enabled=False)
    doomed = data.doomed(switched_off, found, "123456789012")
    assert doomed["instances"] == [{"identifier": "forgotten"}, {"identifier": "uex-dev-postgres"}]
    assert doomed["replication_groups"] == ["uex-dev-redis"]
    assert [entry["name"] for entry in doomed["secrets"]] == ["uex-dev/database", "uex-dev/old", "uex-dev/redis"]
    assert "uex-dev-old" in [entry["name"] for entry in doomed["buckets"]]
    assert len(doomed["buckets"]) == 4
    assert {"name": "/aws/rds/instance/forgotten/upgrade"} in doomed["log_groups"]


# Filters


def test_the_filters_are_these_functions() -> None:
    assert data_plan.FilterModule().filters()["data_plan"](inputs(), KNOWN) == plan()
    assert data_problems.FilterModule().filters()["data_problems"](inputs()) == []
    nothing = plan(data_database_enabled=False, data_redis_enabled=False, data_buckets_enabled=False)
    assert data_output.FilterModule().filters()["data_output"]({"plan": nothing}) == EMPTY
    doomed = data_doomed.FilterModule().filters()["data_doomed"](inputs(), EMPTY, "123456789012")
    assert doomed == data.doomed(inputs(), EMPTY, "123456789012")

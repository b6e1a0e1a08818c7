# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import rotation

FOUND = {"database": {"endpoint": "db.example.com", "port": 5433, "name": "uex"}}
SECRETS = [
    {"component": "database", "rotation": {"strategy": "rds_master_user", "max_age_days": 90}},
    {"component": "redis", "rotation": {"strategy": "redis_auth", "max_age_days": 90}},
    {
        "component": "orders",
        "rotation": {"strategy": "postgres_alternating_users", "admin_component": "database", "database": "orders"},
    },
    {"component": "app", "generate": [{"field": "jwt_key", "length": 64}], "rotation": {"strategy": "random"}},
    {"component": "given", "value": "made elsewhere"},
]
INPUTS = {
    "data_secrets": SECRETS,
    "data_name_prefix": "uex-dev",
    "data_database_enabled": True,
    "data_database_engine": "postgres",
    "data_database_port": 5432,
    "data_database_name": "uex",
    "data_database_username": "uex",
    "data_database_identifier": "uex-dev-postgres",
    "data_redis_enabled": True,
    "data_redis_transit_encryption": True,
    "data_redis_replication_group_id": "uex-dev-redis",
}


def plan(*components: str, when: str = "due", ca_file: str = "") -> dict[str, dict[str, Any]]:
    asked = {"components": list(components), "when": when, "ca_file": ca_file}
    return {secret["name"]: secret for secret in rotation.plan(INPUTS, asked, FOUND)}


def test_every_secret_with_a_strategy_rotates_with_what_it_needs() -> None:
    assert plan(ca_file="bundle.pem") == {
        "uex-dev/database": {
            "name": "uex-dev/database",
            "strategy": "rds_master_user",
            "max_age_days": 90,
            "rotate": "due",
            "db_instance_identifier": "uex-dev-postgres",
        },
        "uex-dev/redis": {
            "name": "uex-dev/redis",
            "strategy": "redis_auth",
            "max_age_days": 90,
            "rotate": "due",
            "replication_group_id": "uex-dev-redis",
        },
        "uex-dev/orders": {
            "name": "uex-dev/orders",
            "strategy": "postgres_alternating_users",
            "rotate": "due",
            "host": "db.example.com",
            "port": 5433,
            "database": "orders",
            "admin_secret": "uex-dev/database",
            "ca_file": "bundle.pem",
        },
        "uex-dev/app": {
            "name": "uex-dev/app",
            "strategy": "random",
            "rotate": "due",
            "generate": [{"field": "jwt_key", "length": 64}],
        },
    }


def test_only_what_is_named() -> None:
    assert list(plan("app", when="now")) == ["uex-dev/app"]
    assert plan("app", when="now")["uex-dev/app"]["rotate"] == "now"


def test_what_cannot_rotate_is_named_with_what_can() -> None:
    (problem,) = rotation.problems(INPUTS, {"components": ["given", "app"]})
    assert problem == (
        "data_rotate_components names given, for which data_secrets has no rotation.strategy; there are app, database, "
        "orders, redis."
    )


def test_nothing_goes_back_that_is_not_named() -> None:
    (problem,) = rotation.problems(INPUTS, {"components": [], "state": "rolled_back"})
    assert problem.endswith("there are app, database, orders, redis.")
    assert rotation.problems(INPUTS, {"components": ["app"], "state": "rolled_back"}) == []


def test_the_table_tells_secrets_consumers_findings_and_failures() -> None:
    text = rotation.table(
        {
            "secrets": {
                "uex/app": {
                    "name": "uex/app",
                    "age_days_before": 91.4,
                    "max_age_days": 90.0,
                    "strategy": "random",
                    "outcome": "would_rotate",
                    "version_id_before": "11111111-aaaa",
                    "version_id": "22222222-bbbb",
                    "consumers": ["uex/web"],
                    "seconds": 1.6,
                }
            },
            "consumers": [
                {
                    "cluster": "uex",
                    "service": "web",
                    "action": "rolled",
                    "task_definition": "web:3",
                    "versions": {"uex/app": "22222222-bbbb"},
                }
            ],
            "findings": [{"message": "uex/old is 100 days old."}],
            "failures": [
                {"name": "uex/db", "step": "test", "cause": "refused", "current": "It works.", "advice": "Look."}
            ],
        }
    )
    assert text.splitlines() == [
        "secret   age            strategy  outcome       version               consumers  seconds",
        "uex/app  91 of 90 days  random    would rotate  11111111 -> 22222222  uex/web    2",
        "",
        "Consumers:",
        "  uex/web: rolled, web:3, reads uex/app 22222222",
        "",
        "Findings:",
        "  uex/old is 100 days old.",
        "",
        "Failures:",
        "  uex/db: test: refused. It works. Look.",
    ]


def test_what_is_rotated_by_hand_comes_along_to_be_told_when_it_is_overdue() -> None:
    inputs = {**INPUTS, "data_secrets": [{"component": "mongodb", "value": "x", "rotation": {"max_age_days": 90}}]}
    by_hand = {"name": "uex-dev/mongodb", "rotate": "never", "max_age_days": 90}
    asked: dict[str, Any] = {"components": [], "when": "now", "ca_file": ""}
    assert rotation.plan(inputs, asked, FOUND) == [by_hand]
    (problem,) = rotation.problems(inputs, {"components": ["mongodb"]})
    assert "it is rotated by hand" in problem
    told = {"secrets": {"uex-dev/mongodb": {"name": "uex-dev/mongodb", "age_days_before": 91.2, "max_age_days": 90}}}
    assert "91 of 90 days  by hand" in rotation.table(told)

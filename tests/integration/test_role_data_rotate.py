# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role data's entry point rotate: a real PostgreSQL behind the environment's database, and services that read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from real_servers.postgres import Postgres

from .ecs import CLUSTER, Stage, control
from .harness import Aws
from .plays import attach_database
from .test_role_data import Play

APP = "uex_orders"


class Rotation:
    """A database with the user of an application, and a service that reads its secret and another one."""

    def __init__(self, aws: Aws, postgres: Postgres, folder: Path) -> None:
        self.aws, self.postgres = aws, postgres
        self.play = Play(aws, folder)
        self.play.inputs |= {
            "data_redis_enabled": False,
            "data_buckets_enabled": False,
            "data_kms_enabled": False,
            "data_database_port": postgres.port,
            "data_database_ca_file": postgres.ca_file,
            "data_rotate_clusters": [CLUSTER],
            "data_secrets": [
                {
                    "component": "database",
                    "rotation": {"strategy": "rds_master_user", "test_with": "postgres_single_user"},
                },
                {"component": "orders", "database_user": {"name": APP}, "rotation": {"max_age_days": 90}},
                {
                    "component": "app",
                    "generate": [{"field": "jwt_key", "length": 64}],
                    "rotation": {"strategy": "random", "max_age_days": 90},
                },
            ],
        }
        attach_database(aws.server, postgres, "uex-test-postgres", aws.account_id)
        self.made = self.play.run("-vvvv")
        self.stage = Stage(aws)
        arns = {item["Name"]: item["ARN"] for item in aws.client("secretsmanager").list_secrets()["SecretList"]}
        secrets = [{"name": name.upper(), "value_from": arns[f"uex-test/{name}"]} for name in ("orders", "app")]
        definition = self.stage.definition(container_definitions=[self.stage.container(secrets=secrets)])
        aws.run_module("ecs_service_rollout", self.stage.service(task_definition=definition))

    def value(self, component: str) -> dict[str, Any]:
        client = self.aws.client("secretsmanager")
        return json.loads(client.get_secret_value(SecretId=f"uex-test/{component}")["SecretString"])

    def accepts(self) -> bool:
        value = self.value("orders")
        return self.postgres.accepts(value["username"], value["password"], "uex")


def test_rotates_what_is_due_or_named_and_restarts_readers_once(aws: Aws, postgres: Postgres, tmp_path: Path) -> None:
    try:
        rotation = Rotation(aws, postgres, tmp_path)
        before = {name: rotation.value(name) for name in ("database", "orders", "app")}
        play, now = rotation.play, {"data_rotate_when": "now", "data_rotate_token": "SEC-1"}
        assert rotation.accepts(), "the role has made the user and the database that it owns"
        everything = rotation.made + rotation.play.traces() + postgres.log.read_text(errors="replace")
        assert not any(value in everything for value in rotation.play.values())
        aws.mark()
        play.run(entry="rotate")
        assert aws.mutations() == [], "nothing is due"
        planned = play.run("--check", entry="rotate", **now)
        assert planned.count("would rotate") == 3
        assert "shop/backend: would roll" in planned
        output = play.run(entry="rotate", **now)
        after = {name: rotation.value(name) for name in before}
        assert (after["orders"]["username"], rotation.accepts()) == (f"{APP}_clone", True)
        assert postgres.accepts(APP, before["orders"]["password"], "uex")
        # The master's password, which changes that of the others, in the same run.
        assert postgres.accepts("uex", after["database"]["password"], "uex")
        assert not postgres.accepts("uex", before["database"]["password"], "uex")
        assert after["app"]["jwt_key"] != before["app"]["jwt_key"]
        assert "shop/backend: rolled, shop-backend:1, reads uex-test/app" in output
        assert len(rotation.stage.deployments()) == 2
        assert "changed=0" in play.run(entry="rotate", **now)
        assert len(rotation.stage.deployments()) == 2
        refused = play.run(entry="rotate", status=2, **now, data_rotate_components=["nothing"])
        assert "data_rotate_components names nothing" in refused
    finally:
        control(aws, "servers", "DELETE")
        postgres.run("DROP DATABASE IF EXISTS uex WITH (FORCE)")
        postgres.drop(f"{APP}_clone", APP, "uex")

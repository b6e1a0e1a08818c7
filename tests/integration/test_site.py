# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of each UEX environment: plan on an empty account, deploy, deploy again, destroy to nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from .harness import Server, execute, start_server, stop_server
from .plays import Play, leftovers, run_play, succeeded

SERVICES = {"presentation", "client-tier", "management-tier", "uex-backend", "processing-tier", "management-backend"}

# Environment → account of its inventory, tasks in all, database class, replicas, cache nodes.
ENVIRONMENTS = {
    "dev": ("123456789012", 12, "db.t3.medium", 0, 1),
    "staging": ("222222222222", 18, "db.t3.large", 1, 2),
    "prod": ("333333333333", 30, "db.r5.xlarge", 2, 3),
}


class Site:
    """One environment on the local AWS."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self.account, self.tasks, self.database_class, self.replicas, self.cache_nodes = ENVIRONMENTS[name]
        self.environment = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "rehearsal-secret-key",
            "AWS_REGION": "us-east-1",
        }

    def play(self, playbook: str, *arguments: str) -> Play:
        return run_play(playbook, "-i", f"inventories/{self.name}", *arguments, environment=self.environment)

    def client(self, service: str) -> Any:
        return boto3.session.Session(
            aws_access_key_id=self.account, aws_secret_access_key="x", region_name="us-east-1"
        ).client(service, endpoint_url=self.server.url)

    def mutations(self) -> list[str]:
        return [
            f"{entry['service']}:{entry['action']}"
            for entry in self.server.requests()
            if entry.get("mutating") and entry.get("account") == self.account
        ]


@pytest.fixture(scope="module")
def site_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("site"), second_ms=2)
    yield server
    stop_server(server)


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_from_an_empty_account_and_back(
    name: str, site_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = Site(name, site_server)
    for key, value in site.environment.items():
        monkeypatch.setenv(key, value)

    plan = succeeded(site.play("site.yml", "--check", "--diff"))
    assert site.mutations() == []
    assert all(service in plan.output for service in SERVICES)
    assert set(plan.changed) == set(plan.recap), "every host has something to create"

    first = succeeded(site.play("site.yml"))
    # The plan tells how many tasks change on which host. It shows replicas with their primary; the run makes them in a
    # second task, when the primary is there.
    assert first.changed == {**plan.changed, name: plan.changed[name] + bool(site.replicas)}
    deployed_as_the_inventory_says(site)

    before = len(site.mutations())
    second = succeeded(site.play("site.yml"))
    assert second.changed == {}
    assert site.mutations()[before:] == []

    if name == "dev":
        parts_work_on_what_exists(site)
        services_are_operated(site)
        secrets_rotate(site)
        roles_work_alone(site, tmp_path)

    destroyed_only_when_meant(site)
    assert leftovers(site.client) == {}


def deployed_as_the_inventory_says(site: Site) -> None:
    found = execute("environment_info", {"project": "uex", "environment": site.name})
    assert found.get("failed", False) is False, found
    assert set(found["compute"]["services"]) == SERVICES
    assert sum(service["running_count"] for service in found["compute"]["services"].values()) == site.tasks
    assert all(service["rollout_state"] == "COMPLETED" for service in found["compute"]["services"].values())
    assert len(found["data"]["database"]["replica_identifiers"]) == site.replicas
    assert len(found["data"]["redis"]["member_ids"]) == site.cache_nodes
    assert set(found["data"]["buckets"]) == {"backups", "alb_logs", "app_logs"}
    assert {len(ids) for ids in found["vpc"]["subnet_ids"].values()} == {3}
    assert set(found["vpc"]["security_group_ids"]) == {"alb", "app", "rds", "redis", "endpoints"}
    assert len(found["monitoring"]["alarm_names"]) >= 20
    assert all(found["monitoring"]["topic_arns"].values())
    assert found["edge"]["web_acl"]["arn"]
    primary = site.client("rds").describe_db_instances(DBInstanceIdentifier=found["data"]["database"]["identifier"])[
        "DBInstances"
    ][0]
    assert primary["DBInstanceClass"] == site.database_class
    assert primary["StorageEncrypted"] is True
    assert primary["PerformanceInsightsEnabled"] is True


def parts_work_on_what_exists(site: Site) -> None:
    for part in (("--tags", "compute"), ("--limit", "uex_backend")):
        assert succeeded(site.play("site.yml", *part)).changed == {}


def services_are_operated(site: Site) -> None:
    """A new image, back to the old one, new tasks, more tasks: one service changes, its neighbours do not."""
    only = ("--limit", "uex_backend")

    def backend() -> dict[str, Any]:
        found = execute("environment_info", {"project": "uex", "environment": site.name, "sections": ["compute"]})
        others = [service for name, service in found["compute"]["services"].items() if name != "uex-backend"]
        assert {service["image"].rpartition(":")[2] for service in others} == {"1.0.0"}
        return found["compute"]["services"]["uex-backend"]

    def running() -> dict[str, str]:
        """Task → the digest of the image that it runs."""
        ecs = site.client("ecs")
        arns = ecs.list_tasks(cluster="uex-dev", serviceName="uex-backend")["taskArns"]
        tasks = ecs.describe_tasks(cluster="uex-dev", tasks=arns)["tasks"]
        return {task["taskArn"]: task["containers"][0]["imageDigest"] for task in tasks}

    first = running()
    succeeded(site.play("site.yml", *only, "-e", "image_tag=1.1.0"))
    assert backend()["image"].endswith("uex-backend:1.1.0")
    assert set(running().values()).isdisjoint(first.values())
    assert succeeded(site.play("rollback.yml", *only)).changed == {"uex_backend": 1}
    rolled_back = running()
    assert set(rolled_back.values()) == set(first.values())

    assert succeeded(site.play("restart.yml", *only)).changed == {"uex_backend": 1}
    renewed = running()
    assert (len(renewed), set(renewed) & set(rolled_back)) == (2, set())
    assert set(renewed.values()) == set(first.values())

    assert succeeded(site.play("scale.yml", *only, "-e", "count=3")).changed == {"uex_backend": 2}
    assert backend()["running_count"] == 3
    assert succeeded(site.play("scale.yml", *only, "-e", "count=3")).changed == {}
    assert succeeded(site.play("scale.yml", *only, "-e", "count=2")).changed == {"uex_backend": 2}
    # A rollback names the image by its digest; the inventory's next run names it by its tag again.
    assert succeeded(site.play("site.yml", *only)).changed == {"uex_backend": 1}
    assert succeeded(site.play("site.yml", *only)).changed == {}


TEN_LINES = """
- hosts: {hosts}
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: slipway.aws.{role}
        tasks_from: {entry_point}
      vars:
        {role}_project: uex
        {role}_environment: dev
        {role}_tags: "{{{{ stack_tags }}}}"
"""


def secrets_rotate(site: Site) -> None:
    """Nothing is due yet; what is named rotates once a day, and its readers are restarted once."""
    assert succeeded(site.play("rotate.yml")).changed == {}
    named = ("-e", "secrets=app,redis", "-e", "token=SEC-1")
    plan = succeeded(site.play("rotate.yml", "--check", *named))
    assert plan.output.count("would rotate") == 2
    assert plan.output.count("would roll,") == len(SERVICES)
    assert succeeded(site.play("rotate.yml", *named)).changed == {site.name: 1}
    assert succeeded(site.play("rotate.yml", *named)).changed == {}
    refused = site.play("rotate.yml", "-e", "secrets=database")
    assert refused.returncode
    assert "the old value dies before uex-dev/management-backend" in refused.output


def roles_work_alone(site: Site, folder: Path) -> None:
    """In a playbook that wires nothing, a role finds what the others made."""
    for role, hosts, entry_point in (
        ("vpc", "environment", "main"),
        ("data", "environment", "main"),
        ("compute", "environment", "main"),
        ("compute", "uex_backend", "service"),
        ("edge", "environment", "main"),
        ("monitoring", "environment", "main"),
    ):
        playbook = folder / f"{role}-{entry_point}.yml"
        playbook.write_text(TEN_LINES.format(role=role, hosts=hosts, entry_point=entry_point))
        # What site.yml derives from the stack, the inventory would state.
        stated = {
            "vpc_service_ports": [3900, 3901, 3902, 3903, 8900, 9000],
            "data_deletion_protection": False,
            "compute_deletion_protection": False,
            "compute_repositories": sorted(SERVICES),
            "compute_service_environment": {"ALONE": "yes"} if entry_point == "service" else {},
        }
        alone = succeeded(
            run_play(playbook, "-i", f"inventories/{site.name}", "-e", json.dumps(stated), environment=site.environment)
        )
        expected = {"uex_backend": 1} if entry_point == "service" else {}
        assert alone.changed == expected, f"{role} {entry_point}\n{alone.output[-4000:]}"


def destroyed_only_when_meant(site: Site) -> None:
    before = len(site.mutations())
    unnamed = site.play("destroy.yml", "-e", "stack_protected=false")
    assert unnamed.returncode != 0
    misnamed = site.play("destroy.yml", "-e", "stack_protected=false", "-e", "destroy_environment=other")
    assert misnamed.returncode != 0
    assert 'is "other", but this inventory' in misnamed.output
    if site.name == "prod":
        protected = site.play("destroy.yml", "-e", "destroy_environment=prod")
        assert protected.returncode != 0
        assert "stack_protected is true" in protected.output
    assert site.mutations()[before:] == []
    named = ("-e", f"destroy_environment={site.name}", "-e", "stack_protected=false")
    succeeded(site.play("destroy.yml", *named))
    assert succeeded(site.play("destroy.yml", *named)).changed == {}

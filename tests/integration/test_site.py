# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of environments: plan on an empty account, deploy, deploy again, destroy to nothing.

Behind their databases stands a real PostgreSQL, where the users of the services are made. Of each stack one environment
goes the whole way, of UEX all; BillPay's and EEC-NIF's are in test_sites.py. Every other one is planned.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from psycopg import sql
from real_servers.postgres import Postgres

from .harness import ROOT, Server, execute, start_server, stop_server
from .plays import Play, attach_database, leftovers, run_play, succeeded

SERVICES = {"presentation", "client-tier", "management-tier", "uex-backend", "processing-tier", "management-backend"}

# Environment → account of its inventory, tasks in all, database class, replicas, cache nodes.
ENVIRONMENTS = {
    "dev": ("123456789012", 12, "db.t3.medium", 0, 1),
    "staging": ("222222222222", 18, "db.t3.large", 1, 2),
    "prod": ("333333333333", 30, "db.r5.xlarge", 2, 3),
}


# Inventory → project, environment, account, name of the database and of its users.
STACKS = {
    "payment-system/production.yml": ("payment-system", "production", "633333333333", "payments"),
    "monay/prod.yml": ("monay", "prod", "733333333333", "monay"),
}
# Deployed by test_sites.py.
WITH_SITES = {"billpay/dev.yml", "eec-nif/staging.yml"}
# Whatever else there is. UEX's environments have folders of their own.
PLANNED = sorted(
    {
        str(path.relative_to(ROOT / "inventories"))
        for path in (ROOT / "inventories").glob("*/*.yml")
        if path.parent.name not in (*ENVIRONMENTS, "uex")
    }
    - {*STACKS, *WITH_SITES}
)


class Site:
    """One environment on the local AWS, whose database is a real one."""

    def __init__(self, server: Server, postgres: Postgres, inventory: str, stack: tuple[str, str, str]) -> None:
        self.server, self.postgres, self.inventory = server, postgres, inventory
        self.project, self.name, self.account = stack
        self.database_port = ("-e", f"data_database_port={postgres.port}")
        self.environment = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "rehearsal-secret-key",
            "AWS_REGION": "us-east-1",
            "PGSSLROOTCERT": postgres.ca_file,
        }

    def play(self, playbook: str | Path, *arguments: str) -> Play:
        inventory = ("-i", f"inventories/{self.inventory}")
        return run_play(playbook, *inventory, *self.database_port, *arguments, environment=self.environment)

    def client(self, service: str) -> Any:
        return boto3.session.Session(
            aws_access_key_id=self.account, aws_secret_access_key="x", region_name="us-east-1"
        ).client(service, endpoint_url=self.server.url)

    def found(self, *sections: str) -> dict[str, Any]:
        about = {"project": self.project, "environment": self.name}
        found = execute("environment_info", {**about, **({"sections": list(sections)} if sections else {})})
        assert found.get("failed", False) is False, found
        return found

    def secret(self, name: str) -> dict[str, str]:
        value = self.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        return json.loads(value)

    def accepts(self, name: str, database: str) -> bool:
        """Whether the database lets in whom a secret names."""
        value = self.secret(name)
        return self.postgres.accepts(value["username"], value["password"], database)

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


Build = Callable[..., Site]


@pytest.fixture
def build(site_server: Server, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Makes the site of an inventory; at the end its users are taken from the database."""
    users: list[str] = []
    databases: list[str] = []

    def make(inventory: str, project: str, name: str, account: str, database: str, user: str) -> Site:
        site = Site(site_server, postgres, inventory, (project, name, account))
        for key, value in site.environment.items():
            monkeypatch.setenv(key, value)
        attach_database(site_server, postgres, f"{project}-{name}-postgres", account)
        users.extend([f"{user}_clone", user, database])
        databases.append(database)
        return site

    yield make
    for database in databases:
        postgres.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
    postgres.drop(*users)


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_from_an_empty_account_and_back(name: str, build: Build, tmp_path: Path) -> None:
    account, *_sizes = ENVIRONMENTS[name]
    site = build(name, "uex", name, account, "uex", "uex_app")

    if name != "staging":
        plan = succeeded(site.play("site.yml", "--check", "--diff"))
        assert site.mutations() == []
        assert all(service in plan.output for service in SERVICES)
        assert set(plan.changed) == set(plan.recap), "every host has something to create"

    first = succeeded(site.play("site.yml"))
    if name != "staging":
        # The plan tells which tasks change something on which host.
        assert first.changed_tasks == plan.changed_tasks
        assert first.changed == plan.changed
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


@pytest.mark.parametrize("inventory", list(STACKS))
def test_a_stack_from_an_empty_account_and_back(inventory: str, build: Build) -> None:
    project, name, account, database = STACKS[inventory]
    site = build(inventory, project, name, account, database, f"{project.split('-')[0]}_app")
    succeeded(site.play("site.yml"))
    {"payment-system": payment_system_is_what_was_asked_for, "monay": monay_is_what_was_asked_for}[project](site)
    before = len(site.mutations())
    assert succeeded(site.play("site.yml")).changed == {}
    assert "0 of 90 days" in succeeded(site.play("rotate.yml", "--check")).output
    assert site.mutations()[before:] == []
    succeeded(site.play("destroy.yml", "-e", f"destroy_environment={name}", "-e", "stack_protected=false"))
    assert leftovers(site.client) == {}


@pytest.mark.parametrize("inventory", PLANNED)
def test_every_other_inventory_is_planned_to_its_end(inventory: str, build: Build) -> None:
    """On an empty account, where each input of each role is checked, and nothing is written."""
    text = (ROOT / "inventories" / inventory).read_text(encoding="utf-8")
    about = yaml.safe_load(text)
    account, name = (about["all"]["vars"][key] for key in ("stack_account_id", "stack_environment"))
    site = build(inventory, inventory.split("/")[0], name, account, "planned", "planned_app")
    plan = succeeded(site.play("site.yml", "--check"))
    hosts = {host for group in ("environment", "services", "sites") for host in (about[group] or {}).get("hosts", {})}
    assert set(plan.changed) == hosts
    assert site.mutations() == []


def alarm_thresholds(site: Site) -> dict[str, float]:
    """Alarm, without the environment in front → threshold; -1 for those of several metrics."""
    pages = site.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    return {alarm["AlarmName"].removeprefix(f"{site.project}-{site.name}-"): alarm["Threshold"] for alarm in alarms}


def limits(site: Site) -> dict[str, tuple[int, int]]:
    """Service → least and greatest number of tasks."""
    targets = site.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return {
        target["ResourceId"].rpartition("/")[2]: (target["MinCapacity"], target["MaxCapacity"])
        for target in targets["ScalableTargets"]
    }


def payment_system_is_what_was_asked_for(site: Site) -> None:
    found = site.found()
    assert found["compute"]["cluster_name"] == "payment-system-cluster"
    assert {service["log_group"] for service in found["compute"]["services"].values()} == {
        "/ecs/payment-system-production/backend",
        "/ecs/payment-system-production/frontend",
    }
    assert found["compute"]["load_balancer"]["url"].startswith("https://")
    assert limits(site) == {"backend": (1, 20), "frontend": (1, 10)}
    policies = site.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")
    assert Counter(policy["ResourceId"].rpartition("/")[2] for policy in policies["ScalingPolicies"]) == {
        "backend": 3,
        "frontend": 2,
    }
    names = {secret["Name"] for secret in site.client("secretsmanager").list_secrets()["SecretList"]}
    asked = {"db/password", "jwt/secret", "redis/auth-token", "app/config"}
    assert {f"payment-system-production/{name}" for name in asked} <= names
    assert site.accepts("payment-system-production/db/password", "payments")
    primary = found["data"]["database"]["identifier"]
    instance = site.client("rds").describe_db_instances(DBInstanceIdentifier=primary)["DBInstances"][0]
    assert (instance["DBInstanceClass"], instance["MultiAZ"]) == ("db.r6g.large", True)
    assert (instance["BackupRetentionPeriod"], len(found["data"]["database"]["replica_identifiers"])) == (30, 1)
    group = site.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    assert group["SnapshotRetentionLimit"] == 3
    alarms = alarm_thresholds(site)
    wanted = {"ecs-cpu-backend": 90, "ecs-memory-frontend": 90, "rds-connections-postgres": 150}
    wanted |= {"alb-5xx": 10, "alb-target-5xx": 10, "alb-response-time": 2}
    assert {name: alarms[name] for name in wanted} == wanted


def monay_is_what_was_asked_for(site: Site) -> None:
    found = site.found()
    assert len(found["vpc"]["nat_gateway_ids"]) == 3
    services = {"backend-common", "admin", "cross-platform-web", "enterprise-wallet"}
    assert limits(site) == dict.fromkeys(services, (4, 20))
    balancer = site.client("elbv2").describe_listeners(LoadBalancerArn=found["compute"]["load_balancer"]["arn"])
    https = next(item["ListenerArn"] for item in balancer["Listeners"] if item["Protocol"] == "HTTPS")
    rules = site.client("elbv2").describe_rules(ListenerArn=https)["Rules"]
    names = {value for rule in rules for condition in rule["Conditions"] for value in condition.get("Values", [])}
    assert names == {f"{name}.monay.example.com" for name in ("api", "admin", "app", "wallet")}
    ecs = site.client("ecs").describe_services(cluster="monay-prod", services=sorted(services))["services"]
    assert {service["deploymentConfiguration"]["strategy"] for service in ecs} == {"BLUE_GREEN"}
    assert site.accepts("monay-prod/app-database", "monay")
    assert len(found["data"]["database"]["replica_identifiers"]) == 2
    assert found["edge"]["sites"]["website-static"]["url"] == "https://monay.example.com"
    alarms = alarm_thresholds(site)
    wanted = {"ecs-cpu-admin": 80, "ecs-memory-admin": 90, "api-errors": 1, "rds-connections-postgres": 3000}
    assert {name: alarms[name] for name in wanted} == wanted
    assert {value for name, value in alarms.items() if name.startswith("redis-memory")} == {75}


def deployed_as_the_inventory_says(site: Site) -> None:
    _account, tasks, database_class, replicas, cache_nodes = ENVIRONMENTS[site.name]
    found = site.found()
    assert site.accepts(f"uex-{site.name}/app-database", "uex")
    assert set(found["compute"]["services"]) == SERVICES
    assert sum(service["running_count"] for service in found["compute"]["services"].values()) == tasks
    assert all(service["rollout_state"] == "COMPLETED" for service in found["compute"]["services"].values())
    assert len(found["data"]["database"]["replica_identifiers"]) == replicas
    assert len(found["data"]["redis"]["member_ids"]) == cache_nodes
    assert set(found["data"]["buckets"]) == {"backups", "alb_logs", "app_logs"}
    assert {len(ids) for ids in found["vpc"]["subnet_ids"].values()} == {3}
    assert set(found["vpc"]["security_group_ids"]) == {"alb", "app", "rds", "redis", "endpoints"}
    assert len(found["monitoring"]["alarm_names"]) >= 20
    assert all(found["monitoring"]["topic_arns"].values())
    assert found["edge"]["web_acl"]["arn"]
    primary = site.client("rds").describe_db_instances(DBInstanceIdentifier=found["data"]["database"]["identifier"])[
        "DBInstances"
    ][0]
    assert primary["DBInstanceClass"] == database_class
    assert primary["StorageEncrypted"] is True
    assert primary["PerformanceInsightsEnabled"] is True


def parts_work_on_what_exists(site: Site) -> None:
    for part in (("--tags", "compute"), ("--limit", "uex_backend")):
        assert succeeded(site.play("site.yml", *part)).changed == {}


def services_are_operated(site: Site) -> None:
    """A new image, back to the old one, new tasks, more tasks: one service changes, its neighbours do not."""
    only = ("--limit", "uex_backend")

    def backend() -> dict[str, Any]:
        found = site.found("compute")
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
    # The services' user takes turns with a second one, then the master user gets a new password: nobody is locked out.
    before = {name: site.secret(f"uex-dev/{name}") for name in ("app-database", "database")}
    passwords = ("-e", "secrets=database,app-database", "-e", "token=SEC-2")
    told = succeeded(site.play("rotate.yml", *passwords)).output
    assert told.count(": rolled,") == 3, "the three services that read the database's user, each once"
    after = {name: site.secret(f"uex-dev/{name}") for name in before}
    assert (before["app-database"]["username"], after["app-database"]["username"]) == ("uex_app", "uex_app_clone")
    assert all(site.accepts(f"uex-dev/{name}", "uex") for name in after)
    assert site.postgres.accepts("uex_app", before["app-database"]["password"], "uex")
    assert not site.postgres.accepts("uex", before["database"]["password"], "uex")
    assert succeeded(site.play("rotate.yml", *passwords)).changed == {}


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
            "data_database_port": site.postgres.port,
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
    if site.name == "prod":
        before = len(site.mutations())
        unprotected = ("-e", "stack_protected=false")
        assert site.play("destroy.yml", *unprotected).returncode != 0
        misnamed = site.play("destroy.yml", *unprotected, "-e", "destroy_environment=other")
        assert misnamed.returncode != 0
        assert 'is "other", but this inventory' in misnamed.output
        protected = site.play("destroy.yml", "-e", "destroy_environment=prod")
        assert protected.returncode != 0
        assert "stack_protected is true" in protected.output
        assert site.mutations()[before:] == []
    named = ("-e", f"destroy_environment={site.name}", "-e", "stack_protected=false")
    succeeded(site.play("destroy.yml", *named))
    assert succeeded(site.play("destroy.yml", *named)).changed == {}
